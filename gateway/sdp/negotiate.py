"""Offer and answer (RFC 3264) for the one audio stream of a call leg.

Descriptions enter and leave; what is agreed comes out as an Agreement, in the words of gateway.core.audio. One
Negotiation lives as long as its dialog: it remembers every stream slot, the payload types in use and the version
of its own description. Streams other than the one audio stream are answered with port 0. It never resolves
names, opens ports or knows which message carries a description.
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from gateway.core.audio import Codec, Encoding
from gateway.core.codecs import dearest_first
from gateway.core.repeated import repeated
from gateway.core.srtp import Encryption, Protection
from gateway.sdp.crypto import Crypto, cryptos_of
from gateway.sdp.description import Attribute, Connection, Media, Origin, SessionDescription, attribute
from gateway.sdp.keying import Keying
from gateway.sdp.refusal import WARNING_ADDRESS, WARNING_FORMAT, WARNING_MEDIA_TYPE, WARNING_NETWORK, NotAcceptable

__all__ = ["Agreement", "Direction", "Negotiation", "NotAcceptable"]

EVENT_NAME: Final = "telephone-event"
EVENT_RANGE: Final = "0-16"
"""DTMF 0-15 and hook flash 16 (RFC 4733 section 3.2)."""
EVENT_PAYLOAD_TYPE: Final = 101
"""No static type exists; 101 is what nearly everybody uses, so old telephones that hard-wire it work too."""
EVENT_PAYLOAD_TYPES: Final = {8000: 101, 16000: 113, 48000: 110}
"""Under which number events are offered at each clock rate, which is that of the audio (RFC 4733 2.1)."""
PTIMES: Final = frozenset({10, 20, 30, 40, 50, 60})
"""Packet lengths in ms that we can be asked for; anything else is answered with 20."""
DEFAULT_PTIME: Final = 20
RATE: Final = 8000
MAX_PARAMETERS: Final = 200
"""Characters of a=fmtp that are looked at."""
STATIC_FORMATS: Final = {"0": "PCMU/8000", "3": "GSM/8000", "4": "G723/8000", "8": "PCMA/8000", "9": "G722/8000"}
"""Payload types that need no rtpmap (RFC 3551 table 4), as far as we speak them."""
ENCODINGS: Final = {encoding.value.upper(): encoding for encoding in Encoding}
TWO_CHANNELS: Final = frozenset({Encoding.OPUS})
"""Codings whose rtpmap says two channels whatever they carry (RFC 7587 7)."""
OUR_PARAMETERS: Final = {Encoding.OPUS: "useinbandfec=1;usedtx=0"}
"""What we wish of those who send to us (RFC 7587 6.1)."""
RTCP_TYPES: Final = range(64, 96)
"""Payload types that cannot be told from RTCP on a port that both share (RFC 5761 4)."""
DEFAULT_CODECS: Final = (Codec(Encoding.PCMU, 0), Codec(Encoding.PCMA, 8), Codec(Encoding.L16, 96))
DYNAMIC_TYPES: Final = range(96, 128)
UNSPECIFIED: Final = frozenset({"0.0.0.0", "::"})
"""A c= address that meant hold before RFC 3264 (its section 8.4 still asks us to take it)."""


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
        accepts: payload types of what comes in, audio and events: the numbers in our own description.
        common: all codecs that both have, the one in use first.
        rtcp: where the peer wants reports (RFC 3605), or None for the port after the audio's.
        rtcp_mux: reports share the port of the audio (RFC 5761).
        via: the IP address from which the peer's signalling comes.
        protection: keys of both ways, or None for audio in clear.
    """

    address: str
    port: int
    codec: Codec
    event_payload_type: int | None
    direction: Direction
    held: bool
    accepts: tuple[int, int | None]
    common: tuple[Codec, ...] = ()
    rtcp: tuple[str, int] | None = None
    rtcp_mux: bool = False
    via: str | None = None
    protection: Protection | None = None


