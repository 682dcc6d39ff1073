"""What calls cost: prices by prefix, the longest prefix that fits.

    # prefix or kind, price a minute, price of the call
    local,  0.01
    +44,    0.02
    +4470,  0.50,  0.10

A destination without a price of its own is reckoned at the dearest in the table: a forgotten prefix must not be
free. Emergency and freephone numbers cost nothing unless the table says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.core.errors import ConfigError, Fault
from gateway.toll.numbering import Destination, Kind

__all__ = ["Rate", "RateTable"]

_KINDS: Final = {kind.value: kind for kind in Kind}
_FREE: Final = frozenset({Kind.EMERGENCY, Kind.FREE})
_MEND: Final = 'write "PREFIX, PRICE A MINUTE" such as "+44, 0.02", or a kind of number such as "local, 0.01"'


@dataclass(frozen=True, slots=True)
class Rate:
    """The price of a call, in the currency of the table: `minute` for each minute, `setup` once answered."""

    minute: float = 0.0
    setup: float = 0.0


_NOTHING: Final = Rate()


@dataclass(frozen=True, slots=True)
class RateTable:
    """Prices by prefix in E.164 form ("+44"), and by kind. An empty table makes every call free."""

    prefixes: Mapping[str, Rate] = field(default_factory=dict)
    kinds: Mapping[Kind, Rate] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str, file: str) -> RateTable:
        """Read a table.

        Raises:
            ConfigError: with every line that cannot be read.
        """
        prefixes: dict[str, Rate] = {}
        kinds: dict[Kind, Rate] = {}
        faults: list[Fault] = []
        for line, raw in enumerate(text.splitlines(), 1):
            words = [word.strip() for word in raw.partition("#")[0].split(",")]
            if not any(words):
                continue
            rate = _rate(words[1:])
            if rate is None:
                faults.append(Fault(file, line, f"{raw.strip()[:60]!r} is no price", _MEND))
            elif words[0] in _KINDS:
                kinds[_KINDS[words[0]]] = rate
            elif words[0].startswith("+") and words[0][1:].isdecimal():
                prefixes[words[0]] = rate
            else:
                faults.append(Fault(file, line, f"{words[0][:60]!r} is no prefix", _MEND))
        if faults:
            raise ConfigError(faults)
        return cls(prefixes, kinds)

    def rate(self, destination: Destination) -> Rate:
        """What a call there costs."""
        if not self.prefixes and not self.kinds:
            return _NOTHING
        number = destination.number
        if number.startswith("+"):
            for length in range(len(number), 1, -1):
                found = self.prefixes.get(number[:length])
                if found is not None:
                    return found
        if destination.kind in self.kinds:
            return self.kinds[destination.kind]
        return _NOTHING if destination.kind in _FREE else self._dearest()

    def _dearest(self) -> Rate:
        known = (*self.prefixes.values(), *self.kinds.values())
        return max(known, key=lambda rate: (rate.minute, rate.setup))


def _rate(words: list[str]) -> Rate | None:
    try:
        prices = [float(word) for word in words]
    except ValueError:
        return None
    good = 1 <= len(prices) <= 2 and all(math.isfinite(price) and price >= 0 for price in prices)
    return Rate(*prices) if good else None
