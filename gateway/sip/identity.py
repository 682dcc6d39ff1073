"""Who calls, on the wire: From, P-Asserted-Identity and Privacy (RFC 3323, RFC 3325), numbers in URIs.

Requests and parties enter; parties and header values leave. An account outside of our trust domain is who it has
proved to be, whatever its headers claim; one inside is believed, and is told whom it must not show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from gateway.core.carried import REFERRED_BY, REFERRED_BY_NAME
from gateway.core.errors import MalformedError
from gateway.core.number import Party, Presentation
from gateway.sip.account import Account
from gateway.sip.grammar import split_list
from gateway.sip.headers import NameAddr
from gateway.sip.message import Message, Request
from gateway.sip.number_rules import rewrite
from gateway.sip.parameters import Parameters
from gateway.sip.uri import SipUri, TelUri, Uri

__all__ = [
    "NOBODY",
    "addresses",
    "asserted_party",
    "caller_fields",
    "caller_of",
    "is_anonymous",
    "number_of",
    "privacy_of",
    "write_connected",
    "write_referrer",
]

NOBODY: Final = SipUri.of("anonymous", "anonymous.invalid")
UNKNOWN: Final = "unknown.invalid"
"""Where they are of whom a network does not know the identity (3GPP TS 23.003 clause 13.7)."""
ANONYMOUS: Final = NameAddr(NOBODY, "Anonymous")
"""RFC 3323 section 4.1.1.3."""
HIDING: Final = frozenset({"id", "user", "header"})
"""Privacy values that ask not to show the caller (RFC 3323 section 4.2, RFC 3325 section 9.3)."""
SEPARATORS: Final = str.maketrans("", "", "()-. ")
MAX_ENTRIES: Final = 20
"""Entries of a Diversion or History-Info that are looked at: a call that was diverted more often is a loop."""


def number_of(uri: Uri) -> str:
    """The number that `uri` names, without visual separators, or its user; "" where it names nobody.

    A telephone number in a sip URI may carry the parameters of a tel URI (RFC 3261 19.1.6), which are left out.
    """
    if not isinstance(uri, SipUri):
        return uri.digits if isinstance(uri, TelUri) else ""
    name = uri.username
    if ";" not in name and not uri.parameters.pairs:
        return name
    user, semicolon, _ = name.partition(";")
    is_phone = bool(semicolon) or (uri.parameters.get("user") or "").lower() == "phone"
    bare = user.translate(SEPARATORS)
    return bare if is_phone and bare.removeprefix("+").isalnum() else user


def caller_of(request: Request, account: Account) -> Party:
    """Who calls by `request`, which `account` has sent, and whether that may be shown."""
    caller = request.from_
    asked, anonymous = privacy_of(request), is_anonymous(caller.uri)
    nobody, asserted = caller.uri, None
    if account.trusted and "p-asserted-identity" in request.headers.rows:
        asserted = next(addresses(request, "P-Asserted-Identity"), None)
        if asserted is not None and is_anonymous(asserted.uri):
            # As those write it who have been told that nobody is to know, or who do not know.
            nobody, asserted, anonymous = asserted.uri, None, True
    hidden = "none" not in asked and (anonymous or not asked.isdisjoint(HIDING))
    presentation = Presentation.RESTRICTED if hidden else Presentation.ALLOWED
    if not account.trusted:
        return Party(account.user, account.name, presentation)
    if asserted is None and anonymous:
        hides = hidden and not (isinstance(nobody, SipUri) and nobody.host.lower() == UNKNOWN)
        return Party(presentation=Presentation.RESTRICTED if hides else Presentation.UNAVAILABLE)
    who = asserted or caller
    return Party(rewrite(number_of(who.uri), account.rules.caller_in), who.display, presentation)


def caller_fields(
    caller: Party, account: Account, host: str, tag: str, *, from_user: str = ""
) -> list[tuple[str, object]]:
    """The headers that tell who calls, as far as `account`, who is called, may know it (RFC 3325 5, 7).

    Args:
        tag: of From.
        from_user: what From says in place of the caller's number: a provider may want its own customer there.
    """
    number = rewrite(caller.number, account.rules.caller_out)
    who = SipUri.of(number or "unknown", host)
    fields: list[tuple[str, object]]
    if caller.presentation is Presentation.ALLOWED:
        ours = SipUri.of(from_user, host) if from_user else who
        fields = [("From", NameAddr(ours, caller.name, Parameters((("tag", tag),))))]
    else:
        fields = [("From", ANONYMOUS.tagged(tag)), ("Privacy", "id")]
    if account.trusted and number:
        fields.append(("P-Asserted-Identity", NameAddr(who, caller.name)))
    return fields


def asserted_party(message: Message) -> Party | None:
    """Who the far side says that it is, by P-Asserted-Identity; to be believed of a trusted one alone."""
    if "p-asserted-identity" not in message.headers:
        return None
    asserted = next(addresses(message, "P-Asserted-Identity"), None)
    if asserted is None:
        return None
    if is_anonymous(asserted.uri):
        return Party(presentation=Presentation.RESTRICTED)
    presentation = Presentation.RESTRICTED if HIDING & privacy_of(message) else Presentation.ALLOWED
    return Party(number_of(asserted.uri), asserted.display, presentation)


def write_connected(message: Message, party: Party, who: NameAddr) -> None:
    """Write into `message` that its receiver talks with `party`, whose address is `who` (RFC 3325, RFC 4916)."""
    if party.presentation is Presentation.ALLOWED:
        message.headers.set("P-Asserted-Identity", who)
    else:
        message.headers.set("Privacy", "id")


def write_referrer(invite: Request, variables: Mapping[str, str], host: str) -> None:
    """Write into `invite` who has sent the caller here, where the variables of its leg tell it (RFC 3892 2.2)."""
    if REFERRED_BY in variables and (number := variables[REFERRED_BY]):
        who = NameAddr(SipUri.of(number, host), variables.get(REFERRED_BY_NAME, ""))
        invite.headers.set("Referred-By", who)


def privacy_of(message: Message) -> set[str]:
    """What the Privacy of `message` asks for (RFC 3323 section 4.2), in lower case."""
    if "privacy" not in message.headers.rows:
        return set()
    return {value.strip().lower() for row in message.headers.all("Privacy") for value in row.split(";")}


def is_anonymous(uri: Uri) -> bool:
    """Whether `uri` names nobody (RFC 3323 section 4.1.1.3, 3GPP TS 23.003 clause 13.7)."""
    return isinstance(uri, SipUri) and (
        uri.host.lower() in (NOBODY.host, UNKNOWN) or uri.username.lower() == "anonymous"
    )


def addresses(request: Message, name: str) -> Iterator[NameAddr]:
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
