"""Session descriptions, RFC 8866: bytes in, a SessionDescription out, and back.

What enters is a body that a peer sent; what leaves is a value in which every field of the grammar has a place,
so that serialising gives the same description again. Lines may end in LF alone (RFC 8866 section 5 asks
parsers for it); "s=" and "t=" may be missing, because telephones leave them out and they mean nothing in a
call. Anything else that the grammar does not allow raises MalformedError. Nothing here decides what a
description means for a call: see `negotiate`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from gateway.core.frozen import frozen
from gateway.core.repeated import repeated
from gateway.sdp.section import (
    MAX_NUMBER_DIGITS,
    Section,
    checked,
    is_of_many_calls,
    keep,
    lines_kept,
    lines_of,
    malformed,
    number_of,
)

__all__ = ["Attribute", "Connection", "Media", "Origin", "SessionDescription", "attribute"]

MAX_BYTES: Final = 65536
"""A description cannot be longer than the largest SIP message that we take."""
MAX_LINES: Final = 1000
"""WebRTC offers with many streams run to some 300 lines; more is an attack on our time."""
MAX_MEDIA: Final = 64
"""Streams in one description; we answer each of them, so each costs a line."""
MAX_PORT: Final = 65535
MAX_PORT_DIGITS: Final = 5

_NUMBER: Final = rf"([0-9]{{1,{MAX_NUMBER_DIGITS}}})"
_BEGINNING: Final = re.compile(rf"v=0\r?\no=([!-~]++) {_NUMBER} {_NUMBER} ([!-~]++) ([!-~]++) ([!-~]++)\r?\n")
"""The lines v= and o= as nearly all write them; others are read word by word."""
SESSION_LETTERS: Final = frozenset("siuepbtrzkac")
MEDIA_LETTERS: Final = frozenset("icbka")


class Attribute(NamedTuple):
    """One a= line: a property where `value` is None, else a name and its value (RFC 8866 5.13)."""

    name: str
    value: str | None = None

    def __str__(self) -> str:
        return self.name if self.value is None else f"{self.name}:{self.value}"


class Connection(NamedTuple):
    """A c= line (RFC 8866 5.7): `address` is kept as written, with any /ttl or /count."""

    address: str
    address_type: str = "IP4"
    network_type: str = "IN"

    def __str__(self) -> str:
        return f"{self.network_type} {self.address_type} {self.address}"


@frozen
class Origin:
    """The o= line (RFC 8866 5.2). `version` grows with each change of the description (RFC 3264 section 8)."""

    username: str
    session_id: int
    version: int
    address: str
    address_type: str = "IP4"
    network_type: str = "IN"

    def __str__(self) -> str:
        place = f"{self.network_type} {self.address_type} {self.address}"
        return f"{self.username} {self.session_id} {self.version} {place}"


@frozen
class Media:
    """One m= section (RFC 8866 5.14).

    Attributes:
        kind: "audio", "video", …
        port: transport port; 0 refuses or ends the stream (RFC 3264 section 6).
        protocol: "RTP/AVP", …
        formats: payload types or other formats, most wanted first.
        ports: how many ports ("/2"), or None where not written.
        title, connections, bandwidths, key, attributes: the section's i= c= b= k= a= lines.
    """

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    ports: int | None = None
    title: str | None = None
    connections: tuple[Connection, ...] = ()
    bandwidths: tuple[str, ...] = ()
    key: str | None = None
    attributes: tuple[Attribute, ...] = ()

    def at(self, port: int) -> Media:
        """The same stream at another port."""
        return Media(
            self.kind,
            port,
            self.protocol,
            self.formats,
            self.ports,
            self.title,
            self.connections,
            self.bandwidths,
            self.key,
            self.attributes,
        )


Kind = tuple[str, ...]
"""The text of a description without its o= line and its ports: what a peer writes in every call."""


@frozen
class SessionDescription:
    """A whole description.

    `timing` holds the t=, r= and z= lines in order ("t=0 0"): calls make no use of them. Two descriptions of one
    `kind` differ in their origin and in ports that are not 0 alone; None where nothing is to be kept of it.
    """

    origin: Origin
    name: str = "-"
    information: str | None = None
    uri: str | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    connection: Connection | None = None
    bandwidths: tuple[str, ...] = ()
    timing: tuple[str, ...] = ("t=0 0",)
    key: str | None = None
    attributes: tuple[Attribute, ...] = ()
    media: tuple[Media, ...] = ()
    kind: Kind | None = None

    @classmethod
    def parse(cls, data: bytes) -> SessionDescription:
        """Read a description.

        Raises:
            MalformedError: it breaks the grammar or a bound; the text names the line.
        """
        if len(data) > MAX_BYTES:
            raise malformed(f"longer than {MAX_BYTES} bytes")
        text = data.decode("utf-8", "surrogateescape")
        usual = _BEGINNING.match(text)
        apart = None if usual is None else _apart(text[usual.end() - 1 :])
        if usual is None or apart is None:
            origin, session, media = _read(text)
            return cls(origin, *session, media)
        kind, ports = apart
        known = _READ.get(kind)
        if known is not None:
            user, session_id, version, network, address_type, address = usual.groups()
            origin = Origin(user, int(session_id), int(version), address, address_type, network)
            session, streams = known
            media = tuple([stream.at(port) for stream, port in zip(streams, ports, strict=True)])
        else:
            origin, session, media = _read(text)
            if not is_of_many_calls(text):
                return cls(origin, *session, media)
            keep(_READ, kind, (session, media))
        return cls(origin, *session, media, None if 0 in ports else kind)

    def serialise(self) -> bytes:
        """Write the description, lines in the order that RFC 8866 section 5 asks for, each ended by CRLF."""
        said = (
            self.name,
            self.information,
            self.uri,
            self.emails,
            self.phones,
            self.connection,
            self.bandwidths,
            self.timing,
            self.key,
            self.attributes,
        )
        text = f"v=0\r\no={self.origin}\r\n{_session_text(said)}"
        for media in self.media:
            ports = "" if media.ports is None else f"/{media.ports}"
            of_stream = (media.title, media.connections, media.bandwidths, media.key, media.attributes)
            text += (
                f"m={media.kind} {media.port}{ports} {media.protocol} {' '.join(media.formats)}\r\n"
                f"{_stream_text(of_stream)}"
            )
        return text.encode("utf-8", "surrogateescape")


_Session = tuple[
    str,
    str | None,
    str | None,
    tuple[str, ...],
    tuple[str, ...],
    Connection | None,
    tuple[str, ...],
    tuple[str, ...],
    str | None,
    tuple[Attribute, ...],
]
"""What a description says for all of its streams: its fields from `name` to `attributes`."""
_READ: Final[dict[Kind, tuple[_Session, tuple[Media, ...]]]] = {}
"""What was read of the latest kinds of descriptions, at whatever ports."""


def attribute(attributes: Iterable[Attribute], name: str) -> str | None:
    """The value of the first attribute called `name` ("" for a property), or None where there is none."""
    for found in attributes:
        if found.name == name:
            return found.value or ""
    return None


def _apart(text: str) -> tuple[Kind, list[int]] | None:
    """What follows the line o=, with the line end before it: all but the ports of its streams, and these.

    None where a line m= does not begin as nearly all do.
    """
    head, *streams = text.split("\nm=")
    pieces, ports = [head], []
    for stream in streams:
        media, _, rest = stream.partition(" ")
        port, _, rest = rest.partition(" ")
        usual = media.isalnum() and port.isdecimal() and port.isascii() and len(port) <= MAX_PORT_DIGITS
        if not usual or int(port) > MAX_PORT:
            return None
        ports.append(int(port))
        pieces += (media, rest)
    return tuple(pieces), ports


def _read(text: str) -> tuple[Origin, _Session, tuple[Media, ...]]:
    """A whole description, line by line."""
    if text.count("\n") > MAX_LINES:
        raise malformed(f"more than {MAX_LINES} lines")
    head, *streams = (text.lstrip("\r\n") if text[:1] in "\r\n" else text).split("\nm=")
    if len(streams) > MAX_MEDIA:
        raise malformed(f"more than {MAX_MEDIA} media streams")
    version, _, rest = head.partition("\n")
    if checked(version) != "v=0":
        raise malformed("a session description begins with v=0")
    origin, _, rest = rest.partition("\n")
    if not origin.startswith("o="):
        raise malformed("the second line of a session description is o=")
    return _origin(checked(origin)[2:]), _session(rest), tuple([_media(stream) for stream in streams])


def _origin(value: str) -> Origin:
    words = value.split()
    if len(words) != 6:
        raise malformed("o= has six words: user, id, version, network type, address type, address")
    user, session_id, version, network, address_type, address = words
    return Origin(
        user, number_of(session_id, "session id"), number_of(version, "version"), address, address_type, network
    )


@repeated
def _connection(value: str) -> Connection:
    words = value.split()
    if len(words) != 3:
        raise malformed("c= has three words: network type, address type, address")
    network, address_type, address = words
    return Connection(address, address_type, network)


def _attribute(value: str) -> Attribute:
    # Keys (RFC 4568) are of one call alone, and nothing to be kept.
    return _read_attribute(value) if value.startswith("crypto:") else _kept_attribute(value)


@repeated
def _kept_attribute(value: str) -> Attribute:
    return _read_attribute(value)


def _read_attribute(value: str) -> Attribute:
    name, colon, rest = value.partition(":")
    if not name:
        raise malformed("a= without a name")
    return Attribute(name, rest if colon else None)


def _session(text: str) -> _Session:
    """What a description says for all of its streams: its fields from `name` to `attributes`."""
    lines = lines_of(text)
    section = Section(lines, SESSION_LETTERS)
    connection = section.one("c")
    timing = tuple([f"{letter}={value}" for letter, value in lines if letter in "trz"])
    return (
        section.one("s") or "-",
        section.one("i"),
        section.one("u"),
        section.all("e"),
        section.all("p"),
        None if connection is None else _connection(connection),
        section.all("b"),
        timing or ("t=0 0",),
        section.one("k"),
        section.map("a", _attribute),
    )


def _media(text: str) -> Media:
    """A stream: what follows m=, to the next stream."""
    first, _, rest = text.partition("\n")
    words = checked(f"m={first}")[2:].split()
    if len(words) < 4:
        raise malformed("m= has a kind, a port, a protocol and at least one format")
    kind, port_text, protocol, *formats = words
    port_text, slash, count = port_text.partition("/")
    port = number_of(port_text, "port")
    if port > MAX_PORT:
        raise malformed(f"port {port} is above {MAX_PORT}")
    ports = number_of(count, "number of ports") if slash else None
    return Media(kind, port, protocol, tuple(formats), ports, *_stream(rest))


def _stream(
    text: str,
) -> tuple[str | None, tuple[Connection, ...], tuple[str, ...], str | None, tuple[Attribute, ...]]:
    """What is said of a stream below its m= line: the fields from `title` to `attributes`."""
    section = Section(lines_of(text), MEDIA_LETTERS)
    return (
        section.one("i"),
        section.map("c", _connection),
        section.all("b"),
        section.one("k"),
        section.map("a", _attribute),
    )


@lines_kept
def _session_text(
    name: str,
    information: str | None,
    uri: str | None,
    emails: tuple[str, ...],
    phones: tuple[str, ...],
    connection: Connection | None,
    bandwidths: tuple[str, ...],
    timing: tuple[str, ...],
    key: str | None,
    attributes: tuple[Attribute, ...],
) -> list[str]:
    """The lines that `_session` reads."""
    return [
        f"s={name}",
        *_optional("i", information),
        *_optional("u", uri),
        *[f"e={email}" for email in emails],
        *[f"p={phone}" for phone in phones],
        *_optional("c", connection),
        *[f"b={bandwidth}" for bandwidth in bandwidths],
        *timing,
        *_optional("k", key),
        *_written(attributes),
    ]


@lines_kept
def _stream_text(
    title: str | None,
    connections: tuple[Connection, ...],
    bandwidths: tuple[str, ...],
    key: str | None,
    attributes: tuple[Attribute, ...],
) -> list[str]:
    """The lines that `_stream` reads."""
    return [
        *_optional("i", title),
        *[f"c={connection}" for connection in connections],
        *[f"b={bandwidth}" for bandwidth in bandwidths],
        *_optional("k", key),
        *_written(attributes),
    ]


def _written(attributes: tuple[Attribute, ...]) -> list[str]:
    return [f"a={name}" if value is None else f"a={name}:{value}" for name, value in attributes]


def _optional(letter: str, value: object | None) -> tuple[str, ...]:
    return () if value is None else (f"{letter}={value}",)
