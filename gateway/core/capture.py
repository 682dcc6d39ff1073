"""A call's messages as a capture file that Wireshark, tshark and sngrep read: pcapng (draft-ietf-opsawg-pcapng).

SIP stands in it as UDP over IP with the addresses between which it went, whatever it went by: what came by a
connection is told message by message, decrypted, and a comment names the transport. Messages of a D channel stand
as they are (Wireshark's "upper PDU"), without a data link made up for them. Secrets have been starred out before.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from gateway.core.trace import Packet

__all__ = ["pcapng"]

_SECTION: Final = 0x0A0D0D0A
_BYTE_ORDER: Final = 0x1A2B3C4D
_INTERFACE: Final = 1
_ENHANCED_PACKET: Final = 6
_RAW_IP: Final = 101
_UPPER_PDU: Final = 252
_COMMENT: Final = 1
_FLAGS: Final = 2
_INBOUND: Final = 1
_OUTBOUND: Final = 2
_DISSECTOR_NAME: Final = 12
_UDP: Final = 17
_HOPS: Final = 64

LONGEST: Final = 65_000
"""Octets of a message that are written; an IP packet has no room for more."""


def pcapng(packets: Iterable[Packet], epoch: float) -> bytes:
    """The capture file.

    Args:
        packets: in the order of their time.
        epoch: what is to be added to their times for seconds since 1970.
    """
    blocks = [
        _block(_SECTION, struct.pack("<IHHq", _BYTE_ORDER, 1, 0, -1)),
        _block(_INTERFACE, struct.pack("<HHI", _RAW_IP, 0, 0)),
        _block(_INTERFACE, struct.pack("<HHI", _UPPER_PDU, 0, 0)),
    ]
    blocks += [_packet(packet, epoch) for packet in packets]
    return b"".join(blocks)


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + _padded(value)


def _packet(packet: Packet, epoch: float) -> bytes:
    interface, octets = (
        (1, _pdu(packet)) if packet.local is None or packet.remote is None else (0, _datagram(packet))
    )
    microseconds = round((packet.at + epoch) * 1_000_000)
    comment = packet.leg if packet.way in ("udp", "q931") else f"{packet.leg}, by {packet.way}"
    options = (
        _option(_COMMENT, comment.encode())
        + _option(_FLAGS, struct.pack("<I", _OUTBOUND if packet.sent else _INBOUND))
        + _option(0, b"")
    )
    head = struct.pack("<5I", interface, microseconds >> 32, microseconds & 0xFFFFFFFF, len(octets), len(octets))
    return _block(_ENHANCED_PACKET, head + _padded(octets) + options)


def _pdu(packet: Packet) -> bytes:
    name = packet.way.encode()
    return (
        struct.pack(">HH", _DISSECTOR_NAME, len(_padded(name))) + _padded(name) + bytes(4) + packet.data[:LONGEST]
    )


def _datagram(packet: Packet) -> bytes:
    """The message as UDP over IP (RFC 768, RFC 791, RFC 8200)."""
    assert packet.local is not None
    assert packet.remote is not None
    (source, source_port), (target, target_port) = (
        (packet.local, packet.remote) if packet.sent else (packet.remote, packet.local)
    )
    data = packet.data[:LONGEST]
    length = len(data) + 8
    sender, receiver = _address(source), _address(target)
    if isinstance(sender, IPv4Address) and isinstance(receiver, IPv4Address):
        addresses = sender.packed + receiver.packed
        head = struct.pack(">BBHHHBBH", 0x45, 0, length + 20, 0, 0x4000, _HOPS, _UDP, 0) + addresses
        whole = head[:10] + struct.pack(">H", _checksum(head)) + head[12:]
    else:
        addresses = _wide(sender).packed + _wide(receiver).packed
        whole = struct.pack(">IHBB", 0x60000000, length, _UDP, _HOPS) + addresses
    udp = struct.pack(">HHH", source_port, target_port, length)
    checksum = _checksum(addresses + struct.pack(">HH", _UDP, length) + udp + data) or 0xFFFF
    return whole + udp + struct.pack(">H", checksum) + data


def _address(host: str) -> IPv4Address | IPv6Address:
    """A peer's address; the scope of a link-local one has no place in a packet."""
    return ip_address(host.partition("%")[0])


def _wide(address: IPv4Address | IPv6Address) -> IPv6Address:
    """An address of IPv4 as one of IPv6 (RFC 4291 2.5.5.2)."""
    return address if isinstance(address, IPv6Address) else IPv6Address(f"::ffff:{address}")


def _checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    total: int = sum(struct.unpack(f">{(len(data) + 1) // 2}H", data + bytes(len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
