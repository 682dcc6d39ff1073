"""Where we listen, and from there the local end of every way to a peer (RFC 3261 18.1.1).

The points that were bound enter once; then a transport and a peer's address give a Flow, or None where nothing that
we have can reach it. No socket is looked at: which of our addresses the system would send from may be asked of a
function that is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from gateway.core.literal import literal
from gateway.sip.transport import SECURE, Address, Flow

__all__ = ["ListeningPoints", "Point"]

Point = tuple[str, Address]
"""A transport and the address on which it is listened to."""

CALLABLE: Final = ("udp", "tcp", "tls")
"""Transports over which we begin a conversation, the most usual first; browsers come to us (RFC 7118 section 5)."""


class ListeningPoints:
    """All listening points of the office.

    Args:
        points: those that are bound.
        secure: whether TLS connections can be made, listened for or not.
        source: tells the address of this machine from which the system would send to a peer's address, or None.
    """

    def __init__(
        self,
        points: Iterable[Point] = (),
        *,
        secure: bool = False,
        source: Callable[[str], str | None] = lambda remote: None,
    ) -> None:
        self._points: list[Point] = list(points)
        self._secure = secure
        self._source = source

    def bound(self, points: Iterable[Point], *, secure: bool) -> None:
        """Take over what was bound, once the sockets are there."""
        self._points = list(points)
        self._secure = secure

    def hosts(self) -> Sequence[str]:
        """Our addresses."""
        return [address[0] for _, address in self._points]

    def of(self, transport: str, remote: str) -> Sequence[Address]:
        """Our addresses for `transport` of the version of IP that `remote` is of."""
        version = literal(remote).version
        return [
            address
            for kind, address in self._points
            if kind == transport and literal(address[0]).version == version
        ]

    @property
    def transports(self) -> Sequence[str]:
        """Those over which requests can be sent to an address, the most usual first."""
        heard = {transport for transport, _ in self._points}
        if self._secure and self._points:
            heard.add("tls")
        return [transport for transport in CALLABLE if transport in heard]

    @property
    def versions(self) -> Sequence[int]:
        """The versions of IP that we have addresses of, 6 before 4 (RFC 6724 section 2.1)."""
        return sorted({literal(address[0]).version for _, address in self._points}, reverse=True)

    def flow(self, transport: str, remote: Address, name: str = "", *, local: str = "") -> Flow | None:
        """The way to `remote`, or None.

        Args:
            name: the domain that a secure peer must prove to be.
            local: the one of our addresses that is to be kept to where that can be; empty for none.

        Where TLS is not listened to, a connection is made all the same: its local port is 0, and the peer's
        requests come back over it (RFC 5923).
        """
        if transport not in CALLABLE:
            return None
        version = literal(remote[0]).version
        near = [(kind, address) for kind, address in self._points if literal(address[0]).version == version]
        fitting = [address for kind, address in near if kind == transport]
        if not fitting and transport == "tls" and self._secure:
            fitting = [(host, 0) for _, (host, _) in near]
        if not fitting:
            return None
        secure_name = name.lower() if transport in SECURE else ""
        return Flow(transport, self._nearest(fitting, remote[0], local), remote, secure_name)

    def _nearest(self, ours: Sequence[Address], remote: str, local: str) -> Address:
        if len(ours) == 1:
            return ours[0]
        source = local or self._source(remote)
        loopback = literal(remote).is_loopback
        return min(ours, key=lambda own: (own[0] != source, literal(own[0]).is_loopback != loopback))
