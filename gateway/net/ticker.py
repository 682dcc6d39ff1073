"""Calls something every so often by the loop's clock, without drift; after a stall it goes on from now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["Ticker"]


class Ticker:
    """A steady tick.

    Args:
        loop: whose clock ticks.
        period: seconds between ticks.
        action: called with the time of each tick.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, period: float, action: Callable[[float], None]) -> None:
        self._loop = loop
        self._period = period
        self._action = action
        self._next = loop.time() + period
        self._handle: asyncio.TimerHandle | None = loop.call_at(self._next, self._tick)

    def stop(self) -> None:
        """Tick no more."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _tick(self) -> None:
        now = self._loop.time()
        self._next = max(self._next + self._period, now)
        self._handle = self._loop.call_at(self._next, self._tick)
        self._action(now)
