"""Listens to what an exchange says on a row: a capture looked at now and then, and what it tells of the call.

Captured samples go in at leisure, signs come out. It touches the row only through the capture that it is given.
"""

from __future__ import annotations

from gateway.core.audio import Capture
from gateway.media.supervision import CallProgress, Sign

__all__ = ["ProgressListener"]


class ProgressListener:
    """A `CallProgress` on a captured row.

    Args:
        capture: what the line sends; stopped by `stop`.
        progress: what follows the call.
    """

    def __init__(self, capture: Capture, progress: CallProgress) -> None:
        self._capture = capture
        self._progress = progress

    @property
    def conversed(self) -> bool:
        """Whether ringback or a voice has been heard at all."""
        return self._progress.conversed

    def read(self) -> list[Sign]:
        """What has appeared since the last look."""
        return self._progress.feed(self._capture.read())

    def stop(self) -> None:
        """Let go of the row."""
        self._capture.stop()
