"""Where messages come from and go to, without a socket (RFC 3261 section 18, RFC 3581, RFC 5626 section 4.4.1).

Octets of a stream enter the StreamFramer and leave as whole messages; a request that has arrived is stamped with
where it came from, and from that stamp its responses find their way back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address
from typing import Final

from gateway.core.errors import MalformedError
from gateway.core.repeated import repeated
from gateway.sip.headers import Via
from gateway.sip.message import Request, Response
from gateway.sip.parser import MAX_MESSAGE

__all__ = [
    "DEFAULT_PORT",
    "Address",
    "Broken",
    "Datagram",
    "Flow",
    "Framed",
    "KeepAlive",
    "StreamFramer",
    "is_address",
    "response_flow",
    "stamp",
]

Address = tuple[str, int]
"""IP address (IPv6 without brackets) and port."""

DEFAULT_PORT: Final = 5060


@dataclass(frozen=True, slots=True)
class Flow:
    """A way between us and a peer: a pair of UDP addresses, or one connection.

    Attributes:
        transport: "udp", "tcp" (later "tls", "ws", "wss").
        local: our address.
        remote: the peer's.
    """

    transport: str
    local: Address
    remote: Address

    @property
    def is_reliable(self) -> bool:
        """Whether the transport repeats what is lost, so that transactions need not."""
        return self.transport != "udp"

    def __str__(self) -> str:
        return f"{self.transport}:{self.remote[0]}:{self.remote[1]}"


@dataclass(frozen=True, slots=True)
class Datagram:
    """Octets to be sent on a flow; on a stream, one whole message."""

    data: bytes
    flow: Flow


class KeepAlive(Enum):
    """A keep-alive between messages of a stream."""

    PING = "\r\n\r\n"
    PONG = "\r\n"


@dataclass(frozen=True, slots=True)
class Broken:
    """The stream can be framed no longer: answer `data` where it can be, then close the connection.

    Attributes:
        reason: what is wrong.
        data: the header that shows it, from which `parser.parse` may read (or refuse with) a request that can
            be answered; empty where not even that came.
    """

    reason: str
    data: bytes


Framed = bytes | KeepAlive | Broken

_END: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(rb"\r\n(?:Content-Length|l)[ \t]*+:[ \t\r\n]*+([^\r\n]*+)", re.IGNORECASE)
MAX_HEADER: Final = 32_768
"""Octets that may gather before a stream's header ends; more is no SIP peer."""


class StreamFramer:
    """Cuts one connection's octets into messages (RFC 3261 section 18.3).

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
        end = self._buffer.find(_END, start + self._seen)
        if end < 0:
            if len(self._buffer) - start > MAX_HEADER:
                self._break(f"no end of the header in {MAX_HEADER} octets", b"", framed)
                return False
            self._seen = max(0, len(self._buffer) - start - len(_END) + 1)
            return False
        head = bytes(self._buffer[start : end + len(_END)])
        lengths = {found.strip() for found in _LENGTH.findall(head, 0, len(head) - 2)}
        length = lengths.pop() if len(lengths) == 1 else b""
        # Section 20.14: on a stream the length must be there; two of them are no length.
        if not length.isdigit() or len(length) > 9 or len(head) + int(length) > MAX_MESSAGE:
            self._break("no usable Content-Length on a stream", head, framed)
            return False
        self._size = len(head) + int(length)
        return True

    def _break(self, reason: str, head: bytes, framed: list[Framed]) -> None:
        framed.append(Broken(reason, head))
        self._broken = True
        self._buffer.clear()


def stamp(request: Request, flow: Flow) -> None:
    """Note in the topmost Via where `request` really came from (RFC 3261 section 18.2.1, RFC 3581 section 4).

    What the sender wrote into `received` itself is dropped: believed, it would send our responses to others.

    Raises:
        MalformedError: the Via of a request that did not parse cannot be read.
    """
    via = request.via
    host, port = flow.remote
    asks_for_port = "rport" in via.parameters
    parameters = via.parameters
    if "received" in parameters:
        parameters = parameters.without("received")
    if asks_for_port:
        parameters = parameters.having("rport", str(port))
    if asks_for_port or not _same_address(via.host, host):
        parameters = parameters.having("received", host)
    if parameters is not via.parameters:
        request.set_top_via(Via(via.transport, via.host, via.port, parameters))


def response_flow(response: Response, flow: Flow) -> Flow:
    """The flow on which the response to a request that came on `flow` goes back (section 18.2.2).

    A stream carries it back itself; over UDP the stamped topmost Via tells. One that cannot be read, or that
    names no address, sends it to where the request came from. A maddr is not followed: it is for multicast,
    which is not listened to here, and would let a sender point our responses at anybody.
    """
    if flow.is_reliable:
        return flow
    try:
        via = response.via
    except MalformedError:
        return flow
    if via.rport is not None and via.received is not None:
        return Flow(flow.transport, flow.local, (via.received, via.rport))
    target = via.received or via.host
    port = via.port or DEFAULT_PORT
    return Flow(flow.transport, flow.local, (target, port)) if is_address(target) else flow


@repeated
def is_address(text: str) -> bool:
    """Whether `text` is an IP address, and no name to be looked up."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _same_address(one: str, other: str) -> bool:
    if one == other:
        return True
    try:
        return ip_address(one) == ip_address(other)
    except ValueError:
        return False
