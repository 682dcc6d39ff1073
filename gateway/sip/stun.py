"""STUN on the SIP port: binding requests and their answers (RFC 5389), which keep flows alive (RFC 5626 4.4.2).

Octets enter `Stun.parse`, `serialise` gives them back; `answer` is the whole of a server, for it holds no state. Of
attributes only those of a binding are known; authentication is not used between a flow's ends.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import field
from enum import IntEnum
from ipaddress import ip_address
from typing import Final

from gateway.core.errors import MalformedError
from gateway.core.frozen import frozen
from gateway.sip.transport import Address

__all__ = ["Attribute", "Kind", "Stun", "answer", "is_stun", "xor_mapped"]

COOKIE: Final = 0x2112A442
_HEADER: Final = struct.Struct("!HHI12s")
_ATTRIBUTE: Final = struct.Struct("!HH")
_COMPREHENSION_OPTIONAL: Final = 0x8000
"""Attributes from here on may be passed over by who does not know them (section 15)."""
LONGEST: Final = 548
"""Octets of a message over UDP (section 7.1: 576 of IPv4 less headers)."""
UNKNOWN_ATTRIBUTE: Final = b"\x00\x00\x04\x14Unknown Attribute"
"""ERROR-CODE 420 (section 15.6)."""


class Kind(IntEnum):
    """Message types that are known here (section 6)."""

    REQUEST = 0x0001
    INDICATION = 0x0011
    SUCCESS = 0x0101
    ERROR = 0x0111


class Attribute(IntEnum):
    """Attribute types that are known here (section 18.2)."""

    USERNAME = 0x0006
    MESSAGE_INTEGRITY = 0x0008
    ERROR_CODE = 0x0009
    UNKNOWN_ATTRIBUTES = 0x000A
    XOR_MAPPED_ADDRESS = 0x0020


@frozen
class Stun:
    """A STUN message.

    Attributes:
        kind: its type.
        transaction: 12 octets that a request and its answer share.
        attributes: values by type; the first of each type.
    """

    kind: int
    transaction: bytes
    attributes: Mapping[int, bytes] = field(default_factory=dict)

    @classmethod
    def parse(cls, data: bytes) -> Stun:
        """Read a message.

        Raises:
            MalformedError: it is none.
        """
        if not is_stun(data):
            raise MalformedError("these octets are no STUN message")
        kind, length, _, transaction = _HEADER.unpack_from(data)
        if length != len(data) - _HEADER.size or length % 4:
            raise MalformedError(f"a STUN message of {len(data)} octets says that it has {length} after its header")
        attributes: dict[int, bytes] = {}
        at = _HEADER.size
        while at < len(data):
            number, size = _ATTRIBUTE.unpack_from(data, at)
            at += _ATTRIBUTE.size
            if at + size > len(data):
                raise MalformedError(f"STUN attribute {number:#06x} goes beyond its message")
            attributes.setdefault(number, data[at : at + size])
            at += size + -size % 4
        return cls(kind, transaction, attributes)

    def serialise(self) -> bytes:
        """The message as it goes out."""
        body = b"".join(
            _ATTRIBUTE.pack(number, len(value)) + value + bytes(-len(value) % 4)
            for number, value in self.attributes.items()
        )
        return _HEADER.pack(self.kind, len(body), COOKIE, self.transaction) + body

    @property
    def mapped(self) -> Address | None:
        """The address that an answer says the request came from, or None."""
        value = self.attributes.get(Attribute.XOR_MAPPED_ADDRESS, b"")
        if len(value) not in (8, 20):
            return None
        (port,) = struct.unpack_from("!H", value, 2)
        address = _xor(value[4:], self.transaction)
        return str(ip_address(address)), port ^ (COOKIE >> 16)


def is_stun(data: bytes) -> bool:
    """Whether a datagram is STUN and no SIP: its first two bits are 0, and the magic cookie stands in it (8)."""
    return _HEADER.size <= len(data) <= LONGEST and data[0] < 0x40 and data[4:8] == COOKIE.to_bytes(4, "big")


def answer(data: bytes, source: Address) -> bytes | None:
    """What a server answers to a datagram that came from `source`; None where nothing is to be said (7.3)."""
    try:
        request = Stun.parse(data)
    except MalformedError:
        return None
    if request.kind != Kind.REQUEST:
        return None
    known = {Attribute.USERNAME, Attribute.MESSAGE_INTEGRITY}
    unknown = [number for number in request.attributes if number < _COMPREHENSION_OPTIONAL and number not in known]
    if unknown:
        listed = struct.pack(f"!{len(unknown)}H", *unknown)
        attributes: dict[int, bytes] = {
            Attribute.ERROR_CODE: UNKNOWN_ATTRIBUTE,
            Attribute.UNKNOWN_ATTRIBUTES: listed,
        }
        return Stun(Kind.ERROR, request.transaction, attributes).serialise()
    mapped = xor_mapped(source, request.transaction)
    return Stun(Kind.SUCCESS, request.transaction, {Attribute.XOR_MAPPED_ADDRESS: mapped}).serialise()


def xor_mapped(address: Address, transaction: bytes) -> bytes:
    """The value of XOR-MAPPED-ADDRESS (15.2): hidden from NATs that rewrite whatever looks like an address."""
    literal = ip_address(address[0])
    family = 1 if literal.version == 4 else 2
    return struct.pack("!BBH", 0, family, address[1] ^ (COOKIE >> 16)) + _xor(literal.packed, transaction)


def _xor(octets: bytes, transaction: bytes) -> bytes:
    key = COOKIE.to_bytes(4, "big") + transaction
    return bytes(one ^ other for one, other in zip(octets, key, strict=False))
