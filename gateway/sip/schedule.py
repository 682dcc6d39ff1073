"""Call-backs in the order of their time, of transactions and sessions alike, driven by `now`.

Most of them wait for one of a few intervals, T1 or 64*T1, and come in the order in which they will be due: each
interval has a queue, and only the first of a queue stands in the heap, among those of other times. Of thousands
most never fire: a cancelled entry stays until it comes up, or until such entries outweigh the rest.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct

__all__ = ["Alarm", "Schedule"]

FEW: Final = 256
"""New entries before which looking for cancelled ones is not worth it."""


class _Queues(dict[float, "_Queue"]):
    """Those of all intervals, made when they are asked for."""

    def __missing__(self, seconds: float) -> _Queue:
        queue = self[seconds] = deque()
        return queue


class Alarm(Struct, order=True):
    """One call-back that is due some day, and its own entry of the heap.

    Attributes:
        when: its time.
        serial: a number that no other has.
        action: what is called; None where it is not wanted any more.
        queue: in which it waits with others of its interval, if in any.
    """

    when: float
    serial: int
    action: Callable[[float], None] | None
    queue: Any

    def cancel(self) -> None:
        """It is not wanted any more."""
        self.action = None


_Queue = deque[Alarm]


class Schedule:
    """All call-backs of a stack."""

    __slots__ = ("_heap", "_queues", "_serial", "_sweep_at")

    def __init__(self) -> None:
        self._heap: list[Alarm] = []
        self._queues = _Queues()  # the first of each stands in the heap as well
        self._serial = 0
        self._sweep_at = FEW

    def __len__(self) -> int:
        """How many are still wanted."""
        return sum(alarm.action is not None for alarm in self._all())

    def at(self, when: float, action: Callable[[float], None]) -> Alarm:
        """Have `action` called at `when`."""
        self._serial += 1
        if self._serial == self._sweep_at:
            self._sweep()
        alarm = Alarm(when, self._serial, action, None)
        heapq.heappush(self._heap, alarm)
        return alarm

    def after(self, seconds: float, now: float, action: Callable[[float], None]) -> Alarm:
        """The same at `now + seconds`, for an interval that many wait for: a constant, or configured."""
        queue = self._queues[seconds]
        when = now + seconds
        if queue and when < queue[-1].when:
            return self.at(when, action)  # a clock that has gone back
        serial = self._serial = self._serial + 1
        if serial == self._sweep_at:
            self._sweep()
        alarm = Alarm(when, serial, action, queue)
        if not queue:
            heapq.heappush(self._heap, alarm)
        queue.append(alarm)
        return alarm

    def deadline(self) -> float | None:
        """When the next one is due, or None."""
        heap = self._heap
        while heap:
            alarm = heap[0]
            if alarm.action is not None:
                return alarm.when
            self._take()
        return None

    def expire(self, now: float) -> None:
        """Call all that are due, earliest first; those that come meanwhile are looked at too."""
        while self._heap and self._heap[0].when <= now:
            alarm = self._take()
            action, alarm.action = alarm.action, None
            if action is not None:
                action(now)

    def _take(self) -> Alarm:
        """The first of all; the next that is wanted of its queue takes its place."""
        queue: _Queue | None = self._heap[0].queue
        if queue is not None:
            alarm = queue.popleft()
            while queue and queue[0].action is None:
                queue.popleft()
            if queue:
                heapq.heapreplace(self._heap, queue[0])
                return alarm
        return heapq.heappop(self._heap)

    def _sweep(self) -> None:
        """Drop what is not wanted any more."""
        heap = [alarm for alarm in self._heap if alarm.action is not None and alarm.queue is None]
        for queue in self._queues.values():
            wanted = [alarm for alarm in queue if alarm.action is not None]
            queue.clear()
            queue.extend(wanted)
            heap.extend(wanted[:1])
        heapq.heapify(heap)
        self._heap = heap
        self._sweep_at += max(FEW, len(self._all()))

    def _all(self) -> list[Alarm]:
        """Each entry once."""
        odd = [alarm for alarm in self._heap if alarm.queue is None]
        return odd + [alarm for queue in self._queues.values() for alarm in queue]
