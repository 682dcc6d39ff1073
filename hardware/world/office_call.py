"""The states of a subscriber line at its exchange, as a table: a basic call out, a basic call in, and their ends.

Nothing here acts: `hardware.world.office_line` feeds it and carries out the actions that it names.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from gateway.core.machine import Table

__all__ = ["OFFICE_LINE", "CallState", "LineInput"]


class CallState(Enum):
    """What the office is doing for a line."""

    IDLE = "idle"
    DIAL_TONE = "dial tone"
    COLLECTING = "collecting digits"
    RINGBACK = "called party rings"
    TALKING = "talking"
    REFUSED = "refused"
    RINGING = "ringing the subscriber"
    DISCONNECTING = "battery removed"
    RELEASED = "far end gone"


class LineInput(Enum):
    """What the subscriber, the far party and the timers do."""

    SEIZED = auto()
    HUNG_UP = auto()
    DIGIT = auto()
    CONNECTS = auto()
    REFUSES = auto()
    NO_DIGITS = auto()
    FAR_ANSWERS = auto()
    FAR_CALLS = auto()
    FAR_HANGS_UP = auto()
    RESTORED_OPEN = auto()
    RESTORED_CLOSED = auto()


_S, _I = CallState, LineInput

OFFICE_LINE: Final[Table[CallState, LineInput]] = {
    _S.IDLE: {_I.SEIZED: (_S.DIAL_TONE, "give_dial_tone"), _I.FAR_CALLS: (_S.RINGING, "ring")},
    _S.DIAL_TONE: {
        _I.DIGIT: (_S.COLLECTING, "collect"),
        _I.NO_DIGITS: (_S.REFUSED, "give_congestion"),
        _I.HUNG_UP: (_S.IDLE, "clear"),
    },
    _S.COLLECTING: {
        _I.DIGIT: (_S.COLLECTING, "collect"),
        _I.CONNECTS: (_S.RINGBACK, "ring_back"),
        _I.REFUSES: (_S.REFUSED, "refuse"),
        _I.HUNG_UP: (_S.IDLE, "clear"),
    },
    _S.RINGBACK: {
        _I.FAR_ANSWERS: (_S.TALKING, "connect"),
        _I.HUNG_UP: (_S.IDLE, "clear"),
        _I.DIGIT: (_S.RINGBACK, ""),
    },
    _S.REFUSED: {_I.HUNG_UP: (_S.IDLE, "clear"), _I.DIGIT: (_S.REFUSED, "")},
    _S.RINGING: {_I.SEIZED: (_S.TALKING, "trip"), _I.FAR_HANGS_UP: (_S.IDLE, "clear")},
    _S.TALKING: {
        _I.HUNG_UP: (_S.IDLE, "clear"),
        _I.FAR_HANGS_UP: (_S.DISCONNECTING, "disconnect"),
        _I.DIGIT: (_S.TALKING, ""),
    },
    _S.DISCONNECTING: {
        _I.HUNG_UP: (_S.DISCONNECTING, ""),
        _I.SEIZED: (_S.DISCONNECTING, ""),
        _I.DIGIT: (_S.DISCONNECTING, ""),
        _I.RESTORED_OPEN: (_S.IDLE, "clear"),
        _I.RESTORED_CLOSED: (_S.RELEASED, "give_released"),
    },
    _S.RELEASED: {_I.HUNG_UP: (_S.IDLE, "clear"), _I.DIGIT: (_S.RELEASED, "")},
}
