"""What a HOOK request sets going: the transmit state machine of a channel with hook signalling.

In come HOOK commands; out go signals to the card's driver (`Signal`, in order, spaced by the channel's timing)
and the events that the sequence ends with. Source: dahdi-base.c, HOOK in dahdi_chan_ioctl and the transmit timer
__rbs_otimer_expire. It knows nothing of the far end but whether it was off-hook when it was told to hang up.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Final

from gateway.core.machine import Machine, Table
from hardware.agenda import Agenda, Appointment
from hardware.analog.cadence import Cadence
from hardware.analog.line import PortKind
from hardware.dahdi.abi import Event, HookCommand

__all__ = ["FXO_TRANSMIT", "FXS_TRANSMIT", "Signal", "Transmitter", "TxInput", "TxState"]

KEWL: Final = 500
"""Milliseconds without battery that tell a telephone line of a disconnect (kewl start)."""
AFTER_KEWL: Final = 300
"""Guard time after it."""
AFTER_START: Final = 500
"""FXO: milliseconds from seizure until the line may be dialled on."""


class Signal(Enum):
    """What a card's driver is told to put on the line (DAHDI_TXSIG_*)."""

    ONHOOK = auto()
    OFFHOOK = auto()
    START = auto()
    KEWL = auto()


class TxState(Enum):
    """DAHDI_TXSTATE_*."""

    ONHOOK = auto()
    OFFHOOK = auto()
    START = auto()
    AFTERSTART = auto()
    DEBOUNCE = auto()
    RINGON = auto()
    RINGOFF = auto()
    KEWL = auto()
    AFTERKEWL = auto()
    PREWINK = auto()
    WINK = auto()
    PREFLASH = auto()
    FLASH = auto()


class TxInput(Enum):
    """HOOK commands, and the one timer."""

    HANG_UP = auto()
    DROP = auto()
    """Hang up on a kewl start telephone line whose telephone is still off-hook."""
    ANSWER = auto()
    START = auto()
    WINK = auto()
    FLASH = auto()
    RING_OFF = auto()
    TIMER = auto()


_S, _I = TxState, TxInput
_Row = Mapping[TxInput, tuple[TxState, str]]

# ONHOOK and RINGOFF have no precondition; nor has OFFHOOK outside the disconnect sequence.
_ALWAYS: Final[_Row] = {
    _I.HANG_UP: (_S.ONHOOK, "onhook"),
    _I.RING_OFF: (_S.ONHOOK, "onhook"),
    _I.ANSWER: (_S.DEBOUNCE, "offhook"),
}
_TELEPHONE: Final[_Row] = {**_ALWAYS, _I.DROP: (_S.KEWL, "drop_battery")}
_DISCONNECTING: Final[_Row] = {
    _I.HANG_UP: (_S.KEWL, ""),
    _I.DROP: (_S.KEWL, ""),
    _I.RING_OFF: (_S.KEWL, ""),
}
_GUARDING: Final[_Row] = {given: (_S.AFTERKEWL, "") for given in _DISCONNECTING}

FXS_TRANSMIT: Final[Table[TxState, TxInput]] = {
    _S.ONHOOK: {**_ALWAYS, _I.START: (_S.RINGON, "ring"), _I.WINK: (_S.PREWINK, "prewink")},
    _S.DEBOUNCE: {**_TELEPHONE, _I.TIMER: (_S.OFFHOOK, "debounced")},
    _S.OFFHOOK: {**_TELEPHONE, _I.FLASH: (_S.PREFLASH, "preflash")},
    _S.RINGON: {**_TELEPHONE, _I.TIMER: (_S.RINGOFF, "pause_ringing")},
    _S.RINGOFF: {**_TELEPHONE, _I.TIMER: (_S.RINGON, "resume_ringing")},
    _S.KEWL: {**_DISCONNECTING, _I.TIMER: (_S.AFTERKEWL, "restore_battery")},
    _S.AFTERKEWL: {**_GUARDING, _I.TIMER: (_S.ONHOOK, "guard_over")},
    _S.PREWINK: {**_TELEPHONE, _I.TIMER: (_S.WINK, "wink")},
    _S.WINK: {**_TELEPHONE, _I.TIMER: (_S.ONHOOK, "winked")},
    _S.PREFLASH: {**_TELEPHONE, _I.TIMER: (_S.FLASH, "flash")},
    _S.FLASH: {**_TELEPHONE, _I.TIMER: (_S.OFFHOOK, "flashed")},
}

FXO_TRANSMIT: Final[Table[TxState, TxInput]] = {
    _S.ONHOOK: {**_ALWAYS, _I.START: (_S.START, "start"), _I.WINK: (_S.PREWINK, "prewink")},
    _S.START: {**_ALWAYS, _I.TIMER: (_S.AFTERSTART, "after_start")},
    _S.AFTERSTART: {**_ALWAYS, _I.TIMER: (_S.OFFHOOK, "complete")},
    _S.DEBOUNCE: {**_ALWAYS, _I.TIMER: (_S.OFFHOOK, "debounced")},
    _S.OFFHOOK: {**_ALWAYS, _I.FLASH: (_S.PREFLASH, "preflash")},
    _S.PREWINK: {**_ALWAYS, _I.TIMER: (_S.WINK, "wink")},
    _S.WINK: {**_ALWAYS, _I.TIMER: (_S.ONHOOK, "winked")},
    _S.PREFLASH: {**_ALWAYS, _I.TIMER: (_S.FLASH, "flash")},
    _S.FLASH: {**_ALWAYS, _I.TIMER: (_S.OFFHOOK, "flashed")},
}

