"""IFP packets of T.38 version 0, as far as their length goes (ITU-T T.38 section 7 and Annex A).

What they mean is for the machine or gateway that they are given to. Here it is seen that one is whole before it
goes there, and where it ends: one that parity has made good comes with zeros behind it.
"""

from __future__ import annotations

from typing import Final

__all__ = ["LONGEST", "whole"]

LONGEST: Final = 1024
"""Octets: gateways send 10 to 60 of them, and none of ours takes more at once."""
MAX_FIELDS: Final = 127

_HAS_DATA: Final = 0x80
_IS_DATA: Final = 0x40
_EXTENDED: Final = 0x20
_HALF_HAS_DATA: Final = 0x08


def whole(packet: bytes) -> bytes | None:
    """The IFP packet at the beginning of `packet`, which may be longer; None where there is none."""
    length = _length(packet)
    return packet[:length] if length is not None and length <= min(len(packet), LONGEST) else None


def _length(packet: bytes) -> int | None:
    """Octets of the packet; more than are there where it ends too early."""
    if not packet:
        return None
    head = packet[0]
    if not head & _IS_DATA:  # an indicator, which has no fields
        if head & _HAS_DATA:
            return None
        return 2 if head & _EXTENDED else 1
    at = 2 if head & _EXTENDED else 1
    if not head & _HAS_DATA:
        return at
    if at >= len(packet) or packet[at] > MAX_FIELDS:
        return None
    return _fields(packet, at + 1, packet[at])


def _fields(packet: bytes, at: int, count: int) -> int | None:
    """Where `count` fields that begin at `at` end. Two without data share an octet (field types of three bits)."""
    halved = False
    for _ in range(count):
        if at >= len(packet):
            return None
        has_data = packet[at] & (_HALF_HAS_DATA if halved else _HAS_DATA)
        if halved or has_data:
            at += 1
        halved = not (halved or has_data)
        if has_data:
            if at + 2 > len(packet):
                return None
            at += 2 + int.from_bytes(packet[at : at + 2]) + 1
    return at + halved
