"""The time of day as the office writes it: in its time zone, and cheap, since each call asks for it some times."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

__all__ = ["DayTime"]

QUARTER: Final = 900
"""Seconds for which the machine's offset from UTC is the same: zones change theirs at quarters of an hour."""


class DayTime:
    """Tells the time of day.

    Args:
        zone: IANA name of the office's zone; None takes the machine's.
        clock: seconds since 1970.
    """

    def __init__(self, zone: str | None, clock: Callable[[], float] = time.time) -> None:
        self._zone: tzinfo | None = ZoneInfo(zone) if zone else None
        self._fixed = self._zone is not None
        self._clock = clock
        self._quarter = -1

    def now(self) -> datetime:
        """The time, with its zone."""
        seconds = self._clock()
        if not self._fixed:
            quarter = int(seconds // QUARTER)
            if quarter != self._quarter:
                # One zone for all times of a quarter: each would make one of its own, and calls keep times.
                self._quarter, self._zone = quarter, datetime.fromtimestamp(seconds).astimezone().tzinfo
        return datetime.fromtimestamp(seconds, self._zone)
