"""A leg's audio that is RTP on a UDP socket of ours: where it goes, in which coding, by which keys."""

from __future__ import annotations

import socket
import struct
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

from gateway.core.codec import Codec, Encoding
from gateway.core.errors import LocalError
from gateway.core.hindrances import UNHINDERED, Hindrances
from gateway.core.literal import literal
from gateway.core.repeated import repeated
from gateway.core.srtp import Protection
from gateway.media.codec.libraries import Coder, coders
from gateway.plane import commands
from gateway.plane.codes import CODES, GSM, ILBC_20, SPEEX_WIDE
from gateway.plane.dtmf import FLASH
from gateway.plane.protection import KeyedSession, functions
from gateway.plane.row import Host, PlaneRow
from gateway.plane.table import LONGEST

__all__ = ["RtpRow"]

_RATE: Final = 8000
COMFORT_NOISE: Final = 13
_CLOCKS: Final = {
    Encoding.L16: (8000, 16000, 32000, 44100, 48000),
    Encoding.DVI4: (8000, 16000),
    Encoding.OPUS: (48000,),
    Encoding.SPEEX: (8000, 16000),
    Encoding.AMR_WB: (16000,),
}
"""RTP clock rates of encodings that have others than 8000."""
_FAMILIES: Final = {4: socket.htons(socket.AF_INET), 6: socket.htons(socket.AF_INET6)}
"""Of IP versions, as a struct sockaddr has them when all of it is read as in network order."""
_SIZES: Final = {4: 16, 6: 28}
"""Octets of a struct sockaddr_in or sockaddr_in6 (netinet/in.h)."""
_PLACES: Final = {4: struct.Struct(">" + 3 * "HH4s24x"), 6: struct.Struct(">" + 3 * "HH4x16s8x")}
"""Three of those in 32 octets each: family, port, address, and for IPv6 flow information before it and scope."""
_NOWHERE: Final = (0, 0, b"")
KEPT: Final = 256
"""Formats of which it is kept what the loop is told: most offices use a few."""
_FLASH_TIME: Final = 800
"""Samples of a hook flash's event: 100 ms. How long the hook is pressed, its receiver knows."""


