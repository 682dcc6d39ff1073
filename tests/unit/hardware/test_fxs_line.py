"""A telephone on an emulated FXS port, as the port reports it and as the telephone feels it."""

import errno
from collections.abc import Iterator

import numpy as np
import pytest

from hardware.analog.copper import Fault
from hardware.analog.line import (
    Hook,
    LineEvent,
    LineEventKind,
    OnHookTransmit,
    PortKind,
    Ring,
    SetHook,
    SetPolarity,
    StopRing,
)
from hardware.analog.pair import Change
from tests.unit.hardware.bench import Bench

K = LineEventKind
TONE = (8000 * np.sin(np.arange(160) * 0.7)).astype(np.int16)


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench(PortKind.FXS)
    yield bench
    bench.port.close()


@pytest.fixture
def talking(bench: Bench) -> Bench:
    """A telephone that is lifted, answered and past the debounce time."""
    bench.pair.close_loop()
    bench.port.perform(SetHook(Hook.OFFHOOK))
    bench.run(700)
    assert bench.hears_events() == [K.RINGOFFHOOK]
    return bench


def test_lifting_is_told_once_and_waits_at_the_attention_descriptor(bench: Bench) -> None:
    assert not bench.event_waits()
    bench.pair.close_loop()
    assert bench.event_waits()
    assert bench.port.off_hook()
    assert bench.hears_events() == [K.RINGOFFHOOK]
    assert not bench.event_waits()


def test_hanging_up_is_told_when_the_flash_time_has_passed(talking: Bench) -> None:
    talking.pair.open_loop()
    talking.run(1250)
    assert talking.hears_events() == []
    talking.run(1)
    assert talking.hears_events() == [K.ONHOOK]
    assert not talking.port.off_hook()


@pytest.mark.parametrize(
    ("gap", "told"),
    [
        (14, []),
        (15, [K.PULSE_START, K.PULSE_DIGIT]),
        (200, [K.PULSE_START, K.PULSE_DIGIT]),
        (201, [K.WINKFLASH]),
        (1249, [K.WINKFLASH]),
    ],
)
def test_a_gap_is_judged_by_its_length(talking: Bench, gap: int, told: list[LineEventKind]) -> None:
    talking.open_loop_for(gap, then=300)
    assert talking.hears_events() == told


@pytest.mark.parametrize(("pulses", "digit"), [(1, "1"), (9, "9"), (10, "0"), (11, "*"), (12, "#"), (13, "")])
def test_pulses_make_a_digit(talking: Bench, pulses: int, digit: str) -> None:
    for _ in range(pulses):
        talking.open_loop_for(60, then=40)
    talking.run(300)
    wanted = [LineEvent(K.PULSE_START)] + ([LineEvent(K.PULSE_DIGIT, digit=digit)] if digit else [])
    assert talking.events() == wanted


def test_a_hang_up_within_the_debounce_time_is_found_at_its_end(bench: Bench) -> None:
    bench.pair.close_loop()
    bench.port.perform(SetHook(Hook.OFFHOOK))
    bench.run(100)
    bench.pair.open_loop()
    bench.run(500 + 1250)
    assert bench.hears_events() == [K.RINGOFFHOOK]
    bench.run(1)
    assert bench.hears_events() == [K.ONHOOK]


def test_ringing_follows_the_zone_until_the_telephone_is_lifted(bench: Bench) -> None:
    assert bench.port.perform(Ring()) is None
    bench.run(9000)
    assert bench.changes == [
        (0, Change.RING_ON),
        (2000, Change.RING_OFF),
        (6000, Change.RING_ON),
        (8000, Change.RING_OFF),
    ]
    assert bench.hears_events() == [K.RINGEROFF, K.RINGERON, K.RINGEROFF]
    bench.run(3500)
    bench.pair.close_loop()
    assert bench.changes[-1] == (12500, Change.RING_OFF), "the card trips ringing by itself"
    assert bench.hears_events() == [K.RINGERON, K.RINGOFFHOOK]
    bench.port.perform(SetHook(Hook.OFFHOOK))
    bench.run(20_000)
    assert bench.hears_events() == []


def test_a_ring_trip_that_nobody_answers_is_not_rung_again(bench: Bench) -> None:
    bench.port.perform(Ring())
    bench.run(100)
    bench.pair.close_loop()
    bench.run(10_000)
    assert [change for _, change in bench.changes] == [Change.RING_ON, Change.RING_OFF]


