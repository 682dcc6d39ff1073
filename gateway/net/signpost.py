"""Ears where SIP might be expected and is not served: whoever comes there is told of to the operator, and to nobody
else.

For each of our addresses they are at the ports that we have for other transports, and at the usual ones, where
those are free. No answer is ever given; what comes is looked at once, and no further than its first octets.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address
from typing import Final, cast

from gateway.net.udp import UdpSocket
from gateway.sip.misled import Misled, nobody_here
from gateway.sip.points import Point
from gateway.sip.transport import Flow

__all__ = ["Signposts", "unserved"]

_log = logging.getLogger("copperline.net")

USUAL: Final = (5060, 5061)
"""Ports at which telephones look for SIP and for SIP over TLS (RFC 3261 19.1.2)."""
PATIENCE: Final = 5.0
"""Seconds in which whoever connects must say something."""
MOST: Final = 20
"""Connections at once; more are closed unheard."""
BACKLOG: Final = 16


def unserved(points: Iterable[Point]) -> list[Point]:
    """Where telephones may look for us in vain, by "udp" and "tcp"; not on loopback, where nobody is lost."""
    points = list(points)
    taken = {("udp" if kind == "udp" else "tcp", address) for kind, address in points}
    hosts = dict.fromkeys(host for _, (host, _) in points if not ip_address(host).is_loopback)
    wanted = [
        (kind, (host, port))
        for host in hosts
        for port in dict.fromkeys((*(port for _, (own, port) in points if own == host), *USUAL))
        for kind in ("udp", "tcp")
    ]
    return [point for point in wanted if point not in taken]


class Signposts:
    """All of them.

    Args:
        loop: the loop.
        told: takes who came to the wrong place.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, told: Callable[[Misled], None]) -> None:
        self._loop = loop
        self._told = told
        self._points: Sequence[Point] = ()
        self._udp: list[UdpSocket] = []
        self._servers: list[asyncio.Server] = []
        self._visitors: set[_Visitor] = set()

    async def open(self, ears: Iterable[Point], points: Sequence[Point]) -> None:
        """Listen at `ears`, where they are free, for those who should have come to `points`."""
        self._points = points
        for kind, address in ears:
            try:
                if kind == "udp":
                    self._listen(address)
                else:
                    await self._accept(address)
            except OSError as error:
                _log.debug("no signpost at %s:%s:%d: %s", kind, *address, error)

    async def close(self) -> None:
        """Take them away."""
        for opened in self._udp:
            opened.close()
        for server in self._servers:
            server.close()
        for visitor in list(self._visitors):
            visitor.leave()
        self._udp.clear()
        self._servers.clear()

    def usage(self) -> int:
        """Visitors at present."""
        return len(self._visitors)

    def _listen(self, address: tuple[str, int]) -> None:
        def came(datagrams: Sequence[tuple[bytes, tuple[str, int]]]) -> None:
            for data, source in datagrams:
                self.heard(Flow("udp", address, source), data)

        self._udp.append(UdpSocket(self._loop, address, came))

    async def _accept(self, address: tuple[str, int]) -> None:
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        listening = socket.create_server(address, family=family, backlog=BACKLOG)
        self._servers.append(await self._loop.create_server(lambda: _Visitor(self), sock=listening))

    # What visitors tell.

    def came(self, visitor: _Visitor) -> bool:
        """One has connected; whether there is room for it."""
        if len(self._visitors) >= MOST:
            return False
        self._visitors.add(visitor)
        return True

    def heard(self, flow: Flow, first: bytes) -> None:
        """One has said something."""
        found = nobody_here(flow, first, self._points)
        if found is not None:
            self._told(found)

    def left(self, visitor: _Visitor) -> None:
        """One is gone."""
        self._visitors.discard(visitor)


class _Visitor(asyncio.Protocol):
    """Somebody who has connected: heard once, and shown the door."""

    def __init__(self, signposts: Signposts) -> None:
        self._signposts = signposts
        self._transport: asyncio.Transport | None = None
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is here."""
        self._transport = cast(asyncio.Transport, transport)  # not by class: uvloop's have other ancestors
        if self._signposts.came(self):
            self._patience = asyncio.get_running_loop().call_later(PATIENCE, self.leave)
        else:
            self.leave()

    def data_received(self, data: bytes) -> None:
        """It has said something."""
        assert self._transport is not None
        local, remote = (self._transport.get_extra_info(name)[:2] for name in ("sockname", "peername"))
        self._signposts.heard(Flow("tcp", local, remote), data)
        self.leave()

    def connection_lost(self, error: Exception | None) -> None:
        """It is gone."""
        if self._patience is not None:
            self._patience.cancel()
        self._signposts.left(self)

    def leave(self) -> None:
        """Show it the door."""
        if self._transport is not None:
            self._transport.abort()
