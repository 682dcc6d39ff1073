"""Bytes to a Request or Response (RFC 3261 sections 7 and 18.3, RFC 4475).

One whole message enters `parse`: a datagram, or what the stream framer cut. Either a message leaves whose
essential headers are there once, well formed and in agreement, or MalformedMessage is raised: it says what is
wrong, with which status to refuse it, and carries the request as far as it could be read where it can be
answered. Work and memory are linear in the input, which is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import Final

from gateway.core.errors import MalformedError
from gateway.sip.fields import MAX_LINE, Headers
from gateway.sip.grammar import is_token, number
from gateway.sip.headers import CSeq
from gateway.sip.message import Message, Request, Response
from gateway.sip.uri import OtherUri, SipUri, parse_uri

__all__ = ["MAX_LINE", "MAX_MESSAGE", "MAX_ROWS", "MalformedMessage", "parse"]

MAX_MESSAGE: Final = 65_535
"""Octets of a message; RFC 3261 section 18.1.1 asks that datagrams up to this size be handled."""
MAX_ROWS: Final = 256
"""Header rows of a message; the longest of RFC 4475 has 44."""

_SINGLE: Final = ("from", "to", "call-id", "cseq", "max-forwards", "content-length", "content-type")
"""Headers that may stand once only (RFC 3261 section 7.3.1); RFC 4475 section 3.3.8 asks to refuse more."""
_MANDATORY: Final = ("via", "from", "to", "call-id", "cseq")
"""RFC 3261 section 8.1.1; Max-Forwards is left out for the sake of RFC 2543 peers."""
_READ_WHERE_THERE: Final[Mapping[str, Callable[[Message], object]]] = MappingProxyType(
    {
        "max-forwards": attrgetter("max_forwards"),
        "contact": attrgetter("contacts"),
        "route": attrgetter("route"),
        "record-route": attrgetter("record_route"),
    }
)
_FOLD: Final = re.compile(rb"\r\n[ \t]+")
VERSION: Final = "SIP/2.0"
_VERSION: Final = re.compile(r"SIP/[0-9]+\.[0-9]+", re.IGNORECASE)


class MalformedMessage(MalformedError):
    """A message that is refused.

    Attributes:
        status: with which to answer, where that is possible: 400, or 505.
        request: what could be read, good enough for `Request.reply`; None for a response, an ACK, and what has
            no Via, none of which can be answered.
    """

    def __init__(self, text: str, status: int = 400, request: Request | None = None) -> None:
        self.status = status
        self.request = request
        super().__init__(text)


def parse(data: bytes) -> Request | Response:
    """Read one message; octets beyond its Content-Length are dropped (section 18.3).

    Raises:
        MalformedMessage: it cannot be used.
    """
    if len(data) > MAX_MESSAGE:
        raise MalformedMessage(f"a message of {len(data)} octets; at most {MAX_MESSAGE} are read", 513)
    # Section 7.5: line breaks before the start line are ignored.
    head, end, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not end:
        head, body = head.removesuffix(b"\r\n"), b""
    if b"\r\n " in head or b"\r\n\t" in head:
        head = _FOLD.sub(b" ", head)
    start, *lines = head.decode("utf-8", "surrogateescape").split("\r\n")
    headers, fault = Headers.read(lines[:MAX_ROWS])
    if len(lines) > MAX_ROWS:
        fault = f"{len(lines)} header rows; at most {MAX_ROWS} are read"
    message, status, start_fault = _start(start, headers)
    # What breaks the frame comes first: without it nothing else can be trusted.
    fault = start_fault or fault or ("" if end else "the header does not end with an empty line")
    fault = fault or _check(message, body, each_once=len(headers) == len(lines))
    if fault:
        answerable = isinstance(message, Request) and message.method != "ACK" and "via" in headers
        raise MalformedMessage(fault, status, message if answerable and isinstance(message, Request) else None)
    return message


def _start(line: str, headers: Headers) -> tuple[Request | Response, int, str]:
    """The message that the start line begins, a status to refuse it with, and what is wrong with the line."""
    first, _, rest = line.partition(" ")
    if first == VERSION or _VERSION.fullmatch(first):
        code, _, phrase = rest.partition(" ")
        good = first.upper() == VERSION and len(code) == 3 and code.isascii() and code.isdigit()
        if not good or not 100 <= int(code) <= 699 or "\r" in phrase or "\n" in phrase:
            return Response(500, "", headers=headers), 400, f"{line[:80]!r} is not a status line"
        return Response(int(code), phrase, headers=headers), 400, ""
    uri, blank, version = rest.rpartition(" ")
    if not is_token(first) or "/" not in line:
        raise MalformedMessage(f"{line[:80]!r} begins no SIP message")
    if not blank or not (version == VERSION or _VERSION.fullmatch(version)):
        return Request(first, OtherUri(""), headers=headers), 400, f"{line[:80]!r} is not a request line"
    partial = Request(first, OtherUri(uri), headers=headers)
    if version.upper() != VERSION:
        return partial, 505, f"{version} is not spoken here"
    if " " in uri:
        return partial, 400, "blanks in the request line other than two single spaces"
    try:
        partial.uri = parse_uri(uri)
    except MalformedError as error:
        return partial, 400, f"Request-URI: {error}"
    if isinstance(partial.uri, SipUri) and partial.uri.headers:
        return partial, 400, "headers in the Request-URI"  # section 19.1.1 table 1
    return partial, 400, ""


def _check(message: Request | Response, body: bytes, *, each_once: bool) -> str:
    """Read what every user of the message needs and set its body; returns what is wrong, or "".

    Args:
        each_once: no header stands there twice.
    """
    headers = message.headers
    if (missing := headers.lacking(_MANDATORY)) is not None:
        return f"there is no {missing.title()}"
    if not each_once and (twice := headers.repeated(_SINGLE)) is not None:
        return f"{twice.title()} is there twice"
    try:
        method = _read(message).method
        length = headers.get("content-length")
        size = len(body) if length is None else number(length, "Content-Length", MAX_MESSAGE)
    except MalformedError as error:
        return str(error)
    if size > len(body):
        return f"Content-Length is {size} and {len(body)} octets follow"
    message.body = body[:size]
    if isinstance(message, Request) and method != message.method:
        return f"CSeq says {method}, the request line {message.method}"
    return ""


def _read(message: Request | Response) -> CSeq:
    """Read each header that every user of the message needs; what is read is kept in the message."""
    _ = message.vias, message.from_, message.to
    for name in message.headers.present(_READ_WHERE_THERE.keys()):
        _READ_WHERE_THERE[name](message)
    return message.cseq
