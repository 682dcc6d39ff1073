"""The payload of an RFC 4733 telephone event as a value, for tests, tools and traces (RFC 4733 2.3)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from gateway.core.errors import LocalError, MalformedError

__all__ = ["TelephoneEvent"]

_PAYLOAD: Final = struct.Struct("!BBH")


@dataclass(frozen=True, slots=True)
class TelephoneEvent:
    """One event packet's payload.

    Attributes:
        code: 0..15 for DTMF 0-9 * # A-D.
        end: whether the event is over.
        volume: -dBm0, 0..63.
        duration: timestamp units since the event began.
    """

    code: int
    duration: int
    end: bool = False
    volume: int = 10

    @classmethod
    def parse(cls, payload: bytes) -> TelephoneEvent:
        """Read a payload.

        Raises:
            MalformedError: it is too short.
        """
        if len(payload) < _PAYLOAD.size:
            raise MalformedError(f"{len(payload)} octets are too few for a telephone event")
        code, flags, duration = _PAYLOAD.unpack_from(payload)
        return cls(code, duration, bool(flags & 0x80), flags & 0x3F)

    def serialise(self) -> bytes:
        """The payload.

        Raises:
            LocalError: a field is out of range.
        """
        if not 0 <= self.volume <= 63:
            raise LocalError(f"a telephone event has no volume {self.volume}")
        try:
            return _PAYLOAD.pack(self.code, self.end << 7 | self.volume, self.duration)
        except struct.error as error:
            raise LocalError(f"not a telephone event: {error}") from error
