"""The states of a call on a basic access at its exchange, as a table (ITU-T Q.931 2.1.2, en bloc).

Nothing here acts: `hardware.world.access` feeds it and carries out the actions that it names.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from gateway.core.machine import Table

__all__ = ["ACCESS_CALL", "AccessInput", "AccessState"]


class AccessState(Enum):
    """What the exchange is doing for the access."""

    NULL = "idle"
    PROCEEDING = "looking for the called party"
    DELIVERED = "called party rings"
    PRESENT = "ringing the subscriber"
    ACTIVE = "talking"


class AccessInput(Enum):
    """What the subscriber's terminal, the far party and the timers do."""

    SETUP = auto()
    ROUTED = auto()
    REFUSED = auto()
    FAR_ANSWERS = auto()
    FAR_CALLS = auto()
    FAR_HANGS_UP = auto()
    CONNECT = auto()
    DISCONNECT = auto()


_S, _I = AccessState, AccessInput

ACCESS_CALL: Final[Table[AccessState, AccessInput]] = {
    _S.NULL: {_I.SETUP: (_S.PROCEEDING, "route"), _I.FAR_CALLS: (_S.PRESENT, "present")},
    # N3
    _S.PROCEEDING: {
        _I.ROUTED: (_S.DELIVERED, "alert"),
        _I.REFUSED: (_S.NULL, "refuse"),
        _I.DISCONNECT: (_S.NULL, "clear"),
    },
    # N4
    _S.DELIVERED: {_I.FAR_ANSWERS: (_S.ACTIVE, "connect"), _I.DISCONNECT: (_S.NULL, "clear")},
    # N6, N7: the far party hears ringback
    _S.PRESENT: {
        _I.CONNECT: (_S.ACTIVE, "put_through"),
        _I.DISCONNECT: (_S.NULL, "clear"),
        _I.FAR_HANGS_UP: (_S.NULL, "release"),
    },
    # N10
    _S.ACTIVE: {_I.FAR_HANGS_UP: (_S.NULL, "release"), _I.DISCONNECT: (_S.NULL, "clear")},
}