_INPUTS: Final[Mapping[int, TxInput]] = {
    HookCommand.ONHOOK: TxInput.HANG_UP,
    HookCommand.OFFHOOK: TxInput.ANSWER,
    HookCommand.WINK: TxInput.WINK,
    HookCommand.FLASH: TxInput.FLASH,
    HookCommand.START: TxInput.START,
    HookCommand.RING: TxInput.START,
    HookCommand.RINGOFF: TxInput.RING_OFF,
}

_TAKES_TIME: Final = frozenset({TxInput.START, TxInput.WINK, TxInput.FLASH})
"""Commands that end with EINPROGRESS on a descriptor that does not block."""


class Transmitter:
    """The transmit side of one channel.

    Args:
        kind: which table applies.
        agenda: the card's agenda.
        timing: the timing fields of the channel's parameters, in milliseconds; read at each use.
        drive: puts a signal on the line.
        tell: queues an event.
        settled: told of DEBOUNCED and GUARD_OVER moments, on which the receive side acts.
    """

    def __init__(
        self,
        kind: PortKind,
        *,
        agenda: Agenda,
        timing: Mapping[str, int],
        drive: Callable[[Signal], None],
        tell: Callable[[Event], None],
        settled: Callable[[TxState], None],
    ) -> None:
        self.cadence = Cadence(())
        self._machine = Machine(FXS_TRANSMIT if kind is PortKind.FXS else FXO_TRANSMIT, TxState.ONHOOK)
        self._agenda = agenda
        self._timing = timing
        self._drive = drive
        self._tell = tell
        self._settled = settled
        self._timer: Appointment | None = None

    @property
    def state(self) -> TxState:
        """The present state."""
        return self._machine.state

    def hook(self, command: int, *, drop: bool = False) -> None:
        """Carry out a HOOK command.

        Args:
            drop: hang up by removing battery: the line is kewl start and its telephone off-hook.

        Raises:
            OSError: EINVAL no such command, EBUSY not in this state, EINPROGRESS begun and HOOKCOMPLETE (or, for
                ringing, nothing) will follow.
        """
        given = _INPUTS.get(command)
        if given is None:
            raise OSError(errno.EINVAL, "no such hook command")
        if given is TxInput.HANG_UP and drop and self._machine.takes(TxInput.DROP):
            given = TxInput.DROP
        if not self._machine.takes(given):
            raise OSError(errno.EBUSY, f"{given.name} in state {self.state.name}")
        self._feed(given)
        if given in _TAKES_TIME:
            raise OSError(errno.EINPROGRESS, "begun")

    def _feed(self, given: TxInput) -> None:
        action = self._machine.feed(given)
        if action:
            if self._timer is not None:
                self._timer.cancel()
            getattr(self, f"_{action}")()

    def _wait(self, ms: int) -> None:
        self._timer = self._agenda.after(ms, lambda: self._feed(TxInput.TIMER))

    # Actions of the tables.

    def _onhook(self) -> None:
        self._drive(Signal.ONHOOK)

    def _offhook(self) -> None:
        self._drive(Signal.OFFHOOK)
        self._wait(self._timing["debouncetime"])

    def _debounced(self) -> None:
        self._settled(TxState.DEBOUNCE)

    def _ring(self) -> None:
        self._drive(Signal.START)
        self._wait(self.cadence.restart())

    def _pause_ringing(self) -> None:
        self._tell(Event.RINGEROFF)
        self._drive(Signal.ONHOOK)
        self._wait(self.cadence.advance())

    def _resume_ringing(self) -> None:
        self._tell(Event.RINGERON)
        self._drive(Signal.START)
        self._wait(self.cadence.advance())

    def _start(self) -> None:
        self._drive(Signal.START)
        self._wait(self._timing["starttime"])

    def _after_start(self) -> None:
        self._drive(Signal.OFFHOOK)
        self._wait(AFTER_START)

    def _complete(self) -> None:
        self._tell(Event.HOOKCOMPLETE)

    def _drop_battery(self) -> None:
        self._drive(Signal.KEWL)
        self._wait(KEWL)

    def _restore_battery(self) -> None:
        self._drive(Signal.ONHOOK)
        self._tell(Event.HOOKCOMPLETE)
        self._wait(AFTER_KEWL)

    def _guard_over(self) -> None:
        self._settled(TxState.AFTERKEWL)

    def _prewink(self) -> None:
        self._drive(Signal.ONHOOK)
        self._wait(self._timing["prewinktime"])

    def _wink(self) -> None:
        self._drive(Signal.OFFHOOK)
        self._wait(self._timing["winktime"])

    def _winked(self) -> None:
        self._drive(Signal.ONHOOK)
        self._tell(Event.HOOKCOMPLETE)

    def _preflash(self) -> None:
        self._drive(Signal.OFFHOOK)
        self._wait(self._timing["preflashtime"])

    def _flash(self) -> None:
        self._drive(Signal.ONHOOK)
        self._wait(self._timing["flashtime"])

    def _flashed(self) -> None:
        self._drive(Signal.OFFHOOK)
        self._tell(Event.HOOKCOMPLETE)
