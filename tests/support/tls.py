"""A certificate authority of the test's own, and peers that speak TLS to a loop which the test moves."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme

from gateway.net.tls import Certificate, Clients, TlsConfig

__all__ = ["Authority", "TlsPeer"]


class Authority:
    """Issues certificates into files.

    Args:
        folder: where they go.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._authority = trustme.CA()
        self.file = folder / f"authority-{id(self)}.pem"
        self._authority.cert_pem.write_to_path(str(self.file))

    def certificate(self, *names: str, days: float = 365, since: float = 1) -> Certificate:
        """A certificate for DNS names or addresses, good from `since` days ago for `days` days from now."""
        now = datetime.now(UTC)
        issued = self._authority.issue_cert(
            *names, not_before=now - timedelta(days=since), not_after=now + timedelta(days=days)
        )
        file = self._folder / f"{names[0].replace('*', 'any')}-{id(issued)}.pem"
        issued.private_key_and_cert_chain_pem.write_to_path(str(file))
        file.chmod(0o600)
        return Certificate(file)

    def config(self, *names: str, clients: Clients = Clients.IGNORED, **more: Certificate) -> TlsConfig:
        """An office's TLS: a certificate for `names`, further ones for the names (underscores read as dots)."""
        others = {name.replace("_", "."): certificate for name, certificate in more.items()}
        return TlsConfig(self.certificate(*names), others, self.file, clients)

    def client(self, shows: Certificate | None = None) -> ssl.SSLContext:
        """What a peer needs that trusts this authority, and `shows` a certificate."""
        context = ssl.create_default_context(cafile=str(self.file))
        if shows is not None:
            context.load_cert_chain(shows.chain)
        return context

    def server(self, shows: Certificate) -> ssl.SSLContext:
        """What a server needs."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(shows.chain)
        return context


class TlsPeer:
    """One end of a TLS connection, which waits by calling `settle`.

    Args:
        raw: its connected socket.
        context: certificates.
        settle: lets the other end have its turn.
        name: the server's name, asked for and checked; None where this end is the server.
    """

    def __init__(
        self, raw: socket.socket, context: ssl.SSLContext, settle: Callable[[], None], name: str | None = None
    ) -> None:
        raw.setblocking(False)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else the second of two small sends waits
        self._settle = settle
        self.socket = context.wrap_socket(
            raw, server_side=name is None, do_handshake_on_connect=False, server_hostname=name
        )

    def say_hello(self) -> None:
        """Begin the handshake, and do not wait for what the other end says."""
        with suppress(ssl.SSLWantReadError):
            self.socket.do_handshake()

    def shake_hands(self) -> None:
        """Do the handshake.

        Raises:
            ssl.SSLError, OSError: it fails.
        """
        self._turns(self.socket.do_handshake)

    def send(self, data: bytes) -> None:
        """Send octets."""
        self.socket.sendall(data)
        self._settle()

    def receive(self) -> bytes:
        """The next octets; none where the connection has ended."""
        return self._turns(lambda: self.socket.recv(65536)) or b""

    def close(self) -> None:
        """Hang up."""
        self.socket.close()
        self._settle()

    def _turns(self, action: Callable[[], bytes | None]) -> bytes | None:
        for _ in range(500):
            try:
                return action()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                self._settle()
        raise TimeoutError("the other end does not answer")
