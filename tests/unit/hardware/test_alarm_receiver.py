"""Alarms of a span's end: what is declared when, and how it ends."""

from hardware.dahdi.abi import Alarm
from hardware.span.alarms import AlarmReceiver
from hardware.span.cable import CUT, LineSignal

FINE, ALL_ONES, REMOTE = LineSignal(), LineSignal(ais=True), LineSignal(rai=True)


def lasts(receiver: AlarmReceiver, signal: LineSignal, ms: int) -> list[Alarm]:
    """The alarms, each time that they change."""
    return [receiver.alarms for _ in range(0, ms, 20) if receiver.feed(signal, 20)]


def test_a_lost_signal_is_red_after_two_and_a_half_seconds_and_recovers_for_five() -> None:
    receiver = AlarmReceiver()
    assert lasts(receiver, CUT, 2480) == []
    assert lasts(receiver, CUT, 20) == [Alarm.RED | Alarm.LOS]
    assert receiver.sends_remote_alarm
    assert lasts(receiver, FINE, 4960) == [Alarm.RECOVER]
    assert receiver.sends_remote_alarm
    assert lasts(receiver, FINE, 40) == [Alarm.NONE]
    assert not receiver.sends_remote_alarm


def test_all_ones_are_blue() -> None:
    receiver = AlarmReceiver()
    assert lasts(receiver, ALL_ONES, 3000) == [Alarm.BLUE]


def test_remote_alarm_is_yellow_after_half_a_second_and_goes_at_once() -> None:
    receiver = AlarmReceiver()
    assert lasts(receiver, REMOTE, 1000) == [Alarm.YELLOW]
    assert not receiver.sends_remote_alarm
    assert lasts(receiver, FINE, 100) == [Alarm.NONE]


def test_a_short_gap_is_none() -> None:
    receiver = AlarmReceiver()
    assert lasts(receiver, CUT, 2000) == []
    assert lasts(receiver, FINE, 20) == []
    assert lasts(receiver, CUT, 2000) == []
