"""Words in network order in a buffer of octets: read and written by hand, since compiled code has no big-endian."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gateway.media.compiled import stage

__all__ = ["get_word", "put_word", "signed"]


@stage
def get_word(data: NDArray[np.uint8], at: int) -> int:
    """The 32-bit word at `data[at:]`."""
    high = (int(data[at]) << 8) | int(data[at + 1])
    return (high << 16) | (int(data[at + 2]) << 8) | int(data[at + 3])


@stage
def put_word(data: NDArray[np.uint8], at: int, word: int) -> None:
    """Write the lower 32 bits of `word` to `data[at:]`."""
    data[at] = (word >> 24) & 0xFF
    data[at + 1] = (word >> 16) & 0xFF
    data[at + 2] = (word >> 8) & 0xFF
    data[at + 3] = word & 0xFF


@stage
def signed(difference: int) -> int:
    """The difference of two 32-bit timestamps, as -2^31..2^31-1."""
    return ((difference + 0x80000000) & 0xFFFFFFFF) - 0x80000000
