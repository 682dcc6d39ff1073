"""An asyncio loop on a hand-moved clock: timers fire when a test moves time, and nothing ever sleeps."""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable
from typing import Any, Final

__all__ = ["ManualLoop"]

_TURNS: Final = 20
"""Turns of the loop after which what happens at one moment has settled: a chain of tasks needs a few each."""
_IDLE: Final = 3
"""Turns without anything to do after which nothing more comes: the kernel passes on what it was given meanwhile."""

_MOMENT: Final = time.get_clock_info("monotonic").resolution
"""Seconds within which a timer counts as due."""


class _Impatient(selectors.DefaultSelector):
    """Takes what is ready and never waits for time: it tells the loop when it has settled.

    Attributes:
        turns: that the loop may still take until it is told; for ever where negative.
        patience: seconds on the wall for which other threads are waited for, where nothing else is to be done.
        enough: stops the loop after its turn.
    """

    turns = -1
    patience = 0.0
    enough: Callable[[], None]
    _idle = 0

    def begin(self, turns: int, patience: float) -> None:
        """Tell the loop when it has settled, or from now on do not."""
        self.turns, self.patience, self._idle = turns, patience, 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        if self.turns < 0:
            return found
        self.turns -= 1
        self._idle = 0 if found or (timeout is not None and timeout <= _MOMENT) else self._idle + 1
        if self._idle >= _IDLE and self.patience:
            found = super().select(self.patience)
        if self.turns <= 0 or (self._idle >= _IDLE and not found):
            self.enough()
        return found


class ManualLoop(asyncio.SelectorEventLoop):
    """A loop whose `time()` is moved by `advance` alone."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._failed: list[BaseException] = []
        self._impatient = _Impatient()
        self._impatient.enough = self.stop
        super().__init__(self._impatient)
        self.set_exception_handler(self._note_failure)

    def time(self) -> float:
        return self.now

    def settle(self, turns: int = _TURNS, patience: float = 0.0) -> None:
        """Run all that is due at this moment, sockets included.

        Args:
            turns: of the loop after which it is left, whatever is still due.
            patience: seconds on the wall for which what other threads have to say is waited for.
        """
        self._impatient.begin(turns, patience)
        self.run_forever()
        self._impatient.begin(-1, 0.0)
        if self._failed:
            raise self._failed.pop(0)

    def advance(self, seconds: float, tick: float = 0.02, on_tick: Callable[[float], None] | None = None) -> None:
        """Move time on in steps of `tick` seconds; `on_tick` is called at each with the new time."""
        end = self.now + seconds
        while self.now < end - 1e-9:
            self.now = min(end, self.now + tick)
            if on_tick is not None:
                self.call_soon(on_tick, self.now)
            self.settle()

    def _note_failure(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What fails in a call-back fails the test that moves time."""
        self._failed.append(context.get("exception") or RuntimeError(context["message"]))
