"""The audio stream of a peer's description: where it is, what it can, and which way it flows (RFC 3264, RFC 8866).

A SessionDescription enters and the one stream that we can use leaves, in the words of gateway.core.audio, or
NotAcceptable, which says why there is none. It never writes a description of ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from gateway.core.codec import Codec, Encoding, dearest_first
from gateway.core.frozen import frozen
from gateway.core.literal import literal
from gateway.core.repeated import repeated
from gateway.core.srtp import Encryption
from gateway.core.word import Word
from gateway.sdp.crypto import Crypto, cryptos_of
from gateway.sdp.description import Attribute, Connection, Kind, Media, SessionDescription, attribute
from gateway.sdp.keying import PLAIN, Keying
from gateway.sdp.numbers import Numbers
from gateway.sdp.refusal import (
    WARNING_ADDRESS,
    WARNING_FORMAT,
    WARNING_MEDIA_TYPE,
    WARNING_NETWORK,
    NotAcceptable,
)
from gateway.sdp.section import keep

__all__ = ["EVENT_NAME", "KEPT", "NOISE_NAME", "TWO_CHANNELS", "Direction", "Formats", "PeerStream", "audio_stream"]

EVENT_NAME: Final = "telephone-event"
NOISE_NAME: Final = "CN"
"""Comfort noise (RFC 3389 4)."""
FLASH: Final = 16
"""The event of a hook flash (RFC 4733 table 3)."""
PTIMES: Final = frozenset({10, 20, 30, 40, 50, 60})
"""Packet lengths in ms that we can be asked for; anything else is answered with 20."""
DEFAULT_PTIME: Final = 20
RATE: Final = 8000
MAX_PARAMETERS: Final = 200
"""Characters of a=fmtp that are looked at."""
FEW_ATTRIBUTES: Final = 32
"""Attributes of a stream up to which what they mean is kept for the next peer that writes them."""
KEPT: Final = 256
"""Streams of which that is kept."""
STATIC_FORMATS: Final = {
    "0": "PCMU/8000",
    "3": "GSM/8000",
    "4": "G723/8000",
    "5": "DVI4/8000",
    "6": "DVI4/16000",
    "8": "PCMA/8000",
    "9": "G722/8000",
    "10": "L16/44100/2",
    "11": "L16/44100",
    "13": "CN/8000",
    "18": "G729/8000",
}
"""Payload types that need no rtpmap (RFC 3551 table 4), as far as we speak them."""
ENCODINGS: Final = {encoding.value.upper(): encoding for encoding in Encoding}
TWO_CHANNELS: Final = frozenset({Encoding.OPUS})
"""Codings whose rtpmap says two channels whatever they carry (RFC 7587 7)."""
_EXTRAS: Final = ("crc", "robust-sorting", "interleaving")
UNSPOKEN: Final = {Encoding.AMR: _EXTRAS, Encoding.AMR_WB: _EXTRAS}
"""Parameters by which a payload is laid out in a way that is not built here (RFC 4867 8.1)."""
UNSPECIFIED: Final = frozenset({"0.0.0.0", "::"})
"""A c= address that meant hold before RFC 3264 (its section 8.4 still asks us to take it)."""


class Direction(Word):
    """Which way media flows, seen from whoever wrote it (RFC 8866 6.7); the value is the attribute's name."""

    sends: bool
    receives: bool

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    def __init__(self, name: str) -> None:
        self.sends = name in ("sendrecv", "sendonly")
        self.receives = name in ("sendrecv", "recvonly")

    @classmethod
    def of(cls, *, sends: bool, receives: bool) -> Direction:
        if sends:
            return cls.SENDRECV if receives else cls.SENDONLY
        return cls.RECVONLY if receives else cls.INACTIVE

    def meeting(self, theirs: Direction) -> Direction:
        """What comes of it at our side where the peer wants `theirs` (RFC 3264 section 6.1)."""
        if theirs is Direction.SENDRECV:
            return self
        return Direction.of(sends=self.sends and theirs.receives, receives=self.receives and theirs.sends)


DIRECTIONS: Final = {direction.value: direction for direction in Direction}


@frozen
class Formats:
    """What the formats of an audio stream mean, in the peer's order; peers of one kind have it in common.

    Attributes:
        named: name and clock rate of each mono format.
        codecs: those that we can use.
        events: payload types of telephone events by clock rate.
        noises: those of comfort noise, likewise.
        flashes: those of the events that take the event of a hook flash.
        mux: reports may share the port of the audio.
        direction: where the stream itself says one.
        rtcp: the value of a=rtcp, "" where there is none.
    """

    named: tuple[tuple[str, int], ...]
    codecs: tuple[Codec, ...]
    events: Numbers
    noises: Numbers
    flashes: frozenset[int]
    mux: bool
    direction: Direction | None
    rtcp: str


