"""TLS of the office: certificates by name, who is asked for one, and whether a server is who it should be.

TLS 1.2 or newer. What is read from files can be read anew while connections are open: those go on as they are,
later ones get what is new.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Final

from cryptography import x509

from gateway.core.errors import OpenFailed
from gateway.core.frozen import frozen
from gateway.sip.certificate import identities, proves

__all__ = ["Certificate", "Clients", "TlsConfig", "TlsContexts"]


class Clients(Enum):
    """Whether those who connect to us must show certificates."""

    IGNORED = "not asked"
    ASKED = "asked; one that is shown must be good"
    REQUIRED = "refused without a good one"


_VERIFY: Final = {
    Clients.IGNORED: ssl.CERT_NONE,
    Clients.ASKED: ssl.CERT_OPTIONAL,
    Clients.REQUIRED: ssl.CERT_REQUIRED,
}


@frozen
class Certificate:
    """A certificate with those of its issuers, and its key; PEM files.

    Attributes:
        chain: the certificate's file.
        key: the key's; None where it is in the same file.
    """

    chain: Path
    key: Path | None = None


@frozen
class TlsConfig:
    """What TLS works with.

    Attributes:
        certificate: ours, also shown to servers that ask for one; None where we only connect to others.
        names: certificates for those who ask for a name (SNI).
        authorities: a PEM file of the certificates that peers' must go back to; None takes the system's.
        clients: whether those who connect to us must show certificates; browsers never must.
        wildcards: let a wildcard in a server's certificate stand for its domain, which RFC 5922 forbids.
    """

    certificate: Certificate | None = None
    names: Mapping[str, Certificate] = field(default_factory=dict)
    authorities: Path | None = None
    clients: Clients = Clients.IGNORED
    wildcards: bool = False


class TlsContexts:
    """The contexts of all TLS connections.

    Args:
        config: the files.

    Raises:
        OpenFailed: one of them cannot be used.
    """

    def __init__(self, config: TlsConfig) -> None:
        self._client: ssl.SSLContext | None = None
        self._load(config)

    def reload(self, config: TlsConfig) -> None:
        """Read the files anew, for later connections; all or nothing.

        Raises:
            OpenFailed: one of them cannot be used.
        """
        self._load(config)

    def client(self) -> ssl.SSLContext:
        """For a connection that we make; who answers is for `proves` to say."""
        if self._client is None:
            self._client = self._client_context(self._config)
        return self._client

    @property
    def ends(self) -> Mapping[Path, datetime]:
        """When the certificates that are shown end, in UTC, by their files: these may hold later ones by now."""
        return self._ends

    def server(self, transport: str) -> ssl.SSLContext:
        """For the connections of a listening point, for ever: it looks up what holds at each handshake.

        Raises:
            OpenFailed: there is no certificate.
        """
        if self._config.certificate is None:
            raise OpenFailed(f"SIP cannot listen on {transport} without a certificate; set sip.tls.certificate")
        context = self._context(ssl.PROTOCOL_TLS_SERVER, self._config, self._config.certificate)
        if transport == "tls":
            context.verify_mode = _VERIFY[self._config.clients]
        context.sni_callback = self._choose
        return context

    def proves(self, tls: ssl.SSLObject, name: str) -> str:
        """What is wrong with the certificate that a server has shown, as a clause; see `TlsCheck`."""
        shown = tls.getpeercert() or {}
        if proves(shown, name, wildcards=self._config.wildcards):
            return ""
        known = ", ".join(identities(shown)) or "nobody"
        return f"its certificate is for {known}, and not for {name} (RFC 5922 section 7)"

    def _load(self, config: TlsConfig) -> None:
        named = {}
        default = None
        try:
            ends = {file: _end(file) for file in _files(config)}
            if config.certificate is not None:
                default = self._chosen_context(config, config.certificate)
            for name, certificate in config.names.items():
                named[name.lower()] = self._chosen_context(config, certificate)
            # The system's authorities take a while to read, and few offices call over TLS.
            client = self._client_context(config) if config.authorities is not None else None
        except (OSError, ValueError) as error:
            raise OpenFailed(f"the files of sip.tls cannot be used: {error}") from error
        self._config, self._default, self._named, self._client = config, default, named, client
        self._ends: Mapping[Path, datetime] = ends

    def _choose(self, tls: ssl.SSLSocket | ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        """The certificate for the name that somebody asks for, or the first one."""
        chosen = self._named.get((name or "").lower().rstrip("."), self._default)
        if chosen is not None:
            tls.context = chosen

    def _client_context(self, config: TlsConfig) -> ssl.SSLContext:
        context = self._context(ssl.PROTOCOL_TLS_CLIENT, config, config.certificate)
        context.check_hostname = False  # by RFC 5922 in place of RFC 6125: `proves`
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _chosen_context(self, config: TlsConfig, certificate: Certificate) -> ssl.SSLContext:
        """For a connection whose name is known: what its point asks of clients holds, and can be looked up."""
        context = self._context(ssl.PROTOCOL_TLS_SERVER, config, certificate)
        context.verify_mode = _VERIFY[config.clients]
        return context

    @staticmethod
    def _context(protocol: int, config: TlsConfig, certificate: Certificate | None) -> ssl.SSLContext:
        context = ssl.SSLContext(protocol)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if certificate is not None:
            context.load_cert_chain(certificate.chain, certificate.key, password=_no_password)
        if config.authorities is not None:
            context.load_verify_locations(config.authorities)
        else:
            context.load_default_certs(
                ssl.Purpose.SERVER_AUTH if protocol == ssl.PROTOCOL_TLS_CLIENT else ssl.Purpose.CLIENT_AUTH
            )
        return context


def _files(config: TlsConfig) -> Iterator[Path]:
    if config.certificate is not None:
        yield config.certificate.chain
    for certificate in config.names.values():
        yield certificate.chain


def _end(file: Path) -> datetime:
    """When the first certificate of a file ends."""
    return x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc


def _no_password() -> str:
    """An encrypted key is refused; asked for on a terminal, its password would hold everything up."""
    return ""
