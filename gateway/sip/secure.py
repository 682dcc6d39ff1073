"""Calls that are to be on TLS for their whole way (RFC 5630): who asks for it, and which targets can keep it.

A caller asks by a sips Request-URI, a dialplan by the variable SECURE_SIGNALLING. Our own next hop then goes over
TLS or not at all; where that hop is another server, a sips URI asks the same of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from gateway.core.carried import SECURED
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.srtp import Encryption
from gateway.sip.account import Account
from gateway.sip.causes import told_on
from gateway.sip.headers import NameAddr
from gateway.sip.message import Request
from gateway.sip.target import Target
from gateway.sip.transport import Flow
from gateway.sip.uri import SipUri, Uri
from gateway.sip.warning import SIPS_NOT_ALLOWED

__all__ = ["NOT_SECURE", "as_sips", "encryption_on", "secure_wish", "secured", "wants_sips"]

NOT_SECURE: Final = Ending(
    Cause.SUBSCRIBER_ABSENT,
    "Copperline",
    Act.FAILED,
    "the call is to be on TLS all the way (sips), and there is no contact on TLS",
    "Let that telephone register, or that trunk be reached, over TLS.",
    told_on(480, warning=SIPS_NOT_ALLOWED),  # RFC 5630 section 5.3
)


def secure_wish(uri: Uri) -> dict[str, str]:
    """The channel variable of a call to `uri`, where that is a sips URI."""
    return {SECURED: "yes"} if uri.scheme == "sips" else {}


def secured(targets: Sequence[Target], *, wanted: bool) -> list[Target]:
    """Those of `targets` on TLS, called by sips URIs, where that is wanted; otherwise all as they are."""
    if not wanted:
        return list(targets)
    return [replace(target, uri=replace(target.uri, scheme="sips")) for target in targets if target.flow.is_secure]


def as_sips(contact: NameAddr, *, wanted: bool) -> NameAddr:
    """Our Contact where the dialog is to stay on TLS: the scheme then says what "transport=tls" would (3.1)."""
    if not wanted or not isinstance(contact.uri, SipUri):
        return contact
    uri = contact.uri
    parameters = uri.parameters.without("transport") if uri.transport == "tls" else uri.parameters
    return replace(contact, uri=replace(uri, scheme="sips", parameters=parameters))


def wants_sips(request: Request) -> bool:
    """Whether the dialog that a request makes is to be one of sips URIs (RFC 3261 12.1.1)."""
    if request.uri.scheme == "sips":
        return True
    routes = request.record_route if "record-route" in request.headers.rows else ()
    first = routes or request.contacts
    return bool(first) and first[0].uri.scheme == "sips"


def encryption_on(account: Account, flow: Flow) -> Encryption:
    """Of the audio of a call over `flow`; left out where it may be and whoever reads along would have the keys."""
    if account.encryption is Encryption.OPTIONAL and not flow.is_secure:
        return Encryption.OFF
    return account.encryption
