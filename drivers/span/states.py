"""The states of a span and of the calls on it, as tables: the span, calls that we place, calls that come in.

A call here is what remains of Q.931's states for those who use it: whose turn it is, and what its leg may be told.
Messages, timers and B channels are known in `gateway.q931.call_states`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from drivers.line import Dialect
from gateway.core.machine import Table

__all__ = [
    "PLACED",
    "PLACED_CALLS",
    "SPAN",
    "TAKEN",
    "TAKEN_CALLS",
    "CallInput",
    "CallState",
    "SpanInput",
    "SpanState",
]


class SpanState(Enum):
    """What can be said of a span. The value is what `copperline lines` shows."""

    OUT = "out of service"
    ALARM = "in alarm"
    DOWN = "waiting for the far end's data link"
    UP = "in service"


class SpanInput(Enum):
    """What can happen to it."""

    RETURNED = "opened"
    LOST = "gone"
    ALARM = "alarm"
    NO_ALARM = "no alarm"
    LINK_UP = "data link up"
    LINK_DOWN = "data link down"


_S, _I = SpanState, SpanInput

SPAN: Final[Table[SpanState, SpanInput]] = {
    _S.OUT: {_I.RETURNED: (_S.DOWN, "establish")},
    _S.ALARM: {
        _I.ALARM: (_S.ALARM, ""),  # another one
        _I.NO_ALARM: (_S.DOWN, "establish"),
        _I.LINK_DOWN: (_S.ALARM, ""),
        _I.LOST: (_S.OUT, "lose"),
    },
    _S.DOWN: {
        _I.LINK_UP: (_S.UP, ""),
        _I.LINK_DOWN: (_S.DOWN, ""),
        _I.ALARM: (_S.ALARM, "deactivate"),
        _I.LOST: (_S.OUT, "lose"),
    },
    _S.UP: {
        _I.LINK_UP: (_S.UP, ""),  # reset by the far end
        _I.LINK_DOWN: (_S.DOWN, ""),
        _I.ALARM: (_S.ALARM, "deactivate"),
        _I.NO_ALARM: (_S.UP, ""),
        _I.LOST: (_S.OUT, "lose"),
    },
}


class CallState(Enum):
    """What goes on in a call. The value stands in its story."""

    NEW = "new"
    RESERVED = "about to be placed"
    CALLING = "calling"
    REFUSED = "refused, with an announcement"
    COLLECTING = "taking digits"
    OFFERED = "ringing"
    UP = "talking"
    OVER = "over"


class CallInput(Enum):
    """What can happen in it. Values of timers are the evidence that they give."""

    # Q.931
    SETUP = "SETUP"
    MORE_DIGITS = "INFORMATION"
    MORE_WANTED = "SETUP ACKNOWLEDGE"
    PROCEEDING = "CALL PROCEEDING"
    ALERTING = "ALERTING"
    PROGRESS = "PROGRESS"
    CONNECTED = "CONNECT"
    REFUSAL = "DISCONNECT with an announcement"
    RELEASED = "released"
    # the leg
    RESERVE = "reserved"
    DIAL = "Dial"
    PROCEED = "Proceed"
    ALERT = "Alert"
    EARLY_MEDIA = "EarlyMedia"
    ANSWER = "Answer"
    HANGUP = "Hangup"
    SEND_DIGITS = "SendDigits"
    IDENTIFY = "Identify"
    # what is heard
    DIGIT = "digit"
    # the row
    RETURNED = "given a row"
    LOST = "lost"
    # found out by an action
    NUMBER_COMPLETE = "the number is complete"
    # timers
    DIGIT_TIME = "no further digit"
    KEY_TIME = "a pause in what is keyed"


_C, _N = CallState, CallInput
_Row = Mapping[CallInput, tuple[CallState, str]]

_ENDS: Final[_Row] = {
    _N.HANGUP: (_C.OVER, "clear"),
    _N.RELEASED: (_C.OVER, "released"),
    _N.LOST: (_C.OVER, "lose"),
}
_UP: Final[_Row] = {
    **_ENDS,
    _N.PROGRESS: (_C.UP, ""),
    _N.SEND_DIGITS: (_C.UP, "send_digits"),
    _N.KEY_TIME: (_C.UP, "key_on"),
    _N.IDENTIFY: (_C.UP, ""),
    _N.DIGIT: (_C.UP, "pass_digit"),
}
_OVER: Final[_Row] = dict.fromkeys((_N.RELEASED, _N.LOST, _N.HANGUP), (_C.OVER, ""))

PLACED: Final[Table[CallState, CallInput]] = {
    _C.NEW: {_N.RESERVE: (_C.RESERVED, "")},
    _C.RESERVED: {
        _N.DIAL: (_C.CALLING, "place"),
        _N.HANGUP: (_C.OVER, "unreserve"),
        _N.LOST: (_C.OVER, "lose"),
    },
    _C.CALLING: {
        **_ENDS,
        _N.RETURNED: (_C.CALLING, ""),
        _N.MORE_WANTED: (_C.CALLING, "more_wanted"),
        _N.PROCEEDING: (_C.CALLING, "tell_proceeding"),
        _N.ALERTING: (_C.CALLING, "tell_alerting"),
        _N.PROGRESS: (_C.CALLING, "tell_progress"),
        _N.CONNECTED: (_C.UP, "answered"),
        _N.REFUSAL: (_C.REFUSED, "hear_refusal"),
        _N.SEND_DIGITS: (_C.CALLING, "dial_on"),
        _N.IDENTIFY: (_C.CALLING, ""),
        _N.DIGIT: (_C.CALLING, ""),
    },
    _C.REFUSED: {**_ENDS, _N.SEND_DIGITS: (_C.REFUSED, ""), _N.DIGIT: (_C.REFUSED, "")},
    _C.UP: _UP,
    _C.OVER: _OVER,
}

TAKEN: Final[Table[CallState, CallInput]] = {
    _C.NEW: {_N.SETUP: (_C.COLLECTING, "take_number")},
    _C.COLLECTING: {
        **_ENDS,
        _N.RETURNED: (_C.COLLECTING, ""),
        _N.MORE_DIGITS: (_C.COLLECTING, "collect"),
        _N.DIGIT_TIME: (_C.COLLECTING, "digits_must_do"),
        _N.NUMBER_COMPLETE: (_C.OFFERED, "offer"),
        _N.DIGIT: (_C.COLLECTING, ""),
    },
    _C.OFFERED: {
        **_ENDS,
        _N.MORE_DIGITS: (_C.OFFERED, ""),  # crossed with our CALL PROCEEDING
        _N.PROCEED: (_C.OFFERED, ""),  # CALL PROCEEDING has gone with the offer: T303 gives a SETUP 4 s
        _N.ALERT: (_C.OFFERED, "alert"),
        _N.EARLY_MEDIA: (_C.OFFERED, "open_early"),
        _N.ANSWER: (_C.UP, "answer"),
        _N.IDENTIFY: (_C.OFFERED, "identify"),
        _N.SEND_DIGITS: (_C.OFFERED, "send_digits"),
        _N.PROGRESS: (_C.OFFERED, ""),
        _N.DIGIT: (_C.OFFERED, "pass_digit"),
    },
    _C.UP: {**_UP, _N.MORE_DIGITS: (_C.UP, "")},
    _C.OVER: _OVER,
}


def _calls(table: Table[CallState, CallInput]) -> Dialect[CallState, CallInput]:
    return Dialect(
        technology="SPAN",
        table=table,
        start=_C.NEW,
        digit=_N.DIGIT,
        lost=_N.LOST,
        returned=_N.RETURNED,
    )


PLACED_CALLS: Final = _calls(PLACED)
TAKEN_CALLS: Final = _calls(TAKEN)
