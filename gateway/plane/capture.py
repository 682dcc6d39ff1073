"""What the loop keeps of a row or a room in the arena, for whoever looks at it now and then: read by position."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gateway.core.audio import Samples
from gateway.plane.arena import Block
from gateway.plane.loop import observe

__all__ = ["RowCapture"]


class RowCapture:
    """A capture into `block` of `samples`, of which the word at address `written` counts what came.

    It gives nothing before its command was accepted (`begin`); after `stop` what was left unread, once. Of what was
    left unread for longer than the block lasts, the oldest is lost.
    """

    def __init__(
        self, samples: Samples, written: int, block: Block, end: Callable[[RowCapture], None], rate: int = 8000
    ) -> None:
        self._samples = samples
        self._counter = written
        self.block = block
        self.rate = rate
        self._end = end
        self._read = 0
        self._live = False
        self._stopped = False
        self._rest: Samples = np.zeros(0, np.int16)
        self.lost = 0
        """Samples that came and were not read in time."""

    def begin(self) -> None:
        """The loop has begun to write."""
        self._live = not self._stopped

    @property
    def ended(self) -> bool:
        """Whether nothing more is captured."""
        return self._stopped

    def read(self) -> Samples:
        """Everything captured since the last read (a copy)."""
        if not self._live:
            rest, self._rest = self._rest, np.zeros(0, np.int16)
            return rest
        written = self._written()
        start = max(self._read, written - self.block.length)
        kept = self._samples[self.block.base : self.block.base + self.block.length]
        begin = start % self.block.length
        first = min(written - start, self.block.length - begin)
        copy: Samples = np.concatenate((kept[begin : begin + first], kept[: written - start - first]))
        # What the loop wrote over while it was being copied is left out.
        behind = max(self._written() - self.block.length - start, 0)
        self.lost += start + behind - self._read
        self._read = written
        return copy[behind:]

    def stop(self) -> None:
        """End the capture."""
        if self._stopped:
            return
        self._stopped = True
        self._rest = self.read()
        self._live = False
        self._end(self)

    def _written(self) -> int:
        return observe(self._counter)
