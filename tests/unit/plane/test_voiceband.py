"""Rows that carry the signals of modems (ITU-T V.152): every sample that came goes on as it was, and no other."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.core.audio import DigitHeard, Samples, Sound
from gateway.core.codec import Encoding
from gateway.media.level import level
from gateway.media.tone import dtmf
from gateway.plane.pace import VOICEBAND_DEPTH
from tests.unit.plane.conftest import Device, Studio
from tests.unit.plane.test_cancel import Line, captured


def signal(frames: int) -> Samples:
    """Noise in which no sample is zero."""
    chance = np.random.default_rng(4)
    return np.where((noise := chance.integers(-9000, 9000, frames * 160)) == 0, 1, noise).astype(np.int16)


def carried(studio: Studio, said: Samples, lost: set[int], late: set[int], *, voiceband: bool) -> Samples:
    """What a device hears of a telephone some of whose packets are lost, or 60 ms late."""
    (row, phone), (line, device) = studio.telephone(Encoding.L16, 97), studio.device(Encoding.L16)
    row.join(line)
    row.carry_voiceband(voiceband)
    frames = said.reshape(-1, 160)
    waiting: list[Samples] = []
    for number, frame in enumerate(frames):
        waiting.append(frame)
        if number not in late and number - 1 not in late and number - 2 not in late:
            for each in waiting:
                phone.say(each) if number not in lost else phone.skip(160)
            waiting.clear()
        device.say(np.zeros(160, np.int16))
        studio.tick()
        device.hear()
    return device.heard()


def test_what_is_lost_is_silence_and_the_delay_stays(studio: Studio) -> None:
    said = signal(300)
    lost, late = {100, 101, 170}, {200, 201, 202}
    heard = carried(studio, said, lost, late, voiceband=True)
    begin = int(np.flatnonzero(heard)[0])
    expected = said.reshape(-1, 160).copy()
    expected[sorted(lost)] = 0
    whole = expected.reshape(-1)[: len(heard) - begin]
    assert np.array_equal(heard[begin:], whole)
    assert VOICEBAND_DEPTH <= begin <= VOICEBAND_DEPTH + 160


def test_speech_has_its_gaps_filled_and_its_delay_fitted(studio: Studio) -> None:
    said = signal(300)
    heard = carried(studio, said, {100, 101, 170}, {200, 201, 202}, voiceband=False)
    begin = int(np.flatnonzero(heard)[0])
    assert not np.array_equal(heard[begin:], said[: len(heard) - begin])
    gap = heard[begin + 16000 : begin + 16000 + 160]
    assert gap.any()


def test_pauses_do_not_shorten_the_delay(studio: Studio) -> None:
    said = np.concatenate([signal(50), np.zeros(160 * 400, np.int16), signal(50)])
    heard = carried(studio, said, set(), set(), voiceband=True)
    begin = int(np.flatnonzero(heard)[0])
    assert np.array_equal(heard[begin:], said[: len(heard) - begin])


def test_echo_is_left_to_the_modems_and_cancelled_again_afterwards(studio: Studio) -> None:
    """G.168: a canceller is off while voiceband data pass."""
    line = Line(studio, Encoding.L16)
    line.row.play(Sound("noise", signal(200), loop_from=0))
    line.row.cancel_echo(64)
    line.live(2.0)
    assert level(captured(line, 0.5)) < -60
    line.row.carry_voiceband(True)
    line.live(0.1)
    assert level(captured(line, 0.5)) > -25
    line.row.carry_voiceband(False)
    line.live(2.0)
    assert level(captured(line, 0.5)) < -60


@pytest.mark.parametrize("voiceband", [False, True])
def test_no_digit_is_heard_in_data(studio: Studio, voiceband: bool) -> None:
    row, device = studio.device(Encoding.L16)
    row.detect_digits(True)
    row.carry_voiceband(voiceband)
    say(studio, device, np.concatenate([dtmf("5", 0.1, 0.1), np.zeros(1600, np.int16)]))
    assert studio.happened(row) == ([] if voiceband else [DigitHeard("5", pytest.approx(0.1, abs=0.03), False)])


def say(studio: Studio, device: Device, samples: Samples) -> None:
    for at in range(0, len(samples) - 159, 160):
        device.say(samples[at : at + 160])
        studio.tick()


def test_a_row_that_is_given_anew_carries_speech(studio: Studio) -> None:
    rows = [studio.device(Encoding.L16)[0] for _ in range(2)]
    for row in rows:
        row.carry_voiceband(True)
    studio.settle()
    indexes = {row.index for row in rows}
    for row in rows:
        row.close()
    studio.settle()
    given = {studio.device(Encoding.L16)[0].index for _ in range(16)}
    studio.settle()
    assert indexes <= given
    assert not studio.plane.tables.rows["voiceband"].any()
    assert not studio.plane.tables.queues["fixed"].any()
