"""Call records that are older than an office wants to keep them are forgotten, hour by hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from gateway.store.store import Store

__all__ = ["HOURLY", "Retention"]

HOURLY: Final = 3600.0
"""Seconds between two looks."""


class Retention:
    """Forgets records.

    Args:
        store: where they are kept.
        days: for how long; 0 is for ever.
        wall: wall clock, with zone.
    """

    def __init__(self, store: Store, *, days: int, wall: Callable[[], datetime]) -> None:
        self._store = store
        self._days = days
        self._wall = wall

    def look(self, now: float) -> None:
        """Forget what is too old by now."""
        if self._days:
            self._store.forget_records(self._wall() - timedelta(days=self._days))
