"""What a telephone does on its line, as the kernel reports it: seizure, hang-up, flash, dial pulses.

In go openings and closings of the loop and what the transmit side has reached; out go events. Source:
dahdi-base.c, __dahdi_hooksig_pvt, rbs_itimer_expire and the pulse timer of _dahdi_receive. A gap in the loop is
judged when it ends: under 15 ms nothing, up to 200 ms a dial pulse, up to the flash time a flash; the telephone
has hung up when the flash time passes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Final

from gateway.core.machine import Machine, Table
from hardware.agenda import Agenda, Appointment
from hardware.analog.emulation.transmit import TxState
from hardware.dahdi.abi import PULSE_DIGIT, Event

__all__ = ["FXS_RECEIVE", "FxsInput", "FxsReceiver", "FxsState"]

MIN_PULSE: Final = 15
MAX_PULSE: Final = 200
PULSE_TIMEOUT: Final = 250
"""Milliseconds from a pulse to the end of its digit (DAHDI_MINPULSETIME, _MAXPULSETIME, _PULSETIMEOUT)."""

_DIGITS: Final = "?1234567890*#"
"""The digit of each number of pulses; more pulses than these are dropped."""


class FxsState(Enum):
    """What the kernel believes of the telephone."""

    ONHOOK = auto()
    OFFHOOK = auto()
    GAP = auto()
    """The loop is open and it is not known yet what that will have been."""
    UNSEEN = auto()
    """It opened while the seizure was being debounced."""
    UNTOLD = auto()
    """It opened while battery was removed or in the guard time after it."""


class FxsInput(Enum):
    """Changes of the loop, gaps by their length, timers, and what the transmit side reached."""

    CLOSED = auto()
    OPEN = auto()
    OPEN_DEBOUNCING = auto()
    OPEN_DISCONNECTING = auto()
    BLIP = auto()
    PULSE = auto()
    FLASH = auto()
    FLASH_TIME = auto()
    DIGIT_TIME = auto()
    DEBOUNCED = auto()
    GUARD_OVER = auto()


_S, _I = FxsState, FxsInput

FXS_RECEIVE: Final[Table[FxsState, FxsInput]] = {
    _S.ONHOOK: {
        _I.CLOSED: (_S.OFFHOOK, "seized"),
        _I.DEBOUNCED: (_S.ONHOOK, ""),
        _I.GUARD_OVER: (_S.ONHOOK, ""),
        _I.DIGIT_TIME: (_S.ONHOOK, "end_digit"),
    },
    _S.OFFHOOK: {
        _I.OPEN: (_S.GAP, "time_gap"),
        _I.OPEN_DEBOUNCING: (_S.UNSEEN, ""),
        _I.OPEN_DISCONNECTING: (_S.UNTOLD, ""),
        _I.DIGIT_TIME: (_S.OFFHOOK, "end_digit"),
        _I.DEBOUNCED: (_S.OFFHOOK, ""),
        _I.GUARD_OVER: (_S.OFFHOOK, ""),
    },
    _S.GAP: {
        _I.BLIP: (_S.OFFHOOK, ""),
        _I.PULSE: (_S.OFFHOOK, "count_pulse"),
        _I.FLASH: (_S.OFFHOOK, "flashed"),
        _I.FLASH_TIME: (_S.ONHOOK, "hung_up"),
        _I.DIGIT_TIME: (_S.GAP, "end_digit"),
        _I.DEBOUNCED: (_S.GAP, ""),
        _I.GUARD_OVER: (_S.GAP, ""),
    },
    _S.UNSEEN: {
        _I.CLOSED: (_S.OFFHOOK, ""),
        _I.DEBOUNCED: (_S.GAP, "time_gap"),
        _I.DIGIT_TIME: (_S.UNSEEN, "end_digit"),
        _I.GUARD_OVER: (_S.UNSEEN, ""),
    },
    _S.UNTOLD: {
        _I.CLOSED: (_S.OFFHOOK, ""),
        _I.GUARD_OVER: (_S.ONHOOK, "hung_up"),
        _I.DIGIT_TIME: (_S.UNTOLD, "end_digit"),
        _I.DEBOUNCED: (_S.UNTOLD, ""),
    },
}

_OPENINGS: Final[Mapping[TxState, FxsInput]] = {
    TxState.DEBOUNCE: FxsInput.OPEN_DEBOUNCING,
    TxState.KEWL: FxsInput.OPEN_DISCONNECTING,
    TxState.AFTERKEWL: FxsInput.OPEN_DISCONNECTING,
}

_SETTLED: Final[Mapping[TxState, FxsInput]] = {
    TxState.DEBOUNCE: FxsInput.DEBOUNCED,
    TxState.AFTERKEWL: FxsInput.GUARD_OVER,
}


class FxsReceiver:
    """The receive side of one FXS channel.

    Args:
        agenda: the card's agenda.
        timing: the timing fields of the channel's parameters, in milliseconds.
        tell: queues an event.
    """

    def __init__(self, *, agenda: Agenda, timing: Mapping[str, int], tell: Callable[[int], None]) -> None:
        self._machine = Machine(FXS_RECEIVE, FxsState.ONHOOK)
        self._agenda = agenda
        self._timing = timing
        self._tell = tell
        self._opened_at = 0
        self._gap: Appointment | None = None
        self._pulses = 0
        self._digit: Appointment | None = None

    @property
    def state(self) -> FxsState:
        """The present state."""
        return self._machine.state

    def loop(self, closed: bool, transmitting: TxState) -> None:
        """The telephone closed or opened the loop while the transmit side was in `transmitting`."""
        if closed:
            self._feed(self._judge_gap() if self.state is FxsState.GAP else FxsInput.CLOSED)
        else:
            self._feed(_OPENINGS.get(transmitting, FxsInput.OPEN))

    def settled(self, reached: TxState) -> None:
        """The transmit side has come to the end of `reached`."""
        self._feed(_SETTLED[reached])

    def _judge_gap(self) -> FxsInput:
        if self._gap is not None:
            self._gap.cancel()
        gap = self._agenda.now - self._opened_at
        if gap < MIN_PULSE:
            return FxsInput.BLIP
        return FxsInput.PULSE if gap <= MAX_PULSE else FxsInput.FLASH

    def _feed(self, given: FxsInput) -> None:
        action = self._machine.feed(given)
        if action:
            getattr(self, f"_{action}")()

    # Actions of the table.

    def _seized(self) -> None:
        self._tell(Event.RINGOFFHOOK)

    def _time_gap(self) -> None:
        self._opened_at = self._agenda.now
        self._gap = self._agenda.after(self._timing["rxflashtime"], lambda: self._feed(FxsInput.FLASH_TIME))

    def _hung_up(self) -> None:
        self._tell(Event.ONHOOK)

    def _flashed(self) -> None:
        self._tell(Event.WINKFLASH)

    def _count_pulse(self) -> None:
        if self._pulses == 0:
            self._tell(Event.PULSE_START)
        self._pulses += 1
        if self._digit is not None:
            self._digit.cancel()
        self._digit = self._agenda.after(PULSE_TIMEOUT, lambda: self._feed(FxsInput.DIGIT_TIME))

    def _end_digit(self) -> None:
        pulses, self._pulses = self._pulses, 0
        if 0 < pulses < len(_DIGITS):
            self._tell(PULSE_DIGIT | ord(_DIGITS[pulses]))
