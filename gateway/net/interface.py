"""This machine's network interfaces and their addresses, as the system tells them now."""

from __future__ import annotations

import errno
import ipaddress
import socket
import struct
from fcntl import ioctl
from pathlib import Path
from typing import Final

__all__ = ["address_of", "is_ours"]

_SIOCGIFADDR: Final = 0x8915
_IFREQ: Final = struct.Struct("=16s24x")
"""linux/if.h: the name, and room for an address."""
_ADDRESS: Final = slice(20, 24)
"""Where the address lies of a struct sockaddr_in in it."""
_IPV6: Final = Path("/proc/net/if_inet6")
"""Lines of address, index, length of the prefix, scope, flags and name, all but the last in hexadecimal."""
_GLOBAL: Final = 0x00
_TENTATIVE_OR_FAILED: Final = 0x40 | 0x08
_DEPRECATED: Final = 0x20


def address_of(name: str, version: int) -> str:
    """The address of an interface: that of IPv4, or of IPv6 one that others can reach.

    Args:
        version: 4 or 6.

    Raises:
        ValueError: there is no such interface, or it has none; a clause for the user.
    """
    known = [name for _, name in socket.if_nameindex()]
    if name not in known:
        raise ValueError(f'there is no network interface "{name}" here, but {", ".join(known)}')
    found = _ipv4(name) if version == 4 else _ipv6(name)
    if found is None:
        raise ValueError(f'the network interface "{name}" has no address of IPv{version}')
    return found


def is_ours(host: str) -> bool:
    """Whether this machine has an address (an IP literal): one that it has lost hears and sends nothing."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asked:
            asked.bind((host, 0))
    except OSError as error:
        return error.errno != errno.EADDRNOTAVAIL
    return True


def _ipv4(name: str) -> str | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            told = ioctl(asked, _SIOCGIFADDR, _IFREQ.pack(name.encode()))
        except OSError:
            return None
    return str(ipaddress.IPv4Address(told[_ADDRESS]))


def _ipv6(name: str) -> str | None:
    """The first that is neither of this link alone nor not yet, or no more, to be used."""
    try:
        lines = [line.split() for line in _IPV6.read_text("ascii").splitlines()]
    except OSError:
        return None  # a system without IPv6
    found = [
        (bool(int(flags, 16) & _DEPRECATED), str(ipaddress.IPv6Address(bytes.fromhex(address))))
        for address, _, _, scope, flags, of in lines
        if of == name and int(scope, 16) == _GLOBAL and not int(flags, 16) & _TENTATIVE_OR_FAILED
    ]
    return min(found)[1] if found else None
