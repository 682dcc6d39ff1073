"""Call-backs in the order of their time, of transactions and sessions alike: one heap, driven by `now`.

Of thousands of timers most never fire: a cancelled entry stays until it comes up, or until such entries outweigh
the rest.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Final

__all__ = ["Alarm", "Schedule"]

FEW: Final = 256
"""New entries before which looking for cancelled ones is not worth it."""


class Alarm:
    """One call-back that is due some day."""

    __slots__ = ("action",)

    def __init__(self, action: Callable[[float], None]) -> None:
        self.action: Callable[[float], None] | None = action

    def cancel(self) -> None:
        """It is not wanted any more."""
        self.action = None


class Schedule:
    """All call-backs of a stack."""

    __slots__ = ("_heap", "_serial", "_sweep_at")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Alarm]] = []
        self._serial = 0
        self._sweep_at = FEW

    def __len__(self) -> int:
        """How many are still wanted."""
        return sum(alarm.action is not None for _, _, alarm in self._heap)

    def at(self, when: float, action: Callable[[float], None]) -> Alarm:
        """Have `action` called at `when`."""
        self._serial += 1
        if self._serial == self._sweep_at:
            self._heap = [entry for entry in self._heap if entry[2].action is not None]
            heapq.heapify(self._heap)
            self._sweep_at += max(FEW, len(self._heap))
        alarm = Alarm(action)
        heapq.heappush(self._heap, (when, self._serial, alarm))
        return alarm

    def deadline(self) -> float | None:
        """When the next one is due, or None."""
        heap = self._heap
        while heap:
            when, _, alarm = heap[0]
            if alarm.action is not None:
                return when
            heapq.heappop(heap)
        return None

    def expire(self, now: float) -> None:
        """Call all that are due, earliest first; those that come meanwhile are looked at too."""
        while self._heap and self._heap[0][0] <= now:
            alarm = heapq.heappop(self._heap)[2]
            action, alarm.action = alarm.action, None
            if action is not None:
                action(now)
