"""[sip.tls]: the files of TLS and who must show a certificate; a table of the configuration, see `model`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import AfterValidator

from gateway.config.values import File, Name, Settings

__all__ = ["CertificateSettings", "TlsSettings"]


class CertificateSettings(Settings):
    """[sip.tls.names."NAME"]: the certificate that is shown to those who ask for a name (SNI).

    Attributes:
        certificate: PEM file with the certificate and, after it, those of its issuers.
        key: PEM file with its key, not encrypted; where left out, the certificate's file holds it.
    """

    certificate: File
    key: File | None = None


class TlsSettings(Settings):
    """[sip.tls]: certificates for SIP over TLS and secure WebSocket.

    Attributes:
        certificate: PEM file with the certificate and, after it, those of its issuers. Needed to listen; trunks are
            called without one.
        key: PEM file with its key, not encrypted; where left out, the certificate's file holds it.
        authorities: PEM file with the authorities that servers' and clients' certificates must go back to; where
            left out, the system's.
        clients: whether those who connect over TLS must show a certificate of these authorities: "ignored", "asked"
            (who shows one must show a good one) or "required". Browsers never must.
        wildcards: take a server's certificate for *.example.com as good for pbx.example.com, which RFC 5922 forbids
            and many providers need.
        names: further certificates, for those who ask for a name.
    """

    certificate: File | None = None
    key: File | None = None
    authorities: File | None = None
    clients: Literal["ignored", "asked", "required"] = "ignored"
    wildcards: bool = False
    names: Annotated[Mapping[Name, CertificateSettings], AfterValidator(MappingProxyType)] = {}
