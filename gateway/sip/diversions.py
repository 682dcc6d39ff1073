"""Who diverted a call, on the wire: Diversion (RFC 5806) and History-Info (RFC 7044).

A request of a trusted peer enters and the channel variables that tell it leave; for a call that goes out, the
diversions of its leg become both headers. Each keeps its own reason and its own wish not to be shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final
from urllib.parse import unquote

from gateway.core.diversion import MAX_DIVERSIONS, UNKNOWN, Diversion, set_diversions
from gateway.sip.account import Account
from gateway.sip.grammar import is_token, quote
from gateway.sip.identity import NOBODY, addresses, is_anonymous, number_of, privacy_of
from gateway.sip.message import Request, Response
from gateway.sip.uri import SipUri, Uri

__all__ = ["diversion_of", "reason_of", "write_diversions"]

SECRET: Final = frozenset({"full", "uri"})
"""Values of the privacy parameter of a Diversion that ask not to show its number (RFC 5806 section 4.2.3)."""
CAUSES: Final[Mapping[str, str]] = {
    "302": "unconditional",
    "404": UNKNOWN,
    "408": "no-answer",
    "480": "deflection",
    "486": "user-busy",
    "487": "deflection",
    "503": "unavailable",
}
"""RFC 4458 section 3.4 `cause` values as the reasons of RFC 5806."""
_OF_DIVERSIONS: Final = frozenset({"diversion", "history-info"})
_STATUS: Final = re.compile(r"(?:^|&)reason=sip[^&]*?;[ \t]*cause=(\d{3})")


def diversion_of(request: Request, account: Account) -> dict[str, str]:
    """Channel variables that tell who diverted the call, as a trusted peer says it; see `diversions_of`."""
    told: dict[str, str] = {}
    if account.trusted and not _OF_DIVERSIONS.isdisjoint(request.headers.rows):
        set_diversions(told, _told_by_diversion(request) or _told_by_history(request))
    return told


def reason_of(redirection: Response) -> str:
    """Why a telephone diverts its calls, by the Diversion of its 3xx (RFC 5806 4.2.3); "unknown" without one."""
    diverted = next(addresses(redirection, "Diversion"), None)
    return (diverted.parameters.get("reason") if diverted is not None else None) or UNKNOWN


def write_diversions(invite: Request, diversions: Sequence[Diversion], host: str, *, trusted: bool) -> None:
    """Write into `invite` who diverted the call, the latest first (RFC 5806, RFC 7044 section 7).

    Diversion is what most equipment reads; History-Info tells the same to the rest: whom the call was for first,
    where it went from there, each for which cause, and where it goes now. Who is not to be shown is told to a
    `trusted` peer alone, and marked; for all others it is no diversion, and an anonymous entry (10.1.2).
    """
    shown = [one for one in diversions if trusted or not one.hidden]
    if shown:
        invite.headers.set_all("Diversion", [_diverted(one, host) for one in shown])
    if not diversions or not isinstance(invite.uri, SipUri):
        return
    entries: list[str] = []
    index, reason = "1", ""
    for one in reversed(diversions):
        uri = SipUri.of(one.number, host)
        if one.hidden:
            uri = replace(uri, headers="Privacy=history") if trusted else NOBODY
        entries.append(_entry(uri, index, reason))
        index, reason = f"{index}.1", one.reason
    invite.headers.set_all("History-Info", [*entries, _entry(invite.uri, index, reason)])


def _told_by_diversion(request: Request) -> list[Diversion]:
    """RFC 5806 section 5: the latest stands on top."""
    found = [
        Diversion(
            number_of(one.uri),
            one.parameters.get("reason") or UNKNOWN,
            hidden=(one.parameters.get("privacy") or "").lower() in SECRET,
        )
        for one in addresses(request, "Diversion")
    ]
    return [one for one in found if one.number][:MAX_DIVERSIONS]


def _told_by_history(request: Request) -> list[Diversion]:
    """RFC 7044: each entry is whom the call was for until the one below it, whose URI tells the cause.

    Where an entry stands for the same user as the one before, at another address (`rc`, `np`: section 5), nobody
    has diverted the call. Who hides is known by its entry (10.1.2), or by the Privacy of the request.
    """
    history = [*addresses(request, "History-Info")][: MAX_DIVERSIONS + 1]
    all_hide = "history" in privacy_of(request)
    found: list[Diversion] = []
    for entry, onward in pairwise(history):
        cause = onward.uri.parameters.get("cause") if isinstance(onward.uri, SipUri) else None
        number = "" if is_anonymous(entry.uri) else number_of(entry.uri)
        moved = cause is None and ("rc" in onward.parameters or "np" in onward.parameters)
        if number and not moved:
            headers = _headers(entry.uri)
            left_for = _STATUS.search(headers)  # section 10.2: a Reason in the entry itself
            reason = CAUSES.get(cause or (left_for[1] if left_for else ""), UNKNOWN)
            found.insert(0, Diversion(number, reason, all_hide or "privacy=" in headers))
    return found


def _headers(uri: Uri) -> str:
    return unquote(uri.headers).lower() if isinstance(uri, SipUri) else ""


def _diverted(one: Diversion, host: str) -> str:
    reason = one.reason if is_token(one.reason) else quote(one.reason)
    return f"<{SipUri.of(one.number, host)}>;reason={reason}{';privacy=full' if one.hidden else ''}"


def _entry(uri: SipUri, index: str, reason: str) -> str:
    """One entry of a History-Info: whose place the call takes (`mp`) and the cause for it, but for the first."""
    if not reason:
        return f"<{uri}>;index={index}"
    cause = next((code for code, word in CAUSES.items() if word == reason), "404")
    there = replace(uri, parameters=uri.parameters.having("cause", cause))
    return f"<{there}>;index={index};mp={index.rpartition('.')[0]}"
