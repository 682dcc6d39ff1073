"""Why there is no TLS connection with somebody, for the operator: what is wrong, and what to do about it."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.sip.misled import NOT_TLS

__all__ = ["guest_fault", "handshake_fault"]

_UNKNOWN: Final = (
    "its certificate goes back to no authority that is known here; put that one's certificate into the file "
    "sip.tls.authorities"
)
_VERIFIED: Final[Mapping[int, str]] = MappingProxyType(
    {
        2: _UNKNOWN,
        9: "its certificate does not hold yet; look at the clock of this machine, and at that of the server",
        10: "its certificate has expired; whoever runs it has to renew it, if the clock of this machine is right",
        18: "its certificate is signed by itself; put it into the file sip.tls.authorities if it is the right one",
        19: _UNKNOWN,
        20: _UNKNOWN,
        21: _UNKNOWN,
        23: "its certificate is revoked",
    }
)
"""By what OpenSSL's X509_V_ERR codes say of a certificate that was shown to us."""
_OURS: Final = "it refuses our certificate ({}); look at sip.tls.certificate and at what it asks for"
_NO_COMMON: Final = "it speaks no TLS that is spoken here (1.2 or newer)"
_REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "WRONG_VERSION_NUMBER": "it does not speak TLS there: the port or the transport is wrong",
        "HTTP_REQUEST": "it does not speak TLS there: the port or the transport is wrong",
        "RECORD_LAYER_FAILURE": "it does not speak TLS there: the port or the transport is wrong",
        "UNSUPPORTED_PROTOCOL": _NO_COMMON,
        "TLSV1_ALERT_PROTOCOL_VERSION": _NO_COMMON,
        "SSLV3_ALERT_HANDSHAKE_FAILURE": "it takes no cipher of ours, or wants a certificate (sip.tls.certificate)",
        "TLSV13_ALERT_CERTIFICATE_REQUIRED": "it wants a certificate of ours; set sip.tls.certificate",
        "TLSV1_ALERT_UNKNOWN_CA": _OURS.format("it does not know its authority"),
        "SSLV3_ALERT_BAD_CERTIFICATE": _OURS.format("as a bad one"),
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": _OURS.format("as one of a wrong kind"),
        "SSLV3_ALERT_CERTIFICATE_EXPIRED": _OURS.format("as expired"),
        "SSLV3_ALERT_CERTIFICATE_REVOKED": _OURS.format("as revoked"),
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN": _OURS.format("for a reason that it does not say"),
        "TLSV1_ALERT_ACCESS_DENIED": _OURS.format("as one that may not"),
        "TLSV1_UNRECOGNIZED_NAME": "it knows no server of that name",
    }
)
"""By what OpenSSL calls a handshake's end, the peer's alerts among it (RFC 8446 section 6.2)."""
_GUESTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "WRONG_VERSION_NUMBER": NOT_TLS,
        "HTTP_REQUEST": NOT_TLS,
        "HTTPS_PROXY_REQUEST": NOT_TLS,
        "RECORD_LAYER_FAILURE": NOT_TLS,
        "PEER_DID_NOT_RETURN_A_CERTIFICATE": "it shows no certificate, which sip.tls.clients asks of it",
        "NO_SHARED_CIPHER": "it has no cipher that is taken here",
    }
)
"""The same, of those who come to us."""


def handshake_fault(error: BaseException | None) -> str:
    """What `error` says of a handshake, or of a connection that ended after it, as a clause; or "".

    By TLS 1.3 a server tells only after the handshake that it does not take our certificate.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return _VERIFIED.get(error.verify_code) or f"its certificate is not good: {error.verify_message}"
    if isinstance(error, ssl.SSLError) and error.reason:
        return _REASONS.get(error.reason) or f"no TLS handshake: {error.reason.lower().replace('_', ' ')}"
    return ""


def guest_fault(error: BaseException) -> str:
    """The same of who has come to us; "" where it says nothing that the operator, or its owner, could mend."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return handshake_fault(error)
    if isinstance(error, ssl.SSLError) and error.reason:
        return _GUESTS.get(error.reason) or _REASONS.get(error.reason, "")
    return ""
