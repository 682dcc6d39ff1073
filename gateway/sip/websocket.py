"""SIP over WebSocket, the server's side (RFC 7118), without a socket: a framer like `framing.StreamFramer`.

Octets of a connection enter; messages leave, and what must be answered at once (the handshake, pings). Each SIP
message is one WebSocket message, text or binary, in any number of frames. The handshake must ask for the
subprotocol "sip"; a browser's page must come from an origin that is let in. Nothing is compressed: a small frame
could become a large message.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    Pong,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from gateway.sip.framing import Answer, Broken, Framed, KeepAlive
from gateway.sip.parser import MAX_MESSAGE

__all__ = ["MAX_FRAMES", "SUBPROTOCOL", "WebSocketFramer"]

SUBPROTOCOL: Final = "sip"
ANY_ORIGIN: Final = "*"
MAX_FRAMES: Final = 100
"""Frames of one message: browsers use one, and frames without octets would go on for ever."""


class WebSocketFramer:
    """One connection.

    Args:
        origins: from which pages may connect ("https://example.com"), besides pages of the host that was connected
            to; "*" lets all in. Programs that are no browser name none, and are let in.
    """

    def __init__(self, origins: Collection[str] = ()) -> None:
        self._origins = {origin.lower() for origin in origins}
        self._connection = WSConnection(ConnectionType.SERVER)
        self._message = bytearray()
        self._frames = 0  # of the message that has begun, which are complete
        self._broken = False

    @property
    def is_waiting(self) -> bool:
        """Whether the handshake, or a message that has begun, is not complete."""
        return self._connection.state is ConnectionState.CONNECTING or bool(self._message or self._frames)

    def feed(self, data: bytes) -> list[Framed]:
        """Take in octets; give what they complete, in order. After `Broken` nothing more is taken in."""
        framed: list[Framed] = []
        if self._broken or not data:  # no octets would mean the end of the connection to those below
            return framed
        try:
            self._connection.receive_data(data)
            for event in self._connection.events():
                self._take(event, framed)
                if framed and isinstance(framed[-1], Broken):
                    break
        except RemoteProtocolError as error:
            if error.event_hint is not None:
                self._refuse(error.event_hint, framed)
            self._break(f"no WebSocket: {error}", framed)
        except UnicodeError:
            # RFC 6455 section 4.1: what the handshake's headers say is ASCII; wsproto takes that for granted.
            self._reject(400, "a header of the handshake is not ASCII", framed)
        return framed

    def frame(self, message: bytes) -> bytes:
        """`message` as it goes out; nothing where the connection is not open."""
        try:
            text = message.decode()
        except UnicodeDecodeError:
            return self._send(BytesMessage(message))
        return self._send(TextMessage(text))

    def ping(self) -> bytes:
        """What a peer that is there must answer (RFC 7118 section 6)."""
        return self._send(Ping())

    def _take(self, event: object, framed: list[Framed]) -> None:
        match event:
            case Request():
                self._shake_hands(event, framed)
            case TextMessage() | BytesMessage():
                self._gather(event, framed)
            case Ping():
                framed.append(Answer(self._send(event.response())))
            case Pong():
                framed.append(KeepAlive.PONG)
            case CloseConnection():
                framed.append(Answer(self._send(event.response())))
                self._break("", framed)

    def _shake_hands(self, request: Request, framed: list[Framed]) -> None:
        origin = next((value.decode("latin-1") for name, value in request.extra_headers if name == b"origin"), "")
        if SUBPROTOCOL not in request.subprotocols:
            self._reject(400, 'the subprotocol "sip" was not asked for', framed)
        elif not self._lets_in(origin, request.host):
            self._reject(403, f"pages from {origin[:100]} are not let in (sip.origins)", framed)
        else:
            framed.append(Answer(self._send(AcceptConnection(subprotocol=SUBPROTOCOL))))

    def _lets_in(self, origin: str, host: str) -> bool:
        """RFC 6455 section 10.2: a browser says truly which page wants to connect."""
        if not origin or ANY_ORIGIN in self._origins or origin.lower() in self._origins:
            return True
        try:
            page = urlsplit(origin).hostname
            return page is not None and page == urlsplit(f"//{host}").hostname
        except ValueError:
            return False

    def _gather(self, part: TextMessage | BytesMessage, framed: list[Framed]) -> None:
        self._message += part.data.encode() if isinstance(part.data, str) else part.data
        self._frames += part.frame_finished
        if len(self._message) > MAX_MESSAGE or self._frames > MAX_FRAMES:
            framed.append(Answer(self._send(CloseConnection(CloseReason.MESSAGE_TOO_BIG))))
            self._break(f"a message of more than {MAX_MESSAGE} octets or {MAX_FRAMES} frames", framed)
        elif part.message_finished:
            message = bytes(self._message)
            self._message.clear()
            self._frames = 0
            if message.strip(b"\r\n"):
                framed.append(message)
            else:
                framed.append(KeepAlive.PING if len(message) > len(KeepAlive.PONG.value) else KeepAlive.PONG)

    def _reject(self, status: int, why: str, framed: list[Framed]) -> None:
        self._refuse(RejectConnection(status_code=status, has_body=True), framed)
        framed.append(Answer(self._send(RejectData(f"{why}\n".encode()))))
        self._break(why, framed)

    def _refuse(self, how: Event, framed: list[Framed]) -> None:
        framed.append(Answer(self._send(how)))

    def _send(self, event: Event) -> bytes:
        try:
            return self._connection.send(event)
        except LocalProtocolError:
            return b""  # it is closing: the peer wants nothing more

    def _break(self, reason: str, framed: list[Framed]) -> None:
        self._broken = True
        self._message.clear()
        self._frames = 0
        framed.append(Broken(reason))
