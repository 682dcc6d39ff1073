"""What an exchange does on its line, as an FXO card reports it: ringing, battery, polarity.

In go changes of the feed; out go events. Ringing and its trailer: dahdi-base.c, __dahdi_hooksig_pvt and
_dahdi_receive. Battery and polarity, debounced for 64 ms, and the alarm: wctdm.c, wctdm_voicedaa_check_hook.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from gateway.core.machine import Machine, Table
from hardware.agenda import Agenda, Appointment
from hardware.analog.pair import Change
from hardware.dahdi.abi import Event

__all__ = ["FXO_BATTERY", "FXO_RINGING", "BatteryInput", "BatteryState", "FxoReceiver", "RingInput", "RingState"]

RING_TRAILER: Final = 50
"""Milliseconds without ringing voltage that end a burst."""
RING_DEBOUNCE: Final = 2000
"""Milliseconds after a hang-up in which ringing is not believed."""
LINE_DEBOUNCE: Final = 64
"""Milliseconds for which a change of battery or polarity must last."""
ALARM_TIME: Final = 1000
"""Milliseconds without battery that make an alarm."""


class RingState(Enum):
    """Whether the exchange rings."""

    QUIET = auto()
    RINGING = auto()
    TRAILER = auto()


class RingInput(Enum):
    """Ringing voltage, and the trailer's timer."""

    RING_ON = auto()
    RING_OFF = auto()
    TRAILER_OVER = auto()


FXO_RINGING: Final[Table[RingState, RingInput]] = {
    RingState.QUIET: {RingInput.RING_ON: (RingState.RINGING, "ring_begins")},
    RingState.RINGING: {RingInput.RING_OFF: (RingState.TRAILER, "time_trailer")},
    RingState.TRAILER: {
        RingInput.RING_ON: (RingState.RINGING, "still_ringing"),
        RingInput.TRAILER_OVER: (RingState.QUIET, "burst_over"),
    },
}


class BatteryState(Enum):
    """Whether the exchange feeds the line."""

    FED = auto()
    FADING = auto()
    DEAD = auto()
    ALARM = auto()


class BatteryInput(Enum):
    """Battery, and its timers."""

    ON = auto()
    OFF = auto()
    DEBOUNCED = auto()
    ALARM_TIME = auto()


FXO_BATTERY: Final[Table[BatteryState, BatteryInput]] = {
    BatteryState.FED: {BatteryInput.OFF: (BatteryState.FADING, "fade")},
    BatteryState.FADING: {
        BatteryInput.ON: (BatteryState.FED, "recover"),
        BatteryInput.DEBOUNCED: (BatteryState.DEAD, "lose"),
    },
    BatteryState.DEAD: {
        BatteryInput.ON: (BatteryState.FED, "recover"),
        BatteryInput.ALARM_TIME: (BatteryState.ALARM, "alarm"),
    },
    BatteryState.ALARM: {BatteryInput.ON: (BatteryState.FED, "end_alarm")},
}


class FxoReceiver:
    """The receive side of one FXO channel. Until battery is first seen the line is in alarm.

    Args:
        agenda: the card's agenda.
        tell: queues an event.
        disconnected: battery went away; returns whether that is a disconnect (off-hook on a kewl start line).
    """

    def __init__(self, *, agenda: Agenda, tell: Callable[[Event], None], disconnected: Callable[[], bool]) -> None:
        self._ring = Machine(FXO_RINGING, RingState.QUIET)
        self._battery = Machine(FXO_BATTERY, BatteryState.ALARM)
        self._agenda = agenda
        self._tell = tell
        self._disconnected = disconnected
        self._ring_from = 0
        self._trailer: Appointment | None = None
        self._battery_timer: Appointment | None = None
        self._reversal: Appointment | None = None

    @property
    def alarm(self) -> bool:
        """No battery for longer than the alarm time."""
        return self._battery.state is BatteryState.ALARM

    @property
    def fed(self) -> bool:
        """The line has battery, or lost it less than 64 ms ago."""
        return self._battery.state in (BatteryState.FED, BatteryState.FADING)

    def hung_up(self) -> None:
        """Our side opened the loop: believe no ringing for a while."""
        self._ring_from = self._agenda.now + RING_DEBOUNCE

    def change(self, change: Change) -> None:
        """The exchange changed what it feeds."""
        match change:
            case Change.RING_ON:
                self._feed_ring(RingInput.RING_ON)
            case Change.RING_OFF:
                self._feed_ring(RingInput.RING_OFF)
            case Change.BATTERY_ON:
                self._feed_battery(BatteryInput.ON)
            case Change.BATTERY_OFF:
                self._feed_battery(BatteryInput.OFF)
            case Change.REVERSED | Change.NORMAL:
                self._reverse()

    def _reverse(self) -> None:
        if self._reversal is not None and self._reversal.pending:
            self._reversal.cancel()  # back again before it was believed
        else:
            self._reversal = self._agenda.after(LINE_DEBOUNCE, lambda: self._tell(Event.POLARITY))

    def _feed_ring(self, given: RingInput) -> None:
        getattr(self, f"_{self._ring.feed(given)}")()

    def _feed_battery(self, given: BatteryInput) -> None:
        action = self._battery.feed(given)
        if self._battery_timer is not None:
            self._battery_timer.cancel()
        getattr(self, f"_{action}")()

    # Actions of FXO_RINGING.

    def _ring_begins(self) -> None:
        if self._agenda.now >= self._ring_from:
            self._tell(Event.RINGBEGIN)

    def _time_trailer(self) -> None:
        self._trailer = self._agenda.after(RING_TRAILER, lambda: self._feed_ring(RingInput.TRAILER_OVER))

    def _still_ringing(self) -> None:
        if self._trailer is not None:
            self._trailer.cancel()

    def _burst_over(self) -> None:
        if self._agenda.now >= self._ring_from:
            self._tell(Event.RINGOFFHOOK)

    # Actions of FXO_BATTERY.

    def _fade(self) -> None:
        self._battery_timer = self._agenda.after(LINE_DEBOUNCE, lambda: self._feed_battery(BatteryInput.DEBOUNCED))

    def _recover(self) -> None:
        """Battery is back; nothing is told of it."""

    def _lose(self) -> None:
        if self._disconnected():
            self._tell(Event.ONHOOK)
            self.hung_up()
        self._battery_timer = self._agenda.after(
            ALARM_TIME - LINE_DEBOUNCE, lambda: self._feed_battery(BatteryInput.ALARM_TIME)
        )

    def _alarm(self) -> None:
        self._tell(Event.ALARM)

    def _end_alarm(self) -> None:
        self._tell(Event.NOALARM)
