"""A leg's T.38 stream on a UDP socket of its own (`gateway.core.fax.Image`).

A peer behind NAT sends from elsewhere than its SDP says. The first address from which UDPTL comes is taken, where
it is on the host that the SDP names or from which the signalling comes; what comes from the address in the SDP
itself wins over that, and all else is dropped.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from gateway.core.fax import T38
from gateway.fax.ifp import LONGEST
from gateway.fax.udptl import UdptlReceiver, UdptlSender
from gateway.net.udp import Address, UdpSocket

__all__ = ["UdptlStream"]

KEPT: Final = 200
"""Packets that are kept while nobody listens yet: what comes within some seconds."""
LARGEST: Final = 1500
"""Octets of a datagram that is looked at: more than we have said that we take."""
MOST: Final = 1_000
"""Datagrams a second of its peer that are looked at: many times what a fax has. What two streams pass on to each
other's ports, because their session descriptions say so, would go round for ever.
"""


class UdptlStream:
    """One stream.

    Args:
        loop: whose socket it is.
        address: where to bind, IP address and port.
        closed: called when its port is free again.

    Attributes:
        refused: datagrams that were none, or came from elsewhere.

    Raises:
        OSError: the address cannot be bound.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, address: Address, closed: Callable[[], None]) -> None:
        self._loop = loop
        self._socket: UdpSocket | None = UdpSocket(loop, address, self._came)
        self._second = loop.time()
        self._came_in_it = 0
        self.address, self.port = address
        self.theirs = T38()
        self.refused = 0
        self._closed = closed
        self._receiver = UdptlReceiver()
        self._sender = UdptlSender(self.theirs.correction, self.theirs.datagram)
        self._remote: Address | None = None
        self._named: Address | None = None
        self._hosts: frozenset[str] = frozenset()
        self._learned = False
        self._received = 0
        self._backlog: deque[tuple[int, bytes]] = deque(maxlen=KEPT)
        self._listener: Callable[[int, bytes], None] | None = None

    @property
    def listener(self) -> Callable[[int, bytes], None] | None:
        """Who takes the packets that come in; what came before goes to the first listener."""
        return self._listener

    @listener.setter
    def listener(self, listener: Callable[[int, bytes], None] | None) -> None:
        self._listener = listener
        while listener is not None and self._backlog:
            listener(*self._backlog.popleft())

    @property
    def received(self) -> int:
        """IFP packets that have come in."""
        return self._received

    @property
    def lost(self) -> int:
        """IFP packets that never came, in whatever way."""
        return self._receiver.lost

    @property
    def recovered(self) -> int:
        """IFP packets that were lost and made good."""
        return self._receiver.recovered

    def set_remote(
        self, address: str, port: int, theirs: T38, via: str | None = None, strict: bool = False
    ) -> None:
        """Send to a peer, and accept from it.

        Args:
            via: the IP address from which its signalling comes.
            strict: accept from `address` and `port` alone.
        """
        if (address, port) != self._named:
            self._receiver = UdptlReceiver()
            self._named = self._remote = (address, port)
            self._learned = False
        if theirs != self.theirs:
            self.theirs = theirs
            self._sender.renew(theirs.correction, theirs.datagram)
        self._hosts = frozenset() if strict else frozenset({address, via or address})

    def send(self, packet: bytes, times: int = 1) -> None:
        """Send an IFP packet, so many times over."""
        if self._socket is None or self._remote is None or len(packet) > LONGEST:
            return
        datagram = self._sender.send(packet)
        for _ in range(times):
            self._socket.send(datagram, self._remote)

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
            self._listener = None
            self._closed()

    def _came(self, datagrams: Sequence[tuple[bytes, Address]]) -> None:
        now = self._loop.time()
        if now - self._second >= 1.0:
            self._second, self._came_in_it = now, 0
        for data, source in datagrams:
            if self._socket is not None:  # what one of them says may be the end
                self._take(data, source)

    def _take(self, data: bytes, source: Address) -> None:
        if len(data) > LARGEST or not self._trusts(source):
            self.refused += 1
            return
        self._came_in_it += 1
        if self._came_in_it > MOST:
            self.refused += 1
            return
        refused = self._receiver.refused
        packets = self._receiver.receive(data)
        if self._receiver.refused > refused:
            self.refused += 1
            return
        self._remote, self._learned = source, True
        self._received += len(packets)
        for number, packet in packets:
            if self._listener is not None:
                self._listener(number, packet)
            else:
                self._backlog.append((number, packet))

    def _trusts(self, source: Address) -> bool:
        if source in (self._named, self._remote):
            return True
        return not self._learned and source[0] in self._hosts
