"""CNG, CED and the V.21 preamble of ITU-T T.30, heard; speech, dialling and call progress tones, not."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.core.audio import Samples
from gateway.core.codec import Encoding
from gateway.media import g711
from gateway.media.cadence import dtmf, render
from gateway.media.fax_tone import ANSWER, CALLING, FAX_STATE, PREAMBLE, detect_fax
from gateway.media.level import peak
from gateway.media.tone import ZONES
from tests.support.speech import speak

RATE = 8000


def tone(hertz: float, seconds: float, dbm0: float = -13.0) -> Samples:
    return np.rint(peak(dbm0) * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)).astype(
        np.int16
    )


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.int16)


def v21(bits: str, dbm0: float = -13.0) -> Samples:
    """Bits at 300 a second on channel 2: 1 is 1650 Hz, 0 is 1850 Hz (V.21)."""
    each = [1650 if bit == "1" else 1850 for bit in bits]
    places = np.arange(round(len(bits) * RATE / 300)) * 300 / RATE
    steps = np.array(each, float)[np.minimum(places.astype(int), len(bits) - 1)]
    return np.rint(peak(dbm0) * np.sin(2 * np.pi * np.cumsum(steps) / RATE)).astype(np.int16)


def heard(*parts: Samples, noise: float = -55.0) -> list[int]:
    line = np.concatenate(parts)
    line = line + np.random.default_rng(1).normal(scale=peak(noise) / np.sqrt(2), size=len(line))
    coded = g711.encode(np.clip(np.rint(line), -32768, 32767).astype(np.int16), Encoding.PCMU)
    state = np.zeros(1, FAX_STATE)
    heard = g711.decode(coded, Encoding.PCMU)
    pieces = (np.ascontiguousarray(heard[start : start + 160]) for start in range(0, len(heard), 160))
    return [told for piece in pieces if (told := detect_fax(state[0], piece, len(piece)))]


@pytest.mark.parametrize("hertz", [1062, 1100, 1138])
@pytest.mark.parametrize("dbm0", [-9.0, -33.0])
def test_each_burst_of_a_calling_machine_is_heard_once(hertz: float, dbm0: float) -> None:
    bursts = [part for _ in range(3) for part in (tone(hertz, 0.5, dbm0), silence(3.0))]
    assert heard(silence(0.3), *bursts) == [CALLING] * 3


@pytest.mark.parametrize("hertz", [2085, 2100, 2115])
def test_an_answering_machine_is_heard_by_its_tone_and_then_by_its_flags(hertz: float) -> None:
    call = heard(silence(0.2), tone(hertz, 3.0), silence(0.075), v21("01111110" * 37 + "1111111100000011"))
    assert call == [ANSWER, PREAMBLE]


def test_reversals_do_not_break_an_answer_tone() -> None:
    plain = tone(2100, 3.0)
    reversing = (plain * np.where(np.arange(len(plain)) // 3600 % 2, -1, 1)).astype(np.int16)
    assert heard(reversing) == [ANSWER]


@pytest.mark.parametrize("flag", ["01111110", "0111111"])
@pytest.mark.parametrize("dbm0", [-10.0, -34.0])
def test_flags_are_heard_with_one_zero_between_them_or_two(flag: str, dbm0: float) -> None:
    assert heard(silence(0.5), v21(flag * 37, dbm0), silence(0.5)) == [PREAMBLE]


def test_a_beginning_that_is_too_short_is_no_fax() -> None:
    assert (
        heard(tone(1100, 0.3), silence(1.0), tone(2100, 0.2), silence(1.0), v21("01111110" * 4), silence(1.0)) == []
    )


def test_data_at_the_same_speed_are_no_preamble() -> None:
    bits = "".join(np.random.default_rng(4).choice(["0", "1"], 600))
    assert PREAMBLE not in heard(v21(bits))


@pytest.mark.parametrize("zone", sorted(ZONES))
def test_no_tone_of_any_country_is_a_fax(zone: str) -> None:
    for name, text in ZONES[zone].tones.items():
        sound = render(name, text).samples
        assert heard(np.tile(sound, 4 * RATE // len(sound) + 1)[: 4 * RATE]) == [], name


def test_digits_and_speech_are_no_fax() -> None:
    text = "The quick brown fox jumps over the lazy dog, and who knows whether it ever will again? One, two, three."
    assert heard(dtmf("1234567890*#ABCD", 0.4, 0.1)) == []
    for voice in ("en-us", "de+f3", "fr-fr", "it+m5"):
        assert heard(speak(text, -18.0, voice)) == []
