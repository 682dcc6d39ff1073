"""An RTCP compound packet as a value: parsed and serialised side by side (RFC 3550 6.4 to 6.6).

The loop reads and writes reports by itself; this is for tests, tools and traces. What does not parse raises
MalformedError; packets of kinds that are not named here are passed over.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final, Self

from gateway.core.errors import LocalError, MalformedError

__all__ = ["Reception", "RtcpReport", "Sending"]

_SENDER: Final = 200
_RECEIVER: Final = 201
_DESCRIPTION: Final = 202
_GOODBYE: Final = 203
_HEAD: Final = struct.Struct("!BBHI")
_SENDING: Final = struct.Struct("!IIIII")
_RECEPTION: Final = struct.Struct("!IIIIII")


@dataclass(frozen=True, slots=True)
class Sending:
    """What a sender says of its stream: 64-bit NTP time, RTP timestamp of the same moment, packets and octets."""

    ntp: int
    timestamp: int
    packets: int
    octets: int


@dataclass(frozen=True, slots=True)
class Reception:
    """What a receiver says of the stream `ssrc`.

    Attributes:
        fraction: lost since the last report, 0..255 of 256.
        lost: in all, -2^23..2^23-1; duplicates make it negative.
        highest: extended sequence number.
        jitter: timestamp units.
        last, delay: middle of the NTP time in the last sender report received, and 1/65536 s since it came.
    """

    ssrc: int
    fraction: int = 0
    lost: int = 0
    highest: int = 0
    jitter: int = 0
    last: int = 0
    delay: int = 0


@dataclass(frozen=True, slots=True)
class RtcpReport:
    """A compound packet: a sender's report (with `sending`) or a receiver's, a name, a goodbye."""

    ssrc: int
    sending: Sending | None = None
    receptions: tuple[Reception, ...] = ()
    name: str = ""
    goodbye: bool = False

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a datagram.

        Raises:
            MalformedError: it is no compound packet.
        """
        ssrc, name, goodbye = 0, "", False
        sending: Sending | None = None
        receptions: tuple[Reception, ...] = ()
        at = 0
        while at < len(data):
            if len(data) - at < _HEAD.size:
                raise MalformedError("an RTCP packet is cut off")
            first, kind, words, source = _HEAD.unpack_from(data, at)
            end = at + 4 * (words + 1)
            if first >> 6 != 2 or end > len(data) or (at == 0 and kind not in (_SENDER, _RECEIVER)):
                raise MalformedError("not an RTCP compound packet")
            body = data[at + _HEAD.size : end]
            if at == 0:
                ssrc, (sending, receptions) = source, _reports(body, kind == _SENDER, first & 0x1F)
            elif kind == _DESCRIPTION and len(body) >= 2 and body[0] == 1:
                name = body[2 : 2 + body[1]].decode("utf-8", "replace")
            elif kind == _GOODBYE:
                goodbye = True
            at = end
        if at == 0:
            raise MalformedError("an empty RTCP packet")
        return cls(ssrc, sending, receptions, name, goodbye)

    def serialise(self) -> bytes:
        """The datagram.

        Raises:
            LocalError: a field is out of range.
        """
        try:
            body = b"".join(
                _RECEPTION.pack(
                    block.ssrc,
                    block.fraction << 24 | block.lost & 0xFFFFFF,
                    block.highest,
                    block.jitter,
                    block.last,
                    block.delay,
                )
                for block in self.receptions
            )
            if self.sending is not None:
                sent = self.sending
                numbers = (sent.ntp >> 32, sent.ntp & 0xFFFFFFFF, sent.timestamp, sent.packets, sent.octets)
                body = _SENDING.pack(*numbers) + body
            kind = _RECEIVER if self.sending is None else _SENDER
            parts = [self._packet(len(self.receptions), kind, body)]
            name = self.name.encode()
            if name:
                item = bytes([1, len(name)]) + name
                parts.append(self._packet(1, _DESCRIPTION, item + bytes(4 - len(item) % 4)))
            if self.goodbye:
                parts.append(self._packet(1, _GOODBYE, b""))
        except (struct.error, ValueError) as error:
            raise LocalError(f"not an RTCP report: {error}") from error
        return b"".join(parts)

    def _packet(self, count: int, kind: int, body: bytes) -> bytes:
        return _HEAD.pack(0x80 | count, kind, len(body) // 4 + 1, self.ssrc) + body


def _reports(body: bytes, is_sender: bool, count: int) -> tuple[Sending | None, tuple[Reception, ...]]:
    sending = None
    start = 0
    if is_sender:
        start = _SENDING.size
    if len(body) < start + count * _RECEPTION.size:
        raise MalformedError("an RTCP report is shorter than it says")
    if is_sender:
        high, low, timestamp, packets, octets = _SENDING.unpack_from(body)
        sending = Sending(high << 32 | low, timestamp, packets, octets)
    receptions = []
    for k in range(count):
        ssrc, losses, *rest = _RECEPTION.unpack_from(body, start + k * _RECEPTION.size)
        lost = (losses & 0xFFFFFF) - ((losses & 0x800000) << 1)
        receptions.append(Reception(ssrc, losses >> 24, lost, *rest))
    return sending, tuple(receptions)
