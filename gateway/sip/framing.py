"""A connection's octets cut into messages, without a socket: the face of framers, and that of plain streams.

Octets of a connection enter a Framer; messages, keep-alives and what must be answered at once leave it, until the
peer breaks the rules. `websocket` has the other framer.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final, Protocol

from gateway.core.frozen import frozen
from gateway.sip.message import Request, Response
from gateway.sip.parser import MAX_MESSAGE, MalformedMessage, parse

__all__ = ["MAX_HEADER", "Answer", "Broken", "Framed", "Framer", "KeepAlive", "StreamFramer"]


class KeepAlive(Enum):
    """A keep-alive between messages of a stream."""

    PING = "\r\n\r\n"
    PONG = "\r\n"


@frozen
class Broken:
    """Nothing more can be taken in: the connection is to be closed.

    Attributes:
        reason: what is wrong; empty where the peer has only said goodbye.
    """

    reason: str


@frozen
class Answer:
    """Octets to be sent back at once, as they are."""

    data: bytes


Framed = bytes | KeepAlive | Answer | Broken


class Framer(Protocol):
    """Cuts one connection's octets into messages, and makes octets of messages."""

    @property
    def is_waiting(self) -> bool:
        """Whether something has begun and its end has not come yet."""
        ...

    def feed(self, data: bytes) -> list[Framed]:
        """Take in octets; give what they complete, in order."""
        ...

    def frame(self, message: bytes) -> bytes:
        """`message` as it goes out."""
        ...

    def ping(self) -> bytes:
        """What a peer that is there must answer; nothing where that is for those who connect to do."""
        ...


_END: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(rb"\r\n(?:Content-Length|l)[ \t]*+:[ \t\r\n]*+([^\r\n]*+)", re.IGNORECASE)
MAX_HEADER: Final = 32_768
"""Octets of a header on a stream, its end included; more is no SIP peer."""

TAG: Final = "framing"
"""The To tag of a refusal that nothing is kept of (RFC 3261 section 8.2.7)."""


class StreamFramer:
    """TCP and TLS (RFC 3261 section 18.3, RFC 5626 section 4.4.1).

    Holds at most one message. Octets may come in any pieces: none is looked at twice. After `Broken` it takes
    in nothing more.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._seen = 0  # octets in which the header's end does not begin
        self._size: int | None = None  # of the whole message, once its header is there
        self._blank = False  # one CRLF stands before what comes next
        self._broken = False

    @property
    def is_waiting(self) -> bool:
        """Whether a message has begun and its end has not come yet."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[Framed]:
        """Take in octets; give the messages and keep-alives that they complete, in order.

        A CRLF alone between messages is a PONG; a second one right after it makes both a PING, which the one
        who was connected to answers with a CRLF.
        """
        framed: list[Framed] = []
        # Slices bound the buffer whatever the caller reads at a time.
        for at in range(0, len(data), MAX_MESSAGE):
            if self._broken:
                break
            self._buffer += data[at : at + MAX_MESSAGE]
            self._cut(framed)
        return framed

    def frame(self, message: bytes) -> bytes:
        """`message`, whose Content-Length says where it ends."""
        return message

    def ping(self) -> bytes:
        """Nothing: who has connected pings (RFC 5626 4.4.1), and the system sees to peers that have vanished."""
        return b""

    def _cut(self, framed: list[Framed]) -> None:
        start = 0
        while True:
            if self._size is None:
                start = self._skip_blank_lines(start, framed)
                if not self._find_size(start, framed):
                    break
            assert self._size is not None
            if len(self._buffer) - start < self._size:
                break
            framed.append(bytes(self._buffer[start : start + self._size]))
            start += self._size
            self._size = None
            self._seen = 0
        del self._buffer[:start]

    def _skip_blank_lines(self, start: int, framed: list[Framed]) -> int:
        if self._seen:
            return start
        while self._buffer.startswith(b"\r\n", start):
            framed.append(KeepAlive.PING if self._blank else KeepAlive.PONG)
            self._blank = not self._blank
            start += 2
        if len(self._buffer) - start > 1:
            self._blank = False
        return start

    def _find_size(self, start: int, framed: list[Framed]) -> bool:
        """Look for the header's end; whether the message's size is known now."""
        end = self._buffer.find(_END, start + self._seen, start + MAX_HEADER)
        if end < 0:
            if len(self._buffer) - start >= MAX_HEADER:
                self._break(f"no end of the header in {MAX_HEADER} octets", framed)
                return False
            self._seen = max(0, len(self._buffer) - start - len(_END) + 1)
            return False
        head = bytes(self._buffer[start : end + len(_END)])
        lengths = {found.strip() for found in _LENGTH.findall(head, 0, len(head) - 2)}
        length = lengths.pop() if len(lengths) == 1 else b""
        # Section 20.14: on a stream the length must be there; two of them are no length.
        if not length.isdigit() or len(length) > 9 or len(head) + int(length) > MAX_MESSAGE:
            refusal = _refusal(head)
            if refusal is not None:
                framed.append(Answer(refusal.serialise()))
            self._break("no usable Content-Length on a stream", framed)
            return False
        self._size = len(head) + int(length)
        return True

    def _break(self, reason: str, framed: list[Framed]) -> None:
        framed.append(Broken(reason))
        self._broken = True
        self._buffer.clear()


def _refusal(head: bytes) -> Response | None:
    """What a request is told that does not say where it ends (RFC 3261 18.3); None for what has no answer."""
    try:
        message = parse(head)
    except MalformedMessage as fault:
        request = fault.request
    else:
        request = message if isinstance(message, Request) and message.method != "ACK" else None
    return None if request is None else request.reply(400, "No Usable Content-Length", to_tag=TAG)
