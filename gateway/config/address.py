"""Addresses as they are written in the configuration: "127.0.0.1:8080", "udp:[::1]:5060", "20000-20999".

Each form is a frozen value with `parse` and `__str__` side by side. IP addresses only: a name would make the
start depend on a name server; servers elsewhere may be names, which are looked up while the office runs, and where
SIP listens may be a network interface, whose address is that of the moment. A text that does not parse raises
ValueError with a clause for the user.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final, Self

from gateway.net.interface import address_of

__all__ = ["Listener", "PortRange", "ServerName", "SocketAddress"]

_CALLED: Final = ("udp", "tcp", "tls")
"""Transports by which we call others."""
_SERVER: Final = re.compile(
    r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9_](?:[A-Za-z0-9_.\-]{0,252}[A-Za-z0-9_.])?))"
    r"(?::(?P<port>[0-9]{1,5}))?",
    re.ASCII,
)
_INTERFACE: Final = re.compile(
    r"(?P<bracket>\[)?(?P<name>[A-Za-z][\w.@-]{0,14})(?(bracket)\]):(?P<port>[0-9]+)", re.ASCII
)
"""A network interface and a port; in brackets, as addresses of IPv6 are written, for its address of IPv6."""
_TRANSPORTS = ("udp", "tcp", "tls", "ws", "wss")


@dataclass(frozen=True, slots=True)
class SocketAddress:
    """An IP address and a port.

    Attributes:
        host: IPv4 or IPv6 literal, without brackets.
        port: 0..65535; 0 asks the system for a free one.
    """

    host: str
    port: int

    @classmethod
    def parse(cls, text: str, port: int | None = None) -> Self:
        """Read "127.0.0.1:8080" or "[::1]:8080"; an address alone means `port`, where one is given.

        Raises:
            ValueError: it is something else.
        """
        if port is not None and _is_address(text.strip("[]")):
            return cls(text.strip("[]"), port)
        host, colon, digits = text.rpartition(":")
        if not colon or not (digits.isascii() and digits.isdigit()) or int(digits) > 65535:
            raise ValueError(f'"{text}" is not an IP address and a port')
        bracketed = host.startswith("[") and host.endswith("]")
        host = host[1:-1] if bracketed else host
        try:
            version = ipaddress.ip_address(host).version
        except ValueError:
            raise ValueError(f'"{host}" is not an IP address') from None
        if bracketed != (version == 6):
            raise ValueError(f'"{text}" is not an IP address and a port')
        return cls(host, int(digits))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return ipaddress.ip_address(self.host).is_loopback

    @property
    def is_wildcard(self) -> bool:
        """Whether it stands for every address of this machine."""
        return ipaddress.ip_address(self.host).is_unspecified

    def overlaps(self, other: SocketAddress) -> bool:
        """Whether both cannot be bound at once for one transport."""
        if self.port != other.port or self.port == 0:
            return False
        hosts = {self.host, other.host}
        return len(hosts) == 1 or any(ipaddress.ip_address(host).is_unspecified for host in hosts)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Listener:
    """A transport and where it listens.

    Attributes:
        transport: "udp", "tcp", "tls", "ws" or "wss".
        address: the local address.
        interface: the network interface whose address it was as this was read; "" where the address was written.
    """

    transport: str
    address: SocketAddress
    interface: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "udp:127.0.0.1:5060", "udp:eth0:5060" or, for its address of IPv6, "udp:[eth0]:5060".

        Raises:
            ValueError: it is something else, or there is no such interface, or it has no address.
        """
        transport, _, rest = text.partition(":")
        if transport not in _TRANSPORTS:
            raise ValueError(f'"{text}" does not begin with udp:, tcp:, tls:, ws: or wss:')
        named = _INTERFACE.fullmatch(rest)
        if named is None:
            return cls(transport, SocketAddress.parse(rest))
        address = address_of(named["name"], 6 if named["bracket"] else 4)
        written = f"[{address}]" if named["bracket"] else address
        return cls(transport, SocketAddress.parse(f"{written}:{named['port']}"), named["name"])

    @property
    def is_secure(self) -> bool:
        """Whether it needs a certificate."""
        return self.transport in ("tls", "wss")

    def overlaps(self, other: Listener) -> bool:
        """Whether both cannot be bound at once."""
        return (self.transport == "udp") == (other.transport == "udp") and self.address.overlaps(other.address)

    def __str__(self) -> str:
        return f"{self.transport}:{self.address}"


@dataclass(frozen=True, slots=True)
class ServerName:
    """A SIP server elsewhere.

    Attributes:
        host: a name or an IP address, IPv6 without brackets.
        port: None for what the DNS says, or the transport's own.
        transport: "udp", "tcp" or "tls"; empty for what the DNS says.
    """

    host: str
    port: int | None = None
    transport: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "sip.example.com", "tcp:192.0.2.1:5080" or "tls:[2001:db8::1]".

        Raises:
            ValueError: it is something else.
        """
        transport, colon, rest = text.partition(":")
        if not colon or transport not in _CALLED:
            transport, rest = "", text
        found = _SERVER.fullmatch(rest)
        if found is None or (found["ipv6"] is not None and not _is_address(found["ipv6"])):
            raise ValueError(f'"{text}" names no server')
        port = int(found["port"]) if found["port"] else None
        if port is not None and not 1 <= port <= 65535:
            raise ValueError(f'"{text}" has a port that there is not')
        return cls((found["ipv6"] or found["name"]).lower(), port, transport)

    @property
    def is_here(self) -> bool:
        """Whether it is an address of this machine alone, or its name."""
        return self.host == "localhost" or (_is_address(self.host) and ipaddress.ip_address(self.host).is_loopback)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port is not None else ""
        return f"{self.transport}:{host}{port}" if self.transport else f"{host}{port}"


@dataclass(frozen=True, slots=True)
class PortRange:
    """UDP ports from `first` to `last`, both included."""

    first: int
    last: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "20000-20999".

        Raises:
            ValueError: it is something else, or lies outside 1024..65535, or holds no RTP and RTCP pair.
        """
        first, _, last = text.partition("-")
        if not all(part.isascii() and part.isdigit() for part in (first, last)):
            raise ValueError(f'"{text}" is not a range of ports')
        found = cls(int(first), int(last))
        if not 1024 <= found.first < found.last <= 65535:
            raise ValueError(f'"{text}" is not a rising range within 1024-65535')
        return found

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"
