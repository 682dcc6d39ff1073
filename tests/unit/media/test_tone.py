"""Tones: their frequencies, levels, lengths, and that nothing clicks where they loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gateway.core.audio import Samples, Sound
from gateway.core.errors import LocalError
from gateway.media.detect import DtmfReceiver
from gateway.media.level import level, peak
from gateway.media.tone import MILLIWATT, ZONES, dtmf, render, zone


def played(sound: Sound, seconds: float) -> Samples:
    """What is heard when the sound plays for so long."""
    length = round(seconds * 8000)
    samples = sound.samples
    while len(samples) < length and sound.loop_from is not None:
        samples = np.concatenate([samples, sound.samples[sound.loop_from :]])
    return samples[:length]


def spectrum(samples: Samples) -> dict[int, float]:
    """Level in dBm0 of each whole frequency that stands above -40 dBm0 in one second."""
    power = np.abs(np.fft.rfft(samples[:8000])) / 4000
    return {int(bin_): 20 * np.log10(power[bin_] / peak(0)) for bin_ in np.flatnonzero(power > peak(-40))}


def test_us_dial_tone_is_two_tones_of_minus_10_dbm0() -> None:
    heard = spectrum(ZONES["us"].tone("dial").samples)
    assert heard == {350: pytest.approx(-10, abs=0.01), 440: pytest.approx(-10, abs=0.01)}


def test_the_milliwatt_is_0_dbm0_of_1004_hz() -> None:
    assert spectrum(MILLIWATT.samples) == {1004: pytest.approx(0, abs=0.01)}
    assert level(MILLIWATT.samples) == pytest.approx(0, abs=0.01)
    assert ZONES["de"].tone("milliwatt") is MILLIWATT


def test_us_busy_is_half_a_second_on_and_half_a_second_off() -> None:
    busy = ZONES["us"].tone("busy")
    assert busy.name == "busy tone us"
    assert (busy.duration, busy.loop_from) == (1.0, 0)
    assert level(busy.samples[:4000]) == pytest.approx(-7, abs=0.1)
    assert not busy.samples[4000:].any()


def test_parts_marked_with_an_exclamation_mark_are_heard_once() -> None:
    recall = render("recall", "!350+440/100,!0/100,!350+440/100,!0/100,350+440")
    assert recall.loop_from == 3280, "after 10 ms in which the steady tone rises"
    assert level(recall.samples[3280:]) == pytest.approx(-7, abs=0.1)
    assert not recall.samples[800:1600].any()
    assert render("beep", "!1000/250").loop_from is None


def test_a_modulated_tone_has_its_sidebands() -> None:
    heard = spectrum(render("ring jp", "400*16").samples)
    assert sorted(heard) == [384, 400, 416]
    assert heard[384] == pytest.approx(heard[400] + 20 * np.log10(0.45), abs=0.05)
    assert level(render("ring jp", "400*16").samples) == pytest.approx(-10, abs=0.05)


def test_levels_can_be_given() -> None:
    assert spectrum(render("quiet", "425@-22+1000@").samples) == {
        425: pytest.approx(-22, abs=0.02),
        1000: pytest.approx(-20.46, abs=0.02),
    }


def clicks(samples: Samples, highest: float) -> NDArray[np.float64]:
    """What lies well above the highest tone: a click is heard at all frequencies, a tone in none but its own."""
    kernel_length = 129
    cut = (highest + 700) / 4000
    place = np.arange(kernel_length) - kernel_length // 2
    low = cut * np.sinc(cut * place) * np.blackman(kernel_length)
    high = (place == 0) - low
    return np.abs(np.convolve(samples.astype(np.float64), high, mode="valid"))


@pytest.mark.parametrize("zone_name", ZONES)
def test_no_tone_of_any_zone_clicks_where_it_loops_or_switches(zone_name: str) -> None:
    for name in (*ZONES[zone_name].tones, "milliwatt"):
        sound = ZONES[zone_name].tone(name)
        heard = played(sound, min(2.2 * sound.duration + 0.1, 30))
        # A click of a cut sine has a jump of its peak; what is left here are ramps and rounding.
        highest = 2600 if name == "howler" else 1800
        assert clicks(heard, highest).max() < peak(-10) / 40, name


def test_a_tone_that_never_pauses_while_another_does_keeps_its_phase() -> None:
    stutter = render("odd", "350+441/333,441/250")
    assert stutter.duration > 2, (
        "the cadence is repeated so that 441 Hz need hardly be tuned to end on whole periods"
    )
    assert clicks(played(stutter, 2.5 * stutter.duration), 441).max() < peak(-10) / 40
    assert spectrum(played(stutter, 4)[8000:])[441] == pytest.approx(-10, abs=0.5)


def test_a_tone_across_the_seam_is_one_tone() -> None:
    wrapped = render("odd", "433/130,0/200,433/77")
    assert clicks(played(wrapped, 2), 433).max() < peak(-10) / 40
    assert clicks(played(render("odd", "!433/111,433/130,0/200,433/77"), 2), 433).max() < peak(-10) / 40
    assert clicks(played(render("odd", "!433/111,433/130,0/200"), 2), 433).max() < peak(-10) / 40


def test_the_click_test_hears_a_click() -> None:
    cut = np.tile(render("cut", "433").samples[:1000], 3)
    assert clicks(cut, 433).max() > peak(-10) / 10


@pytest.mark.parametrize("zone_name", ZONES)
def test_every_zone_has_every_tone_that_the_dialplan_may_name(zone_name: str) -> None:
    names = "dial busy ring congestion callwaiting dialrecall record info stutter milliwatt".split()
    for name in names:
        sound = zone(zone_name).tone(name)
        assert sound.loop_from is not None
        assert sound.samples.dtype == np.int16
    assert len(zone(zone_name).ring) % 2 == 0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "whole number"),
        ("x", "whole number"),
        ("350+/100", "whole number"),
        ("4000", "0 to 3999"),
        ("-5/100", "whole number"),
        ("350/0", "1 to"),
        ("350/99999999999999999999", "1 to"),
        ("350,0/100", "only the last"),
        ("!350", "only the last"),
        ("350/100,!0/100", "after one that repeats"),
        ("350/100,0", "marked with !"),
        ("350@x", "level"),
        ("350@nan", "level"),
        ("350@99", "level"),
        ("400*900", "1 to 400"),
        ("1/100," * 70 + "1", "parts"),
        ("350/100000,0/100000", "longer than"),
        ("²/100", "whole number"),
    ],
)
def test_a_bad_text_is_refused_with_its_fault(text: str, complaint: str) -> None:
    with pytest.raises(LocalError, match=complaint):
        render("bad", text)


@given(st.text("0123456789+*@!/,.- ", max_size=24))
def test_any_text_gives_a_sound_or_a_clear_error(text: str) -> None:
    try:
        sound = render("any", text)
    except LocalError:
        return
    assert 0 < sound.duration <= 120


def test_unknown_names_are_answered_with_the_nearest() -> None:
    with pytest.raises(LocalError, match="did you mean 'busy'"):
        zone("us").tone("bussy")
    with pytest.raises(LocalError, match="there are ae, ar, at, au"):
        zone("atlantis")


def test_dtmf_is_heard_by_the_receiver_at_its_levels() -> None:
    samples = dtmf("159D*0#", on=0.08, off=0.06, levels=(-11, -9))
    assert len(samples) == 7 * 1120
    assert "".join(digit for digit, _ in DtmfReceiver().feed(samples)) == "159D*0#"
    steady = dtmf("1", on=1.1, off=0)
    assert spectrum(steady[400:]) == {697: pytest.approx(-11, abs=0.05), 1209: pytest.approx(-9, abs=0.05)}
    assert len(dtmf("")) == 0


def test_repeated_digits_have_their_pause() -> None:
    assert "".join(digit for digit, _ in DtmfReceiver().feed(dtmf("5550100"))) == "5550100"


def test_what_is_no_digit_is_refused() -> None:
    with pytest.raises(LocalError, match="is not a DTMF digit"):
        dtmf("12x")
    with pytest.raises(LocalError, match="128"):
        dtmf("1" * 200)


@pytest.mark.parametrize("name", ZONES)
def test_every_country_has_every_tone_ringing_and_a_source(name: str) -> None:
    entry = ZONES[name]
    words = "dial busy ring congestion callwaiting dialrecall record info stutter howler"
    assert set(entry.tones) == set(words.split())
    assert entry.country and entry.source.startswith("DAHDI zonedata.c")
    assert len(entry.ring) % 2 == 0 and all(100 <= ms <= 6000 for ms in entry.ring)
    assert -14 <= entry.dtmf[0] <= entry.dtmf[1] <= -3
    assert entry.tone("howler").loop_from == 0


def test_thirty_countries_are_known_and_more() -> None:
    assert len(ZONES) == 45
