"""How many frames of 20 ms an emulated world owes to a clock that it does not know."""

from __future__ import annotations

from typing import Final

__all__ = ["FRAMES_A_SECOND", "FRAME_MS", "Pace"]

FRAME_MS: Final = 20
FRAMES_A_SECOND: Final = 50

MAX_CATCH_UP: Final = 50
"""Frames made up for after a stall (1 s). Time lost beyond that is lost for the world, too: it stood still."""


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
