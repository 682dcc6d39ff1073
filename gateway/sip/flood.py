"""How much one source may ask for: a token bucket each, in a table that does not grow.

A source gets `burst` requests at once and `rate` a second after that. A source that has not been heard for so long
that its bucket is full again is forgotten first, so that a flood from a million forged addresses costs the same
memory as one from few.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

__all__ = ["Buckets"]

SOURCES: Final = 10_000
"""Sources that are remembered; about 2 MB."""


class Buckets:
    """The buckets of all sources.

    Args:
        rate: requests a second; 0 sets no bound.
        burst: requests at once, one or more.
        sources: how many are remembered.
    """

    def __init__(self, rate: float, burst: float, sources: int = SOURCES) -> None:
        self._rate = rate
        self._burst = burst
        self._most = sources
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        """How many sources are remembered."""
        return len(self._left)

    def takes(self, source: str, now: float) -> bool:
        """Whether `source` may ask for one thing more; what is refused costs it nothing."""
        if not self._rate:
            return True
        left, at = self._left.get(source, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._rate)
        granted = left >= 1.0
        self._left[source] = (left - 1.0 if granted else left, now)
        self._left.move_to_end(source)
        if len(self._left) > self._most:
            self._left.popitem(last=False)
        return granted

    def gives_back(self, source: str, number: float) -> None:
        """What `source` has asked for, so many things, does not count after all."""
        found = self._left.get(source)
        if found is not None:
            self._left[source] = (min(self._burst, found[0] + number), found[1])
