"""The SIP stack's sockets: UDP sockets and connections, and the way from a Flow to them."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from gateway.core.errors import OpenFailed
from gateway.core.log import QuietLog
from gateway.net.signpost import Signposts, unserved
from gateway.net.streams import StreamLimits, Streams
from gateway.net.tls import TlsContexts
from gateway.net.udp import Address, UdpSocket
from gateway.sip.misled import Misled
from gateway.sip.transport import Datagram, Flow, Loss

__all__ = ["SipSockets"]

_log = logging.getLogger("copperline.net")

SOURCES: Final = 4096
"""Sources of datagrams whose flow is kept for the next one."""

KEEP_ALIVES: Final = frozenset({b"\r\n\r\n", b"\r\n", b"\x00\x00\x00\x00", b"\x00"})
"""What phones send over UDP only to keep a NAT's mapping open; it deserves no answer and no log line."""
LONGEST_KEEP_ALIVE: Final = max(map(len, KEEP_ALIVES))

_MENDS: Final[Mapping[int, str]] = {
    errno.EADDRINUSE: "stop the program that uses it, or change sip.listen",
    errno.EADDRNOTAVAIL: "write an address that this machine has in sip.listen",
    errno.EACCES: "write a port above 1023 in sip.listen",
}
"""What to do where an address cannot be had."""


class SipSockets:
    """All addresses on which SIP is spoken.

    Args:
        loop: the loop.
        on_messages: takes messages that came together, in their order, each with its flow.
        on_lost: told of each flow that can be used no longer, and why.
        on_drained: told whenever a socket's datagrams have all been taken.
        on_misled: takes who comes to the wrong port, or by the wrong transport; a line of the log where None.
        limits: bounds of connections.
        tls: certificates; None where there is no TLS.
        origins: from which pages browsers may connect.
        admits: whether who connects is let in, before it says anything.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        on_messages: Callable[[Sequence[tuple[bytes, Flow]]], None],
        on_lost: Callable[[Loss], None],
        *,
        on_drained: Callable[[], None] | None = None,
        on_misled: Callable[[Misled], None] | None = None,
        limits: StreamLimits | None = None,
        tls: TlsContexts | None = None,
        origins: Collection[str] = (),
        admits: Callable[[Flow], bool] = lambda flow: True,
    ) -> None:
        self._loop = loop
        self._on_messages = on_messages
        self._on_lost = on_lost
        self._on_drained = on_drained
        self._quiet = QuietLog(_log, loop.time)
        self._udp: dict[Address, UdpSocket] = {}
        told = on_misled or self._say
        self._signposts = Signposts(loop, told)
        self._streams = Streams(
            loop,
            lambda data, flow: on_messages([(data, flow)]),
            on_lost,
            told,
            limits=limits or StreamLimits(),
            tls=tls,
            origins=origins,
            admits=admits,
        )

    async def listen(self, addresses: Iterable[tuple[str, Address]]) -> list[tuple[str, Address]]:
        """Bind all (transport, address) pairs; give them back with the ports really bound.

        Raises:
            OpenFailed: one cannot be bound; those bound before stay, for `close`.
        """
        bound = []
        for transport, address in addresses:
            try:
                bound.append((transport, await self._bind(transport, address)))
            except OSError as error:
                mend = _MENDS.get(error.errno or 0, "change sip.listen")
                raise OpenFailed(
                    f"SIP cannot listen on {transport}:{address[0]}:{address[1]}: {error.strerror}; {mend}"
                ) from error
        return bound

    async def open_signposts(self, bound: Sequence[tuple[str, Address]]) -> None:
        """Tell also of those who look for SIP where it is not served."""
        await self._signposts.open(unserved(bound), bound)

    def send(self, datagrams: list[Datagram]) -> None:
        """Send what the stack gives out."""
        for datagram in datagrams:
            flow = datagram.flow
            if flow.transport != "udp":
                self._streams.send(datagram.data, flow)
            elif (socket := self._udp.get(flow.local)) is None:
                _log.warning("no socket for %s", flow)
                self._loop.call_soon(self._on_lost, Loss(flow))
            elif (error := socket.send(datagram.data, flow.remote)) is not None:
                # No more than a lost datagram: routes come back, and SIP's timers know when to give up.
                self._quiet.warning(f"{flow}", "%s cannot be reached: %s", flow, error)

    def proved(self, flow: Flow) -> None:
        """Who is at the other end of a connection has proved who it is."""
        self._streams.proved(flow)

    def drop(self, flow: Flow) -> None:
        """Close the connection of a peer that is not heard any more."""
        self._streams.drop(flow)

    def filled(self) -> float:
        """The share that is filled of the fullest receive buffer of datagrams, 0..1."""
        return max((socket.filled() for socket in self._udp.values()), default=0.0)

    async def close(self) -> None:
        """Close every socket."""
        for socket in self._udp.values():
            socket.close()
        self._udp.clear()
        await self._signposts.close()
        await self._streams.close()

    def usage(self) -> int:
        """Connections held."""
        return self._streams.usage() + self._signposts.usage()

    def _say(self, found: Misled) -> None:
        self._quiet.warning(f"misled {found.flow.remote[0]}", "%s: %s", found.flow, found.why)

    async def _bind(self, transport: str, address: Address) -> Address:
        if transport != "udp":
            return await self._streams.listen(transport, address)
        socket: UdpSocket
        # Sources come again and again; what calls keep of one is the same then.
        flow_from = lru_cache(SOURCES)(lambda source: Flow("udp", socket.address, source))

        def datagrams(came: Sequence[tuple[bytes, Address]]) -> None:
            messages = [
                (data, flow_from(source))
                for data, source in came
                if len(data) > LONGEST_KEEP_ALIVE or data not in KEEP_ALIVES
            ]
            if messages:
                self._on_messages(messages)

        socket = UdpSocket(self._loop, address, datagrams, self._on_drained)
        self._udp[socket.address] = socket
        return socket.address
