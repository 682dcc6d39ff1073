"""How many frames of 20 ms an emulated world owes to a clock that it does not know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

__all__ = ["FRAMES_A_SECOND", "FRAME_MS", "Pace"]

FRAME_MS: Final = 20
FRAMES_A_SECOND: Final = 50

MAX_CATCH_UP: Final = 50
"""Frames made up for after a stall (1 s). Time lost beyond that is lost for the world, too: it stood still."""


PATIENCE: Final = 25
"""Frames (0.5 s) for which a world waits for those who read it and are late; then it goes on without them."""


class Pace:
    """Counts the frames that have been lived through."""

    def __init__(self) -> None:
        self._origin: float | None = None
        self._frames = 0

    def due(self, now: float) -> int:
        """Frames to live through until `now` (seconds of any clock; the first call only sets it).

        After a long stall at most `MAX_CATCH_UP`.
        """
        if self._origin is None:
            self._origin = now
        # A hair is added so that sums of 0.02 do not fall short of whole frames.
        due = int((now - self._origin) * FRAMES_A_SECOND + 1e-6) - self._frames
        if due > MAX_CATCH_UP:
            self._origin += (due - MAX_CATCH_UP) / FRAMES_A_SECOND
            due = MAX_CATCH_UP
        self._frames += max(0, due)
        return max(0, due)

    def live(self, now: float, frame: Callable[[], None], is_late_read: Callable[[], bool]) -> int:
        """Live through the frames that are due, no faster than they are read; returns how many.

        A machine that keeps the whole program from running does no harm to a card, which has a clock of its own,
        but would to one that is emulated: frames made up for all at once would run over its few buffers. So what
        is due waits, `PATIENCE` at most, while `is_late_read` holds.
        """
        due = self.due(now)
        for lived in range(due):
            if due - lived <= PATIENCE and is_late_read():
                self._frames -= due - lived
                return lived
            frame()
        return due
