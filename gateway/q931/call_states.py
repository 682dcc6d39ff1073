"""The states of a call on a primary rate interface, as a table (Q.931 5 and annex A); `call` acts on it.

The states are named as the user's side has them. The network's side of the same call does the same with the two
directions changed over, as two equal sides do (annex D): where it places a call, its "call initiated" is what Q.931
calls N6, "call present". `number_of` tells the number that goes into a STATUS. One thing differs: the network does
not wait until its CONNECT is acknowledged (5.1.8), which is the input CONNECT_AT_ONCE.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.core.machine import Table
from gateway.core.word import Word
from gateway.q931.config import Side

__all__ = ["CALL", "CLEARING", "Input", "State", "number_of"]


class State(Word):
    """Where a call stands (5.1 of Q.931: U0 to U25)."""

    NULL = "0: there is no call"
    CALL_INITIATED = "1: SETUP sent"
    OVERLAP_SENDING = "2: the far side wants more digits"
    OUTGOING_CALL_PROCEEDING = "3: the far side has the whole number"
    CALL_DELIVERED = "4: the far side rings"
    CALL_PRESENT = "6: SETUP has come"
    CALL_RECEIVED = "7: we ring"
    CONNECT_REQUEST = "8: we have answered"
    INCOMING_CALL_PROCEEDING = "9: we have the whole number"
    ACTIVE = "10: they talk"
    DISCONNECT_REQUEST = "11: DISCONNECT sent"
    DISCONNECT_INDICATION = "12: DISCONNECT has come"
    RELEASE_REQUEST = "19: RELEASE sent"
    OVERLAP_RECEIVING = "25: we want more digits"


class Input(Word):
    """What can happen to a call."""

    PLACE = "it is to be placed"
    ASK_MORE = "more digits are wanted of the caller"
    SEND_DIGITS = "more digits for the called side"
    PROCEED = "the number is complete"
    ALERT = "it rings"
    TELL_PROGRESS = "something is to be told of its way"
    CONNECT_US = "it is answered, on the user's side"
    CONNECT_AT_ONCE = "the same on the network's side"
    NOTIFY_FAR = "something is to be told about it"
    CLEAR = "it is to end"

    SETUP = "SETUP"
    SETUP_ACKNOWLEDGE = "SETUP ACKNOWLEDGE"
    CALL_PROCEEDING = "CALL PROCEEDING"
    ALERTING = "ALERTING"
    PROGRESS = "PROGRESS"
    CONNECT = "CONNECT"
    CONNECT_ACKNOWLEDGE = "CONNECT ACKNOWLEDGE"
    INFORMATION = "INFORMATION"
    NOTIFY = "NOTIFY"
    DISCONNECT = "DISCONNECT"
    RELEASE = "RELEASE"
    RELEASE_COMPLETE = "RELEASE COMPLETE"

    T301 = "T301: nobody answers"
    T302 = "T302: no more digits come"
    T303 = "T303: SETUP is not answered"
    T303_AGAIN = "T303 for the second time"
    T304 = "T304: digits are not answered"
    T305 = "T305: DISCONNECT is not answered"
    T306 = "T306: the tone has been heard for long enough"
    T308 = "T308: RELEASE is not answered"
    T308_AGAIN = "T308 for the second time"
    T309 = "T309: the link has not come back"
    T310 = "T310: the call does not get on"
    T313 = "T313: CONNECT is not acknowledged"

    LINK_RESET = "messages may have been lost"
    LINK_DOWN = "the link is gone"
    LINK_UP = "the link has come back"
    DISAGREEING = "the far side is in a state that does not go with ours, or does not tell its state"
    CHANNEL_REFUSED = "the far side names a B channel that cannot be had"
    GONE = "RESTART, or the far side knows nothing of it"


_S, _I = State, Input
_Row = Mapping[Input, tuple[State, str]]

CLEARING: Final = frozenset({_S.DISCONNECT_REQUEST, _S.DISCONNECT_INDICATION, _S.RELEASE_REQUEST})


def _same(state: State, *inputs: Input) -> _Row:
    """Inputs that change nothing."""
    return dict.fromkeys(inputs, (state, ""))


_RELEASED: Final[_Row] = MappingProxyType(
    {
        # 5.3.3, 5.3.4; 5.8.4 where they come unexpected
        _I.RELEASE: (_S.NULL, "complete_release"),
        _I.RELEASE_COMPLETE: (_S.NULL, "released"),
        # 5.5.2, 5.8.11
        _I.GONE: (_S.NULL, "vanish"),
    }
)

_ENDS: Final[_Row] = MappingProxyType(
    {
        **_RELEASED,
        _I.CLEAR: (_S.DISCONNECT_REQUEST, "disconnect"),
        _I.DISCONNECT: (_S.DISCONNECT_INDICATION, "disconnected"),
        # 5.8.9: calls that do not talk end with the link
        _I.LINK_DOWN: (_S.NULL, "vanish"),
        # 5.8.10, 5.8.11
        _I.DISAGREEING: (_S.DISCONNECT_REQUEST, "disconnect"),
    }
)
"""What ends any call that is not being cleared yet."""

_PROCEEDS: Final[_Row] = MappingProxyType(
    {
        _I.ALERTING: (_S.CALL_DELIVERED, "alerting"),
        _I.CONNECT: (_S.ACTIVE, "connected"),
    }
)

_COMMANDS: Final = (
    _I.ASK_MORE,
    _I.SEND_DIGITS,
    _I.PROCEED,
    _I.ALERT,
    _I.TELL_PROGRESS,
    _I.CONNECT_US,
    _I.CONNECT_AT_ONCE,
    _I.NOTIFY_FAR,
)
_LATE: Final = (_I.INFORMATION, _I.SEND_DIGITS)
_CROSSED: Final = (
    *_COMMANDS,
    _I.LINK_RESET,
    _I.DISAGREEING,
    _I.SETUP_ACKNOWLEDGE,
    _I.CALL_PROCEEDING,
    _I.ALERTING,
    _I.PROGRESS,
    _I.CONNECT,
    _I.CONNECT_ACKNOWLEDGE,
    _I.INFORMATION,
    _I.NOTIFY,
)
"""What may cross the messages that clear a call, and then comes too late."""

CALL: Final[Table[State, Input]] = {
    _S.NULL: {_I.PLACE: (_S.CALL_INITIATED, "set_up"), _I.SETUP: (_S.CALL_PRESENT, "present")},
    # 5.1.1, 5.2.1; 5.2.5.3 and 5.1.1 for T303
    _S.CALL_INITIATED: {
        **_ENDS,
        **_PROCEEDS,
        **_same(_S.CALL_INITIATED, _I.LINK_RESET, _I.NOTIFY_FAR),
        # 5.1.2, 5.2.3: it names a B channel that cannot be had
        _I.CHANNEL_REFUSED: (_S.RELEASE_REQUEST, "release"),
        _I.SETUP_ACKNOWLEDGE: (_S.OVERLAP_SENDING, "more_wanted"),
        _I.CALL_PROCEEDING: (_S.OUTGOING_CALL_PROCEEDING, "proceeding"),
        # no network should, some do
        _I.PROGRESS: (_S.OUTGOING_CALL_PROCEEDING, "progress_first"),
        _I.NOTIFY: (_S.CALL_INITIATED, "notified"),
        _I.SEND_DIGITS: (_S.CALL_INITIATED, "keep_digits"),
        _I.T303: (_S.CALL_INITIATED, "set_up_again"),
        _I.T303_AGAIN: (_S.NULL, "give_up"),
    },
    # 5.1.3, 5.2.4
    _S.OVERLAP_SENDING: {
        **_ENDS,
        **_PROCEEDS,
        # 5.8.8: digits may have been lost
        _I.LINK_RESET: (_S.DISCONNECT_REQUEST, "disconnect"),
        _I.CALL_PROCEEDING: (_S.OUTGOING_CALL_PROCEEDING, "proceeding"),
        _I.PROGRESS: (_S.OVERLAP_SENDING, "progress"),
        _I.NOTIFY: (_S.OVERLAP_SENDING, "notified"),
        _I.SETUP_ACKNOWLEDGE: (_S.OVERLAP_SENDING, ""),
        **_same(_S.OVERLAP_SENDING, _I.INFORMATION, _I.NOTIFY_FAR),
        _I.SEND_DIGITS: (_S.OVERLAP_SENDING, "send_digits"),
        _I.T304: (_S.DISCONNECT_REQUEST, "disconnect"),
    },
    # 5.1.5, 5.1.6, 5.2.5
    _S.OUTGOING_CALL_PROCEEDING: {
        **_ENDS,
        **_PROCEEDS,
        **_same(_S.OUTGOING_CALL_PROCEEDING, *_LATE, _I.LINK_RESET, _I.CALL_PROCEEDING, _I.NOTIFY_FAR),
        _I.PROGRESS: (_S.OUTGOING_CALL_PROCEEDING, "progress"),
        _I.NOTIFY: (_S.OUTGOING_CALL_PROCEEDING, "notified"),
        _I.T310: (_S.DISCONNECT_REQUEST, "disconnect"),
    },
    # 5.1.7, 5.2.5
    _S.CALL_DELIVERED: {
        **_ENDS,
        **_same(_S.CALL_DELIVERED, *_LATE, _I.LINK_RESET),
        _I.ALERTING: (_S.CALL_DELIVERED, "alerting"),
        _I.CONNECT: (_S.ACTIVE, "connected"),
        _I.PROGRESS: (_S.CALL_DELIVERED, "progress"),
        _I.NOTIFY: (_S.CALL_DELIVERED, "notified"),
        _I.NOTIFY_FAR: (_S.CALL_DELIVERED, "notify"),
        _I.T301: (_S.DISCONNECT_REQUEST, "disconnect"),
    },
    # 5.2.2 to 5.2.5; 5.3.2 a: a call that nothing was said to yet is refused in one step
    _S.CALL_PRESENT: {
        **_ENDS,
        **_same(_S.CALL_PRESENT, _I.LINK_RESET, _I.NOTIFY_FAR),
        _I.CLEAR: (_S.NULL, "refuse"),
        _I.DISAGREEING: (_S.NULL, "refuse"),
        _I.ASK_MORE: (_S.OVERLAP_RECEIVING, "ask_more"),
        _I.PROCEED: (_S.INCOMING_CALL_PROCEEDING, "proceed"),
        _I.TELL_PROGRESS: (_S.INCOMING_CALL_PROCEEDING, "proceed_and_tell"),
        _I.ALERT: (_S.CALL_RECEIVED, "alert"),
        _I.CONNECT_US: (_S.CONNECT_REQUEST, "connect"),
        _I.CONNECT_AT_ONCE: (_S.ACTIVE, "connect_at_once"),
    },
    # 5.1.3, 5.2.4
    _S.OVERLAP_RECEIVING: {
        **_ENDS,
        _I.LINK_RESET: (_S.DISCONNECT_REQUEST, "disconnect"),
        _I.INFORMATION: (_S.OVERLAP_RECEIVING, "more_digits"),
        _I.T302: (_S.OVERLAP_RECEIVING, "no_more_digits"),
        **_same(_S.OVERLAP_RECEIVING, _I.ASK_MORE, _I.NOTIFY_FAR),
        _I.TELL_PROGRESS: (_S.OVERLAP_RECEIVING, "tell_progress"),
        _I.PROCEED: (_S.INCOMING_CALL_PROCEEDING, "proceed"),
        _I.ALERT: (_S.CALL_RECEIVED, "alert"),
        _I.CONNECT_US: (_S.CONNECT_REQUEST, "connect"),
        _I.CONNECT_AT_ONCE: (_S.ACTIVE, "connect_at_once"),
    },
    # 5.1.5, 5.2.5.2; digits that come late are of no use any more
    _S.INCOMING_CALL_PROCEEDING: {
        **_ENDS,
        **_same(_S.INCOMING_CALL_PROCEEDING, _I.LINK_RESET, _I.ASK_MORE, _I.PROCEED, _I.INFORMATION),
        _I.TELL_PROGRESS: (_S.INCOMING_CALL_PROCEEDING, "tell_progress"),
        _I.NOTIFY: (_S.INCOMING_CALL_PROCEEDING, "notified"),
        _I.NOTIFY_FAR: (_S.INCOMING_CALL_PROCEEDING, "notify"),
        _I.ALERT: (_S.CALL_RECEIVED, "alert"),
        _I.CONNECT_US: (_S.CONNECT_REQUEST, "connect"),
        _I.CONNECT_AT_ONCE: (_S.ACTIVE, "connect_at_once"),
    },
    _S.CALL_RECEIVED: {
        **_ENDS,
        **_same(_S.CALL_RECEIVED, _I.LINK_RESET, _I.ASK_MORE, _I.PROCEED, _I.INFORMATION),
        _I.TELL_PROGRESS: (_S.CALL_RECEIVED, "tell_progress"),
        _I.NOTIFY: (_S.CALL_RECEIVED, "notified"),
        _I.NOTIFY_FAR: (_S.CALL_RECEIVED, "notify"),
        _I.ALERT: (_S.CALL_RECEIVED, "alert_again"),
        _I.CONNECT_US: (_S.CONNECT_REQUEST, "connect"),
        _I.CONNECT_AT_ONCE: (_S.ACTIVE, "connect_at_once"),
    },
    # 5.2.7
    _S.CONNECT_REQUEST: {
        **_ENDS,
        **_same(_S.CONNECT_REQUEST, *_COMMANDS, _I.LINK_RESET, _I.INFORMATION),
        _I.NOTIFY: (_S.CONNECT_REQUEST, "notified"),
        _I.CONNECT_ACKNOWLEDGE: (_S.ACTIVE, "confirmed"),
        _I.T313: (_S.DISCONNECT_REQUEST, "disconnect"),
    },
    # 5.1.8, 5.2.8; 5.8.9: a talk goes on for a while without the link
    _S.ACTIVE: {
        **_ENDS,
        **_same(_S.ACTIVE, *_COMMANDS, _I.LINK_RESET, _I.CONNECT, _I.CONNECT_ACKNOWLEDGE),
        _I.NOTIFY_FAR: (_S.ACTIVE, "notify"),
        _I.NOTIFY: (_S.ACTIVE, "notified"),
        _I.PROGRESS: (_S.ACTIVE, "progress"),
        _I.INFORMATION: (_S.ACTIVE, "keys"),
        _I.LINK_DOWN: (_S.ACTIVE, "await_link"),
        _I.LINK_UP: (_S.ACTIVE, "go_on"),
        _I.T309: (_S.NULL, "vanish"),
    },
    # 5.3.3, 5.3.4, 5.3.5 for what crosses, 5.4 for T306
    _S.DISCONNECT_REQUEST: {
        **_RELEASED,
        **_same(_S.DISCONNECT_REQUEST, *_CROSSED, _I.CLEAR),
        _I.DISCONNECT: (_S.RELEASE_REQUEST, "release"),
        _I.T305: (_S.RELEASE_REQUEST, "release"),
        _I.T306: (_S.RELEASE_REQUEST, "release"),
        _I.LINK_DOWN: (_S.NULL, "vanish"),
    },
    _S.DISCONNECT_INDICATION: {
        **_RELEASED,
        **_same(_S.DISCONNECT_INDICATION, *_CROSSED, _I.DISCONNECT),
        _I.CLEAR: (_S.RELEASE_REQUEST, "release"),
        _I.T306: (_S.RELEASE_REQUEST, "release"),
        _I.LINK_DOWN: (_S.NULL, "vanish"),
    },
    # 5.3.5: two RELEASE that cross need no RELEASE COMPLETE
    _S.RELEASE_REQUEST: {
        **_RELEASED,
        **_same(_S.RELEASE_REQUEST, *_CROSSED, _I.CLEAR, _I.DISCONNECT),
        _I.RELEASE: (_S.NULL, "released"),
        _I.T308: (_S.RELEASE_REQUEST, "release_again"),
        _I.T308_AGAIN: (_S.NULL, "condemn"),
        _I.LINK_DOWN: (_S.NULL, "vanish"),
    },
}

_OF_NETWORK: Final[Mapping[State, int]] = MappingProxyType(
    {
        _S.CALL_INITIATED: 6,
        _S.OVERLAP_SENDING: 25,
        _S.OUTGOING_CALL_PROCEEDING: 9,
        _S.CALL_DELIVERED: 7,
        _S.CALL_PRESENT: 1,
        _S.CALL_RECEIVED: 4,
        _S.INCOMING_CALL_PROCEEDING: 3,
        _S.DISCONNECT_REQUEST: 12,
        _S.DISCONNECT_INDICATION: 11,
        _S.OVERLAP_RECEIVING: 2,
    }
)
"""The numbers of those states that the network's side tells by another one."""


def number_of(state: State, side: Side) -> int:
    """The number of a state in a STATUS of `side` (4.5.7)."""
    own = int(state.value.partition(":")[0])
    return _OF_NETWORK.get(state, own) if side is Side.NETWORK else own
