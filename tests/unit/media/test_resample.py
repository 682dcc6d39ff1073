"""Rate conversion: what must pass passes, what would fold does not, and nothing moves in time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.audio import Samples
from gateway.core.errors import LocalError
from gateway.media.level import level, peak
from gateway.media.resample import Resampler, resample

DOWN = (11025, 16000, 22050, 32000, 44100, 48000)


def sine(frequency: float, rate: int, seconds: float = 0.5, dbm0: float = 0) -> Samples:
    time = np.arange(round(rate * seconds)) / rate
    return np.round(peak(dbm0) * np.sin(2 * np.pi * frequency * time)).astype(np.int16)


def middle(samples: Samples) -> Samples:
    return samples[len(samples) // 4 : -len(samples) // 4]


@pytest.mark.parametrize("rate", DOWN)
@pytest.mark.parametrize("frequency", [200, 1004, 3000, 3400])
def test_speech_band_passes_within_a_tenth_of_a_db(rate: int, frequency: float) -> None:
    assert level(middle(resample(sine(frequency, rate), rate, 8000))) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("rate", DOWN)
@pytest.mark.parametrize("frequency", [4000, 4100, 4600, 5500])
def test_what_would_fold_is_70_db_down(rate: int, frequency: float) -> None:
    assert level(middle(resample(sine(frequency, rate), rate, 8000))) < -70


@pytest.mark.parametrize("rate", [16000, 48000])
def test_going_up_leaves_no_mirror(rate: int) -> None:
    up = middle(resample(sine(1000, 8000), 8000, rate)).astype(float)
    spectrum = np.abs(np.fft.rfft(up * np.blackman(len(up))))
    spectrum[: int(4000 / rate * len(up))] = 0
    assert 20 * np.log10(spectrum.max() / (peak(0) * len(up) * 0.42 / 2)) < -70


@pytest.mark.parametrize(("source", "target"), [(22050, 8000), (8000, 16000), (48000, 8000), (44100, 16000)])
def test_a_sound_stays_where_it_is_and_as_long(source: int, target: int) -> None:
    click = np.zeros(source, np.int16)
    click[source // 2] = 30000
    moved = resample(click, source, target)
    assert len(moved) == target
    assert np.argmax(moved) == target // 2


def test_there_and_back_is_the_same_speech_band() -> None:
    original = sine(440, 8000) // 2 + sine(2900, 8000) // 4
    back = resample(resample(original, 8000, 48000), 48000, 8000)
    assert np.abs(middle(back).astype(int) - middle(original)).max() < 20


def test_equal_rates_give_a_copy() -> None:
    original = sine(440, 8000)
    same = resample(original, 8000, 8000)
    assert np.array_equal(same, original)
    assert not np.shares_memory(same, original)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 500), st.sampled_from([4000, 7999, 11025, 8001, 96000]), st.sampled_from([8000, 16000]))
def test_any_length_and_odd_rates(length: int, source: int, target: int) -> None:
    made = resample(np.full(length, 1000, np.int16), source, target)
    assert len(made) == -(-length * target // source)


def test_full_scale_clips_and_does_not_wrap() -> None:
    square = np.where(np.arange(4410) // 50 % 2, 32767, -32768).astype(np.int16)
    made = resample(square, 44100, 8000)
    assert made.max() == 32767
    assert made.min() == -32768


@pytest.mark.parametrize(("source", "target"), [(0, 8000), (8000, 200000), (-8000, 8000)])
def test_impossible_rates_are_refused(source: int, target: int) -> None:
    with pytest.raises(LocalError, match="between 4000 and 96000"):
        resample(np.zeros(10, np.int16), source, target)


@pytest.mark.parametrize(("source", "target"), [(8000, 16000), (16000, 8000), (44100, 8000), (8000, 44100)])
def test_what_comes_in_pieces_is_the_same_as_at_once(source: int, target: int) -> None:
    sound = np.random.default_rng(1).integers(-20000, 20000, 3000).astype(np.int16)
    converter = Resampler(source, target)
    pieces = [converter.feed(piece) for piece in np.split(sound, [1, 2, 40, 41, 900, 901, 2999])]
    assert np.array_equal(np.concatenate([*pieces, converter.flush()]), resample(sound, source, target))
    assert len(Resampler(source, target).flush()) == 0
