"""Whom a packet comes from, for limits and bans: an IPv4 address, or an IPv6 network of 64 bits.

Whoever has one address of an IPv6 network has all of it (RFC 4291 2.5.4), so that single addresses mean nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Final

from gateway.core.literal import literal
from gateway.sip.message import Request
from gateway.sip.transport import Flow

__all__ = ["REMEMBERED", "Network", "covers", "covers_source", "is_certain", "source_of"]

Network = IPv4Network | IPv6Network

REMEMBERED: Final = 4096
"""Addresses whose source is not worked out anew."""


@lru_cache(REMEMBERED)
def source_of(host: str) -> str:
    """The source to which the address `host` belongs: itself, or its /64."""
    if ":" not in host:
        return host
    address = literal(host.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address) >> 64 << 64, 64)))


def covers(networks: Sequence[Network], host: str) -> bool:
    """Whether the address `host` lies in one of `networks`."""
    if not networks:
        return False
    address = literal(host.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address.version == network.version and address in network for network in networks)


def covers_source(networks: Sequence[Network], source: str) -> bool:
    """Whether all of a source (`source_of`) lies in one of `networks`."""
    if not networks:
        return False
    whole = ip_network(source)
    for network in networks:
        if isinstance(whole, IPv4Network):
            if isinstance(network, IPv4Network) and whole.subnet_of(network):
                return True
        elif isinstance(network, IPv6Network) and whole.subnet_of(network):
            return True
    return False


def is_certain(request: Request, flow: Flow) -> bool:
    """Whether a request that was let in comes from whom it seems to.

    It has proved itself, or has opened a connection. A trunk may be known by its address alone, which anybody can
    write into a datagram.
    """
    return flow.is_reliable or "authorization" in request.headers.rows
