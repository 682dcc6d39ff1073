"""An AudioSocket server of the tests' own, on the loop that the office lives in.

server = AudioSocketServer(office.loop)
office.until(lambda: server.talks); server.say(samples); server.heard
"""

from __future__ import annotations

import asyncio
import socket
import struct
from uuid import UUID

import numpy as np

from gateway.core.audio import Samples

__all__ = ["AudioSocketServer"]


class AudioSocketServer:
    """Takes connections, writes down what comes, and says what it is told.

    Written from the protocol's description, not with the gateway's own reader.

    Attributes:
        identity: the UUID of the last call.
        keys: what was keyed.
        messages: kind and payload of all that came but audio.
        over: whether the last connection has ended.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, port: int = 0) -> None:
        self.identity: UUID | None = None
        self.keys = ""
        self.messages: list[tuple[int, bytes]] = []
        self.over = False
        self._audio = bytearray()
        self._held = b""
        self._peer: asyncio.Transport | None = None
        self._loop = loop
        listener = socket.create_server(("127.0.0.1", port))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._server = loop.run_until_complete(loop.create_server(lambda: _Peer(self), sock=listener))
        self.port: int = self._server.sockets[0].getsockname()[1]

    @property
    def talks(self) -> bool:
        """Whether it knows whose call it has."""
        return self.identity is not None

    @property
    def heard(self) -> Samples:
        """All that the call has said."""
        return np.frombuffer(bytes(self._audio), "<i2").astype(np.int16)

    def say(self, samples: Samples) -> None:
        """Speak, all at once, a second in each message."""
        data = samples.astype("<i2").tobytes()
        for start in range(0, len(data), 16000):
            self.send(0x10, data[start : start + 16000])

    def send(self, kind: int, payload: bytes = b"") -> None:
        """Send any message."""
        self.write(struct.pack("!BH", kind, len(payload)) + payload)

    def write(self, data: bytes) -> None:
        """Send any octets."""
        assert self._peer is not None
        self._peer.write(data)

    def hang_up(self) -> None:
        """Say goodbye."""
        self.send(0x00)

    def break_off(self) -> None:
        """Close the connection without a word."""
        assert self._peer is not None
        self._peer.abort()

    def stop_reading(self) -> None:
        """Take nothing any more."""
        assert isinstance(self._peer, asyncio.ReadTransport)
        self._peer.pause_reading()

    def close(self) -> None:
        """Listen no more."""
        self._server.close()
        if self._peer is not None:
            self._peer.abort()

    def _take(self, data: bytes) -> None:
        self._held += data
        while len(self._held) >= 3:
            kind, length = struct.unpack("!BH", self._held[:3])
            if len(self._held) < 3 + length:
                return
            payload, self._held = self._held[3 : 3 + length], self._held[3 + length :]
            if kind == 0x10:
                self._audio += payload
                continue
            self.messages.append((kind, payload))
            if kind == 0x01:
                self.identity = UUID(bytes=payload)
            elif kind == 0x03:
                self.keys += payload.decode()


class _Peer(asyncio.Protocol):
    def __init__(self, server: AudioSocketServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._server._peer = transport
        self._server.over = False

    def data_received(self, data: bytes) -> None:
        self._server._take(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.over = True