@frozen
class PeerStream:
    """A peer's audio stream as far as we can use it; `codecs` are those of its formats, dearest first."""

    slot: int
    address: str
    port: int
    formats: Formats
    codecs: tuple[Codec, ...]
    direction: Direction
    on_hold: bool
    rtcp: tuple[str, int] | None
    protocol: str
    cryptos: tuple[Crypto, ...]
    origin: str

    def again(self, port: int, origin: str) -> PeerStream:
        """What the same peer says in another call."""
        return PeerStream(
            self.slot,
            self.address,
            port,
            self.formats,
            self.codecs,
            self.direction,
            self.on_hold,
            self.rtcp,
            self.protocol,
            self.cryptos,
            origin,
        )

    def dearest(self, wanted: Sequence[Codec]) -> PeerStream:
        """The same with its codecs in the order of `wanted`."""
        codecs = dearest_first(self.codecs, wanted)
        return self if codecs == self.codecs else replace(self, codecs=codecs)


_KNOWN: Final[dict[tuple[Kind | None, tuple[Codec, ...], str, Encryption], PeerStream]] = {}
"""The streams of the latest kinds of descriptions, in one of their calls."""


def audio_stream(
    description: SessionDescription, ours: tuple[Codec, ...], family: str, keying: Keying
) -> PeerStream:
    """The first audio stream of `description` that we can use.

    Args:
        ours: what we can use.
        family: "IP4" or "IP6", as our own address.
        keying: says whether audio in clear, or encrypted, will do.

    Raises:
        NotAcceptable: there is none; the text says why the last one would not do.
    """
    key = description.kind, ours, family, keying.encryption
    known = _KNOWN.get(key) if description.kind is not None else None
    if known is not None:
        return known.again(description.media[known.slot].port, description.origin.address)
    stream = _first_usable(description, ours, family, keying)
    if description.kind is not None:
        keep(_KNOWN, key, stream)
    return stream


def _first_usable(
    description: SessionDescription, ours: tuple[Codec, ...], family: str, keying: Keying
) -> PeerStream:
    refusal: NotAcceptable | None = None
    for slot, media in enumerate(description.media):
        if media.kind != "audio" or media.port == 0:
            continue
        try:
            with_keys = "crypto" in dict(media.attributes)
            cryptos = cryptos_of(media.attributes) if with_keys else ()
            if cryptos or media.protocol != PLAIN or keying.encryption is not Encryption.OFF:
                keying.check(media.protocol, cryptos)
            # Nothing is kept of descriptions with keys in them, usable or not, nor of endless ones.
            kept = not with_keys and len(media.attributes) <= FEW_ATTRIBUTES
            formats = (_kept_formats if kept else _read_formats)(media.formats, media.attributes, ours)
            return _usable(description, slot, media, formats, ours, family, cryptos)
        except NotAcceptable as fault:
            refusal = fault
    raise refusal or NotAcceptable("the peer's session description has no audio stream", WARNING_MEDIA_TYPE)


def _usable(
    description: SessionDescription,
    slot: int,
    media: Media,
    formats: Formats,
    ours: Sequence[Codec],
    family: str,
    cryptos: tuple[Crypto, ...],
) -> PeerStream:
    connection = media.connections[0] if media.connections else description.connection
    address = _literal(connection, family)
    if not formats.codecs:
        offered = " ".join(_spoken(name, rate) for name, rate in formats.named) or " ".join(media.formats)
        spoken = " ".join(_spoken(codec.encoding.value, codec.rate) for codec in ours)
        raise NotAcceptable(f"no common codec: the peer has {offered[:80]}, we have {spoken}", WARNING_FORMAT)
    direction = formats.direction or _direction(description.attributes) or Direction.SENDRECV
    on_hold = address in UNSPECIFIED or not direction.receives
    if address in UNSPECIFIED:
        direction = Direction.of(sends=direction.sends, receives=False)
    return PeerStream(
        slot,
        address,
        media.port,
        formats,
        formats.codecs,
        direction,
        on_hold,
        _rtcp(formats.rtcp, address, family) if formats.rtcp else None,
        media.protocol,
        cryptos,
        description.origin.address,
    )


def _spoken(name: str, rate: int) -> str:
    return name if rate == RATE else f"{name}/{rate}"


