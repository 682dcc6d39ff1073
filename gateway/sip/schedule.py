"""Call-backs in the order of their time, of transactions and sessions alike: one heap, driven by `now`.

Of thousands of timers most never fire: a cancelled entry stays until it comes up, or until such entries outweigh
the rest.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any, Final

__all__ = ["Alarm", "Schedule"]

FEW: Final = 256
"""New entries before which looking for cancelled ones is not worth it."""


class Alarm(list[Any]):
    """One call-back that is due some day: the time, a number that no other has, and what is called, or None.

    It is its own entry of the heap, and compares as one.
    """

    __slots__ = ()

    def cancel(self) -> None:
        """It is not wanted any more."""
        self[2] = None


class Schedule:
    """All call-backs of a stack."""

    __slots__ = ("_heap", "_serial", "_sweep_at")

    def __init__(self) -> None:
        self._heap: list[Alarm] = []
        self._serial = 0
        self._sweep_at = FEW

    def __len__(self) -> int:
        """How many are still wanted."""
        return sum(action is not None for _, _, action in self._heap)

    def at(self, when: float, action: Callable[[float], None]) -> Alarm:
        """Have `action` called at `when`."""
        self._serial += 1
        if self._serial == self._sweep_at:
            self._heap = [alarm for alarm in self._heap if alarm[2] is not None]
            heapq.heapify(self._heap)
            self._sweep_at += max(FEW, len(self._heap))
        alarm = Alarm((when, self._serial, action))
        heapq.heappush(self._heap, alarm)
        return alarm

    def deadline(self) -> float | None:
        """When the next one is due, or None."""
        heap = self._heap
        while heap:
            when, _, action = heap[0]
            if action is not None:
                return float(when)
            heapq.heappop(heap)
        return None

    def expire(self, now: float) -> None:
        """Call all that are due, earliest first; those that come meanwhile are looked at too."""
        while self._heap and self._heap[0][0] <= now:
            alarm = heapq.heappop(self._heap)
            action, alarm[2] = alarm[2], None
            if action is not None:
                action(now)
