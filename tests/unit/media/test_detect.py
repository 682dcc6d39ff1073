"""DTMF as ITU-T Q.24 asks of a receiver: what must be heard, what must not, in pieces of any size."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from numpy.typing import NDArray

from gateway.core.audio import Samples
from gateway.core.codec import Encoding
from gateway.media import detect
from gateway.media.detect import DTMF_STATE, DtmfReceiver, detect_dtmf
from gateway.media.g711 import decode, encode
from gateway.media.level import peak
from tests.support.speech import speak

ROWS = (697, 770, 852, 941)
COLUMNS = (1209, 1336, 1477, 1633)
KEYS = "123A456B789C*0#D"


def key(digit: str, ms: float, low: float = -10, high: float = -10, off: float = 1.0) -> NDArray[np.float64]:
    """One key pressed: levels in dBm0, both frequencies multiplied by `off`."""
    place = KEYS.index(digit)
    time = np.arange(round(ms * 8)) / 8000
    row, column = ROWS[place // 4] * off, COLUMNS[place % 4] * off
    return peak(low) * np.sin(2 * np.pi * row * time) + peak(high) * np.sin(2 * np.pi * column * time + 1.1)


def quiet(ms: float) -> NDArray[np.float64]:
    return np.zeros(round(ms * 8))


def line(*parts: NDArray[np.float64]) -> Samples:
    return np.round(np.concatenate([*parts, quiet(60)])).clip(-32768, 32767).astype(np.int16)


def heard(samples: Samples) -> str:
    return "".join(digit for digit, _ in DtmfReceiver().feed(samples))


@pytest.mark.parametrize("digit", KEYS)
def test_every_key_is_heard_with_its_length(digit: str) -> None:
    for offset in range(0, 34, 5):
        [(got, seconds)] = DtmfReceiver().feed(line(np.zeros(offset), key(digit, 100)))
        assert got == digit
        assert seconds == pytest.approx(0.1, abs=0.009)


def test_40_ms_on_and_40_ms_off_is_heard_and_23_ms_is_not() -> None:
    for offset in range(34):
        lead = np.zeros(100 + offset)
        fast = [part for digit in KEYS for part in (key(digit, 40), quiet(40))]
        assert heard(line(lead, *fast)) == KEYS
        short = [part for digit in KEYS for part in (key(digit, 23), quiet(60))]
        assert heard(line(lead, *short)) == ""


def test_a_pause_of_30_ms_parts_digits_and_an_interruption_of_10_ms_does_not() -> None:
    for offset in range(34):
        lead = np.zeros(offset)
        assert heard(line(lead, key("5", 60), quiet(30), key("5", 60))) == "55"
        assert heard(line(lead, key("5", 60), quiet(10), key("5", 60))) == "5"


@pytest.mark.parametrize("level", [0, -10, -25, -36])
@pytest.mark.parametrize("encoding", [Encoding.PCMU, Encoding.PCMA])
def test_levels_that_must_be_heard_through_either_law(level: float, encoding: Encoding) -> None:
    keyed = line(*(part for digit in KEYS for part in (key(digit, 50, level, level), quiet(50))))
    assert heard(decode(encode(keyed, encoding), encoding)) == KEYS


@pytest.mark.parametrize("level", [-45, -55, -70])
def test_a_level_that_must_not_be_heard(level: float) -> None:
    assert heard(line(*(part for digit in KEYS for part in (key(digit, 80, level, level), quiet(50))))) == ""


@pytest.mark.parametrize(("low", "high"), [(-10, -6), (-8, -16), (-16, -8), (-11, -9)])
def test_twist_that_must_be_heard(low: float, high: float) -> None:
    assert heard(line(*(part for digit in KEYS for part in (key(digit, 50, low, high), quiet(50))))) == KEYS


@pytest.mark.parametrize(("low", "high"), [(-5, -20), (-20, -5)])
def test_a_twist_of_15_db_is_refused(low: float, high: float) -> None:
    assert heard(line(*(part for digit in KEYS for part in (key(digit, 80, low, high), quiet(50))))) == ""


def test_frequencies_1_8_percent_off_are_heard_and_3_percent_off_are_not() -> None:
    for off in (0.982, 0.985, 1.015, 1.018):
        assert heard(line(*(part for digit in KEYS for part in (key(digit, 50, off=off), quiet(50))))) == KEYS
    for off in (0.965, 0.97, 1.03, 1.035):
        assert heard(line(*(part for digit in KEYS for part in (key(digit, 80, off=off), quiet(50))))) == ""


def test_one_tone_of_the_pair_3_percent_off_is_enough_to_refuse() -> None:
    time = np.arange(640) / 8000
    for row, column in ((697 * 1.03, 1336), (941 * 0.97, 1477), (770 * 0.97, 1209)):
        tones = np.sin(2 * np.pi * row * time) + np.sin(2 * np.pi * column * time)
        assert heard(line(peak(-10) * tones)) == ""


def test_a_pair_within_other_sound_of_the_same_level_is_not_a_digit() -> None:
    keyed = line(*(part for digit in KEYS for part in (key(digit, 80), quiet(60))))
    noise = np.random.default_rng(5).normal(0, peak(-7) / math.sqrt(2), len(keyed))
    assert heard((keyed + noise).clip(-32768, 32767).astype(np.int16)) == ""


def test_digits_are_heard_through_noise_and_over_dial_tone() -> None:
    keyed = line(*(part for digit in KEYS for part in (key(digit, 60), quiet(60))))
    noise = np.random.default_rng(7).normal(0, peak(-20) / math.sqrt(2), len(keyed))
    assert heard((keyed + noise).clip(-32768, 32767).astype(np.int16)) == KEYS
    time = np.arange(len(keyed)) / 8000
    dial = peak(-20) * (np.sin(2 * np.pi * 350 * time) + np.sin(2 * np.pi * 440 * time))
    assert heard((keyed + dial).clip(-32768, 32767).astype(np.int16)) == KEYS


def test_tones_noise_and_voiced_sounds_are_not_digits() -> None:
    time = np.arange(80000) / 8000
    noise = np.random.default_rng(3).normal(0, 4000, len(time))
    assert heard(line(noise)) == ""
    for pair in (
        (350, 440),
        (480, 620),
        (440, 480),
        (950, 1400),
        (697, 697),
        (1209, 1336),
        (697, 770),
        (2130, 2750),
    ):
        assert (
            heard(line(sum((peak(-10) * np.sin(2 * np.pi * tone * time) for tone in pair), np.zeros(80000)))) == ""
        )
    # A voice gliding over an octave and a half, thirty harmonics falling by 6 dB an octave.
    phase = 2 * np.pi * np.cumsum(160 * 2 ** (0.75 * np.sin(2 * np.pi * 0.31 * time))) / 8000
    voice = sum((np.sin(harmonic * phase) / harmonic for harmonic in range(1, 12)), np.zeros(80000))
    assert heard(line(6000 * voice)) == ""


@pytest.mark.parametrize("voice", ["en-us+f3", "de+m5", "fr-fr", "it+f1", "sv", "pt-br+m2"])
def test_speech_is_no_digit(voice: str) -> None:
    text = "You knew who called, did you? Zero, one, two, three, four, five. Mmm, yeah, mhm, oh no, who, queue."
    for louder in (-26.0, -16.0):
        assert heard(speak(text, louder, voice)) == ""


def test_a_digit_begins_while_it_is_pressed_and_ends_soon_after() -> None:
    state = np.zeros(1, DTMF_STATE)
    samples = line(quiet(100), key("8", 100), quiet(100))
    told = {}
    for start in range(0, len(samples), 160):
        change = detect_dtmf(state[0], samples[start : start + 160], 160)
        if change:
            told[start // 8 + 20] = change
    [(begun, began), (over, ended)] = told.items()
    assert (began, ended) == (ord("8"), -ord("8"))
    assert 130 <= begun <= 160
    assert 220 <= over <= 250
    assert state[0]["duration"] == pytest.approx(800, abs=70)


def test_one_digit_running_into_another_gives_an_end_before_the_next_beginning() -> None:
    state = np.zeros(1, DTMF_STATE)
    samples = line(key("1", 100), key("9", 100), quiet(60))
    changes = [detect_dtmf(state[0], samples[start : start + 160], 160) for start in range(0, len(samples), 160)]
    assert [change for change in changes if change] == [ord("1"), -ord("1"), ord("9"), -ord("9")]


def test_the_receiver_tells_which_key_is_down() -> None:
    receiver = DtmfReceiver()
    receiver.feed(line(key("4", 100))[:700])
    assert receiver.digit == "4"
    receiver.feed(np.zeros(800, np.int16))
    assert receiver.digit == ""


@settings(max_examples=40, deadline=None)
@given(sizes=st.lists(st.integers(0, 400), min_size=1, max_size=30), digits=st.text(KEYS, min_size=1, max_size=4))
def test_the_size_of_the_pieces_does_not_matter(sizes: list[int], digits: str) -> None:
    samples = line(*(part for digit in digits for part in (key(digit, 50), quiet(50))))
    receiver, got, start = DtmfReceiver(), [], 0
    for size in [*sizes, len(samples)]:
        got += receiver.feed(samples[start : start + size])
        start += size
    assert got == DtmfReceiver().feed(samples)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=4000))
def test_any_samples_are_taken(data: bytes) -> None:
    samples = np.frombuffer(data[: len(data) & ~1], np.int16)
    state = np.zeros(1, DTMF_STATE)
    assert -128 < detect_dtmf(state[0], samples, len(samples)) < 128
    assert 0 <= state[0]["filled"] < 34


def test_the_compiled_stage_does_what_the_readable_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = line(key("D", 45, -20, -14), quiet(40), key("7", 45))
    compiled, plain = np.zeros(1, DTMF_STATE), np.zeros(1, DTMF_STATE)
    pieces = [samples[start : start + 160] for start in range(0, len(samples), 160)]
    expected = [detect_dtmf(compiled[0], piece, len(piece)) for piece in pieces]
    for name in ("_look", "_judge", "_turned"):
        monkeypatch.setattr(detect, name, getattr(detect, name).py_func)
    assert [detect_dtmf.py_func(plain[0], piece, len(piece)) for piece in pieces] == expected
    assert plain["duration"] == compiled["duration"]
    assert sum(change != 0 for change in expected) == 4


def test_the_stage_serves_a_compiled_loop_over_rows_that_hold_its_state() -> None:
    @njit(nogil=True)
    def loop(rows: Any, frames: Any, told: Any) -> None:
        for row in range(len(rows)):
            for frame in range(frames.shape[1]):
                told[row, frame] = detect_dtmf(rows[row]["dtmf"], frames[row, frame], 160)

    rows = np.zeros(2, np.dtype([("descriptor", np.int32), ("dtmf", DTMF_STATE)], align=True))
    frames = np.stack([line(key(digit, 100)).reshape(-1, 160) for digit in "3#"])
    told = np.zeros(frames.shape[:2], np.int64)
    loop(rows, frames, told)
    assert [sorted(set(row.tolist())) for row in told] == [[-51, 0, 51], [-35, 0, 35]]