@dataclass(frozen=True, slots=True)
class _Stream:
    """A peer's audio stream as far as we can use it, formats in the peer's order."""

    slot: int
    address: str
    port: int
    codecs: tuple[Codec, ...]
    events: dict[int, int]
    direction: Direction
    on_hold: bool
    rtcp: tuple[str, int] | None
    wants_mux: bool
    protocol: str
    cryptos: tuple[Crypto, ...]

    def dearest(self, wanted: Sequence[Codec]) -> _Stream:
        """The same with its codecs in the order of `wanted`."""
        return replace(self, codecs=dearest_first(self.codecs, wanted))


class Negotiation:
    """Our side of one dialog's offer/answer exchanges.

    Args:
        address, port: our RTP address (an IP literal) and port.
        session_id: for o=; unique in its time (RFC 8866 5.2 suggests a clock or a random number).
        codecs: what we can use, most wanted first; the payload types are those that we offer.
        username: for o=.
        via: the IP address from which the peer's signalling comes; goes into each Agreement.
        encryption: whether audio may or must be encrypted.
        random: where keys come from: as many octets as it is asked for.
    """

    __slots__ = (
        "_address",
        "_address_type",
        "_before",
        "_codecs",
        "_events",
        "_local",
        "_numbers",
        "_offered",
        "_origin",
        "_port",
        "_slot",
        "_slots",
        "_via",
        "agreement",
    )

    def __init__(
        self,
        *,
        address: str,
        port: int,
        session_id: int,
        codecs: Sequence[Codec] = DEFAULT_CODECS,
        username: str = "copperline",
        via: str | None = None,
        encryption: Encryption = Encryption.OFF,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._address = address
        self._port = port
        self._address_type = "IP6" if ":" in address else "IP4"
        self._codecs = tuple(codecs)
        self._via = via
        self._keying = Keying(encryption, random)
        self._origin = Origin(username, session_id, session_id, address, self._address_type)
        self._slots: tuple[Media, ...] = ()
        self._slot = 0
        self._local: SessionDescription | None = None
        self._offered: Direction | None = None
        self._numbers: dict[tuple[Encoding, int], int] = {}
        self._events: dict[int, int] = {}
        self._before: tuple[Origin, SessionDescription | None, SessionDescription, Direction] | None = None
        self.agreement: Agreement | None = None
        """What is in force; None until the first exchange is complete."""

    @property
    def local(self) -> SessionDescription | None:
        """Our latest description."""
        return self._local

    @property
    def _protection(self) -> Protection | None:
        return None if self.agreement is None else self.agreement.protection

    def offer(self, direction: Direction = Direction.SENDRECV) -> SessionDescription:
        """Write an offer: everything we can do, what is in use first. Use SENDONLY to hold, SENDRECV to resume."""
        self._offered = direction
        self._before = None
        codecs = self._offerable()
        self._numbers = {(codec.encoding, codec.rate): codec.payload_type for codec in codecs}
        self._events = self._event_numbers(codecs)
        keys = self._keying.offer(self._protection, is_first=self.agreement is None)
        stream = self._media(codecs, self._events, direction, keys, mux=False)
        slots = list(self._slots) or [stream]
        slots[self._slot] = stream
        return self._publish(tuple(slots))

    def answer(
        self,
        offer: SessionDescription,
        direction: Direction = Direction.SENDRECV,
        wanted: Sequence[Codec] = (),
    ) -> SessionDescription:
        """Take an offer and write its answer; `agreement` is then in force.

        Args:
            direction: what we are willing to do (SENDONLY while we hold the peer).
            wanted: codecs that are dearer to us than the order of the offer is.

        Raises:
            NotAcceptable: no session can come of it; nothing has changed (RFC 3264 section 8, RFC 3261 14.2).
        """
        stream = self._stream(offer, self._codecs).dearest(wanted)
        self._before = (self._origin, self._local, offer, direction)
        codec = stream.codecs[0]
        ours = Direction.of(
            sends=stream.direction.receives and direction.sends,
            receives=stream.direction.sends and direction.receives,
        )
        self._numbers = {(codec.encoding, codec.rate): codec.payload_type}
        self._events = {rate: number for rate, number in stream.events.items() if rate == codec.rate}
        mux = stream.wants_mux and not {codec.payload_type, *self._events.values()} & set(RTCP_TYPES)
        key, protection = self._keying.answer(stream.protocol, stream.cryptos, self._protection)
        chosen = self._media((codec,), self._events, ours, () if key is None else (key,), mux=mux)
        self._slot = stream.slot
        self._offered = None
        self.agreement = self._agree(stream, codec, ours, protection, mux=mux)
        return self._publish(
            tuple(chosen if slot == stream.slot else _refused(media) for slot, media in enumerate(offer.media))
        )

    def answer_again(self, wanted: Sequence[Codec]) -> bool:
        """Write the answer to the last offer anew, by the codecs that `wanted` now says; for one not sent yet.

        Returns:
            Whether it has become another.
        """
        if self._before is None or self.agreement is None:
            return False
        codec = self.agreement.codec
        self._origin, self._local, offer, direction = self._before
        self.answer(offer, direction, wanted)
        return self.agreement.codec != codec

    def accept(self, answer: SessionDescription) -> Agreement:
        """Take the answer to our latest offer.

        Raises:
            NotAcceptable: it leaves no session; nothing has changed.
        """
        stream = self._stream(answer, self._offerable())
        protection = self._keying.accept(stream.cryptos)
        wanted = self._offered or Direction.SENDRECV
        ours = Direction.of(
            sends=wanted.sends and stream.direction.receives,
            receives=wanted.receives and stream.direction.sends,
        )
        self._offered = None
        self.agreement = self._agree(stream, stream.codecs[0], ours, protection, mux=False)
        return self.agreement

    def withdraw(self) -> None:
        """Our latest offer was refused: what was agreed before stays in force (RFC 3261 14.1)."""
        self._offered = None

    def _agree(
        self, stream: _Stream, codec: Codec, ours: Direction, protection: Protection | None, *, mux: bool
    ) -> Agreement:
        accepts = self._numbers.get((codec.encoding, codec.rate), codec.payload_type)
        events = stream.events.get(codec.rate)
        return Agreement(
            stream.address,
            stream.port,
            codec,
            events,
            ours,
            held=stream.on_hold,
            accepts=(accepts, None if events is None else self._events.get(codec.rate, events)),
            common=(codec, *(other for other in stream.codecs if other != codec)),
            rtcp=stream.rtcp,
            rtcp_mux=mux,
            via=self._via,
            protection=protection,
        )

    def _event_numbers(self, codecs: Sequence[Codec]) -> dict[int, int]:
        """Payload types of events for our offer, one for each clock rate; those in use stay (RFC 3264 8.3.2)."""
        taken = {codec.payload_type for codec in codecs}
        numbers: dict[int, int] = {}
        for rate in dict.fromkeys(codec.rate for codec in codecs):
            wishes = (EVENT_PAYLOAD_TYPES.get(rate, EVENT_PAYLOAD_TYPE), *DYNAMIC_TYPES)
            in_use = [self._events[rate]] if rate in self._events else []
            numbers[rate] = next(number for number in (*in_use, *wishes) if number not in taken)
            taken.add(numbers[rate])
        return numbers

    def _offerable(self) -> tuple[Codec, ...]:
        """Our codecs with the one in use first, at the number it has in this dialog (RFC 3264 8.3.2)."""
        if self.agreement is None:
            return self._codecs
        used = replace(self.agreement.codec, payload_type=self.agreement.accepts[0])
        others = (codec for codec in self._codecs if (codec.encoding, codec.rate) != (used.encoding, used.rate))
        return (used, *(codec for codec in others if codec.payload_type != used.payload_type))

    def _media(
        self,
        codecs: Sequence[Codec],
        events: dict[int, int],
        direction: Direction,
        keys: Sequence[Crypto],
        *,
        mux: bool,
    ) -> Media:
        formats = [str(codec.payload_type) for codec in codecs]
        lines = []
        for codec in codecs:
            channels = "/2" if codec.encoding in TWO_CHANNELS else ""
            mapping = f"{codec.payload_type} {codec.encoding.value}/{codec.rate}{channels}"
            lines.append(Attribute("rtpmap", mapping))
            wishes = OUR_PARAMETERS.get(codec.encoding)
            if wishes:
                lines.append(Attribute("fmtp", f"{codec.payload_type} {wishes}"))
        for rate, number in events.items():
            formats.append(str(number))
            lines.append(Attribute("rtpmap", f"{number} {EVENT_NAME}/{rate}"))
            lines.append(Attribute("fmtp", f"{number} {EVENT_RANGE}"))
        if mux:
            lines.append(Attribute("rtcp-mux"))
        lines += [crypto.attribute() for crypto in keys]
        lines += [Attribute("ptime", str(codecs[0].ptime)), Attribute(direction.value)]
        return Media("audio", self._port, self._keying.protocol, tuple(formats), attributes=tuple(lines))

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
                self._keying.check(media.protocol, cryptos_of(media.attributes))
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
    connection = media.connections[0] if media.connections else description.connection
    address = _literal(connection, family)
    ptime = _ptime(media)
    wishes = _parameters(media)
    codecs: list[Codec] = []
    events: dict[int, int] = {}
    for payload_type, name, rate in _formats(media):
        if name == EVENT_NAME:
            events.setdefault(rate, payload_type)
        encoding = ENCODINGS.get(name.upper())
        if any(codec.encoding is encoding and codec.rate == rate for codec in ours) and encoding is not None:
            codecs.append(Codec(encoding, payload_type, rate, ptime, wishes.get(payload_type, "")))
    if not codecs:
        offered = " ".join(_spoken(name, rate) for _, name, rate in _formats(media)) or " ".join(media.formats)
        spoken = " ".join(_spoken(codec.encoding.value, codec.rate) for codec in ours)
        raise NotAcceptable(f"no common codec: the peer has {offered[:80]}, we have {spoken}", WARNING_FORMAT)
    direction = _direction(description, media)
    on_hold = address in UNSPECIFIED or not direction.receives
    if address in UNSPECIFIED:
        direction = Direction.of(sends=direction.sends, receives=False)
    mux = any(line.name == "rtcp-mux" for line in media.attributes)
    rtcp = _rtcp(media, address, family)
    cryptos = cryptos_of(media.attributes)
    return _Stream(
        slot,
        address,
        media.port,
        tuple(codecs),
        events,
        direction,
        on_hold,
        rtcp,
        mux,
        media.protocol,
        cryptos,
    )


def _spoken(name: str, rate: int) -> str:
    return name if rate == RATE else f"{name}/{rate}"


def _parameters(media: Media) -> dict[int, str]:
    """What the peer wishes of each format (a=fmtp), by payload type."""
    wishes: dict[int, str] = {}
    for line in media.attributes:
        if line.name == "fmtp" and line.value:
            payload_type, _, text = line.value.partition(" ")
            if payload_type.isascii() and payload_type.isdigit() and len(payload_type) <= 3:
                wishes.setdefault(int(payload_type), text.strip()[:MAX_PARAMETERS])
    return wishes


def _rtcp(media: Media, address: str, family: str) -> tuple[str, int] | None:
    """Where the peer wants reports (RFC 3605 2.1: "PORT [IN IP4 ADDRESS]"); None where it does not say so well."""
    port, _, rest = (attribute(media.attributes, "rtcp") or "").partition(" ")
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536):
        return None
    words = rest.split()
    if not words:
        return (address, int(port)) if address not in UNSPECIFIED else None
    if len(words) != 3 or words[:2] != ["IN", family]:
        return None
    try:
        return str(ipaddress.ip_address(words[2])), int(port)
    except ValueError:
        return None


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
        name, _, rest = maps.get(text, STATIC_FORMATS.get(text, "")).partition("/")
        rate, _, channels = rest.partition("/")
        encoding = ENCODINGS.get(name.upper())
        expected = ("2",) if encoding in TWO_CHANNELS else ("", "1")
        if name and rate.isascii() and rate.isdigit() and len(rate) <= 6 and channels in expected:
            yield int(text), name.lower() if encoding is None else encoding.value, int(rate)


def _ptime(media: Media) -> int:
    wish, most = (_milliseconds(media, name) for name in ("ptime", "maxptime"))
    ptime = wish if wish in PTIMES else DEFAULT_PTIME
    return most if most in PTIMES and most < ptime else ptime


def _milliseconds(media: Media, name: str) -> int:
    text = attribute(media.attributes, name) or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else 0


def _direction(description: SessionDescription, media: Media) -> Direction:
    for attributes in (media.attributes, description.attributes):
        for line in attributes:
            if line.value is None and line.name in DIRECTIONS:
                return DIRECTIONS[line.name]
    return Direction.SENDRECV
