"""Listens to what an exchange says on a row: a capture looked at now and then, and what it tells of the call.

Captured samples go in at leisure, signs come out. It touches the row only through the capture that it is given.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from gateway.core.audio import Capture, Samples
from gateway.media.supervision import CallProgress, Sign

__all__ = ["ProgressListener"]

PIECE: Final = 800
"""Samples that are looked at for signs together, at least: smaller pieces only make it dearer."""


class ProgressListener:
    """A `CallProgress` on a captured row.

    Args:
        capture: what the line sends; stopped by `stop`.
        progress: what follows the call; None where only `latest` is of interest.

    Attributes:
        latest: what the last look has found.
    """

    def __init__(self, capture: Capture, progress: CallProgress | None) -> None:
        self._capture = capture
        self._progress = progress
        self._unheard: Samples = np.zeros(0, np.int16)
        self.latest: Samples = self._unheard

    @property
    def conversed(self) -> bool:
        """Whether ringback or a voice has been heard at all."""
        return self._progress is not None and self._progress.conversed

    def read(self) -> list[Sign]:
        """What has appeared since the last look."""
        self.latest = self._capture.read()
        if self._progress is None:
            return []
        unheard = np.concatenate([self._unheard, self.latest])
        waits = len(unheard) < PIECE
        self._unheard = unheard if waits else unheard[:0]
        return [] if waits else self._progress.feed(unheard)

    def mind_no_tones(self) -> None:
        """From now on tones mean nothing."""
        self._progress = None

    def stop(self) -> None:
        """Let go of the row."""
        self._capture.stop()
