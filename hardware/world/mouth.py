"""What somebody says into a line: sounds queued one after the other, handed out a frame at a time."""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

from gateway.core.audio import Samples, Sound
from gateway.core.errors import LocalError

__all__ = ["Mouth"]

FRAME: Final = 160
MAX_QUEUED: Final = 1000
"""Sounds that can wait: nobody has more to say than that, and a caller that never stops must not eat memory."""


class Mouth:
    """Says one thing after the other."""

    def __init__(self) -> None:
        self._queue: deque[Sound] = deque()
        self._position = 0

    def say(self, samples: Samples) -> None:
        """Say `samples` (8000 Hz, int16) once what was said before has been said.

        Raises:
            LocalError: too much waits to be said.
        """
        if len(self._queue) >= MAX_QUEUED:
            raise LocalError(f"{MAX_QUEUED} things wait to be said already; let time pass first")
        self._queue.append(Sound("speech", np.asarray(samples, np.int16)))

    def play(self, sound: Sound) -> None:
        """Say a sound in place of all that waits; one that loops goes on until the next `play` or `hush`."""
        self.hush()
        self._queue.append(sound)

    def hush(self) -> None:
        """Stop, and forget what waits."""
        self._queue.clear()
        self._position = 0

    @property
    def speaking(self) -> bool:
        """Whether there is something to say still."""
        return bool(self._queue)

    def frame(self) -> Samples | None:
        """The next 160 samples, or None for silence."""
        if not self._queue:
            return None
        frame = np.zeros(FRAME, np.int16)
        filled = 0
        while filled < FRAME and self._queue:
            sound = self._queue[0]
            part = sound.samples[self._position : self._position + FRAME - filled]
            frame[filled : filled + len(part)] = part
            filled += len(part)
            self._position += len(part)
            if self._position >= len(sound.samples):
                self._end_of(sound)
        return frame

    def _end_of(self, sound: Sound) -> None:
        if sound.loop_from is not None and sound.loop_from < len(sound.samples):
            self._position = sound.loop_from
        else:
            self._queue.popleft()
            self._position = 0
