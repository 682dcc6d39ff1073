"""What a registrar's answer to our REGISTER says: for how long, by which way, when again, and what is wrong.

Responses enter, plain values leave; what cannot be read is as good as not said.
"""

from __future__ import annotations

from typing import Final

from gateway.core.errors import MalformedError
from gateway.sip.grammar import number
from gateway.sip.headers import NameAddr
from gateway.sip.message import Response
from gateway.sip.parameters import Parameters
from gateway.sip.uri import SipUri, Uri

__all__ = [
    "LINE",
    "LONGEST",
    "MEANINGS",
    "granted_seconds",
    "keep_alive_wanted",
    "marked",
    "min_expires",
    "service_route",
]

LINE: Final = "line"
"""The Contact parameter by which calls for a registration of ours are known."""
LONGEST: Final = 86_400
"""Seconds that a registrar may ask for by 423, or grant."""

MEANINGS: Final = {
    400: "it cannot read our request, so that this may be no SIP registrar; look at address and port",
    403: "the user or the secret is wrong, or the account may not register from here",
    404: "it does not know the user",
    405: "it is no registrar; look at the address and port",
    410: "the account has been closed",
    480: "it does not know the user at present",
    501: "it is no registrar; look at the address and port",
    503: "it takes no registrations now",
    604: "it does not know the user",
}
"""What a registrar's refusal says of our settings."""


def marked(uri: Uri, line: str) -> Uri:
    """A Contact's URI that tells the calls for this registration from others."""
    if not isinstance(uri, SipUri):
        return uri
    return SipUri(
        uri.host,
        uri.user,
        port=uri.port,
        scheme=uri.scheme,
        parameters=Parameters((*uri.parameters, (LINE, line))),
    )


def granted_seconds(response: Response, line: str, asked: int) -> int:
    """How long the registration lasts: what our own Contact says, else the Expires, else what we asked for."""
    own = None
    for contact in response.contacts:
        if isinstance(contact.uri, SipUri) and contact.uri.parameters.get(LINE) == line:
            own = contact
    if own is None and len(response.contacts) == 1:
        own = response.contacts[0]  # registrars that do not keep parameters
    given = own.parameters.get("expires") if own is not None else None
    try:
        seconds = number(given, "expires", LONGEST) if given is not None else None
    except MalformedError:
        seconds = None
    if seconds is None:
        seconds = asked if response.expires is None else response.expires
    return min(seconds, LONGEST)


def min_expires(response: Response) -> int:
    """Seconds that a 423 asks for at least (RFC 3261 10.2.8); 0 where it names none, or more than a day."""
    try:
        return number(response.headers.get("Min-Expires") or "", "Min-Expires", LONGEST)
    except MalformedError:
        return 0


def keep_alive_wanted(response: Response) -> int | None:
    """Seconds between keep-alives, where the registrar answers them (RFC 6223, RFC 5626 5.4); None where not."""
    keep = response.via.parameters.get("keep") or ""
    flow_timer = (response.headers.get("Flow-Timer") or "").strip()
    told = [int(text) for text in (keep, flow_timer) if text.isascii() and text.isdigit() and len(text) < 6]
    return min((seconds for seconds in told if seconds), default=None)


def service_route(response: Response) -> tuple[NameAddr, ...]:
    try:
        return tuple(NameAddr.parse(value) for value in response.headers.values("Service-Route"))
    except MalformedError:
        return ()
