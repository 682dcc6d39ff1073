"""Ring cadences as DAHDI writes them (dahdi/user.h struct dahdi_ring_cadence): a walk through bursts and pauses."""

from __future__ import annotations

from typing import Final

__all__ = ["Cadence"]

_USUAL: Final = (2000, 4000)
"""Rung where a cadence names no burst at all: North America's."""


class Cadence:
    """A ring cadence: milliseconds on, off, …; a negative "on" marks where the repeat begins; 0 ends it."""

    def __init__(self, values: tuple[int, ...]) -> None:
        ended = values.index(0) if 0 in values else len(values)
        used = values[: ended - ended % 2]  # an "on" without its "off" cannot be rung
        self._loop = next((index for index in range(0, len(used), 2) if used[index] < 0), 0)
        self._values = tuple(abs(value) for value in used) or _USUAL
        self._index = 0

    def restart(self) -> int:
        """Milliseconds of the first burst."""
        self._index = 0
        return self._values[0]

    def advance(self) -> int:
        """Milliseconds of what comes next."""
        self._index += 1
        if self._index >= len(self._values):
            self._index = self._loop
        return self._values[self._index]
