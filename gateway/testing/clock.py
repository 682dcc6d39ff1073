"""The two clocks of an office under test: one that a test moves by hand, and the one on the wall.

By hand nothing happens unless the test lets time pass, minutes pass in moments, and each run is like the last: what
tests of a dialplan want. On the wall the office lives in a thread of its own, and answers whoever talks SIP to it,
whatever the test is doing: what somebody's own SIP device wants. The office asks its clock and does not care.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, Final, Protocol, TypeVar

from gateway.testing.loop import ManualLoop

__all__ = ["TICK", "Clock", "HandMovedClock", "WallClock"]

T = TypeVar("T")
Tick = Callable[[float], None]

TICK: Final = 0.02
"""Seconds between two looks at what has changed: a frame."""
_STANDSTILL: Final = 1.0
"""Seconds on the wall after which what is not done waits for time, and for no thread or disk."""
_BREATH: Final = 0.0005
"""Seconds on the wall that threads have for each step of an office that stops."""
PATIENCE: Final = 30.0
"""Seconds on the wall in which an office starts, stops or does what it is told; the rest is a fault."""


class Clock(Protocol):
    """Who moves the time of an office.

    Attributes:
        by_hand: whether nothing happens but in `move`.
        loop: the loop that the office lives in.
    """

    by_hand: bool

    @property
    def loop(self) -> asyncio.AbstractEventLoop: ...

    def complete(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` gives; no more time passes than it needs."""
        ...

    def wind_up(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` gives; time passes, as it waits for timers."""
        ...

    def do(self, deed: Callable[[], T]) -> T:
        """What `deed` gives, done where the office lives."""
        ...

    def move(self, seconds: float, tick: Tick) -> None:
        """Let time pass; `tick` is called at each of its steps by a clock that is moved by hand."""
        ...

    def close(self) -> None:
        """The office has gone."""
        ...


class HandMovedClock:
    """Time that stands still until it is moved (`Clock`)."""

    by_hand = True

    def __init__(self) -> None:
        self.loop: Final = ManualLoop()
        asyncio.set_event_loop(self.loop)

    def complete(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` gives, at this moment; what waits for time gets it, as by `wind_up`."""
        task = self.loop.create_task(work)
        task.add_done_callback(lambda done: self.loop.stop())
        while not task.done():
            patience = time.monotonic() + _STANDSTILL
            while not task.done() and time.monotonic() < patience:
                self.loop.settle(patience=_STANDSTILL)
            if not task.done():
                self.loop.advance(0.1, 0.1)
        return task.result()

    def wind_up(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` gives, in steps of a tenth of a second."""
        task = self.loop.create_task(work)
        while not task.done():
            self.loop.advance(0.1, 0.1)
            self.loop.settle(patience=_BREATH)
        return task.result()

    def do(self, deed: Callable[[], T]) -> T:
        """What `deed` gives."""
        return deed()

    def move(self, seconds: float, tick: Tick) -> None:
        """Let `seconds` pass."""
        self.loop.advance(seconds, TICK, tick)

    def close(self) -> None:
        """Close the loop."""
        asyncio.set_event_loop(None)
        self.loop.close()


class WallClock:
    """Time that passes by itself, for an office in a thread of its own (`Clock`)."""

    by_hand = False

    def __init__(self) -> None:
        self.loop: Final = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="office under test", daemon=True)
        self._thread.start()

    def complete(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` gives, within half a minute.

        Raises:
            TimeoutError: it takes longer.
        """
        done: Future[T] = asyncio.run_coroutine_threadsafe(work, self.loop)
        return done.result(PATIENCE)

    def wind_up(self, work: Coroutine[Any, Any, T]) -> T:
        """The same."""
        return self.complete(work)

    def do(self, deed: Callable[[], T]) -> T:
        """What `deed` gives, done in the office's thread."""

        async def done() -> T:
            return deed()

        return self.complete(done())

    def move(self, seconds: float, tick: Tick) -> None:
        """Wait."""
        time.sleep(seconds)

    def close(self) -> None:
        """End the thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(PATIENCE)
        self.loop.close()
