"""a=crypto lines (RFC 4568): keys of SRTP in session descriptions, read and written side by side.

A line that asks for what we do not do (another suite, several keys, a short lifetime, a session
parameter that changes the packets) is no line for us; RFC 4568 6.3 and 7.1.2 let the answerer take another one.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from typing import Final

from gateway.core.frozen import frozen
from gateway.core.srtp import MasterKey, Suite
from gateway.sdp.description import Attribute

__all__ = ["Crypto", "cryptos_of"]

MAX_CRYPTOS: Final = 32
"""Lines of one stream that are looked at; telephones send three to eight."""
MAX_IDENTIFIER: Final = 128
"""Octets of a key identifier (RFC 4568 6.1)."""
LEAST_LIFETIME: Final = 1 << 20
"""Packets that a key must last, more than five hours of them; whoever means it has a new one by then."""
_LINE: Final = re.compile(r"(\d{1,9})\s+(\w{1,64})\s+inline:(\S{1,200})((?:\s+\S{1,80}){0,8})\s*", re.ASCII)
_HARMLESS: Final = re.compile(r"WSH=\d{1,9}|KDR=0|-\S*", re.ASCII)
"""Session parameters that change no packet: a window, no further keys, and what may be passed over (6.3.7)."""


@frozen
class Crypto:
    """One line: `tag` ties an answer to its offer."""

    tag: int
    key: MasterKey

    @classmethod
    def parse(cls, value: str) -> Crypto | None:
        """Read the value of a line; None where it is none that we can use."""
        found = _LINE.fullmatch(value)
        if found is None:
            return None
        tag, name, inline, parameters = found.groups()
        suite = Suite.__members__.get(name.upper())
        if suite is None or not all(_HARMLESS.fullmatch(word) for word in parameters.split()):
            return None
        text, *rest = inline.split("|")
        identifier = _identifier(rest)
        if identifier is None:
            return None
        try:
            # Some leave out the padding of 28 octets (RFC 4568 9.2 has it, as RFC 4648 does).
            key = base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True)
        except ValueError:
            return None
        return cls(int(tag), MasterKey(suite, key, identifier)) if len(key) == suite.octets else None

    def attribute(self) -> Attribute:
        """The line."""
        return Attribute(
            "crypto", f"{self.tag} {self.key.suite.value} inline:{base64.b64encode(self.key.key).decode()}"
        )


def cryptos_of(attributes: Iterable[Attribute]) -> tuple[Crypto, ...]:
    """The lines that we can use, in their order; of a tag that comes twice the first."""
    found: dict[int, Crypto] = {}
    for crypto in _usable(attributes):
        found.setdefault(crypto.tag, crypto)
    return tuple(found.values())


def _usable(attributes: Iterable[Attribute]) -> Iterator[Crypto]:
    lines = [line.value for line in attributes if line.name == "crypto" and line.value]
    for value in lines[:MAX_CRYPTOS]:
        crypto = Crypto.parse(value)
        if crypto is not None:
            yield crypto


def _identifier(rest: list[str]) -> int | None:
    """Octets of the key identifier in what follows a key: "|2^31|1:4"; None where the key will not do."""
    octets = 0
    for place, word in enumerate(rest):
        value, colon, length = word.partition(":")
        if colon:
            if place != len(rest) - 1 or not (value.isdecimal() and length.isdecimal() and len(length) <= 3):
                return None
            octets = int(length)
            if not 0 < octets <= MAX_IDENTIFIER:
                return None
        elif place or not _lasts(value):
            return None
    return octets


def _lasts(lifetime: str) -> bool:
    base, power, exponent = lifetime.partition("^")
    number = exponent if power else base
    if not (lifetime.isascii() and number.isdecimal() and len(number) <= 20 and (not power or base == "2")):
        return False
    return (1 << min(int(number), 64) if power else int(number)) >= LEAST_LIFETIME
