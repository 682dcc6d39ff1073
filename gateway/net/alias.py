"""Connections of others by which they may be called as well (RFC 5923): TLS, and only as who they have proved.

Whoever connects and writes `alias` into its Via asks that requests for that place go over this connection. That is
done where its certificate is for the host that it names: otherwise anybody could have the calls of somebody else.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.net.stream import StreamConnection, TlsCheck
from gateway.sip.transport import PORTS, Address, Flow

__all__ = ["Aliases"]

_ASKS: Final = re.compile(
    rb"\A[A-Z]+ [^\r\n]*\r\n(?:(?!v(?:ia)?[ \t]*:)[^\r\n]*\r\n)*?v(?:ia)?[ \t]*:[ \t]*SIP/2\.0/TLS[ \t]+"
    rb"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?[^\r\n,]*;[ \t]*alias[ \t]*[;,=\r]",
    re.IGNORECASE,
)
"""The topmost Via of a request, with its host and port, that asks for it."""
MARK: Final = b"alias"
LOOKED_AT: Final = 4096
"""Octets of a request in which its Via is looked for."""
MOST: Final = 1000
"""Connections that may be called; of more, those that asked first are forgotten."""


class Aliases:
    """All of them.

    Args:
        proves: looks at the certificate that a peer has shown.
    """

    def __init__(self, proves: TlsCheck) -> None:
        self._proves = proves
        self._connections: dict[Address, StreamConnection] = {}
        self._used: dict[StreamConnection, set[Flow]] = {}

    def __len__(self) -> int:
        """Connections by which somebody may be called."""
        return len(self._connections)

    def heard(self, data: bytes, connection: StreamConnection) -> None:
        """A request has come over a connection that somebody has made to us: it may ask (section 8.1)."""
        head = data[:LOOKED_AT]
        found = _ASKS.match(head) if MARK in head else None
        tls = connection.tls
        if found is None or tls is None:
            return
        host = found[1].decode().strip("[]")
        place = (connection.flow.remote[0], int(found[2] or PORTS["tls"]))
        if self._connections.get(place) is connection or self._proves(tls, host):
            return
        self._connections.pop(place, None)
        self._connections[place] = connection
        if len(self._connections) > MOST:
            del self._connections[next(iter(self._connections))]

    def connection(self, flow: Flow) -> StreamConnection | None:
        """The connection that a message for `flow` may go over, in place of a new one (section 8.2)."""
        connection = self._connections.get(flow.remote)
        tls = connection.tls if connection is not None else None
        if connection is None or tls is None or not connection.is_open:
            return None
        if self._proves(tls, flow.name or flow.remote[0]):
            return None
        self._used.setdefault(connection, set()).add(flow)
        return connection

    def lost(self, connection: StreamConnection) -> set[Flow]:
        """A connection is gone; the flows whose messages went over it."""
        for place in [place for place, held in self._connections.items() if held is connection]:
            del self._connections[place]
        return self._used.pop(connection, set())
