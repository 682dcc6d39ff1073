"""The ways by which a test's telephone reaches the office: UDP, TCP, TLS and WebSockets, on plain sockets.

A wire takes messages and gives messages, whatever must be said before the first of them.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections import deque

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Message, Ping, Request, TextMessage

__all__ = ["StreamWire", "UdpWire", "Wire", "wire_to"]

Address = tuple[str, int]


class UdpWire:
    """Datagrams.

    Args:
        server: where the office listens.
        own: this end's address; loopback where empty.
        port: its own; any that is free where 0.

    Attributes:
        transport: as in a Via.
        address: this end.
    """

    transport = "UDP"

    def __init__(self, server: Address, own: str = "", port: int = 0) -> None:
        self._server = server
        self._socket = bound_socket(server[0], own, port)
        self.address: Address = self._socket.getsockname()[:2]

    def send(self, data: bytes) -> None:
        """Send one message."""
        self._socket.sendto(data, self._server)

    def take(self) -> bytes | None:
        """The next message that has come, or None. Audio for whoever had the port before is left out (RFC 7983)."""
        try:
            while _is_media(data := self._socket.recv(65535)):
                pass
        except BlockingIOError:
            return None
        return data

    def close(self) -> None:
        """Be gone."""
        self._socket.close()


def _is_media(data: bytes) -> bool:
    return 128 <= int.from_bytes(data[:1]) <= 191


class StreamWire:
    """A connection: TCP, TLS, WS or WSS.

    Args:
        server: where the office listens.
        transport: "tcp", "tls", "ws" or "wss".
        context: of TLS.
        name: the office's, in its certificate.

    Attributes:
        ended: the office has closed the connection.
    """

    def __init__(
        self, server: Address, transport: str, context: ssl.SSLContext | None = None, name: str = "office.test"
    ) -> None:
        self.transport = transport.upper()
        self.ended = False
        raw = socket.create_connection(server)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw.setblocking(False)
        self.address: Address = raw.getsockname()[:2]
        self._socket: socket.socket | ssl.SSLSocket = raw
        if context is not None:
            self._socket = context.wrap_socket(raw, do_handshake_on_connect=False, server_hostname=name)
        self._shaking = context is not None
        self._web = WSConnection(ConnectionType.CLIENT) if transport in ("ws", "wss") else None
        self._open = self._web is None
        self._waiting: list[bytes] = []
        self._buffer = b""
        self._messages: deque[bytes] = deque()
        if self._web is not None:
            self._waiting.append(self._web.send(Request(f"{server[0]}:{server[1]}", "/", subprotocols=["sip"])))
        self._later: list[bytes] = []

    def send(self, data: bytes) -> None:
        """Send one message, once that is possible."""
        if self._open:
            self._waiting.append(data if self._web is None else self._web.send(TextMessage(data.decode())))
        else:
            self._later.append(data)
        self._work()

    def take(self) -> bytes | None:
        """The next message that has come, or None."""
        self._work()
        return self._messages.popleft() if self._messages else None

    def close(self) -> None:
        """Be gone."""
        self._socket.close()

    def _work(self) -> None:
        try:
            if self._shaking and isinstance(self._socket, ssl.SSLSocket):
                self._socket.do_handshake()
                self._shaking = False
            self._flush()
            while data := self._socket.recv(65536):
                self._cut(data)
                self._flush()
            self.ended = True
        except (BlockingIOError, ssl.SSLWantReadError):
            return

    def _flush(self) -> None:
        while self._waiting:
            self._socket.sendall(self._waiting[0])
            del self._waiting[0]

    def _cut(self, data: bytes) -> None:
        if self._web is not None:
            self._web.receive_data(data)
            for event in self._web.events():
                if isinstance(event, AcceptConnection):
                    self._open = True
                    later, self._later = self._later, []
                    for message in later:
                        self.send(message)
                elif isinstance(event, Ping):
                    self._waiting.append(self._web.send(event.response()))
                elif isinstance(event, Message):
                    self._messages.append(event.data.encode() if isinstance(event.data, str) else bytes(event.data))
            return
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            length = re.search(rb"\r\nContent-Length: *(\d+)", self._buffer[:end], re.IGNORECASE)
            size = end + 4 + (int(length[1]) if length else 0)
            if len(self._buffer) < size:
                return
            self._messages.append(self._buffer[:size])
            self._buffer = self._buffer[size:]


Wire = UdpWire | StreamWire


def wire_to(server: Address, transport: str, context: ssl.SSLContext | None = None) -> Wire:
    """A wire of that transport to where the office listens."""
    return UdpWire(server) if transport == "udp" else StreamWire(server, transport, context)


def bound_socket(server: str, own: str = "", port: int = 0) -> socket.socket:
    """A UDP socket on the address `own`, or on loopback, of the version of IP that `server` is of."""
    family, loopback = (socket.AF_INET6, "::1") if ":" in server else (socket.AF_INET, "127.0.0.1")
    opened = socket.socket(family, socket.SOCK_DGRAM)
    opened.bind((own or loopback, port))
    opened.setblocking(False)
    return opened
