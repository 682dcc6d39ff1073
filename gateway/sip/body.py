"""Message bodies: what type they are, and the part of that type inside a multipart one (RFC 2046, RFC 5621).

A message and a media type enter, octets leave. Nested multiparts are not searched: no telephone sends SDP there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.core.errors import MalformedError
from gateway.core.frozen import frozen
from gateway.core.repeated import repeated
from gateway.sip.grammar import BLANKS
from gateway.sip.message import Message
from gateway.sip.parameters import Parameters

__all__ = ["find_body", "media_type", "required_types"]

SDP: Final = "application/sdp"

MAX_PARTS: Final = 16
"""Parts of a multipart body that are looked at; telephones send two or three."""


@repeated
def media_type(content_type: str) -> tuple[str, Parameters]:
    """The type of a Content-Type value in lower case ("application/sdp"), and its parameters.

    Raises:
        MalformedError: it is none.
    """
    text, semicolon, rest = content_type.partition(";")
    kind, slash, subtype = (piece.strip(BLANKS).lower() for piece in text.partition("/"))
    if not (kind and slash and subtype):
        raise MalformedError(f"{content_type[:80]!r} is not a Content-Type")
    return f"{kind}/{subtype}", Parameters.parse((semicolon + rest).strip(BLANKS))


def find_body(message: Message, wanted: str = SDP) -> bytes | None:
    """The body of `message` if it is of type `wanted`, or its first part that is; None where there is none.

    A part that is there for something else than the session, as one for early media (RFC 3959), is passed over.

    Raises:
        MalformedError: the Content-Type, or the multipart, cannot be read.
    """
    rows = message.headers.rows
    if not message.body or "content-type" not in rows:
        return None
    kind, parameters = media_type(rows["content-type"][0])
    if kind == wanted:
        return message.body
    if not kind.startswith("multipart/"):
        return None
    for part in _read_parts(message, parameters):
        if part.type == wanted and part.purpose == "session":
            return part.content
    return None


def required_types(message: Message) -> list[str]:
    """The types of the parts of a multipart body that say that they must be understood (RFC 5621 section 5.3).

    A part that does not say so may be anything: the places and the ISUP messages that others put beside an offer
    are for those who look for them. Of alternatives one is enough.

    Raises:
        MalformedError: the Content-Type, or the multipart, cannot be read.
    """
    kind, parameters = media_type(message.headers.get("content-type") or "text/plain")
    if not kind.startswith("multipart/") or kind == "multipart/alternative":
        return []
    return [part.type for part in _read_parts(message, parameters) if part.required]


@frozen
class _Part:
    """A part of a multipart body.

    Attributes:
        type: in lower case.
        purpose: what it is there for (Content-Disposition), in lower case.
        required: it says that it must be understood.
        content: its octets.
    """

    type: str
    purpose: str
    required: bool
    content: bytes


def _read_parts(message: Message, parameters: Parameters) -> Iterator[_Part]:
    boundary = parameters.get("boundary")
    if not boundary:
        raise MalformedError("a multipart body without a boundary")
    for piece in _parts(message.body, boundary.encode("utf-8", "surrogateescape")):
        header, _, content = piece.partition(b"\r\n\r\n")
        fields = _fields(header)
        kind, _ = media_type(fields.get("content-type", "text/plain"))
        purpose, said = media_type(f"x/{fields.get('content-disposition', 'session')}")
        required = (said.get("handling") or "").lower() == "required"
        yield _Part(kind, purpose.removeprefix("x/"), required, content)


def _parts(body: bytes, boundary: bytes) -> list[bytes]:
    """The parts with their headers; what precedes the first and follows the last is dropped (RFC 2046 5.1.1)."""
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary, MAX_PARTS + 1)[1:]
    parts: list[bytes] = []
    for piece in pieces[:MAX_PARTS]:
        if piece.startswith(b"--"):
            return parts
        # What stands on the boundary's line after it is padding. Its line break is kept: right after it a blank
        # line may come, in a part without headers.
        parts.append(piece[piece.find(b"\r\n") :])
    return parts


def _fields(header: bytes) -> dict[str, str]:
    """The header fields of a part, by their names in lower case."""
    rows = (line.partition(":") for line in header.decode("utf-8", "surrogateescape").split("\r\n"))
    return {name.strip(BLANKS).lower(): value.strip(BLANKS) for name, colon, value in rows if colon}