class RtpRow(PlaneRow):
    """A row whose audio is RTP on a UDP socket of ours at `address`:`port`."""

    __slots__ = ("_codec", "_coders", "_event_type", "_keyed", "_signalled", "address", "port")

    def __init__(self, host: Host, index: int, generation: int, address: str, port: int) -> None:
        super().__init__(host, index, generation)
        self.address = address
        self.port = port
        self._event_type: int | None = None
        self._codec: Codec | None = None
        self._signalled: tuple[str, int, tuple[str, int] | None, str | None] | None = None
        self._keyed: tuple[KeyedSession, KeyedSession] | None = None
        self._coders: tuple[tuple[Encoding, int, str], Coder, Coder] | None = None

    @property
    def remote(self) -> tuple[str, int] | None:
        """Where audio goes: what was signalled, or where a peer behind NAT was found; None before either."""
        row = self._host.tables.rows[self.index]
        if self.closed or int(row["generation"]) != self.generation or not row["remote_length"]:
            return None
        return _place(row["remote"].tobytes())

    def hindrances(self) -> Hindrances:
        """What was refused and could not be sent, and why."""
        row = self._host.tables.rows[self.index]
        if self.closed or int(row["generation"]) != self.generation:
            return UNHINDERED
        misfits, strangers = int(row["misfits"]), int(row["strangers"])
        return Hindrances(
            refused=int(row["refused"]),
            misfits=misfits,
            payload_type=int(row["misfit_type"]) if misfits else -1,
            strangers=strangers,
            source=_place(row["refused_from"].tobytes()) if misfits or strangers else None,
            forged=int(row["forged"]),
            unsent=int(row["unsent"]),
            error=int(row["unsent_for"]),
        )

    @property
    def rate(self) -> int:
        """Samples a second that it carries, or that its peer may come to send."""
        agreed = self.codecs if self._codec is None else (self._codec,)
        return max((codec.sampling for codec in agreed), default=_RATE)

    @property
    def digits_as_events(self) -> bool:
        """Whether the peer agreed to RFC 4733 events."""
        return self._event_type is not None

    def send_flash(self) -> None:
        """Send a hook flash as an event; a peer without events gets none."""
        if self.digits_as_events and not self.closed:
            self._post(commands.SEND_DIGITS, (1, _FLASH_TIME, _FLASH_TIME), bytes((FLASH,)))

    def set_remote(
        self,
        address: str,
        port: int,
        codec: Codec,
        event_payload_type: int | None,
        send: bool = True,
        *,
        rtcp: tuple[str, int] | None = None,
        rtcp_mux: bool = False,
        via: str | None = None,
        strict: bool = False,
        accepts: tuple[int, int | None] | None = None,
        noise: tuple[int, int] | None = None,
        protection: Protection | None = None,
    ) -> None:
        """Send to and accept from a peer.

        Raises:
            LocalError: an address of another family than ours or no address, a port, payload type or clock rate
                out of range, or keys where libsrtp is missing.
            Unavailable: the codec's library is not installed.
        """
        version = _host(self.address)[0]
        if rtcp is None and port < 65535:
            rtcp = (address, port + 1)  # RFC 3550 11
        signalling = (via, port) if via and _host(via)[0] == version else None
        places = _places(version, (address, port), rtcp, signalling)
        code, before, after = _format(codec, event_payload_type, rtcp_mux, accepts, noise)
        self._protect(protection)
        self._code_by(codec, code)
        # A peer behind NAT names the same private address wherever it goes: its way is what its signalling shows.
        keep = self._signalled == (address, port, rtcp, via)
        self._signalled = (address, port, rtcp, via)
        self._encoding = codec.encoding
        self._codec = codec
        self._event_type = event_payload_type
        self._post(
            commands.REMOTE,
            (*before, int(send), int(keep), _SIZES[version], int(rtcp_mux), int(strict), *after),
            places,
        )

    def _code_by(self, codec: Codec, code: int) -> None:
        """Have coders of libraries for what they are needed for; they stay as long as the codec stays the same."""
        wished = (codec.encoding, code, codec.parameters)
        if code < GSM or (self._coders is not None and self._coders[0] == wished):
            return
        before = self._coders
        theirs, ours = coders(codec)
        self._coders = (wished, theirs, ours)
        # Those that were in use before must live until the loop has let go of them.
        self._post(
            commands.CODERS,
            (code, theirs.function, theirs.state, ours.function, ours.state),
            answer=lambda _: _let_go(before),
        )

    def _protect(self, protection: Protection | None) -> None:
        """Encrypt by these keys from now on; those that stay as they were go on counting."""
        before = self._keyed
        if protection is None and before is None:
            return
        self._keyed = None if protection is None else self._sessions(protection, before)
        self._suite = None if protection is None else protection.suite
        numbers: tuple[int, ...] = (0, 0, 0, 0, 0)
        if protection is not None and self._keyed is not None:
            numbers = (*(one.address for one in self._keyed), *protection.suite.tags, protection.theirs.identifier)
        # What was in use before must live until the loop has let go of it.
        self._post(commands.SECURE, numbers, answer=lambda _: _let_go(before))

    def _sessions(
        self, protection: Protection, before: tuple[KeyedSession, KeyedSession] | None
    ) -> tuple[KeyedSession, KeyedSession]:
        for word, address in functions().items():
            for worker in self._host.tables.workers:
                worker.control[word] = address
        theirs, ours = before or (None, None)
        if theirs is None or theirs.key != protection.theirs:
            theirs = KeyedSession(protection.theirs, incoming=True)
        if ours is None or ours.key != protection.ours:
            ours = KeyedSession(protection.ours, incoming=False)
        return theirs, ours


