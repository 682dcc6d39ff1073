"""An RTP packet as a value: parsed and serialised side by side (RFC 3550 5.1, 5.3.1).

The loop reads and writes headers by itself; this is for tests, tools and traces, and the tests hold the two to the
same answers. What does not parse raises MalformedError.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from gateway.core.errors import LocalError, MalformedError

__all__ = ["RtpPacket"]

_FIXED: Final = struct.Struct("!BBHII")
_EXTENSION: Final = struct.Struct("!HH")
_VERSION: Final = 2


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One RTP packet; padding is not kept.

    Attributes:
        extension: the profile's 16 bits and the data (whole 32-bit words), or None.
    """

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes = b""
    marker: bool = False
    csrcs: tuple[int, ...] = ()
    extension: tuple[int, bytes] | None = None

    @classmethod
    def parse(cls, data: bytes) -> RtpPacket:
        """Read a datagram.

        Raises:
            MalformedError: it is no RTP packet.
        """
        if len(data) < _FIXED.size:
            raise MalformedError(f"{len(data)} octets are too few for an RTP packet")
        first, second, sequence, timestamp, ssrc = _FIXED.unpack_from(data)
        if first >> 6 != _VERSION:
            raise MalformedError(f"RTP version {first >> 6}")
        count = first & 0x0F
        start = _FIXED.size + 4 * count
        extension_start = start
        if first & 0x10:
            if len(data) < start + _EXTENSION.size:
                raise MalformedError("an RTP header extension is cut off")
            profile, words = _EXTENSION.unpack_from(data, start)
            start += _EXTENSION.size + 4 * words
        padding = data[-1] if first & 0x20 else 0
        end = len(data) - padding
        if end < start or (first & 0x20 and padding == 0):
            raise MalformedError("an RTP packet ends before its payload")
        csrcs = struct.unpack_from(f"!{count}I", data, _FIXED.size)
        extension = (profile, data[extension_start + _EXTENSION.size : start]) if first & 0x10 else None
        return cls(second & 0x7F, sequence, timestamp, ssrc, data[start:end], bool(second & 0x80), csrcs, extension)

    def serialise(self, padding: int = 0) -> bytes:
        """The datagram, with `padding` octets (0..255) of padding.

        Raises:
            LocalError: a field is out of range.
        """
        if not 0 <= self.payload_type <= 127:
            raise LocalError(f"an RTP packet has no payload type {self.payload_type}")
        first = _VERSION << 6 | (0x20 if padding else 0) | (0x10 if self.extension else 0) | len(self.csrcs)
        try:
            header = _FIXED.pack(
                first, self.marker << 7 | self.payload_type, self.sequence, self.timestamp, self.ssrc
            )
            parts = [header, struct.pack(f"!{len(self.csrcs)}I", *self.csrcs)]
            if self.extension is not None:
                profile, data = self.extension
                parts += [_EXTENSION.pack(profile, len(data) // 4), data]
            tail = bytes(padding - 1) + bytes([padding]) if padding else b""
        except (struct.error, ValueError) as error:
            raise LocalError(f"not an RTP packet: {error}") from error
        if len(self.csrcs) > 15 or (self.extension is not None and len(self.extension[1]) % 4):
            raise LocalError("not an RTP packet: more than 15 CSRCs, or an extension that is not whole words")
        return b"".join([*parts, self.payload, tail])
