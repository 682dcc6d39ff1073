"""Wide band on the tick: rooms of legs at 8000 and 16000 Hz, listening in, what is kept, and what is played.

The tone of 6 kHz is the witness: only 16000 samples a second carry it, and where it is brought to 8000 without a
filter it is heard at 2 kHz.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from gateway.core.audio import Samples, Side, Sound
from gateway.core.errors import LocalError
from gateway.core.room import NONE, TALK, WHISPER, Manner
from gateway.media.resample import resample
from gateway.plane.parts import phase_of_room
from gateway.plane.rtp_row import RtpRow
from tests.support.rtp import RtpEndpoint
from tests.unit.plane.conftest import Device, Studio, delay_and_likeness, speech
from tests.unit.plane.test_codings import CODECS, FRAMES, telephone
from tests.unit.plane.test_framed import CODECS as FRAMED
from tests.unit.plane.test_framed import telephone as framed_telephone

Leg = tuple[RtpRow, RtpEndpoint]
HIGH = 6000.0
ALIAS = 2000.0


def tone(frequency: float, rate: int = 16000, seconds: float = 1.0, peak: int = 4000) -> Samples:
    return np.round(peak * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)).astype(np.int16)


def rate_of(voice: RtpEndpoint | Device) -> int:
    return 8000 if isinstance(voice, Device) else voice.sampling


def talk(studio: Studio, said: Sequence[tuple[RtpEndpoint | Device, Samples]]) -> None:
    """Everybody says what he has to say at once, a packet a tick."""
    count = max(len(samples) // FRAMES[rate_of(voice)] for voice, samples in said)
    for k in range(count):
        for voice, samples in said:
            size = FRAMES[rate_of(voice)]
            part = samples[k * size : (k + 1) * size]
            if isinstance(voice, Device):
                voice.say(part)
            elif len(part):
                voice.say(part, ptime=size)
        studio.tick()
    studio.tick(4)


def level(heard: Samples, frequency: float, rate: int) -> float:
    """The peak of one frequency in a fifth of a second in the middle."""
    count = rate // 5
    middle = heard[len(heard) // 2 - count // 2 :][:count] * np.hanning(count)
    wave = np.exp(-2j * np.pi * frequency * np.arange(count) / rate)
    return float(4 * abs(middle @ wave) / count)


def hears(voice: RtpEndpoint | Device, frequency: float) -> float:
    return level(voice.heard(), frequency, rate_of(voice))


def seated(studio: Studio, *names: str) -> list[Leg]:
    legs = [telephone(studio, name) for name in names]
    room = studio.plane.room()
    for row, _ in legs:
        room.sit(row)
    return legs


@pytest.mark.parametrize("other", ["slin16", "g722"])
def test_wide_legs_hear_one_another_whole_beside_narrow_ones_that_hear_no_alias(studio: Studio, other: str) -> None:
    (_, alice), (_, bob), (_, carol), (_, dave) = seated(studio, "slin16", other, "slin", "ulaw")
    talk(studio, [(alice, tone(HIGH)), (bob, tone(1000)), (carol, tone(500, 8000)), (dave, tone(0, 8000))])
    assert hears(bob, HIGH) == pytest.approx(4000, rel=0.12)
    assert hears(alice, 1000) == pytest.approx(4000, rel=0.05)
    for voice in (alice, bob, dave):
        assert hears(voice, 500) == pytest.approx(4000, rel=0.05)
    for voice in (carol, dave):
        assert hears(voice, 1000) == pytest.approx(4000, rel=0.05)
    assert hears(carol, ALIAS) < 4000 / 316, "-50 dB"
    assert hears(alice, 7500) < 4000 / 316, "no image of what is narrow"


@pytest.mark.parametrize("name", ["opus", "speex16", "amrwb"])
def test_codings_of_wide_frames_are_heard_wide_in_a_room(studio: Studio, name: str) -> None:
    (a, alice), (b, bob) = framed_telephone(studio, FRAMED[name]), telephone(studio, "slin16")
    room = studio.plane.room()
    room.sit(a)
    room.sit(b)
    rng = np.random.default_rng(2)
    spectrum = np.fft.rfft(rng.standard_normal(32000))
    spectrum[(frequencies := np.fft.rfftfreq(32000, 1 / 16000)) < 4500] *= 0.3
    spectrum[(frequencies > 6300) | (frequencies < 200)] = 0
    hiss = np.fft.irfft(spectrum)
    hiss = np.round(3000 * hiss / hiss.std()).astype(np.int16)
    talk(studio, [(alice, hiss), (bob, hiss[::-1].copy())])
    for voice in (alice, bob):
        power = np.abs(np.fft.rfft(voice.heard()[8000:24000].astype(float))) ** 2
        high = power[5000:6000].sum() / power.sum()
        assert high > 0.25, "of it there was 0.4"


def test_oneself_is_left_out_exactly_at_either_rate(studio: Studio) -> None:
    (_, alice), (_, bob), (_, carol) = seated(studio, "slin16", "slin16", "slin")
    rng = np.random.default_rng(3)
    noise = [rng.integers(-6000, 6000, 16000).astype(np.int16), rng.integers(-6000, 6000, 8000).astype(np.int16)]
    talk(studio, [(alice, noise[0]), (bob, np.zeros(16000, np.int16)), (carol, np.zeros(8000, np.int16))])
    assert not alice.heard().any()
    assert delay_and_likeness(noise[0], bob.heard())[1] > 0.9999
    talk(studio, [(alice, np.zeros(16000, np.int16)), (carol, noise[1])])
    assert not carol.heard()[-4000:].any()


def test_where_all_are_narrow_no_bus_is_added_up_wide(studio: Studio) -> None:
    (_, alice), (_, bob) = seated(studio, "slin", "ulaw")
    studio.plane.tables.buses[:] = -1
    talk(studio, [(alice, tone(500, 8000)), (bob, tone(900, 8000))])
    assert (studio.plane.tables.buses[0, :, 160:] == -1).all()
    assert not (studio.plane.tables.buses[0, 0, :160] == -1).all()


def test_what_is_lost_of_a_wide_leg_is_made_up_at_its_pitch(studio: Studio) -> None:
    (a, alice), (_, bob) = seated(studio, "slin16", "slin16")
    said = (tone(100, peak=6000).astype(int) + tone(6100, peak=1500)).astype(np.int16)
    for k in range(50):
        packet = alice.packet(said[k * 320 : k * 320 + 320])
        if k != 25:
            alice.send(packet)
        studio.tick()
    assert a.stats().concealed == 1
    studio.tick(4)
    heard = bob.heard()
    assert delay_and_likeness(said, heard)[1] > 0.99
    gap = heard[25 * 320 + 640 : 26 * 320 + 640].astype(float)
    assert np.sqrt(np.mean(gap**2)) > 3000
    assert np.abs(np.diff(heard.astype(int))[8000 - 320 :][:2000]).max() < 6000, "no click"


@pytest.mark.parametrize("ptime", [10, 30, 60])
def test_packets_of_any_length_and_order_pass_a_wide_room_whole(studio: Studio, ptime: int) -> None:
    (_, alice), (_, bob) = seated(studio, "slin16", "slin16")
    said = resample(speech(1.2), 8000, 16000)
    size = ptime * 16
    packets = [alice.packet(said[at : at + size]) for at in range(0, len(said), size)]
    if ptime < 60:  # else it would come later than anybody waits
        packets[5], packets[6] = packets[6], packets[5]
    due = 0.0
    for k, packet in enumerate(packets):
        alice.send(packet)
        while due < (k + 1) * ptime - 1e-9:
            due += 20
            studio.tick()
    studio.tick(6)
    assert delay_and_likeness(said, bob.heard())[1] > 0.98


@pytest.mark.parametrize("third", ["slin16", "g722"])
def test_who_listens_whispers_and_barges_in_on_a_wide_call_is_and_hears_wide(studio: Studio, third: str) -> None:
    (a, alice), (b, bob), (s, spy) = (telephone(studio, name) for name in ("slin16", "slin16", third))
    a.join(b)
    room = studio.plane.room()
    theirs, ours = room.sit(a, Manner(hears=NONE, tells=TALK)), room.sit(s, Manner(talks=NONE))
    talk(studio, [(alice, tone(HIGH)), (bob, tone(5000)), (spy, tone(7000))])
    assert hears(spy, HIGH) == pytest.approx(4000, rel=0.12)
    assert hears(spy, 5000) == pytest.approx(4000, rel=0.12)
    assert hears(alice, 5000) == pytest.approx(4000, rel=0.05)
    for voice in (alice, bob):
        assert hears(voice, 7000) < 10
        voice.received.clear()
    theirs.change(Manner(tells=TALK, hears=WHISPER))
    ours.change(Manner(talks=WHISPER))
    talk(studio, [(alice, tone(HIGH)), (bob, tone(5000)), (spy, tone(6500))])
    assert hears(alice, 6500) == pytest.approx(4000, rel=0.3)
    assert hears(alice, 5000) == pytest.approx(4000, rel=0.05)
    assert hears(bob, 6500) < 10
    bob.received.clear()
    theirs.change(Manner(tells=TALK, hears=WHISPER, through=WHISPER))
    talk(studio, [(alice, tone(HIGH)), (bob, tone(5000)), (spy, tone(6500))])
    assert hears(bob, 6500) == pytest.approx(4000, rel=0.3)
    assert hears(bob, HIGH) == pytest.approx(4000, rel=0.05)


def test_a_narrow_supervisor_of_a_wide_call_hears_no_alias_and_leaves_it_wide(studio: Studio) -> None:
    (a, alice), (b, bob), (s, spy) = (telephone(studio, name) for name in ("slin16", "slin16", "slin"))
    a.join(b)
    room = studio.plane.room()
    room.sit(a, Manner(hears=WHISPER, tells=TALK))
    room.sit(s, Manner(talks=WHISPER))
    talk(studio, [(alice, tone(HIGH)), (bob, tone(700)), (spy, tone(500, 8000))])
    assert hears(spy, 700) == pytest.approx(4000, rel=0.05)
    assert hears(spy, ALIAS) < 4000 / 316
    assert hears(bob, HIGH) == pytest.approx(4000, rel=0.05)
    assert hears(alice, 500) == pytest.approx(4000, rel=0.05)
    assert hears(alice, 700) == pytest.approx(4000, rel=0.05)


def test_a_wide_call_is_kept_wide_both_sides(studio: Studio) -> None:
    (a, alice), (b, bob) = telephone(studio, "slin16"), telephone(studio, "slin16")
    a.join(b)
    wide, narrow = a.tap(Side.STEREO, 5.0, rate=16000), a.tap(Side.STEREO, 5.0)
    studio.settle()
    talk(studio, [(alice, tone(HIGH)), (bob, tone(5000))])
    both = wide.read().reshape(-1, 2)
    assert (wide.rate, narrow.rate) == (16000, 8000)
    assert len(both) == 54 * 320
    assert level(both[:, 0], HIGH, 16000) == pytest.approx(4000, rel=0.02)
    assert level(both[:, 1], 5000, 16000) == pytest.approx(4000, rel=0.02)
    low = narrow.read().reshape(-1, 2)
    assert len(low) == 54 * 160
    assert level(low[:, 0], ALIAS, 8000) < 4000 / 316
    assert level(low[:, 1], 3000, 8000) < 4000 / 316
    assert hears(bob, HIGH) == pytest.approx(4000, rel=0.02)


def test_a_narrow_call_is_kept_at_16000_hz_where_so_wanted(studio: Studio) -> None:
    (a, alice), (d, device) = telephone(studio, "slin"), studio.device()
    a.join(d)
    tap = a.tap(Side.BOTH, 5.0, rate=16000)
    studio.settle()
    talk(studio, [(alice, tone(500, 8000)), (device, tone(900, 8000))])
    kept = tap.read()
    assert [round(level(kept, f, 16000), -2) for f in (500, 900, 7500, 7100)] == [4000, 4000, 0, 0]
    with pytest.raises(LocalError, match="44100 Hz"):
        a.tap(Side.IN, 1.0, rate=44100)


def test_a_wide_leg_and_a_line_go_on_while_a_recording_begins_and_ends(studio: Studio) -> None:
    (a, alice), (d, device) = telephone(studio, "g722"), studio.device()
    a.join(d)
    said, answered = resample(speech(3.0, 1), 8000, 16000), speech(3.0, 2)
    parts = [(said[k * 16000 :][:16000], answered[k * 8000 :][:8000]) for k in range(3)]
    talk(studio, [(alice, parts[0][0]), (device, parts[0][1])])
    tap = a.tap(Side.STEREO, 5.0, rate=16000)
    talk(studio, [(alice, parts[1][0]), (device, parts[1][1])])
    both = tap.read().reshape(-1, 2)
    tap.stop()
    device.frames.clear()
    talk(studio, [(alice, parts[2][0]), (device, parts[2][1])])
    assert delay_and_likeness(parts[1][0], both[:, 0])[1] > 0.97
    assert delay_and_likeness(resample(parts[1][1], 8000, 16000), both[:, 1])[1] > 0.97
    assert delay_and_likeness(resample(parts[2][0], 16000, 8000), device.heard())[1] > 0.95


def test_a_room_is_kept_wide_or_narrow(studio: Studio) -> None:
    (a, alice), (b, bob) = telephone(studio, "slin16"), telephone(studio, "slin")
    room = studio.plane.room()
    assert room.rate == 8000
    room.sit(b)
    room.sit(a)
    assert room.rate == 16000
    wide, narrow = room.tap(5.0, 16000), room.tap(5.0)
    studio.settle()
    talk(studio, [(alice, tone(HIGH)), (bob, tone(700, 8000))])
    kept = wide.read()
    assert [round(level(kept, f, 16000), -2) for f in (HIGH, 700, 7300)] == [4000, 4000, 0]
    kept = narrow.read()
    assert level(kept, 700, 8000) == pytest.approx(4000, rel=0.05)
    assert level(kept, ALIAS, 8000) < 4000 / 316


def sound(loop_from: int | None = None, live: bool = False) -> Sound:
    """2 kHz at 8000 Hz; at 16000 it has 6 kHz as well, so that each shows which was played."""
    wide = (tone(HIGH).astype(int) + tone(1000)).astype(np.int16)
    return Sound("chime", tone(1000, 8000), loop_from, live, wide)


@pytest.mark.parametrize("clocked", [False, True])
def test_a_wide_sound_is_heard_wide_by_whom_it_can_be(studio: Studio, clocked: bool) -> None:
    legs = [telephone(studio, name) for name in ("slin16", "g722", "slin")]
    device, line = studio.device()
    if clocked:
        taps = [row.tap(Side.OUT, 5.0) for row, _ in legs]
    for row in (*(row for row, _ in legs), device):
        row.play(sound(), studio.ends.append)
    talk(studio, [(line, tone(0, 8000)), (legs[2][1], tone(0, 8000))])
    for _, voice in legs[:2]:
        assert hears(voice, HIGH) == pytest.approx(4000, rel=0.12)
    for voice in (legs[0][1], legs[1][1], legs[2][1], line):
        assert hears(voice, 1000) == pytest.approx(4000, rel=0.05)
    assert hears(legs[2][1], ALIAS) < 20
    assert len(studio.ends) == 4
    if clocked:
        assert level(taps[0].read(), ALIAS, 8000) < 4000 / 316


def test_a_wide_sound_of_a_room_is_heard_wide_and_goes_on_from_its_loop(studio: Studio) -> None:
    (_, alice), (_, bob) = seated(studio, "slin16", "slin")
    room = studio.plane.hall._open[0]
    room.play(sound(loop_from=4000))
    talk(studio, [(alice, tone(0, seconds=2.0)), (bob, tone(0, 8000, 2.0))])
    assert hears(alice, HIGH) == pytest.approx(4000, rel=0.05)
    assert hears(alice, 1000) == pytest.approx(4000, rel=0.05)
    assert hears(bob, 1000) == pytest.approx(4000, rel=0.05)
    assert hears(bob, ALIAS) < 4000 / 316


def test_a_live_wide_sound_is_at_the_same_place_for_all(studio: Studio) -> None:
    (a, alice), (b, bob) = telephone(studio, "slin16"), telephone(studio, "slin")
    long = speech(4.0)
    music = Sound("music", long, 0, True, resample(long, 8000, 16000))
    a.play(music)
    studio.tick(30)
    b.play(music)
    studio.tick(50)
    lag, likeness = delay_and_likeness(resample(alice.heard(), 16000, 8000)[30 * 160 :], bob.heard())
    assert likeness > 0.99
    assert abs(lag) <= 2


def test_a_sound_goes_on_through_a_change_of_codec(studio: Studio) -> None:
    row, voice = telephone(studio, "slin16")
    row.play(sound(loop_from=0))
    studio.tick(20)
    voice.hear()
    voice.received.clear()
    row.set_remote(voice.address, voice.port, CODECS["slin"], 101)
    studio.tick(50)
    payload = b"".join(p.payload for p in voice.hear() if p.payload_type == 96)
    heard = np.frombuffer(payload, ">i2").astype(np.int16)
    assert level(heard, 1000, 8000) == pytest.approx(4000, rel=0.05)
    assert level(heard, ALIAS, 8000) < 4000 / 316


def test_a_sound_that_is_not_the_same_at_both_rates_is_refused(studio: Studio) -> None:
    row, _ = telephone(studio, "slin16")
    with pytest.raises(LocalError, match="16000 Hz"):
        row.play(Sound("odd", np.zeros(160, np.int16), wide=np.zeros(319, np.int16)))


def test_a_leg_that_changes_its_codec_in_a_room_stays_heard(studio: Studio) -> None:
    (a, alice), (b, bob), (c, carol) = (telephone(studio, name) for name in ("slin16", "slin16", "slin"))
    room = studio.plane.room()
    for row in (a, b, c):
        room.sit(row)
    talk(studio, [(alice, tone(HIGH, seconds=0.4)), (carol, tone(0, 8000, 0.4))])
    a.set_remote(carol.address, carol.port, CODECS["slin"], 101)
    c.set_remote(alice.address, alice.port, CODECS["slin16"], 101)
    alice.connect(c.address, c.port)
    carol.connect(a.address, a.port)
    bob.hear()
    bob.received.clear()
    talk(studio, [(alice, tone(HIGH)), (carol, tone(500, 8000)), (bob, tone(900))])
    assert hears(bob, HIGH) == pytest.approx(4000, rel=0.05)
    assert hears(bob, 500) == pytest.approx(4000, rel=0.05)


def test_who_sits_in_two_rooms_is_left_out_of_both_whenever_they_are_worked(studio: Studio) -> None:
    legs = [telephone(studio, "slin") for _ in range(5)]
    first, second = studio.plane.room(), studio.plane.room()
    for row, _ in legs[:2]:
        first.sit(row)
    for row, _ in legs[3:]:
        second.sit(row)
    first.sit(legs[2][0])
    second.sit(legs[2][0])
    studio.settle()
    assert phase_of_room(first.index) != phase_of_room(second.index)
    noise = np.random.default_rng(5).integers(-6000, 6000, 8000).astype(np.int16)
    talk(studio, [(legs[2][1], noise), (legs[0][1], tone(500, 8000)), (legs[4][1], tone(900, 8000))])
    both = legs[2][1].heard()
    assert level(both, 500, 8000) == pytest.approx(4000, rel=0.05)
    assert level(both, 900, 8000) == pytest.approx(4000, rel=0.05)
    assert delay_and_likeness(noise, both)[1] < 0.1
