"""The states of an INVITE that came in, as a table (RFC 3261 13.3, RFC 3262 3); `incoming` acts on it."""

from __future__ import annotations

from typing import Final

from gateway.core.machine import Table
from gateway.core.word import Word

__all__ = ["TABLE", "Input", "State"]


class State(Word):
    """Where the INVITE stands."""

    OFFERED = "waits for our answer"
    ANSWERING = "answered by us, waits for a PRACK"
    ANSWERED = "answered"
    OVER = "refused or withdrawn"


class Input(Word):
    """What can happen to it."""

    RING = "the far side rings"
    RING_HEARD = "the far side rings, and is heard"
    OPEN = "early media is wanted"
    ANSWER = "we answer"
    ANSWER_LATER = "we answer, and a PRACK is due"
    PRACK = "PRACK, none other is due"
    NO_PRACK = "no PRACK for 64*T1"
    UNUSABLE = "no usable answer to our offer in the PRACK"
    REFUSE = "we refuse"
    CANCEL = "CANCEL"
    BYE = "BYE before the answer"
    LOST = "the connection is lost"
    EXPIRED = "the time that the caller has set is over"


_S, _I = State, Input

TABLE: Final[Table[State, Input]] = {
    # RFC 3261 13.3.1, 9.2; a caller may end an early dialog with BYE (15).
    _S.OFFERED: {
        _I.RING: (_S.OFFERED, "ring"),
        _I.RING_HEARD: (_S.OFFERED, "ring_heard"),
        _I.OPEN: (_S.OFFERED, "open"),
        _I.ANSWER: (_S.ANSWERED, "answer"),
        _I.ANSWER_LATER: (_S.ANSWERING, ""),
        _I.PRACK: (_S.OFFERED, ""),
        _I.NO_PRACK: (_S.OVER, "reject"),
        _I.UNUSABLE: (_S.OVER, "reject"),
        _I.REFUSE: (_S.OVER, "refuse"),
        _I.CANCEL: (_S.OVER, "withdraw"),
        _I.BYE: (_S.OVER, "withdraw"),
        _I.LOST: (_S.OVER, "vanish"),
        _I.EXPIRED: (_S.OVER, "withdraw"),
    },
    # RFC 3262 section 3: no 2xx while a reliable response with a session description is not acknowledged.
    _S.ANSWERING: {
        _I.RING: (_S.ANSWERING, ""),
        _I.RING_HEARD: (_S.ANSWERING, ""),
        _I.OPEN: (_S.ANSWERING, ""),
        _I.ANSWER_LATER: (_S.ANSWERING, ""),
        _I.PRACK: (_S.ANSWERED, "answer"),
        _I.NO_PRACK: (_S.OVER, "reject"),
        _I.UNUSABLE: (_S.OVER, "reject"),
        _I.REFUSE: (_S.OVER, "refuse"),
        _I.CANCEL: (_S.OVER, "withdraw"),
        _I.BYE: (_S.OVER, "withdraw"),
        _I.LOST: (_S.OVER, "vanish"),
        _I.EXPIRED: (_S.OVER, "withdraw"),
    },
    # A CANCEL that crossed our 200 has no effect (9.2); all else is for the established session.
    _S.ANSWERED: {_I.CANCEL: (_S.ANSWERED, "")},
    _S.OVER: {given: (_S.OVER, "") for given in Input},
}
