"""An asyncio loop on a hand-moved clock: timers fire when a test moves time, and nothing ever sleeps."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from typing import Any

__all__ = ["ManualLoop"]

_TURNS = 20
"""Turns of the loop after which what happens at one moment has settled: a chain of tasks needs a few each."""


class _Impatient(selectors.DefaultSelector):
    """Takes what is ready and never waits."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(0)


class ManualLoop(asyncio.SelectorEventLoop):
    """A loop whose `time()` is moved by `advance` alone."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._failed: list[BaseException] = []
        super().__init__(_Impatient())
        self.set_exception_handler(self._note_failure)

    def time(self) -> float:
        return self.now

    def settle(self, turns: int = _TURNS) -> None:
        """Run all that is due at this moment, sockets included."""
        for _ in range(turns):
            self.call_soon(self.stop)
            self.run_forever()
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
