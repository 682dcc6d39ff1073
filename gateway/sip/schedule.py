"""Call-backs in the order of their time, for what sessions wait for: a heap, driven by `now`.

A cancelled entry stays until it comes up, or until such entries outweigh the rest.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

__all__ = ["Alarm", "Schedule"]

FEW: Final = 256
"""Entries below which looking for cancelled ones is not worth it."""


@dataclass(order=True, slots=True)
class Alarm:
    """One call-back that is due some day."""

    when: float
    serial: int
    action: Callable[[float], None] | None = field(compare=False)

    def cancel(self) -> None:
        """It is not wanted any more."""
        self.action = None


class Schedule:
    """All call-backs of a stack."""

    def __init__(self) -> None:
        self._heap: list[Alarm] = []
        self._serial = 0
        self._sweep_at = FEW

    def __len__(self) -> int:
        """How many are still wanted."""
        return sum(alarm.action is not None for alarm in self._heap)

    def at(self, when: float, action: Callable[[float], None]) -> Alarm:
        """Have `action` called at `when`."""
        if len(self._heap) >= self._sweep_at:
            self._heap = [alarm for alarm in self._heap if alarm.action is not None]
            heapq.heapify(self._heap)
            self._sweep_at = max(FEW, 2 * len(self._heap))
        self._serial += 1
        alarm = Alarm(when, self._serial, action)
        heapq.heappush(self._heap, alarm)
        return alarm

    def deadline(self) -> float | None:
        """When the next one is due, or None."""
        while self._heap and self._heap[0].action is None:
            heapq.heappop(self._heap)
        return self._heap[0].when if self._heap else None

    def expire(self, now: float) -> None:
        """Call all that are due."""
        while (when := self.deadline()) is not None and when <= now:
            action = heapq.heappop(self._heap).action
            if action is not None:
                action(now)