def _read_formats(formats: tuple[str, ...], attributes: tuple[Attribute, ...], ours: tuple[Codec, ...]) -> Formats:
    """Read m= and its attributes; telephones of one kind always write the same."""
    spoken = {(codec.encoding, codec.rate) for codec in ours}
    maps = _by_format(attributes, "rtpmap")
    wishes = _by_format(attributes, "fmtp")
    ptime = _ptime(attributes)
    named: list[tuple[str, int]] = []
    codecs: list[Codec] = []
    events: dict[int, int] = {}
    noises: dict[int, int] = {}
    for text in formats:
        if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) < 128):
            continue
        name, _, rest = maps.get(text, STATIC_FORMATS.get(text, "")).partition("/")
        rate, _, channels = rest.partition("/")
        encoding = ENCODINGS.get(name.upper())
        expected = ("2",) if encoding in TWO_CHANNELS else ("", "1")
        if not (name and rate.isascii() and rate.isdigit() and len(rate) <= 6 and channels in expected):
            continue
        if encoding is not None:
            name = encoding.value
            codec = Codec(encoding, int(text), int(rate), ptime, wishes.get(text, "")[:MAX_PARAMETERS])
            laid_out = not any(codec.parameter(wish) not in ("", "0") for wish in UNSPOKEN.get(encoding, ()))
            if laid_out and (encoding, codec.rate) in spoken:
                codecs.append(codec)
        elif name.lower() == EVENT_NAME:
            events.setdefault(int(rate), int(text))
        elif name.upper() == NOISE_NAME:
            noises.setdefault(int(rate), int(text))
        named.append((name if encoding is not None else name.lower(), int(rate)))
    flashes = frozenset(number for number in events.values() if _lists(wishes.get(str(number), ""), FLASH))
    mux = any(line.name == "rtcp-mux" for line in attributes)
    return Formats(
        tuple(named),
        tuple(dict.fromkeys(codecs)),
        tuple(events.items()),
        tuple(noises.items()),
        flashes,
        mux,
        _direction(attributes),
        attribute(attributes, "rtcp") or "",
    )


_kept_formats: Final = lru_cache(KEPT)(_read_formats)


def _lists(ranges: str, event: int) -> bool:
    """Whether a list like "0-15,66,70" (RFC 4733 2.4.1) has an event in it; without one it is 0-15."""
    for part in ranges.split(","):
        first, _, last = part.strip().partition("-")
        ends = first, last or first
        if all(end.isascii() and end.isdigit() and len(end) <= 3 for end in ends):
            if int(ends[0]) <= event <= int(ends[1]):
                return True
    return False


def _by_format(attributes: Sequence[Attribute], name: str) -> dict[str, str]:
    """What the peer says of each format in the attributes `name` (rtpmap, fmtp)."""
    said: dict[str, str] = {}
    for line in attributes:
        if line.name == name and line.value:
            payload_type, _, text = line.value.partition(" ")
            said.setdefault(payload_type, text.strip())
    return said


def _ptime(attributes: Sequence[Attribute]) -> int:
    wish, most = (_milliseconds(attributes, name) for name in ("ptime", "maxptime"))
    ptime = wish if wish in PTIMES else DEFAULT_PTIME
    return most if most in PTIMES and most < ptime else ptime


def _milliseconds(attributes: Sequence[Attribute], name: str) -> int:
    text = attribute(attributes, name) or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else 0


def _rtcp(value: str, address: str, family: str) -> tuple[str, int] | None:
    """Where the peer wants reports (RFC 3605 2.1: "PORT [IN IP4 ADDRESS]"); None where it does not say so well."""
    port, _, rest = value.partition(" ")
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536):
        return None
    words = rest.split()
    if not words:
        return (address, int(port)) if address not in UNSPECIFIED else None
    if len(words) != 3 or words[:2] != ["IN", family]:
        return None
    try:
        return str(literal(words[2])), int(port)
    except ValueError:
        return None


def _literal(connection: Connection | None, family: str) -> str:
    if connection is None:
        raise NotAcceptable("the peer's audio stream has no c= line", WARNING_ADDRESS)
    try:
        address, version, is_multicast = _place(connection.address)
    except ValueError:
        text = connection.address.partition("/")[0]
        raise NotAcceptable(
            f"the peer's media address is not an IP address: {text[:60]}", WARNING_ADDRESS
        ) from None
    if version != family:
        raise NotAcceptable(f"our audio is on {family}, the peer's on {version}: {address}", WARNING_NETWORK)
    if is_multicast:
        raise NotAcceptable(f"the peer's media address is a multicast one: {address}", WARNING_ADDRESS)
    return address


@repeated
def _place(text: str) -> tuple[str, str, bool]:
    """The IP address of a c= line as we write it, its family, and whether it is one of many hosts."""
    address = literal(text.partition("/")[0])
    return str(address), f"IP{address.version}", address.is_multicast


def _direction(attributes: Sequence[Attribute]) -> Direction | None:
    for line in attributes:
        if line.value is None and line.name in DIRECTIONS:
            return DIRECTIONS[line.name]
    return None
