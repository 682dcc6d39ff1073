"""Whether a certificate proves its holder to be a SIP domain (RFC 5922 section 7).

What a TLS library tells of a verified certificate enters, as the mapping that Python's `getpeercert` gives; who it
is for comes out. That its chain, dates and purpose are right has been seen to before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gateway.core.errors import MalformedError
from gateway.sip.transport import is_address
from gateway.sip.uri import SipUri

__all__ = ["identities", "proves"]


def identities(certificate: Mapping[str, Any]) -> Sequence[str]:
    """The SIP domains, or IP addresses, that a certificate is for, in lower case (7.1).

    SIP URIs count before all; DNS names where there are none; the common name of the subject where the certificate
    has no alternative names at all. IP addresses are what people use who have no domain.
    """
    alternatives: Sequence[tuple[str, str]] = certificate.get("subjectAltName", ())
    found = list(_domains(value for kind, value in alternatives if kind == "URI"))
    found = found or [value.lower() for kind, value in alternatives if kind == "DNS"]
    if not alternatives:
        subject = (pair for relative in certificate.get("subject", ()) for pair in relative)
        found = [value.lower() for name, value in subject if name == "commonName"]
    return [*found, *(value.lower() for kind, value in alternatives if kind == "IP Address")]


def proves(certificate: Mapping[str, Any], domain: str, *, wildcards: bool = False) -> bool:
    """Whether a certificate is for `domain`.

    Args:
        wildcards: let "*.example.com" stand for one label more: forbidden by 7.2, and yet what many providers have.
    """
    wanted = domain.lower().rstrip(".")
    known = identities(certificate)
    if wanted in known:
        return True
    parent = wanted.partition(".")[2]
    return wildcards and not is_address(wanted) and bool(parent) and f"*.{parent}" in known


def _domains(uris: Iterator[str]) -> Iterator[str]:
    """The hosts of SIP URIs without a user: one with a user names a person, not a domain (7.1)."""
    for text in uris:
        try:
            uri = SipUri.parse(text)
        except MalformedError:
            continue
        if uri.user is None:
            yield uri.host.lower()
