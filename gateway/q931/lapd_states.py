"""The states of the data link of a D channel, as a table (Q.921 annex B, whose numbers are given); `lapd` acts.

TEI 0 is fixed on a primary rate interface, so that states 1 to 3, which find one, are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.core.machine import Table
from gateway.core.word import Word

__all__ = ["LAPD", "Input", "State"]


class State(Word):
    """Where the link stands."""

    TEI_ASSIGNED = "4: there is no link"
    AWAITING_ESTABLISHMENT = "5: SABME sent"
    AWAITING_RELEASE = "6: DISC sent"
    ESTABLISHED = "7: multiple frame established"
    TIMER_RECOVERY = "8: the far side is asked where it stands"


class Input(Word):
    """What can happen to it."""

    ESTABLISH = "the link is wanted"
    RELEASE = "it is not wanted any more"
    DATA = "a message to be sent"
    DEACTIVATE = "the line is gone"
    SABME = "SABME"
    DISC = "DISC"
    UA = "UA, F=1"
    DM = "DM, F=0"
    DM_FINAL = "DM, F=1"
    INFORMATION = "I"
    SUPERVISORY = "RR, RNR or REJ"
    ANSWER = "the same as a response, F=1"
    REJECTED = "FRMR, a frame or N(R) in error, too much that waits"
    STRAY = "UI, XID, or UA with F=0"
    T200 = "T200"
    T200_LAST = "T200 for the last time (N200)"
    T203 = "T203: nothing has come for long"


_S, _I = State, Input


def _but(state: State, *rows: Mapping[Input, tuple[State, str]]) -> dict[Input, tuple[State, str]]:
    """A row in which every frame that is not told is ignored."""
    frames = (_I.UA, _I.DM, _I.DM_FINAL, _I.INFORMATION, _I.SUPERVISORY, _I.ANSWER, _I.REJECTED, _I.STRAY)
    merged: dict[Input, tuple[State, str]] = dict.fromkeys(
        (*frames, _I.ESTABLISH, _I.RELEASE, _I.DATA), (state, "")
    )
    for row in rows:
        merged.update(row)
    return merged


_GONE: Final = MappingProxyType({_I.DEACTIVATE: (_S.TEI_ASSIGNED, "deactivate")})

_ESTABLISHED: Final[Mapping[Input, tuple[State, str]]] = MappingProxyType(
    {
        _I.RELEASE: (_S.AWAITING_RELEASE, "disconnect"),
        # 5.7.1: a SABME resets the link; 5.7.2 whether that is told
        _I.SABME: (_S.ESTABLISHED, "accept_again"),
        _I.DISC: (_S.TEI_ASSIGNED, "leave"),
        # 5.8.7 table II-1: E, and error conditions J to O
        _I.DM: (_S.AWAITING_ESTABLISHMENT, "recover"),
        _I.REJECTED: (_S.AWAITING_ESTABLISHMENT, "recover"),
    }
)

LAPD: Final[Table[State, Input]] = {
    _S.TEI_ASSIGNED: _but(
        _S.TEI_ASSIGNED,
        {
            _I.ESTABLISH: (_S.AWAITING_ESTABLISHMENT, "establish"),
            _I.SABME: (_S.ESTABLISHED, "accept"),
            _I.DISC: (_S.TEI_ASSIGNED, "refuse"),
            _I.DM: (_S.AWAITING_ESTABLISHMENT, "establish"),
            _I.DEACTIVATE: (_S.TEI_ASSIGNED, ""),
        },
    ),
    # 5.5.1
    _S.AWAITING_ESTABLISHMENT: _but(
        _S.AWAITING_ESTABLISHMENT,
        _GONE,
        {
            _I.RELEASE: (_S.AWAITING_RELEASE, "disconnect"),
            _I.DATA: (_S.AWAITING_ESTABLISHMENT, "queue"),
            _I.SABME: (_S.AWAITING_ESTABLISHMENT, "agree"),
            _I.DISC: (_S.AWAITING_ESTABLISHMENT, "refuse"),
            _I.UA: (_S.ESTABLISHED, "established"),
            _I.DM_FINAL: (_S.TEI_ASSIGNED, "fail"),
            _I.T200: (_S.AWAITING_ESTABLISHMENT, "establish_again"),
            _I.T200_LAST: (_S.TEI_ASSIGNED, "fail"),
        },
    ),
    # 5.5.3
    _S.AWAITING_RELEASE: _but(
        _S.AWAITING_RELEASE,
        _GONE,
        {
            _I.SABME: (_S.AWAITING_RELEASE, "refuse"),
            _I.DISC: (_S.AWAITING_RELEASE, "agree"),
            _I.UA: (_S.TEI_ASSIGNED, "fail"),
            _I.DM_FINAL: (_S.TEI_ASSIGNED, "fail"),
            _I.T200: (_S.AWAITING_RELEASE, "disconnect_again"),
            _I.T200_LAST: (_S.TEI_ASSIGNED, "fail"),
        },
    ),
    # 5.6
    _S.ESTABLISHED: _but(
        _S.ESTABLISHED,
        _GONE,
        _ESTABLISHED,
        {
            _I.DATA: (_S.ESTABLISHED, "send"),
            _I.INFORMATION: (_S.ESTABLISHED, "take"),
            _I.SUPERVISORY: (_S.ESTABLISHED, "acknowledged"),
            _I.ANSWER: (_S.ESTABLISHED, "acknowledged"),
            _I.T200: (_S.TIMER_RECOVERY, "enquire"),
            _I.T203: (_S.TIMER_RECOVERY, "enquire"),
        },
    ),
    # 5.6.7
    _S.TIMER_RECOVERY: _but(
        _S.TIMER_RECOVERY,
        _GONE,
        _ESTABLISHED,
        {
            _I.DATA: (_S.TIMER_RECOVERY, "queue"),
            _I.INFORMATION: (_S.TIMER_RECOVERY, "take"),
            _I.SUPERVISORY: (_S.TIMER_RECOVERY, "note"),
            _I.ANSWER: (_S.ESTABLISHED, "resume"),
            _I.T200: (_S.TIMER_RECOVERY, "enquire"),
            _I.T200_LAST: (_S.AWAITING_ESTABLISHMENT, "recover"),
        },
    ),
}