@lru_cache(KEPT)
def _format(
    codec: Codec,
    event_payload_type: int | None,
    rtcp_mux: bool,
    accepts: tuple[int, int | None] | None,
    noise: tuple[int, int] | None,
) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    """What the loop is told of a format, which is the same in many calls: the codec's code, and words of `REMOTE`.

    Raises:
        LocalError: a payload type or a clock rate is out of range.
    """
    event = -1 if event_payload_type is None else event_payload_type
    if not 0 <= codec.payload_type <= 127 or not -1 <= event <= 127 or event == codec.payload_type:
        raise LocalError(f"payload types {codec.payload_type} and {event_payload_type} cannot be used together")
    if codec.rate not in _CLOCKS.get(codec.encoding, (_RATE,)) or codec.encoding not in CODES:
        raise LocalError(f"{codec.encoding.value} at {codec.rate} Hz cannot be carried")
    if not 10 <= codec.ptime <= LONGEST or codec.ptime % 10:
        raise LocalError(f"packets of {codec.ptime} ms cannot be sent; ask for 10, 20, 30, 40, 50 or 60 ms")
    if noise is not None and not all(0 <= number <= 127 and number != codec.payload_type for number in noise):
        raise LocalError(f"comfort noise cannot have the payload types {noise}")
    if rtcp_mux and (64 <= codec.payload_type <= 95 or 64 <= event <= 95):
        raise LocalError("payload types 64 to 95 cannot share a port with RTCP; use others (RFC 5761)")
    code = _code_of(codec)
    payload_in, event_in = accepts or (codec.payload_type, event_payload_type)
    clock = codec.rate, codec.sampling, codec.rate * codec.packet // 1000
    types_in = payload_in, -1 if event_in is None else event_in
    return code, (codec.payload_type, event, code), (*clock, *types_in, *_noise_types(codec, noise))


def _noise_types(codec: Codec, agreed: tuple[int, int] | None) -> tuple[int, int]:
    """Payload types of comfort noise that goes out and comes in; -1 for none.

    That of 8000 Hz has its number by RFC 3551 and is taken from whoever sends it, agreed on or not.
    """
    if agreed is not None:
        return agreed
    return -1, COMFORT_NOISE if codec.rate == _RATE and codec.payload_type != COMFORT_NOISE else -1


def _code_of(codec: Codec) -> int:
    """How it is written in a row, with what its parameters say of its frames."""
    code = CODES[codec.encoding]
    if codec.encoding is Encoding.ILBC and codec.frame == 20:
        return ILBC_20
    if codec.encoding is Encoding.SPEEX and codec.rate > _RATE:
        return SPEEX_WIDE
    if codec.encoding in (Encoding.AMR, Encoding.AMR_WB) and codec.parameter("octet-align") == "1":
        return code + 1  # AMR_ALIGNED, AMR_WIDE_ALIGNED
    return code


def _let_go(_: object) -> None:
    """The loop uses them no more: whoever called us was the last to hold them."""


def _places(version: int, *places: tuple[str, int] | None) -> bytes:
    """Three addresses (literals) and ports as the loop has them; None is nowhere."""
    numbers: list[int | bytes] = []
    for place in places:
        if place is None:
            numbers += _NOWHERE
            continue
        address, port = place
        try:
            found, packed = _host(address)
        except ValueError as error:
            raise LocalError(f"{address!r} is no IP address to send RTP to; resolve names first") from error
        if found != version:
            raise LocalError(f"RTP cannot go to {address} from a socket of IPv{version}")
        if not 0 < port <= 65535:
            raise LocalError(f"{port} is no port to send RTP to")
        numbers += _FAMILIES[version], port, packed
    return _PLACES[version].pack(*numbers)


@repeated
def _host(address: str) -> tuple[int, bytes]:
    """The version of an IP address, and its octets."""
    host = literal(address)
    return host.version, host.packed


def _place(remote: bytes) -> tuple[str, int]:
    """The address and port of a struct sockaddr_in or sockaddr_in6."""
    family, port = struct.unpack_from("=H", remote)[0], struct.unpack_from("!H", remote, 2)[0]
    packed = remote[4:8] if family == socket.AF_INET else remote[8:24]
    return str(ip_address(packed)), port