def test_a_cadence_of_ones_own_repeats_from_its_mark(bench: Bench) -> None:
    bench.port.perform(Ring((125, 125, -2000, 4000)))
    bench.run(2250 + 4000 + 2000 + 1)
    assert [at for at, change in bench.changes if change is Change.RING_ON] == [0, 250, 6250]


def test_stopping_the_ringing_leaves_the_line_idle(bench: Bench) -> None:
    bench.port.perform(Ring())
    bench.run(500)
    assert bench.port.perform(StopRing()) is None
    bench.run(10_000)
    assert bench.changes == [(0, Change.RING_ON), (500, Change.RING_OFF)]
    assert bench.hears_events() == []
    assert bench.port.perform(Ring()) is None, "and it can be rung again"


def test_what_a_busy_line_cannot_do_comes_back_as_failed(talking: Bench) -> None:
    command = Ring()
    assert talking.port.perform(command) == LineEvent(K.FAILED, errno=errno.EBUSY, command=command)


def test_a_far_hang_up_takes_battery_away_for_half_a_second(talking: Bench) -> None:
    talking.changes.clear()
    start = talking.card.agenda.now
    assert talking.port.perform(SetHook(Hook.ONHOOK)) is None
    answer = SetHook(Hook.OFFHOOK)
    assert talking.port.perform(answer) == LineEvent(K.FAILED, errno=errno.EBUSY, command=answer)
    talking.run(600)
    assert talking.changes == [(start, Change.BATTERY_OFF), (start + 500, Change.BATTERY_ON)]
    assert talking.hears_events() == [K.HOOKCOMPLETE]


def test_a_telephone_put_down_while_battery_is_away_is_told_of_after_the_guard_time(talking: Bench) -> None:
    talking.port.perform(SetHook(Hook.ONHOOK))
    talking.run(400)
    talking.pair.open_loop()
    talking.run(400)
    assert talking.hears_events() == [K.HOOKCOMPLETE]
    talking.run(1)
    assert talking.hears_events() == [K.ONHOOK]


def test_a_telephone_that_hung_up_first_keeps_its_battery(talking: Bench) -> None:
    talking.pair.open_loop()
    talking.run(1300)
    talking.changes.clear()
    assert talking.port.perform(SetHook(Hook.ONHOOK)) is None
    talking.run(2000)
    assert talking.changes == []


def test_polarity_is_reversed_and_restored_but_not_while_ringing(bench: Bench) -> None:
    bench.port.perform(SetPolarity(True))
    bench.port.perform(SetPolarity(False))
    assert [change for _, change in bench.changes] == [Change.REVERSED, Change.NORMAL]
    bench.port.perform(Ring())
    command = SetPolarity(True)
    assert bench.port.perform(command) == LineEvent(K.FAILED, errno=errno.EINVAL, command=command)


def test_speech_passes_both_ways_in_frames_of_20_ms(talking: Bench) -> None:
    talking.port.flush()
    talking.write(TONE)
    heard, read = talking.frame(TONE)
    assert heard is not None and read is not None and len(read) == 160
    assert np.abs(heard - TONE).max() < 300 and np.abs(read - TONE).max() < 300
    assert talking.frame()[0] is None


def test_an_on_hook_telephone_hears_nothing(bench: Bench) -> None:
    bench.write(TONE)
    heard, read = bench.frame(TONE)
    assert heard is None
    assert read is not None and not read.any()


def test_on_hook_transmission_opens_the_speech_path_for_its_time(bench: Bench) -> None:
    assert bench.port.perform(OnHookTransmit(40)) is None
    for hears in (True, True, False):
        bench.write(TONE)
        assert (bench.frame()[0] is not None) is hears


def test_the_speech_path_stays_open_for_a_while_after_a_burst_of_ringing(bench: Bench) -> None:
    bench.port.perform(Ring())
    bench.write(TONE)
    assert bench.frame()[0] is None, "not while it rings"
    bench.run(2000)
    bench.write(TONE)
    assert bench.frame()[0] is not None


def test_a_line_weakens_speech_by_its_loss() -> None:
    bench = Bench(PortKind.FXS, fault=Fault(loss=6.02))
    bench.pair.close_loop()
    bench.port.flush()
    _, read = bench.frame(TONE)
    assert read is not None and abs(np.abs(read).max() - 4000) < 200
    bench.port.close()


def test_a_line_in_a_country_of_a_law_is_coded_by_a_law() -> None:
    bench = Bench(PortKind.FXS, zone="de")
    assert bench.port.encoding.value == "PCMA"
    bench.pair.close_loop()
    bench.port.flush()
    _, read = bench.frame(TONE)
    assert read is not None and np.abs(read - TONE).max() < 300
    bench.port.close()
