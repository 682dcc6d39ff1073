"""What emulated hardware has to do later, in milliseconds that somebody moves by hand.

One agenda serves a whole emulated card and everybody behind it, so that what happens on the copper happens in
one order, the same in every run: by time, and at the same time in the order in which it was put down.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

__all__ = ["Agenda", "Appointment"]


class Appointment:
    """Something to be done at a time; `cancel` takes it back."""

    __slots__ = ("action", "at", "number")

    def __init__(self, at: int, number: int, action: Callable[[], None]) -> None:
        self.at = at
        self.number = number
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        """Take it back; harmless when it is over."""
        self.action = None

    @property
    def pending(self) -> bool:
        """Whether it is still to be done."""
        return self.action is not None

    def __lt__(self, other: Appointment) -> bool:
        return (self.at, self.number) < (other.at, other.number)


class Agenda:
    """The present, in whole milliseconds, and what is to come."""

    def __init__(self) -> None:
        self.now = 0
        self._heap: list[Appointment] = []
        self._count = 0

    def after(self, ms: int, action: Callable[[], None]) -> Appointment:
        """Do `action` when `ms` milliseconds have passed (at least at once)."""
        self._count += 1
        appointment = Appointment(self.now + max(0, ms), self._count, action)
        heapq.heappush(self._heap, appointment)
        return appointment

    def run_until(self, end: int) -> None:
        """Do everything due before `end`, each with `now` at its own time; then it is `end`."""
        while self._heap and self._heap[0].at < end:
            appointment = heapq.heappop(self._heap)
            action, appointment.action = appointment.action, None
            if action is not None:
                self.now = appointment.at
                action()
        self.now = max(self.now, end)
