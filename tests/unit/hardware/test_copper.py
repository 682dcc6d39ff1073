"""What a line does to speech: each fault measured at the other end, and a good line that changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.core.audio import Samples
from gateway.core.errors import LocalError
from gateway.media.level import level, peak
from hardware.analog.copper import SOUND, Copper, Fault, fault_of, hybrid
from hardware.analog.pair import Pair

RATE = 8000


def tone(hertz: float, dbm0: float, seconds: float = 2.0) -> Samples:
    wave = np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)
    return np.rint(peak(dbm0) * wave).astype(np.int16)


def carried(fault: Fault, sent: Samples, own: Samples | None = None, echo: tuple[float, ...] = ()) -> Samples:
    copper = Copper(fault, echo, 0)
    frames = [
        copper.carry(sent[at : at + 160], None if own is None else own[at : at + 160])
        for at in range(0, len(sent), 160)
    ]
    return np.concatenate(frames)


def frequency(samples: Samples) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 4 * len(samples)))
    return float(np.argmax(spectrum)) * RATE / (4 * len(samples))


SILENCE = np.zeros(4 * RATE, np.int16)


def test_noise_and_hum_have_the_levels_that_they_are_given() -> None:
    assert level(carried(Fault(noise=-40.0), SILENCE)) == pytest.approx(-40.0, abs=0.2)
    hum = carried(Fault(hum=-35.0, mains=60.0), SILENCE)
    assert level(hum) == pytest.approx(-35.0, abs=0.3) and frequency(hum) == pytest.approx(60.0, abs=0.5)


def test_the_same_seed_makes_the_same_noise() -> None:
    fault = Fault(noise=-40.0, clicks=3.0, seed=7)
    assert np.array_equal(carried(fault, SILENCE), carried(fault, SILENCE))


def test_loss_weakens_and_an_echo_comes_back_as_its_response_says() -> None:
    assert level(carried(Fault(loss=7.0), tone(1000, -10.0))) == pytest.approx(-17.0, abs=0.1)
    noise = np.random.default_rng(1).normal(scale=3000, size=4 * RATE).astype(np.int16)
    for loss in (6.0, 14.0):
        path = hybrid(loss, delay=10.0)
        back = carried(Fault(feeder_echo=path), SILENCE, noise, path)
        assert level(noise) - level(back) == pytest.approx(loss, abs=0.7)
        assert not back[:80].any(), "not before its flat delay"


@pytest.mark.parametrize("shift", [-6.0, 10.0])
def test_frequencies_are_shifted(shift: float) -> None:
    assert frequency(carried(Fault(shift=shift), tone(1000, -10.0))) == pytest.approx(1000 + shift, abs=0.2)


def test_clicks_come_as_often_as_they_should() -> None:
    heard = carried(Fault(clicks=4.0), np.zeros(20 * RATE, np.int16))
    loud = np.flatnonzero(np.abs(heard.astype(int)) > 0.9 * peak(-6.0))
    clicks = 1 + np.count_nonzero(np.diff(loud) > 80)
    assert 50 <= clicks <= 110


def test_a_sound_line_passes_frames_as_they_are_and_a_fault_can_come_and_go() -> None:
    pair = Pair()
    pair.set_battery(True)
    pair.close_loop()
    frame = tone(1000, -10.0, 0.02)
    pair.send_to_feeder(frame)
    assert pair.heard_by_feeder() is frame
    pair.suffer(Fault(loss=20.0))
    assert level(pair.heard_by_feeder()) == pytest.approx(-30.0, abs=0.3)
    pair.suffer(SOUND)
    assert pair.heard_by_feeder() is frame


def test_each_end_hears_its_own_echo_and_no_other() -> None:
    pair = Pair(fault=Fault(feeder_echo=(0.5,)))
    pair.set_battery(True)
    pair.close_loop()
    frame = tone(1000, -10.0, 0.02)
    pair.send_to_terminal(frame)
    pair.send_to_feeder(None)
    assert level(pair.heard_by_feeder()) == pytest.approx(-16.0, abs=0.3)
    pair.send_to_terminal(None)
    pair.send_to_feeder(frame)
    assert level(pair.heard_by_terminal()) == -96.0


def test_impossible_faults_are_refused() -> None:
    with pytest.raises(LocalError, match="echo path has at most 2048"):
        Fault(feeder_echo=(0.1,) * 3000)
    with pytest.raises(LocalError, match="clicks are 0 to 100"):
        Fault(clicks=-1)


def test_a_fault_is_written_as_numbers_by_name() -> None:
    assert fault_of({}) == SOUND
    assert fault_of({"noise": -45.0, "clicks": 2.0}) == Fault(noise=-45.0, clicks=2.0)
    echoing = fault_of({"echo": 12.0, "delay": 3.0})
    assert echoing.feeder_echo == echoing.terminal_echo == hybrid(12.0, delay=3.0)
    with pytest.raises(LocalError, match="no fault 'crackle'; there are: click, clicks, delay, echo"):
        fault_of({"crackle": 1.0})
    with pytest.raises(LocalError, match="between -200 and 200"):
        fault_of({"loss": float("inf")})
