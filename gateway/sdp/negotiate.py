"""Offer and answer (RFC 3264) for the one audio stream of a call leg.

Descriptions enter and leave; what is agreed comes out as an Agreement, in the words of gateway.core.audio. One
Negotiation lives as long as its dialog: it remembers every stream slot, the payload types in use and the version
of its own description. Streams other than the one audio stream are answered with port 0. It never resolves
names, opens ports or knows which message carries a description.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from gateway.core.audio import Codec, Encoding
from gateway.core.cause import Cause
from gateway.core.errors import RemoteError
from gateway.core.repeated import repeated
from gateway.sdp.description import Attribute, Connection, Media, Origin, SessionDescription, attribute

__all__ = ["Agreement", "Direction", "Negotiation", "NotAcceptable"]

EVENT_NAME: Final = "telephone-event"
EVENT_RANGE: Final = "0-16"
"""DTMF 0-15 and hook flash 16 (RFC 4733 section 3.2)."""
EVENT_PAYLOAD_TYPE: Final = 101
"""No static type exists; 101 is what nearly everybody uses, so old telephones that hard-wire it work too."""
RATE: Final = 8000
PTIMES: Final = frozenset({10, 20, 30, 40, 50, 60})
"""Packet lengths in ms that we can be asked for; anything else is answered with 20."""
DEFAULT_PTIME: Final = 20
STATIC_FORMATS: Final = {"0": "PCMU", "8": "PCMA"}
"""Payload types that need no rtpmap (RFC 3551 table 4), as far as we speak them."""
ENCODINGS: Final = {encoding.value: encoding for encoding in Encoding}
PROTOCOLS: Final = frozenset({"RTP/AVP"})
DEFAULT_CODECS: Final = (Codec(Encoding.PCMU, 0), Codec(Encoding.PCMA, 8), Codec(Encoding.L16, 96))
DYNAMIC_TYPES: Final = range(96, 128)
UNSPECIFIED: Final = frozenset({"0.0.0.0", "::"})
"""A c= address that meant hold before RFC 3264 (its section 8.4 still asks us to take it)."""

WARNING_NETWORK: Final = 300
WARNING_ADDRESS: Final = 301
WARNING_TRANSPORT: Final = 302
WARNING_MEDIA_TYPE: Final = 304
WARNING_FORMAT: Final = 305


class NotAcceptable(RemoteError):
    """No session can come of a description: it is refused with 488 (RFC 3261 21.4.26).

    `warning` is the warn-code of RFC 3261 20.43 that says why: 301 address, 302 transport, 304 media type,
    305 format.
    """

    def __init__(self, text: str, warning: int) -> None:
        self.warning = warning
        super().__init__(text, Cause.BEARER_CAPABILITY_NOT_IMPLEMENTED)


class Direction(Enum):
    """Which way media flows, seen from whoever wrote it (RFC 8866 6.7); the value is the attribute's name."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def sends(self) -> bool:
        return self in (Direction.SENDRECV, Direction.SENDONLY)

    @property
    def receives(self) -> bool:
        return self in (Direction.SENDRECV, Direction.RECVONLY)

    @classmethod
    def of(cls, *, sends: bool, receives: bool) -> Direction:
        if sends:
            return cls.SENDRECV if receives else cls.SENDONLY
        return cls.RECVONLY if receives else cls.INACTIVE


DIRECTIONS: Final = {direction.value: direction for direction in Direction}


@dataclass(frozen=True, slots=True)
class Agreement:
    """What offer and answer have come to.

    Attributes:
        address, port: where the peer listens for RTP.
        codec: what both use.
        event_payload_type: RFC 4733 payload type of the peer, or None.
        direction: ours: what we may send and receive.
        held: the peer has put us on hold: it wants to hear nothing from us.
    """

    address: str
    port: int
    codec: Codec
    event_payload_type: int | None
    direction: Direction
    held: bool


@dataclass(frozen=True, slots=True)
class _Stream:
    """A peer's audio stream as far as we can use it, formats in the peer's order."""

    slot: int
    address: str
    port: int
    codecs: tuple[Codec, ...]
    event_payload_type: int | None
    direction: Direction
    on_hold: bool


