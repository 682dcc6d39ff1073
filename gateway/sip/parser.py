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
from gateway.core.repeated import Kept
from gateway.sip.fields import MAX_LINE, MAX_ROWS, Headers
from gateway.sip.grammar import is_token, number
from gateway.sip.message import Request, Response
from gateway.sip.reading import read_essential
from gateway.sip.uri import OtherUri, SipUri, Uri, parse_uri

__all__ = ["MAX_LINE", "MAX_MESSAGE", "MAX_ROWS", "MalformedMessage", "parse"]

MAX_MESSAGE: Final = 65_535
"""Octets of a message; RFC 3261 section 18.1.1 asks that datagrams up to this size be handled."""

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
    head, end, body = (data.lstrip(b"\r\n") if data[:1] in b"\r\n" else data).partition(b"\r\n\r\n")
    if not end:
        head, body = head.removesuffix(b"\r\n"), b""
    start, _, rows = head.decode("utf-8", "surrogateescape").partition("\r\n")
    headers, fault = Headers.read(rows)
    method, uri, status, phrase, broken, refusal = _STARTS[start]
    message: Request | Response = (
        Request(method, uri, headers, body) if method else Response(status, phrase, headers, body)
    )
    # What breaks the frame comes first: without it nothing else can be trusted.
    fault = broken or fault or ("" if end else "the header does not end with an empty line")
    if not fault:
        typed = headers.typed
        try:
            read_essential(typed, answer=not method)
            if "content-length" in headers.rows:
                size = _LENGTHS[headers.rows["content-length"][0]]
                if size > len(body):
                    cut = "cut on the way, or its body changed by a SIP ALG"
                    raise MalformedError(f"Content-Length is {size} and {len(body)} octets follow: {cut}")
                message.body = body[:size]
            if method and typed["cseq"].method != method:
                raise MalformedError(f"CSeq says {typed['cseq'].method}, the request line {method}")
        except MalformedError as error:
            fault = str(error)
    if fault:
        answerable = isinstance(message, Request) and method != "ACK" and "via" in headers
        raise MalformedMessage(fault, refusal, message if answerable and isinstance(message, Request) else None)
    return message


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


_STARTS: Final = Kept(_read_start)
_LENGTHS: Final = Kept(lambda text: number(text, "Content-Length", MAX_MESSAGE))
