"""Every SIP connection of the office, whoever made it, and the ports on which they are accepted.

A message for a flow goes over the connection that the flow names, or over one that is made for it; a peer that
cannot be reached, or is not who it should be, is told as lost. How many connections there are, and how many from
one address, is bounded: of IPv6 a whole /64 counts as one, for that is what one customer has. Where there is no
room for one more, a peer that has never proved who it is makes way for it: the one that has been there for longest.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Coroutine
from functools import partial
from ipaddress import IPv6Network, ip_address
from typing import Any, Final

from gateway.core.everyone import tell_all
from gateway.core.frozen import frozen
from gateway.core.log import QuietLog
from gateway.net.alias import Aliases
from gateway.net.handshake import guest_fault, handshake_fault
from gateway.net.stream import GOODBYE, HANDSHAKE, StreamConnection
from gateway.net.tls import TlsContexts
from gateway.net.turns import Turns
from gateway.net.udp import Address
from gateway.sip.framing import Framer, StreamFramer
from gateway.sip.misled import Misled
from gateway.sip.transport import SECURE, Flow, Loss
from gateway.sip.websocket import WebSocketFramer

__all__ = ["HANDSHAKES", "NO_ROOM", "StreamLimits", "Streams"]

_log = logging.getLogger("copperline.net")

CONNECT: Final = 4.0
"""Seconds for a connection to be made, before the next server is tried or UDP is."""

TLS_TIMES: Final = {"ssl_handshake_timeout": HANDSHAKE, "ssl_shutdown_timeout": GOODBYE}

BACKLOG: Final = 256
"""Connections that may wait to be taken in."""

HANDSHAKES: Final = 2
"""TLS handshakes begun at one turn of the loop, each a millisecond of work: calls go on between them."""

BATCH: Final = 64
"""Connections taken in at one turn of the loop."""

PAUSE: Final = 1.0
"""Seconds until connections are taken in again after there was no descriptor for one."""

NO_ROOM: Final = "there are too many connections, and it has not proved who it is"
"""Why a stranger makes way for others."""

WEB_SOCKETS: Final = frozenset({"ws", "wss"})
"""Connections that only the peer can make."""


@frozen
class StreamLimits:
    """Bounds of connections.

    Attributes:
        connections: held at once.
        from_one: held at once that came from one address and have proved nothing yet; of those that have, one
            address may hold half of all: a whole office behind one NAT, but no flood.
        idle: seconds after which one that nobody uses is closed.
    """

    connections: int = 2000
    from_one: int = 200
    idle: float = 4000.0


class Streams:
    """All connections; see `StreamOwner`.

    Args:
        loop: the loop.
        on_message: takes each message with its flow.
        on_lost: told of each flow that is gone, or that cannot be had, and why.
        on_misled: takes who speaks another protocol than the port is for.
        limits: bounds.
        tls: certificates; None where there is no TLS.
        origins: from which pages browsers may connect.
        admits: whether who connects is let in, before it says anything.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        on_message: Callable[[bytes, Flow], None],
        on_lost: Callable[[Loss], None],
        on_misled: Callable[[Misled], None],
        *,
        limits: StreamLimits,
        tls: TlsContexts | None = None,
        origins: Collection[str] = (),
        admits: Callable[[Flow], bool] = lambda flow: True,
    ) -> None:
        self._admits = admits
        self.idle = limits.idle
        self.quiet = QuietLog(_log, loop.time)
        self._loop = loop
        self._on_message = on_message
        self._on_lost = on_lost
        self.misled = on_misled
        self._limits = limits
        self._tls = tls
        self._aliases = Aliases(tls.proves) if tls is not None else None
        self._origins = origins
        self._listening: list[socket.socket] = []
        self._held: set[StreamConnection] = set()
        self._strangers: OrderedDict[StreamConnection, asyncio.Task[None]] = OrderedDict()
        self._connections: dict[Flow, StreamConnection] = {}
        self._connecting: dict[Flow, StreamConnection] = {}
        self._sources: Counter[str] = Counter()
        self._proven: Counter[str] = Counter()
        self._counted: dict[StreamConnection, Counter[str]] = {}  # where each counts for its source
        self._tasks: set[asyncio.Task[None]] = set()
        self._handshakes = Turns(loop, HANDSHAKES)
        self._closing = False

    async def listen(self, transport: str, address: Address) -> Address:
        """Bind and accept; port 0 takes a free one.

        Returns:
            What was bound.

        Raises:
            OSError: the address cannot be bound.
            OpenFailed: there is no certificate for a secure transport.
        """
        context = None
        if transport in SECURE:
            assert self._tls is not None  # the configuration has a certificate for what it listens to
            context = self._tls.server(transport)
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        listening = socket.create_server(address, family=family, backlog=BACKLOG)
        listening.setblocking(False)
        # Taken over by what it accepts: the second small message of two would else wait 40 ms for the first one's
        # acknowledgement. What we connect has it from asyncio.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._listening.append(listening)
        self._loop.add_reader(listening, self._accept, listening, transport, context)
        bound: Address = listening.getsockname()[:2]
        return bound

    def send(self, data: bytes, flow: Flow) -> None:
        """Send a message over the connection that is there, or over a new one."""
        connection = self._connections.get(flow) or self._connecting.get(flow)
        if connection is None and flow.transport == "tls" and self._aliases is not None:
            connection = self._aliases.connection(flow)
        if connection is None:
            if flow.transport in WEB_SOCKETS or (flow.is_secure and self._tls is None):
                why = "" if flow.transport in WEB_SOCKETS else "there is no TLS here; set sip.tls"
                self._loop.call_soon(self._on_lost, Loss(flow, why))
                return
            connection = self._connecting[flow] = self._connect(flow)
        connection.send(data)

    def proved(self, flow: Flow) -> None:
        """Who is at the other end of a connection has proved who it is: it makes way for nobody."""
        connection = self._connections.get(flow)
        if connection is None:
            return
        self._strangers.pop(connection, None)
        source = _network(flow.remote[0])
        if self._counted.get(connection) is self._sources and self._proven[source] < self._limits.connections // 2:
            self._count_out(connection)
            self._count_in(connection, self._proven)

    def drop(self, flow: Flow) -> None:
        """Close the connection of a peer that is not heard any more, if there is one."""
        connection = self._connections.get(flow)
        if connection is not None:
            connection.close()

    async def close(self) -> None:
        """Close the ports and all connections."""
        self._closing = True
        for listening in self._listening:
            self._loop.remove_reader(listening)
            listening.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        for connection in list(self._held):
            connection.abort() if connection.flow.is_secure else connection.close()
        await asyncio.gather(*tasks, return_exceptions=True)
        while any(connection.is_made for connection in self._held):
            await asyncio.sleep(0)

    def usage(self) -> int:
        """Connections held, those being made and those in their handshake included."""
        return len(self._held)

    # What connections tell; see `StreamOwner`.

    def opened(self, connection: StreamConnection) -> None:
        """A connection can be used."""
        self._connecting.pop(connection.flow, None)
        self._connections[connection.flow] = connection

    def heard(self, data: bytes, flow: Flow) -> None:
        """A message has come."""
        if flow.transport == "tls" and self._aliases is not None:
            connection = self._connections.get(flow)
            if connection is not None and not connection.is_ours:
                self._aliases.heard(data, connection)
        self._on_message(data, flow)

    def lost(self, connection: StreamConnection) -> None:
        """A connection is gone."""
        if connection not in self._held:
            return
        self._held.discard(connection)
        flow = connection.flow
        if not connection.is_ours:
            self._strangers.pop(connection, None)
            self._count_out(connection)
        again = self._connections.get(flow) is connection and connection.is_ours and not connection.fault
        aliased = self._aliases.lost(connection) if self._aliases is not None else ()
        losses = [Loss(called, again=True) for called in aliased]
        for usable in (self._connections, self._connecting):
            if usable.get(flow) is connection:
                del usable[flow]
                losses.append(Loss(flow, connection.fault, again))
        if not self._closing:
            tell_all([partial(self._on_lost, loss) for loss in losses])

    # Inside.

    def _accept(self, listening: socket.socket, transport: str, context: ssl.SSLContext | None) -> None:
        """Take in those who wait, counted before the first octet: half a handshake is a connection, too."""
        for _ in range(BATCH):
            try:
                accepted, peer = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # no descriptor is left: those who wait may wait a while
                self.quiet.warning("accept", "connections cannot be taken at present: %s", error)
                self._loop.remove_reader(listening)
                self._loop.call_later(
                    PAUSE, lambda: self._loop.add_reader(listening, self._accept, listening, transport, context)
                )
                return
            flow = Flow(transport, accepted.getsockname()[:2], peer[:2])
            framer: Framer = WebSocketFramer(self._origins) if transport in WEB_SOCKETS else StreamFramer()
            connection = StreamConnection(self._loop, self, flow, framer, is_ours=False)
            if not self._admits(flow):
                accepted.close()
            elif self._admit(connection):
                self._strangers[connection] = self._run(self._take(connection, accepted, context))
            else:
                self.quiet.warning(f"crowd {peer[0]}", "%s refused: too many connections", flow)
                accepted.close()

    def _admit(self, connection: StreamConnection) -> bool:
        """Whether a connection that somebody makes to us is let in."""
        source = _network(connection.flow.remote[0])
        limits = self._limits
        if self._closing or self._sources[source] >= limits.from_one:
            return False
        if len(self._held) >= limits.connections and not self._make_way():
            return False
        self._count_in(connection, self._sources)
        self._held.add(connection)
        return True

    def _count_in(self, connection: StreamConnection, counter: Counter[str]) -> None:
        self._counted[connection] = counter
        counter[_network(connection.flow.remote[0])] += 1

    def _count_out(self, connection: StreamConnection) -> None:
        source = _network(connection.flow.remote[0])
        counter = self._counted.pop(connection)
        counter[source] -= 1
        if not counter[source]:
            del counter[source]

    def _make_way(self) -> bool:
        """Close the connection of the stranger that has been here for longest; whether there was one."""
        if not self._strangers:
            return False
        oldest, shaking_hands = self._strangers.popitem(last=False)
        self.quiet.warning("make way", "%s disconnected: %s", oldest.flow, NO_ROOM)
        # Not at once: what has not begun would be cancelled without its end, in which it is counted out.
        self._loop.call_soon(shaking_hands.cancel)
        oldest.abort()
        return True

    async def _take(
        self, connection: StreamConnection, accepted: socket.socket, context: ssl.SSLContext | None
    ) -> None:
        """Make a connection of a socket, by a TLS handshake where there is a context."""
        try:
            accepted.setblocking(False)
            if context is not None:
                await self._greeted(accepted)
            await self._loop.connect_accepted_socket(
                lambda: connection, accepted, ssl=context, **(TLS_TIMES if context is not None else {})
            )
        except OSError as error:
            error.__traceback__ = None  # by which all that the handshake had would be kept
            if fault := guest_fault(error):
                self.misled(Misled(connection.flow, "", fault))
                return
            why = getattr(error, "reason", None) or str(error) or type(error).__name__
            self.quiet.warning(f"tls {connection.flow.remote[0]}", "%s: no TLS handshake: %s", connection.flow, why)
        except asyncio.CancelledError:
            connection.connection_lost(None)  # uvloop does not say it of what it has begun and closes then
            raise
        finally:
            if not connection.is_made:
                self.lost(connection)

    async def _greeted(self, accepted: socket.socket) -> None:
        """Wait for the first octets of a handshake, which are most of its work, and for a turn to look at them."""
        heard = self._loop.create_future()

        def readable() -> None:
            self._loop.remove_reader(accepted)
            if not heard.done():
                heard.set_result(None)

        self._loop.add_reader(accepted, readable)
        begins = False
        try:
            async with asyncio.timeout(HANDSHAKE):
                await heard
            await self._handshakes.wait()
            begins = True
        except TimeoutError:
            raise TimeoutError(f"nothing came for {HANDSHAKE:g} s") from None
        finally:
            if not begins:
                self._loop.remove_reader(accepted)
                accepted.close()

    def _connect(self, flow: Flow) -> StreamConnection:
        proves = self._tls.proves if flow.is_secure and self._tls is not None else None
        connection = StreamConnection(self._loop, self, flow, StreamFramer(), is_ours=True, proves=proves)
        self._held.add(connection)
        self._run(self._make(connection, flow))
        return connection

    def _run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _make(self, connection: StreamConnection, flow: Flow) -> None:
        secure: dict[str, Any] = {}
        if flow.is_secure and self._tls is not None:
            secure = {"ssl": self._tls.client(), "server_hostname": flow.name or flow.remote[0], **TLS_TIMES}
        try:
            async with asyncio.timeout(CONNECT + (HANDSHAKE if secure else 0)):
                await self._loop.create_connection(
                    lambda: connection, *flow.remote, local_addr=(flow.local[0], 0), **secure
                )
        except OSError as error:
            connection.fault = handshake_fault(error)
            why = connection.fault or str(error) or f"no connection within {CONNECT:g} s"
            self.quiet.warning(f"reach {flow}", "%s cannot be reached: %s", flow, why)
        finally:
            if not connection.is_made:
                self.lost(connection)


def _network(source: str) -> str:
    address = ip_address(source.partition("%")[0])
    return str(IPv6Network((address, 64), strict=False)) if address.version == 6 else source
