"""Recordings of calls on disk, as applications see them, and where recordings and rooms come from.

A recording takes a leg's audio, or a room's, from the moment it is begun until it is stopped or the leg is over,
whoever the leg talks with meanwhile. The call never waits for the disk and never ends for it.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Protocol

from gateway.core.audio import Audio, Side
from gateway.core.frozen import frozen
from gateway.core.room import Room, Rooms

__all__ = ["Media", "Recording", "RecordingPlan", "RecordingState"]


@frozen
class RecordingPlan:
    """What to record into which file.

    Attributes:
        name: the file's, within the folder of recordings; its suffix says the format: `.wav` (at 16000 Hz where the
            leg, or one in the room, carries so much, else at 8000), `.wav16` (at 16000 Hz in any case), or raw
            samples as `.sln` (16 bit linear), `.sln16`, `.ulaw`, `.alaw`.
        side: what is kept; STEREO has what the leg says on the left. Of a room it is always all.
        append: go on at the end of a file that is there already; else it is replaced.
        joined: only while the leg talks with somebody.
        gain_in, gain_out: dB by which what the leg says, and what it hears, is made louder.
    """

    name: str
    side: Side = Side.BOTH
    append: bool = False
    joined: bool = False
    gain_in: float = 0.0
    gain_out: float = 0.0


class RecordingState(Enum):
    """What a recording does."""

    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"


class Recording(Protocol):
    """One recording."""

    path: Path
    """The file."""
    fault: str
    """What ended it before its time, as a sentence; else ""."""

    @property
    def state(self) -> RecordingState:
        """What it does; DONE and FAILED once the file is closed."""
        ...

    @property
    def seconds(self) -> float:
        """How much was recorded."""
        ...

    def pause(self) -> None:
        """Leave out what is said from now on."""
        ...

    def resume(self) -> None:
        """Go on after a pause."""
        ...

    def stop(self) -> None:
        """End it; the file is closed a moment later."""
        ...

    async def finished(self) -> None:
        """Wait until the file is closed."""
        ...


class Media(Rooms, Protocol):
    """What an office can do with the audio of its legs beside joining two."""

    def record(
        self, source: Audio | Room, plan: RecordingPlan, on_fault: Callable[[str], None] | None = None
    ) -> Recording:
        """Begin a recording of a leg or a room; `on_fault` is told a sentence where it must end before its time.

        Raises:
            LocalError: the name leaves the folder of recordings, or its suffix is no format.
            Exhausted: too much is being recorded.
        """
        ...
