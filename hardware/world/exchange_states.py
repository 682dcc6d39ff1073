"""The states of a call on a span, or a basic access, at its exchange: the subscriber calls, or is called.

Nothing here acts: `hardware.world.exchange_call` feeds it and carries out the actions that it names. The messages
behind it are those of `gateway.q931.call_states`.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from gateway.core.machine import Table

__all__ = ["EXCHANGE_CALL", "ExchangeInput", "ExchangeState"]


class ExchangeState(Enum):
    """What the exchange is doing for a call."""

    NEW = "new"
    COLLECTING = "collecting digits"
    ROUTING = "looking for the called party"
    RINGING = "called party rings"
    PRESENT = "offered to the subscriber"
    ALERTED = "ringing at the subscriber's"
    TALKING = "talking"
    OVER = "over"


class ExchangeInput(Enum):
    """What the subscriber, the far party and the timers do."""

    SETUP = auto()
    DIGITS = auto()
    COMPLETE = auto()
    ROUTED = auto()
    REFUSED = auto()
    FAR_ANSWERS = auto()
    FAR_CALLS = auto()
    ALERTING = auto()
    CONNECT = auto()
    FAR_HANGS_UP = auto()
    RELEASED = auto()


_S, _I = ExchangeState, ExchangeInput
_RELEASED: Final = {_I.RELEASED: (_S.OVER, "rest")}

EXCHANGE_CALL: Final[Table[ExchangeState, ExchangeInput]] = {
    _S.NEW: {_I.SETUP: (_S.COLLECTING, "collect"), _I.FAR_CALLS: (_S.PRESENT, "")},
    _S.COLLECTING: {
        **_RELEASED,
        _I.DIGITS: (_S.COLLECTING, "collect"),
        _I.COMPLETE: (_S.ROUTING, "route"),
    },
    _S.ROUTING: {
        **_RELEASED,
        _I.DIGITS: (_S.ROUTING, ""),
        _I.ROUTED: (_S.RINGING, "ring"),
        _I.REFUSED: (_S.OVER, "refuse"),
    },
    _S.RINGING: {**_RELEASED, _I.FAR_ANSWERS: (_S.TALKING, "connect")},
    _S.PRESENT: {
        **_RELEASED,
        _I.ALERTING: (_S.ALERTED, ""),
        _I.CONNECT: (_S.TALKING, "put_through"),
        _I.FAR_HANGS_UP: (_S.OVER, "hang_up"),
    },
    _S.ALERTED: {
        **_RELEASED,
        _I.ALERTING: (_S.ALERTED, ""),
        _I.CONNECT: (_S.TALKING, "put_through"),
        _I.FAR_HANGS_UP: (_S.OVER, "hang_up"),
    },
    _S.TALKING: {**_RELEASED, _I.FAR_HANGS_UP: (_S.OVER, "hang_up")},
    _S.OVER: {_I.RELEASED: (_S.OVER, "")},
}
