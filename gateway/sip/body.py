"""Message bodies: what type they are, and the part of that type inside a multipart one (RFC 2046, RFC 5621).

A message and a media type enter, octets leave.
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

__all__ = ["AS_IT_IS", "SDP", "SESSION", "find_body", "is_optional", "is_session", "media_type", "required_types"]

SDP: Final = "application/sdp"
SESSION: Final = "session"
"""What a body is there for that describes the session, or does not say what it is there for."""

MAX_PARTS: Final = 16
"""Parts of a multipart body that are looked at; telephones send two or three."""
MAX_DEPTH: Final = 3
"""Multiparts within one another that are looked into (RFC 5621 section 4.2)."""
AS_IT_IS: Final = "identity"
"""The one Content-Encoding that is understood."""


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

    A session description that is there for something else, as for early media (RFC 3959), is passed over, and so is
    a part in an encoding that cannot be read.

    Raises:
        MalformedError: the Content-Type, or the multipart, cannot be read.
    """
    rows = message.headers.rows
    if not message.body or "content-type" not in rows:
        return None
    kind, parameters = media_type(rows["content-type"][0])
    if kind == wanted:
        if wanted == SDP and "content-disposition" in rows and not is_session(rows["content-disposition"][0]):
            return None
        return message.body
    if not kind.startswith("multipart/"):
        return None
    for part in _read_parts(message.body, parameters):
        if part.type == wanted and part.is_known:
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
    parts = [part for part in _read_parts(message.body, parameters) if part.required]
    return [part.type if part.is_known else f"{part.type} of another kind" for part in parts]


def _purpose(disposition: str) -> tuple[str, Parameters]:
    """What a body is there for (Content-Disposition, RFC 3261 20.11), in lower case, and its parameters."""
    purpose, said = media_type(f"x/{disposition}")
    return purpose.removeprefix("x/"), said


def is_session(disposition: str) -> bool:
    """Whether a Content-Disposition says that the body describes the session.

    Raises:
        MalformedError: it cannot be read.
    """
    return _purpose(disposition)[0] == SESSION


def is_optional(disposition: str) -> bool:
    """Whether a Content-Disposition lets whoever does not understand the body do without.

    Raises:
        MalformedError: it cannot be read.
    """
    return (_purpose(disposition)[1].get("handling") or "").lower() == "optional"


@frozen
class _Part:
    """A part of a multipart body.

    Attributes:
        type: in lower case.
        required: it says that it must be understood.
        is_known: it is in no Content-Encoding, and a session description is for nothing but the session.
        content: its octets.
    """

    type: str
    required: bool
    is_known: bool
    content: bytes


def _read_parts(body: bytes, parameters: Parameters, depth: int = 1) -> Iterator[_Part]:
    """The parts of a multipart, those of the multiparts among them in their place."""
    boundary = parameters.get("boundary")
    if not boundary:
        raise MalformedError("a multipart body without a boundary")
    for piece in _parts(body, boundary.encode("utf-8", "surrogateescape")):
        header, _, content = piece.partition(b"\r\n\r\n")
        fields = _fields(header)
        kind, within = media_type(fields.get("content-type", "text/plain"))
        if kind.startswith("multipart/") and depth < MAX_DEPTH:
            yield from _read_parts(content, within, depth + 1)
            continue
        purpose, said = _purpose(fields.get("content-disposition", SESSION))
        required = (said.get("handling") or "").lower() == "required"
        is_plain = fields.get("content-encoding", AS_IT_IS).lower() == AS_IT_IS
        yield _Part(kind, required, is_plain and (kind != SDP or purpose == SESSION), content)


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
