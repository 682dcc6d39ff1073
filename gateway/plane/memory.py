"""Memory for what each packet needs: together, on large pages where the kernel has such.

With many calls a packet finds the page of its row forgotten by the processor. To look that up took longer than all
that is done with the packet beside the system calls; a large page holds a thousand rows.
"""

from __future__ import annotations

from contextlib import suppress
from mmap import MADV_HUGEPAGE, MAP_ANONYMOUS, MAP_PRIVATE, mmap
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gateway.plane.row_table import LINE

__all__ = ["LargePages"]

_LARGE: Final = 1 << 21
"""Octets of a large page (x86-64, AArch64)."""


class LargePages:
    """Room for `arrays`, each a count and a type.

    It is given back when the last array in it is.
    """

    def __init__(self, *arrays: tuple[int, np.dtype[Any]]) -> None:
        octets = sum(_whole_lines(count, dtype) for count, dtype in arrays)
        pages = -(-octets // _LARGE) + 1  # and one to begin where a large one does
        mapped = mmap(-1, pages * _LARGE, flags=MAP_PRIVATE | MAP_ANONYMOUS)
        with suppress(OSError):  # EINVAL (madvise(2)): a kernel without them
            mapped.madvise(MADV_HUGEPAGE)
        self._memory = np.frombuffer(mapped, np.uint8)
        self._used = -self._memory.ctypes.data % _LARGE

    def zeros(self, count: int, dtype: np.dtype[Any]) -> NDArray[Any]:
        """One of the arrays, on cache lines of its own."""
        start = self._used
        self._used += _whole_lines(count, dtype)
        return self._memory[start : start + count * dtype.itemsize].view(dtype)


def _whole_lines(count: int, dtype: np.dtype[Any]) -> int:
    return (count * dtype.itemsize + LINE - 1) // LINE * LINE
