"""Bits of a payload whose fields end in the middle of octets, the highest of an octet first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gateway.media.compiled import stage

__all__ = ["take_bits"]


@stage
def take_bits(data: NDArray[np.uint8], bit: int, count: int) -> int:
    """`count` bits of `data` from `bit` on, as an unsigned number; the caller sees that they are there."""
    value = 0
    for k in range(bit, bit + count):
        value = (value << 1) | ((int(data[k >> 3]) >> (7 - (k & 7))) & 1)
    return value
