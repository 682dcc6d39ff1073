"""When which transaction's timer is due: a heap for thousands of timers, most of which never fire.

A stopped or restarted timer leaves its entry behind; `Transaction.timers` tells which entries still hold. What is
stale is dropped when it comes up, and all of it as soon as it outweighs the rest.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from enum import Enum
from typing import Final

from gateway.sip.transaction.base import Transaction

__all__ = ["Agenda"]

_FEW: Final = 256
"""Entries below which looking for stale ones is not worth it."""


class Agenda:
    """Running timers in the order of their time."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Transaction, Enum]] = []
        self._serial = 0
        self._sweep_at = _FEW

    def add(self, transaction: Transaction, timer: Enum, at: float) -> None:
        """Note that `timer` of `transaction` is due at `at`."""
        if len(self._heap) >= self._sweep_at:
            self._heap = [entry for entry in self._heap if _holds(entry)]
            heapq.heapify(self._heap)
            self._sweep_at = max(_FEW, 2 * len(self._heap))
        self._serial += 1
        heapq.heappush(self._heap, (at, self._serial, transaction, timer))

    def deadline(self) -> float | None:
        """When the next timer is due, or None."""
        while self._heap and not _holds(self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def due(self, now: float) -> Iterator[tuple[Transaction, Enum]]:
        """Take out each timer due at `now`, earliest first; timers started meanwhile are looked at too."""
        while (at := self.deadline()) is not None and at <= now:
            _, _, transaction, timer = heapq.heappop(self._heap)
            yield transaction, timer

    def __len__(self) -> int:
        """Entries held, stale ones included."""
        return len(self._heap)


def _holds(entry: tuple[float, int, Transaction, Enum]) -> bool:
    at, _, transaction, timer = entry
    return transaction.timers.get(timer) == at
