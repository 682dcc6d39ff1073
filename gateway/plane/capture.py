"""What comes in on a row, kept in the arena for whoever looks at it now and then: read by position."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gateway.core.audio import Samples
from gateway.plane.arena import Block
from gateway.plane.loop import observe
from gateway.plane.table import ROW, Tables

__all__ = ["RowCapture"]

_WRITTEN_AT = ROW.fields["capture_written"][1] if ROW.fields is not None else 0


class RowCapture:
    """A capture of row `row` into `block`.

    It gives nothing before its command was accepted (`begin`), and nothing after `stop`. Of what was left unread
    for longer than the block lasts, the oldest is lost.
    """

    def __init__(self, tables: Tables, row: int, block: Block, end: Callable[[RowCapture], None]) -> None:
        self._tables = tables
        self._row = row
        self.block = block
        self._end = end
        self._read = 0
        self._live = False
        self._stopped = False

    def begin(self) -> None:
        """The loop has begun to write."""
        self._live = not self._stopped

    def read(self) -> Samples:
        """Everything captured since the last read (a copy)."""
        if not self._live:
            return np.zeros(0, np.int16)
        written = self._written()
        start = max(self._read, written - self.block.length)
        places = self.block.base + np.arange(start, written) % self.block.length
        copy: Samples = self._tables.arena[places]
        # What the loop wrote over while it was being copied is left out.
        behind = self._written() - self.block.length - start
        self._read = written
        return copy[behind:] if behind > 0 else copy

    def stop(self) -> None:
        """End the capture."""
        if self._stopped:
            return
        self._stopped = True
        self._live = False
        self._end(self)

    def _written(self) -> int:
        return observe(int(self._tables.rows.ctypes.data) + self._row * ROW.itemsize + _WRITTEN_AT)
