"""An exchange line in an emulated FXO port, as the port reports it and as the exchange sees it."""

import errno
from collections.abc import Iterator

import numpy as np
import pytest

from gateway.media.detect import DtmfReceiver
from hardware.analog.line import CancelDial, DialDigits, Hook, LineEvent, LineEventKind, PortKind, SetHook
from hardware.analog.pair import Change
from hardware.dahdi.abi import SigType
from tests.unit.hardware.bench import Bench

K = LineEventKind
TONE = (8000 * np.sin(np.arange(160) * 0.7)).astype(np.int16)


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench(PortKind.FXO)
    yield bench
    bench.port.close()


@pytest.fixture
def seized(bench: Bench) -> Bench:
    bench.port.perform(SetHook(Hook.START))
    bench.run(2001)
    assert bench.hears_events() == [K.HOOKCOMPLETE]
    return bench


def keys_heard(bench: Bench, frames: int) -> str:
    receiver, found = DtmfReceiver(), ""
    for _ in range(frames):
        heard, _ = bench.frame()
        found += "".join(key for key, _ in receiver.feed(np.zeros(160, np.int16) if heard is None else heard))
    return found


def test_seizing_takes_two_seconds_and_tells_its_end(bench: Bench) -> None:
    assert bench.port.perform(SetHook(Hook.START)) is None
    assert bench.changes == [(0, Change.LOOP_CLOSED)]
    bench.run(2000)
    assert bench.hears_events() == []
    bench.run(1)
    assert bench.hears_events() == [K.HOOKCOMPLETE]


def test_a_seized_line_cannot_be_seized_again(seized: Bench) -> None:
    command = SetHook(Hook.START)
    assert seized.port.perform(command) == LineEvent(K.FAILED, errno=errno.EBUSY, command=command)


def test_each_burst_of_ringing_has_its_begin_and_its_end(bench: Bench) -> None:
    for _ in range(2):
        bench.pair.set_ringing(True)
        assert bench.hears_events() == [K.RINGBEGIN]
        bench.run(2000)
        bench.pair.set_ringing(False)
        bench.run(50)
        assert bench.hears_events() == []
        bench.run(1)
        assert bench.hears_events() == [K.RINGOFFHOOK]
        bench.run(3949)


def test_a_gap_shorter_than_the_trailer_does_not_end_a_burst(bench: Bench) -> None:
    bench.pair.set_ringing(True)
    bench.pair.set_ringing(False)
    bench.run(49)
    bench.pair.set_ringing(True)
    bench.run(1000)
    assert bench.hears_events() == [K.RINGBEGIN]


def test_ringing_is_not_believed_for_two_seconds_after_a_hang_up(seized: Bench) -> None:
    seized.port.perform(SetHook(Hook.ONHOOK))
    seized.pair.set_ringing(True)
    seized.run(1000)
    seized.pair.set_ringing(False)
    seized.run(1000)
    assert seized.hears_events() == []
    seized.pair.set_ringing(True)
    assert seized.hears_events() == [K.RINGBEGIN]


def test_answering_closes_the_loop(bench: Bench) -> None:
    bench.pair.set_ringing(True)
    bench.port.perform(SetHook(Hook.OFFHOOK))
    assert bench.changes == [(0, Change.LOOP_CLOSED)]


def test_lost_battery_is_a_disconnect_on_an_answered_line(seized: Bench) -> None:
    seized.pair.set_battery(False)
    seized.run(64)
    assert seized.hears_events() == []
    seized.run(1)
    assert seized.hears_events() == [K.ONHOOK]
    seized.pair.set_battery(True)
    seized.run(5000)
    assert seized.hears_events() == [] and seized.port.in_service()


def test_lost_battery_is_no_disconnect_on_a_loop_start_line() -> None:
    bench = Bench(PortKind.FXO, signalling={1: SigType.FXSLS})
    bench.port.perform(SetHook(Hook.START))
    bench.run(2001)
    bench.hears_events()
    bench.pair.set_battery(False)
    bench.run(500)
    assert bench.hears_events() == []
    bench.port.close()


def test_a_moment_without_battery_is_nothing(seized: Bench) -> None:
    seized.pair.set_battery(False)
    seized.run(60)
    seized.pair.set_battery(True)
    seized.run(2000)
    assert seized.hears_events() == []