class Negotiation:
    """Our side of one dialog's offer/answer exchanges.

    Args:
        address, port: our RTP address (an IP literal) and port.
        session_id: for o=; unique in its time (RFC 8866 5.2 suggests a clock or a random number).
        codecs: what we can use, most wanted first; the payload types are those that we offer.
        username: for o=.
    """

    def __init__(
        self,
        *,
        address: str,
        port: int,
        session_id: int,
        codecs: Sequence[Codec] = DEFAULT_CODECS,
        username: str = "copperline",
    ) -> None:
        self._address = address
        self._port = port
        self._address_type = "IP6" if ":" in address else "IP4"
        self._codecs = tuple(codecs)
        self._origin = Origin(username, session_id, session_id, address, self._address_type)
        self._slots: tuple[Media, ...] = ()
        self._slot = 0
        self._local: SessionDescription | None = None
        self._offered: Direction | None = None
        self.agreement: Agreement | None = None
        """What is in force; None until the first exchange is complete."""

    @property
    def local(self) -> SessionDescription | None:
        """Our latest description."""
        return self._local

    def offer(self, direction: Direction = Direction.SENDRECV) -> SessionDescription:
        """Write an offer: everything we can do, what is in use first. Use SENDONLY to hold, SENDRECV to resume."""
        self._offered = direction
        events = self.agreement.event_payload_type if self.agreement else EVENT_PAYLOAD_TYPE
        codecs = self._offerable()
        if events is None or any(codec.payload_type == events for codec in codecs):
            taken = {codec.payload_type for codec in codecs}
            events = next(number for number in (EVENT_PAYLOAD_TYPE, *DYNAMIC_TYPES) if number not in taken)
        stream = self._media(codecs, events, direction)
        slots = list(self._slots) or [stream]
        slots[self._slot] = stream
        return self._publish(tuple(slots))

    def answer(self, offer: SessionDescription, direction: Direction = Direction.SENDRECV) -> SessionDescription:
        """Take an offer and write its answer; `agreement` is then in force.

        Args:
            direction: what we are willing to do (SENDONLY while we hold the peer).

        Raises:
            NotAcceptable: no session can come of it; nothing has changed (RFC 3264 section 8, RFC 3261 14.2).
        """
        stream = self._stream(offer, self._codecs)
        codec = stream.codecs[0]
        ours = Direction.of(
            sends=stream.direction.receives and direction.sends,
            receives=stream.direction.sends and direction.receives,
        )
        chosen = self._media((codec,), stream.event_payload_type, ours)
        self._slot = stream.slot
        self._offered = None
        self.agreement = self._agree(stream, codec, ours)
        return self._publish(
            tuple(chosen if slot == stream.slot else _refused(media) for slot, media in enumerate(offer.media))
        )

    def accept(self, answer: SessionDescription) -> Agreement:
        """Take the answer to our latest offer.

        Raises:
            NotAcceptable: it leaves no session; nothing has changed.
        """
        stream = self._stream(answer, self._offerable())
        wanted = self._offered or Direction.SENDRECV
        ours = Direction.of(
            sends=wanted.sends and stream.direction.receives,
            receives=wanted.receives and stream.direction.sends,
        )
        self._offered = None
        self.agreement = self._agree(stream, stream.codecs[0], ours)
        return self.agreement

    def withdraw(self) -> None:
        """Our latest offer was refused: what was agreed before stays in force (RFC 3261 14.1)."""
        self._offered = None

    def _agree(self, stream: _Stream, codec: Codec, ours: Direction) -> Agreement:
        return Agreement(stream.address, stream.port, codec, stream.event_payload_type, ours, held=stream.on_hold)

    def _offerable(self) -> tuple[Codec, ...]:
        """Our codecs with the one in use first, at the number it has in this dialog (RFC 3264 8.3.2)."""
        if self.agreement is None:
            return self._codecs
        used = self.agreement.codec
        others = (codec for codec in self._codecs if codec.encoding is not used.encoding)
        return (used, *(codec for codec in others if codec.payload_type != used.payload_type))

    def _media(self, codecs: Sequence[Codec], events: int | None, direction: Direction) -> Media:
        formats = [str(codec.payload_type) for codec in codecs]
        lines = [
            Attribute("rtpmap", f"{codec.payload_type} {codec.encoding.value}/{codec.rate}") for codec in codecs
        ]
        if events is not None:
            formats.append(str(events))
            lines.append(Attribute("rtpmap", f"{events} {EVENT_NAME}/{RATE}"))
            lines.append(Attribute("fmtp", f"{events} {EVENT_RANGE}"))
        lines += [Attribute("ptime", str(codecs[0].ptime)), Attribute(direction.value)]
        return Media("audio", self._port, "RTP/AVP", tuple(formats), attributes=tuple(lines))

    def _publish(self, slots: tuple[Media, ...]) -> SessionDescription:
        """Give out our description; its version grows exactly when it has changed (RFC 3264 section 8)."""
        self._slots = tuple(_refused(media) if slot != self._slot else media for slot, media in enumerate(slots))
        if self._local is None or self._local.media != self._slots:
            if self._local is not None:
                self._origin = replace(self._origin, version=self._origin.version + 1)
            connection = Connection(self._address, self._address_type)
            self._local = SessionDescription(self._origin, connection=connection, media=self._slots)
        return self._local

    def _stream(self, description: SessionDescription, ours: Sequence[Codec]) -> _Stream:
        """The first audio stream of `description` that we can use.

        Raises:
            NotAcceptable: there is none; the text says why the last one would not do.
        """
        refusal = NotAcceptable("the peer's session description has no audio stream", WARNING_MEDIA_TYPE)
        for slot, media in enumerate(description.media):
            if media.kind != "audio" or media.port == 0:
                continue
            try:
                return _usable(description, slot, media, ours, self._address_type)
            except NotAcceptable as fault:
                refusal = fault
        raise refusal


