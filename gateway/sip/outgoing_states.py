"""The states of an INVITE of ours, as a table (RFC 3261 13.2, 9.1); `outgoing` acts on it."""

from __future__ import annotations

from typing import Final

from gateway.core.machine import Table
from gateway.core.word import Word

__all__ = ["TABLE", "Input", "State"]


class State(Word):
    """Where the INVITE stands."""

    CALLING = "waits for an answer"
    CANCELLED = "given up, waits for the end of the INVITE"
    ANSWERED = "answered"
    OVER = "refused"


class Input(Word):
    """What can happen to it."""

    PROVISIONAL = "1xx"
    SUCCESS = "first 2xx"
    AGAIN = "401, 407, 422 or 488 that another INVITE can meet"
    FAILURE = "300-699"
    SILENCE = "no final response"
    TIMER_C = "nothing after a provisional response"
    GIVE_UP = "we give up"


_S, _I = State, Input

TABLE: Final[Table[State, Input]] = {
    # RFC 3261 13.2.2
    _S.CALLING: {
        _I.PROVISIONAL: (_S.CALLING, "progress"),
        _I.SUCCESS: (_S.ANSWERED, "confirm"),
        _I.AGAIN: (_S.CALLING, "ask_again"),
        _I.FAILURE: (_S.OVER, "fail"),
        _I.SILENCE: (_S.OVER, "fall_silent"),
        _I.TIMER_C: (_S.CANCELLED, "ring_out"),
        _I.GIVE_UP: (_S.CANCELLED, "cancel"),
    },
    # RFC 3261 9.1 and 15.1: a 2xx may cross the CANCEL.
    _S.CANCELLED: {
        _I.PROVISIONAL: (_S.CANCELLED, ""),
        _I.SUCCESS: (_S.OVER, "decline"),
        _I.AGAIN: (_S.OVER, ""),
        _I.FAILURE: (_S.OVER, ""),
        _I.SILENCE: (_S.OVER, ""),
        _I.GIVE_UP: (_S.CANCELLED, ""),
    },
    # RFC 3261 13.2.2.4: further forks are ended.
    _S.ANSWERED: {
        _I.PROVISIONAL: (_S.ANSWERED, ""),
        _I.SUCCESS: (_S.ANSWERED, "decline"),
        _I.AGAIN: (_S.ANSWERED, ""),
        _I.FAILURE: (_S.ANSWERED, ""),
        _I.SILENCE: (_S.ANSWERED, ""),
    },
    _S.OVER: {
        _I.PROVISIONAL: (_S.OVER, ""),
        _I.SUCCESS: (_S.OVER, "decline"),
        _I.AGAIN: (_S.OVER, ""),
        _I.FAILURE: (_S.OVER, ""),
        _I.SILENCE: (_S.OVER, ""),
        _I.GIVE_UP: (_S.OVER, ""),
    },
}
