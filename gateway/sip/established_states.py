"""The states of an established INVITE session, as a table (RFC 3261 12 to 15); `established` acts on it."""

from __future__ import annotations

from typing import Final

from gateway.core.machine import Table
from gateway.core.word import Word

__all__ = ["TABLE", "Input", "State"]


class State(Word):
    """Where the session stands."""

    STEADY = "steady"
    OFFERING = "our re-INVITE is out"
    BACKING_OFF = "we met 491 and wait"
    ACCEPTED = "our 2xx waits for its ACK"
    LEAVING = "our BYE waits for the ACK of our 2xx"
    CLOSED = "closed"


class Input(Word):
    """What can happen to it."""

    MODIFY = "another direction is wanted"
    TAKEN = "2xx to our re-INVITE"
    REFUSED = "our re-INVITE is refused"
    GLARE = "491 to our re-INVITE"
    DIALOG_GONE = "our re-INVITE or UPDATE finds no dialog, or no answer"
    UNUSABLE = "no usable answer to our offer"
    UPDATE = "UPDATE with an offer"
    REFRESH = "the session has to be refreshed by re-INVITE"
    TOO_BRIEF = "422 to our re-INVITE"
    EXPIRED = "nobody has refreshed the session"
    RETRY = "the wait after 491 is over"
    REINVITE = "re-INVITE"
    ACCEPT = "their offer is accepted"
    ACK = "ACK"
    NO_ACK = "no ACK for 64*T1"
    BYE = "BYE"
    LOST = "the connection is lost"
    LEAVE = "we hang up"


_S, _I = State, Input

TABLE: Final[Table[State, Input]] = {
    _S.STEADY: {
        _I.MODIFY: (_S.OFFERING, "offer"),
        _I.REINVITE: (_S.STEADY, "consider"),
        _I.UPDATE: (_S.STEADY, "amend"),
        _I.REFRESH: (_S.OFFERING, "offer"),
        _I.EXPIRED: (_S.CLOSED, "expire"),
        _I.DIALOG_GONE: (_S.CLOSED, "part"),
        _I.ACCEPT: (_S.ACCEPTED, ""),
        _I.ACK: (_S.STEADY, ""),
        _I.BYE: (_S.CLOSED, "they_left"),
        _I.LOST: (_S.CLOSED, "they_vanished"),
        _I.LEAVE: (_S.CLOSED, "say_bye"),
    },
    # RFC 3261 14.1: one INVITE at a time; 491 is met with a wait; what ends the session: RFC 5057 5.1.
    _S.OFFERING: {
        _I.MODIFY: (_S.OFFERING, ""),
        _I.TAKEN: (_S.STEADY, "catch_up"),
        _I.REFUSED: (_S.STEADY, "keep"),
        _I.TOO_BRIEF: (_S.OFFERING, "offer"),
        _I.GLARE: (_S.BACKING_OFF, "back_off"),
        _I.DIALOG_GONE: (_S.CLOSED, "part"),
        _I.UNUSABLE: (_S.CLOSED, "part"),
        _I.REINVITE: (_S.OFFERING, "clash"),
        _I.UPDATE: (_S.OFFERING, "clash"),
        _I.REFRESH: (_S.OFFERING, ""),
        _I.EXPIRED: (_S.CLOSED, "expire"),
        _I.ACK: (_S.OFFERING, ""),
        _I.BYE: (_S.CLOSED, "they_left"),
        _I.LOST: (_S.CLOSED, "they_vanished"),
        _I.LEAVE: (_S.CLOSED, "say_bye"),
    },
    _S.BACKING_OFF: {
        _I.MODIFY: (_S.BACKING_OFF, ""),
        _I.RETRY: (_S.OFFERING, "offer"),
        _I.REINVITE: (_S.BACKING_OFF, "consider"),
        _I.UPDATE: (_S.BACKING_OFF, "amend"),
        _I.REFRESH: (_S.BACKING_OFF, ""),
        _I.EXPIRED: (_S.CLOSED, "expire"),
        _I.DIALOG_GONE: (_S.CLOSED, "part"),
        _I.ACCEPT: (_S.ACCEPTED, "stop_waiting"),
        _I.ACK: (_S.BACKING_OFF, ""),
        _I.BYE: (_S.CLOSED, "they_left"),
        _I.LOST: (_S.CLOSED, "they_vanished"),
        _I.LEAVE: (_S.CLOSED, "say_bye"),
    },
    # RFC 3261 13.3.1.4 and 14.2.
    _S.ACCEPTED: {
        _I.MODIFY: (_S.ACCEPTED, ""),
        _I.REINVITE: (_S.ACCEPTED, "not_yet"),
        _I.UPDATE: (_S.ACCEPTED, "amend"),
        _I.REFRESH: (_S.ACCEPTED, ""),
        _I.EXPIRED: (_S.CLOSED, "expire"),
        _I.DIALOG_GONE: (_S.CLOSED, "part"),
        _I.ACK: (_S.STEADY, "catch_up"),
        _I.NO_ACK: (_S.CLOSED, "not_acknowledged"),
        _I.UNUSABLE: (_S.CLOSED, "part"),
        _I.BYE: (_S.CLOSED, "they_left"),
        _I.LOST: (_S.CLOSED, "they_vanished"),
        _I.LEAVE: (_S.LEAVING, ""),
    },
    # RFC 3261 15: the callee says no BYE before the ACK, or the end of the wait for it.
    _S.LEAVING: {
        _I.REINVITE: (_S.LEAVING, "not_yet"),
        _I.UPDATE: (_S.LEAVING, "not_yet"),
        _I.REFRESH: (_S.LEAVING, ""),
        _I.EXPIRED: (_S.LEAVING, ""),
        _I.DIALOG_GONE: (_S.LEAVING, ""),
        _I.MODIFY: (_S.LEAVING, ""),
        _I.ACK: (_S.CLOSED, "say_bye"),
        _I.NO_ACK: (_S.CLOSED, "say_bye"),
        _I.BYE: (_S.CLOSED, "close"),
        _I.LOST: (_S.CLOSED, "close"),
        _I.LEAVE: (_S.LEAVING, ""),
    },
    _S.CLOSED: {given: (_S.CLOSED, "") for given in Input},
}
