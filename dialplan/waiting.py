"""Whether a step of the dialplan waited for something: a loop of steps that do not is ended."""

from __future__ import annotations

import asyncio
from typing import Final

__all__ = ["StepWatch"]

_TIME_PASSES: Final = 0.01
"""Seconds that a step must wait to count as waiting; shorter waits are courtesies to other tasks."""


class StepWatch:
    """Tells whether a step truly waited: that the event loop has turned, and that time has passed.

    It watches from when it is made. The clock alone would not do: on a busy machine any step may take long, and a
    loop would never be found out.
    """

    __slots__ = ("_began", "_loop", "_turned")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._began = loop.time()
        self._turned = False
        loop.call_soon(self._turn)

    def waited(self) -> bool:
        """Whether it has, since the watch began."""
        return self._turned and self._loop.time() - self._began >= _TIME_PASSES

    def _turn(self) -> None:
        self._turned = True
