"""The states of our registration with somebody else's registrar, as a table; `register` acts on it."""

from __future__ import annotations

from typing import Final

from gateway.core.machine import Table
from gateway.core.word import Word

__all__ = ["TABLE", "Input", "State"]


class State(Word):
    """Where the registration stands."""

    IDLE = "not begun"
    ASKING = "waits for the registrar's answer"
    HELD = "registered"
    WAITING = "waits before it tries again"
    LEAVING = "waits for the end of the registration"
    OVER = "ended"


class Input(Word):
    """What can happen to it."""

    START = "it is wanted"
    GRANTED = "200"
    AGAIN = "401, 407, 423 or 439 that we can answer"
    NEXT = "silence or 5xx, and another registrar is there"
    REFUSED = "refused, or no registrar is left"
    DUE = "time to try or to renew"
    STOP = "it is not wanted any more"


_S, _I = State, Input

TABLE: Final[Table[State, Input]] = {
    _S.IDLE: {_I.START: (_S.ASKING, "ask"), _I.STOP: (_S.OVER, "")},
    # RFC 3261 10.2 and 10.2.7, 10.2.8
    _S.ASKING: {
        _I.START: (_S.ASKING, ""),
        _I.GRANTED: (_S.HELD, "hold"),
        _I.AGAIN: (_S.ASKING, "ask_again"),
        _I.NEXT: (_S.ASKING, "ask"),
        _I.REFUSED: (_S.WAITING, "wait"),
        _I.STOP: (_S.LEAVING, "leave"),
    },
    # RFC 3261 10.2.4
    _S.HELD: {_I.START: (_S.HELD, ""), _I.DUE: (_S.ASKING, "ask"), _I.STOP: (_S.LEAVING, "leave")},
    # RFC 5626 4.5
    _S.WAITING: {
        _I.START: (_S.ASKING, "ask"),
        _I.DUE: (_S.ASKING, "ask"),
        _I.STOP: (_S.LEAVING, "leave"),
    },
    # RFC 3261 10.2.2
    _S.LEAVING: {
        _I.START: (_S.LEAVING, ""),
        _I.GRANTED: (_S.OVER, "end"),
        _I.AGAIN: (_S.LEAVING, "ask_again"),
        _I.NEXT: (_S.OVER, "end"),
        _I.REFUSED: (_S.OVER, "end"),
        _I.STOP: (_S.LEAVING, ""),
    },
    _S.OVER: {given: (_S.OVER, "") for given in Input},
}
