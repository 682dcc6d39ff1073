"""How much has been called: seconds and money for each payer, minute by minute over the last day.

What is counted here lives in memory; `changed` gives what is to be kept over a restart, `restore` takes it back.
The hour and the day are the last sixty and the last 1440 minutes, whatever the clock on the wall says: an attack
that waits for midnight gains nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

__all__ = ["DAY", "HOUR", "Meter", "Usage"]

HOUR: Final = 60
"""Minutes."""
DAY: Final = 1440


@dataclass(frozen=True, slots=True)
class Usage:
    """What one payer used in one minute.

    Attributes:
        payer: whose it is: "6001", "g1".
        minute: minutes since 1970, UTC.
        seconds: of calls that were answered.
        cost: in the currency of the rates.
    """

    payer: str
    minute: int
    seconds: float
    cost: float


class Meter:
    """Counts."""

    def __init__(self) -> None:
        self._minutes: dict[str, dict[int, tuple[float, float]]] = {}
        self._changed: set[tuple[str, int]] = set()

    def restore(self, kept: Iterable[Usage]) -> None:
        """Take back what an earlier run counted."""
        for usage in kept:
            self._minutes.setdefault(usage.payer, {})[usage.minute] = (usage.seconds, usage.cost)

    def add(self, payer: str, at: float, seconds: float, cost: float) -> None:
        """Count `seconds` and `cost` that passed up to `at` (seconds since 1970)."""
        minute = int(at // 60)
        minutes = self._minutes.setdefault(payer, {})
        before = minutes.get(minute, (0.0, 0.0))
        minutes[minute] = (before[0] + seconds, before[1] + cost)
        self._changed.add((payer, minute))

    def used(self, payer: str, at: float, window: int) -> tuple[float, float]:
        """Seconds and cost in the last `window` minutes up to `at`."""
        minutes = self._minutes.get(payer)
        if not minutes:
            return 0.0, 0.0
        now = int(at // 60)
        for old in [minute for minute in minutes if minute <= now - DAY]:
            del minutes[old]
        inside = [spent for minute, spent in minutes.items() if minute > now - window]
        return sum(seconds for seconds, _ in inside), sum(cost for _, cost in inside)

    def changed(self) -> list[Usage]:
        """What has changed since this was last asked, to be kept."""
        changed, self._changed = self._changed, set()
        return [
            Usage(payer, minute, *self._minutes[payer][minute])
            for payer, minute in sorted(changed)
            if minute in self._minutes.get(payer, ())
        ]

    @property
    def payers(self) -> list[str]:
        """Everybody of whom something is known."""
        return sorted(self._minutes)
