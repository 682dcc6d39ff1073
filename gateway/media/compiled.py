"""Whether compiled code that is kept on disk is still that of its sources.

Numba notices a change of the file of a cached function only, not of those that it is compiled together with. A
checksum of all of them, used by the function as a closure value, is part of numba's cache key: a change to any file
compiles anew instead of running old code.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from pathlib import Path

__all__ = ["checksum"]


def checksum(files: Iterable[Path]) -> int:
    """Checksum of source files, in the order given; never negative."""
    value = 0
    for file in files:
        value = zlib.crc32(file.read_bytes(), value)
    return value