def _refused(media: Media) -> Media:
    """The slot of a stream that we do not take: same kind and formats, port 0 (RFC 3264 section 6)."""
    return Media(media.kind, 0, media.protocol, media.formats)


def _usable(
    description: SessionDescription, slot: int, media: Media, ours: Sequence[Codec], family: str
) -> _Stream:
    if media.protocol not in PROTOCOLS:
        raise NotAcceptable(f"we speak RTP/AVP, the peer wants {media.protocol}", WARNING_TRANSPORT)
    connection = media.connections[0] if media.connections else description.connection
    address = _literal(connection, family)
    ptime = _ptime(media)
    codecs: list[Codec] = []
    event_payload_type: int | None = None
    for payload_type, name, rate in _formats(media):
        if rate != RATE:
            continue
        if name == EVENT_NAME and event_payload_type is None:
            event_payload_type = payload_type
        encoding = ENCODINGS.get(name.upper())
        if encoding is not None and any(codec.encoding is encoding for codec in ours):
            codecs.append(Codec(encoding, payload_type, rate, ptime))
    if not codecs:
        offered = " ".join(name for _, name, _ in _formats(media)) or " ".join(media.formats)
        spoken = " ".join(codec.encoding.value for codec in ours)
        raise NotAcceptable(f"no common codec: the peer has {offered[:80]}, we have {spoken}", WARNING_FORMAT)
    direction = _direction(description, media)
    on_hold = address in UNSPECIFIED or not direction.receives
    if address in UNSPECIFIED:
        direction = Direction.of(sends=direction.sends, receives=False)
    return _Stream(slot, address, media.port, tuple(codecs), event_payload_type, direction, on_hold)


def _literal(connection: Connection | None, family: str) -> str:
    if connection is None:
        raise NotAcceptable("the peer's audio stream has no c= line", WARNING_ADDRESS)
    text = connection.address.partition("/")[0]
    try:
        address = _address(text)
    except ValueError:
        raise NotAcceptable(
            f"the peer's media address is not an IP address: {text[:60]}", WARNING_ADDRESS
        ) from None
    if f"IP{address.version}" != family:
        raise NotAcceptable(f"our audio is on {family}, the peer's on IP{address.version}: {text}", WARNING_NETWORK)
    if address.is_multicast:
        raise NotAcceptable(f"the peer's media address is a multicast one: {text}", WARNING_ADDRESS)
    return str(address)


@repeated
def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.ip_address(text)


def _formats(media: Media) -> Iterator[tuple[int, str, int]]:
    """Payload type, encoding name and clock rate of each mono format, in the order of the m= line."""
    maps: dict[str, str] = {}
    for line in media.attributes:
        if line.name == "rtpmap" and line.value:
            payload_type, _, mapping = line.value.partition(" ")
            maps.setdefault(payload_type, mapping.strip())
    for text in media.formats:
        if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) < 128):
            continue
        static = STATIC_FORMATS.get(text)
        name, _, rest = maps.get(text, f"{static}/{RATE}" if static else "").partition("/")
        rate, _, channels = rest.partition("/")
        if name and rate.isascii() and rate.isdigit() and len(rate) <= 6 and channels in ("", "1"):
            yield int(text), name if name.upper() in ENCODINGS else name.lower(), int(rate)


def _ptime(media: Media) -> int:
    text = attribute(media.attributes, "ptime") or ""
    ptime = int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else DEFAULT_PTIME
    return ptime if ptime in PTIMES else DEFAULT_PTIME


def _direction(description: SessionDescription, media: Media) -> Direction:
    for attributes in (media.attributes, description.attributes):
        for line in attributes:
            if line.value is None and line.name in DIRECTIONS:
                return DIRECTIONS[line.name]
    return Direction.SENDRECV
