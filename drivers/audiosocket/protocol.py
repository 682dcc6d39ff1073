"""AudioSocket messages, read and written (Asterisk res/res_audiosocket.c, its AudioSocket protocol).

    kind, one octet | length of what follows, two octets, the high one first | what follows

Octets go in, in any pieces; whole messages come out. A message is 65,538 octets at most by its form, so nothing
here grows without bound. Kinds that are not known come out like others: who reads decides.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final
from uuid import UUID

from gateway.core.errors import MalformedError

__all__ = ["Address", "Decoder", "Kind", "Message"]

_HEAD: Final = struct.Struct("!BH")
_PORT: Final = 9092
"""Where programs listen that do not say otherwise."""


class Kind(IntEnum):
    """What a message is about."""

    HANG_UP = 0x00
    IDENTITY = 0x01
    """The call's UUID, 16 octets: the first that a server hears."""
    DIGIT = 0x03
    """One key, in ASCII."""
    AUDIO = 0x10
    """Samples at 8000 Hz, 16 bit, the low octet first."""
    ERROR = 0xFF
    """Something went wrong at the other side; a number may follow."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `kind` is a number where it is none of ours."""

    kind: int
    payload: bytes = b""

    def serialise(self) -> bytes:
        """Its octets."""
        return _HEAD.pack(self.kind, len(self.payload)) + self.payload


class Decoder:
    """Takes messages out of octets as they come."""

    def __init__(self) -> None:
        self._held = bytearray()

    def receive(self, data: bytes) -> Iterator[Message]:
        """Every message that is whole by now."""
        self._held += data
        while len(self._held) >= _HEAD.size:
            kind, length = _HEAD.unpack_from(self._held)
            end = _HEAD.size + length
            if len(self._held) < end:
                return
            payload = bytes(self._held[_HEAD.size : end])
            del self._held[:end]
            yield Message(kind, payload)


@dataclass(frozen=True, slots=True)
class Address:
    """`host:port/uuid`, as a Dial has it after `AudioSocket/`; the port may be left out (9092)."""

    host: str
    port: int
    uuid: UUID

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read one.

        Raises:
            MalformedError: it is none; the text says what is missing.
        """
        where, slash, rest = text.partition("/")
        host, colon, port = where.rpartition(":")
        if not colon or where.endswith("]"):
            host, port = where, str(_PORT)
        host = host.strip("[] ")
        if not (host and slash and port.isascii() and port.isdecimal() and 0 < int(port[:6]) < 65536):
            raise MalformedError(f"{text[:80]!r} is no address: write HOST:PORT/UUID")
        try:
            return cls(host, int(port), UUID(rest.partition("/")[0].strip()))
        except ValueError as fault:
            raise MalformedError(f"{rest[:60]!r} is no UUID: write 36 characters as uuidgen prints them") from fault

    @property
    def server(self) -> str:
        """Whom it names: "127.0.0.1:9092"."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
