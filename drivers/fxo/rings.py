"""Distinctive ringing on an exchange line: several numbers on one line, each with a cadence of its own.

Begins and ends of bursts go in, the ring that they were comes out. A cycle is over with the first pause that is
longer than those within it; what is compared are the bursts and pauses before that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["LAST_PAUSE", "DistinctiveRing", "RingMeter"]

LAST_PAUSE: Final = 1.2
"""Seconds of a pause that no ring has within: the longest known is 0.5 s (chan_dahdi.c's cadence 4), the shortest
that follows a ring 2 s."""
TOLD_LATE: Final = 50.0
"""Milliseconds by which DAHDI tells the end of a burst late (wctdm.c: its ring debounce)."""
TOLERANCE: Final = 100.0
"""Milliseconds by which a burst or pause may differ, and a tenth of it."""
MAX_LENGTHS: Final = 16
"""Bursts and pauses kept; DAHDI's cadences have no more."""


@dataclass(frozen=True, slots=True)
class DistinctiveRing:
    """What a cadence means.

    Attributes:
        name: as the dialplan sees it, in the variable RING.
        cadence: milliseconds on, off, on, off … of one cycle.
        context: the dialplan context for its calls; "" for the line's own.
        did: the number that its callers are taken to have dialled; "" for the line's own.
    """

    name: str
    cadence: tuple[int, ...]
    context: str = ""
    did: str = ""


class RingMeter:
    """Measures the first cycle of a call's ringing."""

    def __init__(self) -> None:
        self._lengths: list[float] = []
        self._since: float | None = None

    def began(self, now: float) -> None:
        """A burst has begun."""
        self._turn(now, TOLD_LATE)

    def ended(self, now: float) -> None:
        """A burst has ended."""
        self._turn(now, -TOLD_LATE)

    def _turn(self, now: float, mend: float) -> None:
        if self._since is not None and len(self._lengths) < MAX_LENGTHS:
            self._lengths.append((now - self._since) * 1000 + mend)
        self._since = now

    def which(self, rings: Sequence[DistinctiveRing]) -> DistinctiveRing | None:
        """The ring of `rings` that it was; None for any other."""
        first = next(
            (place for place in range(1, len(self._lengths), 2) if self._lengths[place] > 1e3 * LAST_PAUSE), None
        )
        measured = self._lengths[:first]
        fitting = [ring for ring in rings if _fits(measured, ring.cadence[:-1])]
        return min(fitting, key=lambda ring: _apart(measured, ring.cadence), default=None)


def _fits(measured: Sequence[float], cadence: Sequence[int]) -> bool:
    return len(measured) == len(cadence) and all(
        abs(length - wanted) <= TOLERANCE + wanted / 10 for length, wanted in zip(measured, cadence, strict=True)
    )


def _apart(measured: Sequence[float], cadence: Sequence[int]) -> float:
    return sum(abs(length - wanted) for length, wanted in zip(measured, cadence, strict=False))
