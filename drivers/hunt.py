"""A hunt group: lines to the public network of which any will do, and how one of them is picked.

A line that is in use, in alarm or gone is passed over; one that has just failed to give dial tone is taken only
when no other is free. What was taken last is remembered for the next time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from drivers.dialled import HuntedLine
from drivers.registry import Hunting

__all__ = ["HuntGroup"]


class HuntGroup:
    """The lines of one group.

    Args:
        lines: in their order.
    """

    def __init__(self, lines: Iterable[HuntedLine]) -> None:
        self.lines: Sequence[HuntedLine] = tuple(lines)
        self._last = -1

    def take(self, hunting: Hunting, now: float) -> HuntedLine | None:
        """The line to be reserved next; None where none is free."""
        free = [place for place in self._order(hunting) if self.lines[place].free]
        if not free:
            return None
        # False sorts before True, and sorting keeps the order otherwise.
        chosen = min(free, key=lambda place: self.lines[place].distrusted_until > now)
        self._last = chosen
        return self.lines[chosen]

    def _order(self, hunting: Hunting) -> Sequence[int]:
        count = len(self.lines)
        match hunting:
            case Hunting.FIRST:
                return range(count)
            case Hunting.LAST:
                return range(count - 1, -1, -1)
            case Hunting.NEXT:
                return [(self._last + step) % count for step in range(1, count + 1)]
            case Hunting.PREVIOUS:
                return [(max(self._last, 0) - step) % count for step in range(1, count + 1)]
            case Hunting.LEAST_USED:
                return sorted(range(count), key=lambda place: self.lines[place].carried)