def test_a_cut_line_is_an_alarm_after_a_second_and_recovers(bench: Bench) -> None:
    bench.pair.set_battery(False)
    bench.run(1000)
    assert bench.hears_events() == [] and bench.port.in_service()
    bench.run(1)
    assert bench.hears_events() == [K.ALARM] and not bench.port.in_service()
    bench.pair.set_battery(True)
    assert bench.hears_events() == [K.NOALARM] and bench.port.in_service()


def test_a_polarity_reversal_is_told_when_it_has_lasted(bench: Bench) -> None:
    bench.pair.set_reversed(True)
    bench.run(60)
    bench.pair.set_reversed(False)
    bench.run(1000)
    assert bench.hears_events() == []
    bench.pair.set_reversed(True)
    bench.run(65)
    assert bench.hears_events() == [K.POLARITY]


def test_a_flash_opens_the_loop_for_its_time(seized: Bench) -> None:
    seized.changes.clear()
    start = seized.card.agenda.now
    assert seized.port.perform(SetHook(Hook.FLASH)) is None
    seized.run(801)
    assert seized.changes == [(start + 50, Change.LOOP_OPEN), (start + 800, Change.LOOP_CLOSED)]
    assert seized.hears_events() == [K.HOOKCOMPLETE]


def test_the_device_dials_dtmf_and_tells_when_it_is_done(seized: Bench) -> None:
    assert seized.port.perform(DialDigits("T555 0100")) is None
    assert keys_heard(seized, 69) == "5550100"
    assert seized.hears_events() == []
    seized.frame()
    seized.frame()
    assert seized.hears_events() == [K.DIALCOMPLETE]


def test_the_device_dials_pulses(seized: Bench) -> None:
    seized.changes.clear()
    start = seized.card.agenda.now
    seized.port.perform(DialDigits("P20"))
    seized.run(2 * 100 + 10 * 100 + 2 * 750)
    breaks = [at - start for at, change in seized.changes if change is Change.LOOP_OPEN]
    assert breaks == [0, 100] + [900 + 100 * pulse for pulse in range(10)]
    assert seized.hears_events() == [K.DIALCOMPLETE]


def test_audio_written_ends_dialling(seized: Bench) -> None:
    seized.port.perform(DialDigits("T5550100"))
    assert keys_heard(seized, 25) == "55"
    seized.write(TONE)
    assert keys_heard(seized, 100) == ""
    assert seized.hears_events() == []


def test_audio_written_before_does_not_end_what_is_dialled_after_it(seized: Bench) -> None:
    seized.write(TONE)
    seized.port.perform(DialDigits("T12"))
    assert keys_heard(seized, 25) == "12"


def test_dialling_stops_when_told_to_and_when_the_line_is_let_go(seized: Bench) -> None:
    for stop in (CancelDial(), SetHook(Hook.OFFHOOK)):
        seized.port.perform(DialDigits("T5550100"))
        assert keys_heard(seized, 15) == "5"
        assert seized.port.perform(stop) is None
        assert keys_heard(seized, 100) == ""
        assert seized.hears_events() == []


def test_a_pulse_that_is_cut_off_leaves_the_loop_closed(seized: Bench) -> None:
    seized.port.perform(DialDigits("P5"))
    seized.run(10)
    assert not seized.pair.closed
    seized.port.perform(CancelDial())
    assert seized.pair.closed


@pytest.mark.parametrize("digits", ["M12", "T" + "1" * 300, "T\u0661"])
def test_what_cannot_be_dialled_comes_back_as_failed(seized: Bench, digits: str) -> None:
    event = seized.port.perform(DialDigits(digits))
    assert event is not None and event.kind is K.FAILED and event.errno == errno.EINVAL


def test_an_idle_line_can_be_listened_to_but_not_spoken_on(bench: Bench) -> None:
    bench.port.flush()
    bench.write(TONE)
    heard, read = bench.frame(TONE)
    assert heard is None
    assert read is not None and np.abs(read - TONE).max() < 300


def test_a_port_without_a_line_is_out_of_service() -> None:
    bench = Bench(PortKind.FXO)
    bench.pair.set_battery(False)
    bench.run(2000)
    bench.port.close()
    again = bench.card
    assert again.channels[1].alarms
