"""Clocks that differ, and speech that is lost: what is heard of them, measured (G.711 appendix I)."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

from gateway.core.audio import Samples
from gateway.core.codec import Encoding
from gateway.plane import conceal
from tests.unit.plane.conftest import Studio, delay_and_likeness

PPM = 1e-6


def voiced(seconds: float, pitch: float = 125.0) -> Samples:
    """A vowel whose pitch glides by a tenth up and down: harmonics up to 3 kHz, no pause anywhere."""
    at = np.arange(round(seconds * 8000)) / 8000
    phase = 2 * np.pi * (pitch * at + 0.1 * pitch * np.sin(2 * np.pi * 0.3 * at) / (2 * np.pi * 0.3))
    sound = sum(np.sin(k * phase) / k for k in range(1, int(3000 / (1.1 * pitch))))
    return (np.asarray(sound) * 3000).astype(np.int16)


def roughest(samples: Samples) -> float:
    """The sharpest bend in the signal: a click is one where speech has none."""
    return float(np.abs(np.diff(samples.astype(float), 2)).max())


def through_clocks(studio: Studio, said: Samples, ppm: float) -> tuple[Samples, list[int]]:
    """What a device hears of a telephone whose clock is faster by `ppm`, and how many samples wait each frame."""
    (a, alice), (d, device) = studio.telephone(Encoding.L16, 97), studio.device(Encoding.L16)
    a.join(d)
    studio.settle()
    start = studio.now
    sent = 0
    waiting = []
    for frame in range(len(said) // 160 - 2):
        while sent * 0.02 / (1 + ppm * PPM) <= frame * 0.02 + 1e-9 and (sent + 1) * 160 <= len(said):
            studio.now = start + frame * 0.02
            alice.say(said[160 * sent : 160 * sent + 160])
            sent += 1
        studio.now = start + frame * 0.02
        studio.settle()
        device.say(np.zeros(160, np.int16))
        studio.settle()
        device.hear()
        queue = studio.plane.tables.queues[a.index]
        waiting.append(int(queue["newest"]) - int(queue["read"]))
    assert a.stats().lost == 0
    studio.fitted = int(studio.plane.tables.queues[a.index]["fitted"])  # type: ignore[attr-defined]  # for the test
    studio.concealed = a.stats().concealed  # type: ignore[attr-defined]  # likewise
    return device.heard(), waiting


@pytest.mark.parametrize("ppm", [-200, 200])
def test_clocks_200_ppm_apart_are_absorbed_without_a_click(studio: Studio, ppm: int) -> None:
    said = voiced(150.0)
    heard, waiting = through_clocks(studio, said, ppm)
    assert len(heard) > 0.99 * len(said)
    assert studio.fitted >= 1  # type: ignore[attr-defined]
    assert studio.concealed == 0  # type: ignore[attr-defined]  # never dry
    assert max(waiting) <= 320 + 160 + 160  # nor ever deeper
    # The first 40 ms are the silence of the buffer.
    assert roughest(heard[800:]) < 1.25 * roughest(said)
    assert np.abs(heard[800:]).max() <= 1.1 * np.abs(said).max()


def test_clocks_that_agree_change_nothing(studio: Studio) -> None:
    said = voiced(20.0)
    heard, _ = through_clocks(studio, said, 0)
    assert studio.fitted == 0  # type: ignore[attr-defined]
    lag = delay_and_likeness(said, heard)[0]
    assert np.array_equal(heard[lag:], said[: len(heard) - lag])


def lossy(studio: Studio, said: Samples, lost: set[int]) -> Samples:
    """What a device hears of `said` when the packets `lost` do not come."""
    (a, alice), (d, device) = studio.telephone(Encoding.L16, 97), studio.device(Encoding.L16)
    a.join(d)
    for k in range(len(said) // 160):
        packet = alice.packet(said[160 * k : 160 * k + 160])
        if k not in lost:
            alice.send(packet)
        device.say(np.zeros(160, np.int16))
        studio.tick()
    return device.heard()


def test_a_lost_packet_of_a_vowel_is_hardly_missed(studio: Studio) -> None:
    said = voiced(2.0)
    heard = lossy(studio, said, {50})
    lag = int(np.argmax(np.abs(heard) > 0)) - int(np.argmax(np.abs(said) > 0))
    gap = slice(160 * 50 + lag, 160 * 51 + lag)
    original = said[160 * 50 : 160 * 51].astype(float)
    error = heard[gap].astype(float) - original
    assert np.mean(error**2) < 0.25 * np.mean(original**2)  # 6 dB better than silence
    assert roughest(heard[lag:]) < 1.5 * roughest(said)


def test_what_is_made_up_fades_and_is_silent_after_60_ms(studio: Studio) -> None:
    said = voiced(2.0)
    heard = lossy(studio, said, set(range(50, 60)))
    lag = int(np.argmax(np.abs(heard) > 0)) - int(np.argmax(np.abs(said) > 0))
    made = heard[160 * 50 + lag : 160 * 60 + lag].astype(float)
    power = [float(np.sqrt(np.mean(made[k : k + 160] ** 2))) for k in range(0, 1600, 160)]
    assert power[0] > 0.7 * np.sqrt(np.mean(said.astype(float) ** 2))
    assert all(later <= 1.1 * earlier for earlier, later in itertools.pairwise(power))
    assert power[3:] == [0.0] * 7
    assert roughest(heard[lag:]) < 1.5 * roughest(said)


def test_every_tenth_packet_lost_leaves_speech_that_is_like_itself(studio: Studio) -> None:
    said = voiced(6.0)
    heard = lossy(studio, said, set(range(7, 300, 10)))
    _, likeness = delay_and_likeness(said, heard)
    with_gaps = said.copy()
    for k in range(7, 300, 10):
        with_gaps[160 * k : 160 * k + 160] = 0
    assert likeness > float(np.corrcoef(said, with_gaps)[0, 1])
    assert roughest(heard[480:]) < 1.5 * roughest(said)


@pytest.mark.parametrize(("begin", "periods"), [(0, 1), (80, 2), (160, 3), (240, 3)])
def test_i_2_4_more_periods_are_repeated_every_10_ms(
    monkeypatch: pytest.MonkeyPatch, begin: int, periods: int
) -> None:
    monkeypatch.setattr(conceal, "_repeated", conceal._repeated.py_func)
    pitch = 50
    # Each period is as loud as its number, the newest is the first.
    past = np.concatenate([np.full(pitch, 1000 * number) for number in range(conceal.PAST // pitch, 0, -1)])
    past = np.concatenate([np.zeros(conceal.PAST - len(past)), past]).astype(np.int16)
    levels = Counter(
        round(conceal.made_up.py_func(past, pitch, at) / (1 - 0.2 * max(at - 80, 0) / 80), -2)
        for at in range(begin + 15, begin + 80)
    )
    assert max(level for level, times in levels.items() if times >= 15) == 1000 * periods


def test_what_is_made_up_begins_where_speech_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """The step to the last period fades within a quarter of it."""
    monkeypatch.setattr(conceal, "_repeated", conceal._repeated.py_func)
    past = (3000 * np.sin(2 * np.pi * np.arange(conceal.PAST) / 80)).astype(np.int16)
    past[-40:] += 2000
    made = [conceal.made_up.py_func(past, 80, at) for at in range(60)]
    assert abs(made[0] - int(past[-1])) < 500
    assert made[20:40] == [int(sample) for sample in past[-60:-40]]


def test_a_delay_that_need_not_be_so_long_is_shortened_in_a_pause_and_nothing_is_stretched(studio: Studio) -> None:
    (a, alice), (d, device) = studio.telephone(Encoding.L16, 97), studio.device(Encoding.L16)
    a.join(d)
    waiting, fitted, held = [], [], []
    for k in range(600):
        held.append(alice.packet(np.full(160, 3000 if k < 3 else 0, np.int16)))
        while held and k not in range(4, 9):  # for 100 ms the network stands still
            alice.send(held.pop(0))
        studio.settle()
        device.say(np.zeros(160, np.int16))
        studio.tick()
        queue = studio.plane.tables.queues[a.index]
        waiting.append(int(queue["newest"]) - int(queue["read"]))
        fitted.append(int(queue["fitted"]))
    assert max(waiting) > waiting[3] + 2 * 160
    assert waiting[-1] <= waiting[3] + 160
    assert fitted[-1] == fitted[150]  # after what the stall itself asked for


@pytest.mark.parametrize("pitch", [70, 100, 125, 180])
def test_the_pitch_of_a_vowel_is_found(pitch: int) -> None:
    at = np.arange(400) / 8000
    past = np.asarray(sum(np.sin(2 * np.pi * pitch * k * at) / k for k in range(1, 12)) * 3000).astype(np.int16)
    periods = conceal.pitch_of.py_func(past) * pitch / 8000
    assert round(periods) in (1, 2)
    assert abs(periods - round(periods)) < 0.02 * round(periods)


@pytest.mark.parametrize("longer", [True, False])
def test_a_period_more_or_less_leaves_no_seam(longer: bool) -> None:
    said = voiced(0.1, pitch=100.0)[:240]
    out = np.zeros(160, np.int16)
    conceal.stretch.py_func(said[:160] if longer else said, 80, longer, out)
    assert roughest(out) < 1.2 * roughest(said)
    assert abs(int(out[0]) - int(said[0])) < 300
    end = 160 - 80 if longer else 160 + 80
    assert abs(int(out[-1]) - int(said[end - 1])) < 300
