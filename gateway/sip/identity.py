"""Who calls, on the wire: From, P-Asserted-Identity and Privacy (RFC 3323, RFC 3325), numbers in URIs, diversions.

Requests and parties enter; parties and header values leave. An account outside of our trust domain is who it has
proved to be, whatever its headers claim; one inside is believed, and is told whom it must not show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from gateway.core.errors import MalformedError
from gateway.core.messages import (
    DIVERTED_BY,
    DIVERTED_FIRST,
    DIVERTED_FOR,
    DIVERTED_HIDDEN,
    REFERRED_BY,
    REFERRED_BY_NAME,
)
from gateway.core.number import Party, Presentation
from gateway.sip.account import Account
from gateway.sip.grammar import is_token, quote, split_list
from gateway.sip.headers import NameAddr
from gateway.sip.message import Message, Request, Response
from gateway.sip.number_rules import rewrite
from gateway.sip.uri import SipUri, TelUri, Uri

__all__ = [
    "asserted_party",
    "caller_of",
    "diversion_of",
    "number_of",
    "reason_of",
    "write_caller",
    "write_diversion",
    "write_referrer",
]

ANONYMOUS: Final = NameAddr(SipUri.of("anonymous", "anonymous.invalid"), "Anonymous")
"""RFC 3323 section 4.1.1.3."""
HIDING: Final = frozenset({"id", "user", "header"})
"""Privacy values that ask not to show the caller (RFC 3323 section 4.2, RFC 3325 section 9.3)."""
SEPARATORS: Final = str.maketrans("", "", "()-. ")
MAX_ENTRIES: Final = 20
"""Entries of a Diversion or History-Info that are looked at: a call that was diverted more often is a loop."""
SECRET: Final = frozenset({"full", "uri"})
"""Values of the privacy parameter of a Diversion that ask not to show its number (RFC 5806 section 4.2.3)."""
_OF_DIVERSIONS: Final = frozenset({"diversion", "history-info"})
CAUSES: Final = {
    "302": "unconditional",
    "404": "unknown",
    "408": "no-answer",
    "480": "deflection",
    "486": "user-busy",
    "487": "deflection",
    "503": "unavailable",
}
"""RFC 4458 section 3.4 `cause` values as the reasons of RFC 5806."""


def number_of(uri: Uri) -> str:
    """The number that `uri` names, without visual separators, or its user; "" where it names nobody.

    A telephone number in a sip URI may carry the parameters of a tel URI (RFC 3261 19.1.6), which are left out.
    """
    if isinstance(uri, TelUri):
        return uri.digits
    if not isinstance(uri, SipUri):
        return ""
    user, semicolon, _ = uri.username.partition(";")
    is_phone = bool(semicolon) or (uri.parameters.get("user") or "").lower() == "phone"
    bare = user.translate(SEPARATORS)
    return bare if is_phone and bare.removeprefix("+").isalnum() else user


def caller_of(request: Request, account: Account) -> Party:
    """Who calls by `request`, which `account` has sent, and whether that may be shown."""
    hidden = _asks_to_hide(request)
    presentation = Presentation.RESTRICTED if hidden else Presentation.ALLOWED
    if not account.trusted:
        return Party(account.user, account.name, presentation)
    asserted = None
    if "p-asserted-identity" in request.headers:
        asserted = next(_addresses(request, "P-Asserted-Identity"), None)
    if asserted is None and _is_anonymous(request.from_.uri):
        return Party(presentation=Presentation.RESTRICTED if hidden else Presentation.UNAVAILABLE)
    who = asserted or request.from_
    return Party(rewrite(number_of(who.uri), account.rules.caller_in), who.display, presentation)


def write_caller(
    invite: Request, caller: Party, account: Account, host: str, tag: str, *, from_user: str = ""
) -> None:
    """Write into `invite` who calls, as far as `account`, who is called, may know it (RFC 3325 5, 7).

    Args:
        from_user: what From says in place of the caller's number: a provider may want its own customer there.
    """
    number = rewrite(caller.number, account.rules.caller_out)
    who = NameAddr(SipUri.of(number or "unknown", host), caller.name)
    shown = caller.presentation is Presentation.ALLOWED
    ours = NameAddr(SipUri.of(from_user, host), caller.name) if from_user else who
    invite.headers.set("From", (ours if shown else ANONYMOUS).tagged(tag))
    if not shown:
        invite.headers.set("Privacy", "id")
    if account.trusted and number:
        invite.headers.set("P-Asserted-Identity", who)


def asserted_party(message: Message) -> Party | None:
    """Who the far side says that it is, by P-Asserted-Identity; to be believed of a trusted one alone."""
    if "p-asserted-identity" not in message.headers:
        return None
    asserted = next(_addresses(message, "P-Asserted-Identity"), None)
    if asserted is None:
        return None
    presentation = Presentation.RESTRICTED if HIDING & _privacy(message) else Presentation.ALLOWED
    return Party(number_of(asserted.uri), asserted.display, presentation)


def diversion_of(request: Request, account: Account) -> dict[str, str]:
    """Channel variables that tell who diverted the call last, why, and who did first, as a trusted peer says it."""
    if not account.trusted or request.headers.has_none_of(_OF_DIVERSIONS):
        return {}
    diverted = list(_addresses(request, "Diversion"))[:MAX_ENTRIES]
    if diverted:
        hidden = any((one.parameters.get("privacy") or "").lower() in SECRET for one in diverted)
        last, first = diverted[0], diverted[-1]  # RFC 5806 section 5: the latest stands on top
        return _variables(last.uri, first.uri, last.parameters.get("reason") or "unknown", hidden=hidden)
    history = list(_addresses(request, "History-Info"))
    if len(history) < 2:
        return {}
    target = history[-1].uri  # the entry before it is whom the call was for until then
    cause = target.parameters.get("cause") if isinstance(target, SipUri) else None
    # RFC 7044 section 10.1: of all entries, or of those that say so of themselves.
    before = [entry.uri for entry in history[:-1]]
    hidden = any(isinstance(uri, SipUri) and "privacy=" in uri.headers.lower() for uri in before)
    hidden = hidden or "history" in _privacy(request)
    return _variables(before[-1], before[0], CAUSES.get(cause or "", "unknown"), hidden=hidden)


def reason_of(redirection: Response) -> str:
    """Why a telephone diverts its calls, by the Diversion of its 3xx (RFC 5806 4.2.3); "unknown" without one."""
    diverted = next(_addresses(redirection, "Diversion"), None)
    return (diverted.parameters.get("reason") if diverted is not None else None) or "unknown"


def write_diversion(invite: Request, variables: Mapping[str, str], host: str, *, trusted: bool) -> None:
    """Write into `invite` who diverted the call, where its leg's variables tell it (RFC 5806, RFC 7044 section 7).

    Diversion is what most equipment reads; History-Info tells the same to the rest: whom the call was for first,
    and where it goes now, for which cause. One who is not to be shown is told to a `trusted` peer alone, by the
    header that has a word for that.
    """
    if DIVERTED_BY not in variables:
        return
    number = variables[DIVERTED_BY]
    hidden = bool(variables.get(DIVERTED_HIDDEN))
    if not number or (hidden and not trusted):
        return
    reason = variables.get(DIVERTED_FOR) or "unknown"
    first = variables.get(DIVERTED_FIRST, "")
    by = [SipUri.of(one, host) for one in (number, first) if one]  # the latest on top
    reasons = (reason if is_token(reason) else quote(reason), "unknown")
    privacy = ";privacy=full" if hidden else ""
    told = (f"<{one}>;reason={why}{privacy}" for one, why in zip(by, reasons, strict=False))
    invite.headers.set_all("Diversion", told)
    if not hidden and isinstance(invite.uri, SipUri):
        cause = next((code for code, word in CAUSES.items() if word == reason), "404")
        there = replace(invite.uri, parameters=invite.uri.parameters.having("cause", cause))
        entries = [f"<{by[-1]}>;index=1"]
        if first:
            entries.append(f"<{by[0]}>;index=1.1;mp=1")
        step = "1.1.1;mp=1.1" if first else "1.1;mp=1"
        invite.headers.set_all("History-Info", [*entries, f"<{there}>;index={step}"])


def write_referrer(invite: Request, variables: Mapping[str, str], host: str) -> None:
    """Write into `invite` who has sent the caller here, where the variables of its leg tell it (RFC 3892 2.2)."""
    if REFERRED_BY in variables and (number := variables[REFERRED_BY]):
        who = NameAddr(SipUri.of(number, host), variables.get(REFERRED_BY_NAME, ""))
        invite.headers.set("Referred-By", who)


def _variables(last: Uri, first: Uri, reason: str, *, hidden: bool) -> dict[str, str]:
    number, original = number_of(last), number_of(first)
    if not number:
        return {}
    found = {DIVERTED_BY: number, DIVERTED_FOR: reason}
    if original not in ("", number):
        found[DIVERTED_FIRST] = original
    return found | {DIVERTED_HIDDEN: "yes"} if hidden else found


def _privacy(message: Message) -> set[str]:
    if "privacy" not in message.headers:
        return set()
    return {value.strip().lower() for row in message.headers.all("Privacy") for value in row.split(";")}


def _asks_to_hide(request: Request) -> bool:
    asked = _privacy(request)
    return "none" not in asked and (bool(asked & HIDING) or _is_anonymous(request.from_.uri))


def _is_anonymous(uri: Uri) -> bool:
    return isinstance(uri, SipUri) and (
        uri.host.lower() == "anonymous.invalid" or uri.username.lower() == "anonymous"
    )


def _addresses(request: Message, name: str) -> Iterator[NameAddr]:
    """The addresses in `name`; those that cannot be read are passed over, being for information."""
    for row in request.headers.all(name)[:MAX_ENTRIES]:
        try:
            values = split_list(row)
        except MalformedError:
            continue
        for value in values[:MAX_ENTRIES]:
            try:
                yield NameAddr.parse(value)
            except MalformedError:
                continue
