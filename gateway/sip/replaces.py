"""Replaces, Join, Target-Dialog (RFC 3891, 3911, 4538): dialogs named by others, and the legs of ours they are.

A header value enters, which an INVITE bears or the Refer-To of a REFER; the leg that it means leaves. Who can name
a dialog's tags takes part in it, or was told of it by somebody who does: that is the proof that sections 3 and 8 of
RFC 3891 ask for. What the dialog package has shown proves less: whoever watches a lamp may answer what rings there,
and may neither take nor hear what others talk.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

from gateway.core.errors import MalformedError
from gateway.core.frozen import frozen
from gateway.sip.dialog import DialogId
from gateway.sip.events.dialog_info import Seal
from gateway.sip.grammar import BLANKS
from gateway.sip.message import Request, Response
from gateway.sip.parameters import Parameters
from gateway.sip.session import Member
from gateway.sip.uri import SipUri

__all__ = ["NamedDialog", "Takeover", "replaced_by_uri", "takeover", "target_dialog"]

_HEADERS: Final = ("Replaces", "Join")
_KEYS: Final = frozenset(map(str.lower, _HEADERS))


@frozen
class NamedDialog:
    """A dialog as another one names it.

    Attributes:
        id: as it is at our side: the to-tag is ours.
        early_only: it is meant only as long as it has not been answered.
    """

    id: DialogId
    early_only: bool = False

    @classmethod
    def parse(cls, text: str) -> NamedDialog:
        """Read a Replaces or Join header.

        Raises:
            MalformedError: it is none, or names more than one dialog.
        """
        call_id, semicolon, rest = text.partition(";")
        given = Parameters.parse((semicolon + rest).strip(BLANKS))
        ours, theirs = given.get("to-tag"), given.get("from-tag")
        if not call_id.strip(BLANKS) or ours is None or theirs is None:
            raise MalformedError(f"{text[:80]!r} names no dialog")
        # Section 6.1: the tag "0" stands for one that an RFC 2543 peer has left out.
        return cls(
            DialogId(call_id.strip(BLANKS), ours, "" if theirs == "0" else theirs),
            "early-only" in given,
        )


@frozen
class Takeover:
    """What an INVITE asks of a call that there is.

    Attributes:
        replaces: the leg whose place it takes; "" for none.
        joins: the leg whose talk it joins; "" for none.
        early_only: `replaces` holds only as long as that leg has not been answered.
    """

    replaces: str = ""
    joins: str = ""
    early_only: bool = False


NOTHING: Final = Takeover()


def target_dialog(request: Request) -> DialogId | None:
    """The dialog that a Target-Dialog header names (RFC 4538 section 7), as it is at our side; None without one.

    Raises:
        MalformedError: it is ill formed.
    """
    text = request.headers.get("Target-Dialog")
    if text is None:
        return None
    call_id, semicolon, rest = text.partition(";")
    given = Parameters.parse((semicolon + rest).strip(BLANKS))
    theirs, ours = given.get("local-tag"), given.get("remote-tag")
    if not call_id.strip(BLANKS) or not ours or not theirs:
        raise MalformedError(f"{text[:80]!r} names no dialog")
    return DialogId(call_id.strip(BLANKS), ours, theirs)


def takeover(
    invite: Request,
    member: Callable[[DialogId], Member | None],
    seal: Seal,
    is_past: Callable[[DialogId], bool],
    ringing: Callable[[DialogId], str],
) -> Takeover | Response:
    """What `invite` asks for, or the refusal that section 3 of RFC 3891 or section 4 of RFC 3911 gives it.

    Args:
        member: finds a dialog of ours.
        seal: knows what we have shown of legs that are no dialogs.
        is_past: whether a dialog was that of a call which has ended.
        ringing: the leg that has begun an early dialog; "" for none.
    """
    if _KEYS.isdisjoint(invite.headers.rows):
        return NOTHING
    asked = [(name, row) for name in _HEADERS for row in invite.headers.all(name)]
    if len(asked) > 1:
        return invite.reply(400, "More Than One Replaces Or Join")
    name, text = asked[0]
    try:
        named = NamedDialog.parse(text)
    except MalformedError as fault:
        return invite.reply(400, str(fault)[:80])
    if seal.vouches(named.id.call_id, named.id.local_tag, named.id.remote_tag):
        if name == "Join":
            return invite.reply(403, "Who Watches A Call May Not Join It")
        return Takeover(replaces=named.id.call_id, early_only=True)
    found = member(named.id)
    leg = found.leg if found is not None else None
    called = ringing(named.id) if leg is None and name == "Replaces" else ""
    if called:
        return Takeover(replaces=called, early_only=named.early_only)
    if leg is None and is_past(named.id):
        return invite.reply(603)
    if leg is None or not leg.answered:
        return invite.reply(481)  # also an early dialog that its peer began
    if named.early_only:
        return invite.reply(486)
    return Takeover(joins=leg.name) if name == "Join" else Takeover(replaces=leg.name)


def replaced_by_uri(uri: SipUri) -> NamedDialog | None:
    """The dialog that an INVITE to `uri` would replace, by the headers in the URI (RFC 5589 section 7); or None.

    Raises:
        MalformedError: it is ill formed.
    """
    for pair in uri.headers.split("&") if uri.headers else ():
        name, _, value = pair.partition("=")
        if name.lower() == "replaces":
            return NamedDialog.parse(unquote(value))
    return None
