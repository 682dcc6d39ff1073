"""SIP over TCP on the loop: connections accepted and made, messages cut from the stream, misuse cut off.

A peer that dribbles a message, sends what is no message, or does not take what we send is disconnected with one
logged reason; the others notice nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from typing import Final, cast

from gateway.net.udp import Address
from gateway.sip.framing import Broken, KeepAlive, StreamFramer
from gateway.sip.transport import Flow

__all__ = ["StreamConnection", "StreamPort"]

_log = logging.getLogger("copperline.net")

CONNECTIONS: Final = 2000
"""Connections held at once by one port."""

PER_SOURCE: Final = 200
"""Connections held at once from one address: a whole office behind one NAT, but no flood."""

PATIENCE: Final = 10.0
"""Seconds within which a message that has begun must be complete."""

BACKLOG: Final = 256 * 1024
"""Bytes that may wait for a peer that does not read."""


class StreamConnection(asyncio.Protocol):
    """One TCP connection.

    Args:
        on_message: takes each whole message with its flow.
        on_open, on_lost: told when the connection is there and when it is gone.
    """

    def __init__(
        self,
        on_message: Callable[[bytes, Flow], None],
        on_open: Callable[[StreamConnection], bool],
        on_lost: Callable[[StreamConnection], None],
    ) -> None:
        self._on_message = on_message
        self._on_open = on_open
        self._on_lost = on_lost
        self._framer = StreamFramer()
        self._patience: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self._pending: list[bytes] = []
        self.flow: Flow | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        stream = cast(asyncio.Transport, transport)  # not by class: uvloop's transports have other ancestors
        local: Address = stream.get_extra_info("sockname")[:2]
        remote: Address = stream.get_extra_info("peername")[:2]
        self._transport = stream
        self.flow = Flow("tcp", local, remote)
        if not self._on_open(self):
            stream.abort()
            return
        for data in self._pending:
            stream.write(data)
        self._pending.clear()

    def data_received(self, data: bytes) -> None:
        """Octets came in."""
        assert self.flow is not None and self._transport is not None  # connection_made comes first
        for framed in self._framer.feed(data):
            match framed:
                case KeepAlive.PING:
                    self._transport.write(KeepAlive.PONG.value.encode())
                case KeepAlive.PONG:
                    pass
                case Broken(reason):
                    self.drop(reason)
                    return
                case bytes():
                    self._on_message(framed, self.flow)
        self._be_patient()

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone."""
        if self._patience is not None:
            self._patience.cancel()
        self._on_lost(self)

    def send(self, data: bytes) -> None:
        """Send octets, once the connection is there."""
        if self._transport is None:
            self._pending.append(data)
            return
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > BACKLOG:
            self.drop(f"it does not read: {BACKLOG} octets wait for it")

    def drop(self, reason: str) -> None:
        """Disconnect, and say why."""
        _log.warning("%s disconnected: %s", self.flow, reason)
        self.close()

    def close(self) -> None:
        """Disconnect; what a peer has not read by now it never will."""
        if self._transport is not None:
            if self._transport.get_write_buffer_size():
                self._transport.abort()
            else:
                self._transport.close()

    def _be_patient(self) -> None:
        """Give a message that has begun a time to be completed in; more octets of it do not lengthen that."""
        if not self._framer.is_waiting:
            if self._patience is not None:
                self._patience.cancel()
                self._patience = None
        elif self._patience is None:
            loop = asyncio.get_running_loop()
            self._patience = loop.call_later(
                PATIENCE, self.drop, f"a message was not complete within {PATIENCE:g} s"
            )


class StreamPort:
    """A listening TCP port and every connection that goes through it, made by either side.

    Args:
        loop: the loop.
        on_message: takes each message with its flow.
        on_lost: told of each flow that is gone.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        on_message: Callable[[bytes, Flow], None],
        on_lost: Callable[[Flow], None],
    ) -> None:
        self._loop = loop
        self._on_message = on_message
        self._on_lost = on_lost
        self._server: asyncio.Server | None = None
        self._connections: dict[Address, StreamConnection] = {}
        self._connecting: dict[Address, StreamConnection] = {}
        self._sources: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False
        self.address: Address = ("", 0)

    async def listen(self, address: Address) -> None:
        """Bind and accept; port 0 takes a free one.

        Raises:
            OSError: the address cannot be bound.
        """
        self._server = await self._loop.create_server(self._connection, *address)
        self.address = self._server.sockets[0].getsockname()[:2]

    def send(self, data: bytes, flow: Flow) -> None:
        """Send a message to the flow's remote address, over the connection that is there or a new one."""
        connection = self._connections.get(flow.remote) or self._connecting.get(flow.remote)
        if connection is None:
            connection = self._connecting[flow.remote] = self._connection()
            task = self._loop.create_task(self._connect(connection, flow))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        connection.send(data)

    def connected_to(self, remote: Address) -> bool:
        """Whether there is a connection to that address, or one being made."""
        return remote in self._connections or remote in self._connecting

    async def close(self) -> None:
        """Close the port and all its connections."""
        self._closing = True
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        for connection in list(self._connections.values()):
            connection.close()
        if self._server is not None:
            await self._server.wait_closed()
        while self._connections:
            await asyncio.sleep(0)

    def usage(self) -> int:
        """Connections held, those being made included."""
        return len(self._connections) + len(self._connecting)

    def _connection(self) -> StreamConnection:
        return StreamConnection(self._on_message, self._opened, self._lost)

    async def _connect(self, connection: StreamConnection, flow: Flow) -> None:
        local = (flow.local[0], 0)
        try:
            await self._loop.create_connection(lambda: connection, *flow.remote, local_addr=local)
        except OSError as error:
            _log.info("%s cannot be reached: %s", flow, error)
            self._on_lost(flow)
        finally:
            if self._connecting.get(flow.remote) is connection:
                del self._connecting[flow.remote]

    def _opened(self, connection: StreamConnection) -> bool:
        assert connection.flow is not None  # it is open
        remote = connection.flow.remote
        if self._sources[remote[0]] >= PER_SOURCE or len(self._connections) >= CONNECTIONS:
            _log.warning("%s refused: too many connections", connection.flow)
            return False
        self._connecting.pop(remote, None)
        self._connections[remote] = connection
        self._sources[remote[0]] += 1
        return True

    def _lost(self, connection: StreamConnection) -> None:
        assert connection.flow is not None  # it was open
        remote = connection.flow.remote
        if self._connections.get(remote) is not connection:
            return
        del self._connections[remote]
        self._sources[remote[0]] -= 1
        if not self._sources[remote[0]]:
            del self._sources[remote[0]]
        if not self._closing:
            self._on_lost(connection.flow)
