"""Bytes to a Request or Response (RFC 3261 sections 7 and 18.3, RFC 4475).

One whole message enters `parse`: a datagram, or what the stream framer cut. Either a message leaves whose
essential headers are there once, well formed and in agreement, or MalformedMessage is raised: it says what is
wrong, with which status to refuse it, and carries the request as far as it could be read where it can be
answered. Work and memory are linear in the input, which is bounded.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from gateway.core.errors import MalformedError
from gateway.core.repeated import repeated
from gateway.sip.fields import MAX_LINE, Headers
from gateway.sip.grammar import is_token, number
from gateway.sip.message import Request, Response
from gateway.sip.uri import OtherUri, SipUri, Uri, parse_uri

__all__ = ["MAX_LINE", "MAX_MESSAGE", "MAX_ROWS", "MalformedMessage", "parse"]

MAX_MESSAGE: Final = 65_535
"""Octets of a message; RFC 3261 section 18.1.1 asks that datagrams up to this size be handled."""
MAX_ROWS: Final = 256
"""Header rows of a message; the longest of RFC 4475 has 44."""

_SINGLE: Final = ("from", "to", "call-id", "cseq", "max-forwards", "content-length", "content-type")
"""Headers that may stand once only (RFC 3261 section 7.3.1); RFC 4475 section 3.3.8 asks to refuse more."""
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
    text = head.decode("utf-8", "surrogateescape")
    start, *lines = text.split("\r\n")
    count = len(lines)
    headers, fault = Headers.read(lines[:MAX_ROWS], plain=_is_plain(text, count))
    if count > MAX_ROWS:
        fault = f"{count} header rows; at most {MAX_ROWS} are read"
    begun = _read_start(start)
    message = begun.message(headers)
    # What breaks the frame comes first: without it nothing else can be trusted.
    fault = begun.fault or fault or ("" if end else "the header does not end with an empty line")
    fault = fault or _check(message, body, each_once=len(headers) == count)
    if fault:
        answerable = isinstance(message, Request) and message.method != "ACK" and "via" in headers
        raise MalformedMessage(
            fault, begun.refusal, message if answerable and isinstance(message, Request) else None
        )
    return message


def _is_plain(text: str, ends: int) -> bool:
    """Whether the lines of `text`, which has so many ends of lines, may be read in one go: see `Headers.read`."""
    if len(text) > MAX_LINE or text.count("\r") != ends or text.count("\n") != ends:
        return False
    return not ("\t" in text or ":  " in text or " \r" in text or text[-1:] == " ")


class _Start(NamedTuple):
    """What a start line says.

    Attributes:
        method, uri: of a request; both empty in a status line.
        status, reason: of a response.
        fault: what is wrong with the line, "" for nothing.
        refusal: with which status to refuse it then.
    """

    method: str = ""
    uri: Uri = OtherUri("")
    status: int = 500
    reason: str = ""
    fault: str = ""
    refusal: int = 400

    def message(self, headers: Headers) -> Request | Response:
        """The message that it begins."""
        if self.method:
            return Request(self.method, self.uri, headers=headers)
        return Response(self.status, self.reason, headers=headers)


@repeated
def _read_start(line: str) -> _Start:
    first, _, rest = line.partition(" ")
    if first == VERSION or _VERSION.fullmatch(first):
        code, _, phrase = rest.partition(" ")
        good = first.upper() == VERSION and len(code) == 3 and code.isascii() and code.isdigit()
        if not good or not 100 <= int(code) <= 699 or "\r" in phrase or "\n" in phrase:
            return _Start(fault=f"{line[:80]!r} is not a status line")
        return _Start(status=int(code), reason=phrase)
    uri, blank, version = rest.rpartition(" ")
    if not is_token(first) or "/" not in line:
        raise MalformedMessage(f"{line[:80]!r} begins no SIP message")
    if not blank or not (version == VERSION or _VERSION.fullmatch(version)):
        return _Start(first, fault=f"{line[:80]!r} is not a request line")
    partial = _Start(first, OtherUri(uri))
    if version.upper() != VERSION:
        return partial._replace(fault=f"{version} is not spoken here", refusal=505)
    if " " in uri:
        return partial._replace(fault="blanks in the request line other than two single spaces")
    try:
        read = parse_uri(uri)
    except MalformedError as error:
        return partial._replace(fault=f"Request-URI: {error}")
    if isinstance(read, SipUri) and read.headers:
        return _Start(first, read, fault="headers in the Request-URI")  # section 19.1.1 table 1
    return _Start(first, read)


def _check(message: Request | Response, body: bytes, *, each_once: bool) -> str:
    """Read what every user of the message needs and set its body; returns what is wrong, or "".

    Args:
        each_once: no header stands there twice.
    """
    headers = message.headers
    if not each_once and (twice := headers.repeated(_SINGLE)) is not None:
        return f"{twice.title()} is there twice"
    try:
        headers.read_essential()
        length = headers.get("content-length")
        size = len(body) if length is None else _read_length(length)
    except MalformedError as error:
        return str(error)
    if size > len(body):
        return f"Content-Length is {size} and {len(body)} octets follow"
    message.body = body[:size]
    if isinstance(message, Request) and (method := message.cseq.method) != message.method:
        return f"CSeq says {method}, the request line {message.method}"
    return ""


@repeated
def _read_length(text: str) -> int:
    return number(text, "Content-Length", MAX_MESSAGE)
