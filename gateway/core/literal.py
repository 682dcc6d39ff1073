"""IP addresses written as text, read once for all: signalling meets the same few again and again."""

from __future__ import annotations

import ipaddress
from typing import Final

from gateway.core.repeated import repeated

__all__ = ["Literal", "literal"]

Literal = ipaddress.IPv4Address | ipaddress.IPv6Address

_read: Final = repeated(ipaddress.ip_address)


def literal(text: str) -> Literal:
    """The address that `text` writes, without brackets.

    Raises:
        ValueError: it writes none.
    """
    return _read(text)
