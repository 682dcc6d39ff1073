"""From one coding of samples to another, and between octets and linear samples: compiled stages on byte buffers.

Codes are those of table.CODES: 0 mu-law, 1 A-law, 2 L16 in network order (RFC 3551 4.5.11), 3 L16 in native order.
Law to law goes by the tables of G.711 (never through linear), the same code is copied, so both are bit exact.
Callers have checked lengths; nothing here allocates.
"""

from __future__ import annotations

import sys
from typing import Final

import numpy as np
from numba.np.numpy_support import carray
from numpy.typing import NDArray

from gateway.media.compiled import stage
from gateway.media.pointers import uint8_at
from gateway.plane.libc import memmove
from gateway.plane.table import Shared

__all__ = ["convert", "from_linear", "hush", "to_linear", "width"]

_NETWORK: Final = 2
_SILENCE: Final = (0xFF, 0xD5)
"""Zero in mu-law and A-law (G.711 tables 1, 2)."""
_LITTLE: Final = sys.byteorder == "little"


@stage
def width(code: int) -> int:
    """Octets of a sample."""
    return 1 if code < _NETWORK else 2


@stage
def _high_first(code: int) -> bool:
    return code == _NETWORK or not _LITTLE


@stage
def _from(data: NDArray[np.uint8], start: int, octets: int) -> NDArray[np.uint8]:
    """The part of `data` that begins at `start`: its places count from 0, so that none is taken to be before it."""
    return carray(uint8_at(data.ctypes.data + start), (octets,))


@stage
def hush(data: NDArray[np.uint8], start: int, code: int, samples: int) -> None:
    """Make `samples` samples of `data[start:]` silence."""
    for k in range(start, start + samples * width(code)):
        data[k] = _SILENCE[code] if code < _NETWORK else 0


@stage
def to_linear(
    t: Shared, source: NDArray[np.uint8], start: int, code: int, out: NDArray[np.int16], samples: int
) -> None:
    """Decode `samples` samples of `source[start:]` into `out`."""
    coded = _from(source, start, samples * width(code))
    if code < _NETWORK:
        for k in range(samples):
            out[k] = t["to_linear"][code, coded[k]]
        return
    high = 0 if _high_first(code) else 1
    for k in range(samples):
        value = (int(coded[2 * k + high]) << 8) | int(coded[2 * k + 1 - high])
        out[k] = value - 65536 if value >= 32768 else value


@stage
def from_linear(
    t: Shared, source: NDArray[np.int16], samples: int, code: int, out: NDArray[np.uint8], start: int
) -> None:
    """Encode `samples` samples of `source` into `out[start:]`."""
    coded = _from(out, start, samples * width(code))
    if code < _NETWORK:
        for k in range(samples):
            coded[k] = t["from_linear"][code, int(source[k]) & 0xFFFF]
        return
    high = 0 if _high_first(code) else 1
    for k in range(samples):
        value = int(source[k]) & 0xFFFF
        coded[2 * k + high] = value >> 8
        coded[2 * k + 1 - high] = value & 0xFF


@stage
def convert(
    t: Shared,
    source: NDArray[np.uint8],
    start: int,
    code: int,
    samples: int,
    out: NDArray[np.uint8],
    out_start: int,
    out_code: int,
) -> int:
    """Recode `samples` samples of `source[start:]` into `out[out_start:]`; returns the octets written."""
    octets = samples * width(out_code)
    coded = _from(source, start, samples * width(code))
    recoded = _from(out, out_start, octets)
    if code == out_code:
        memmove(out.ctypes.data + out_start, source.ctypes.data + start, octets)
    elif code < _NETWORK and out_code < _NETWORK:
        for k in range(samples):
            recoded[k] = t["law_to_law"][code, coded[k]]
    elif code < _NETWORK:
        high = 0 if _high_first(out_code) else 1
        for k in range(samples):
            value = int(t["to_linear"][code, coded[k]]) & 0xFFFF
            recoded[2 * k + high] = value >> 8
            recoded[2 * k + 1 - high] = value & 0xFF
    else:
        high = 0 if _high_first(code) else 1
        for k in range(samples):
            first, second = coded[2 * k + high], coded[2 * k + 1 - high]
            if out_code < _NETWORK:
                recoded[k] = t["from_linear"][out_code, (int(first) << 8) | int(second)]
            else:
                # The two orders of L16 (NATIVE and network) differ by the swap alone, or not at all.
                out_high = 0 if _high_first(out_code) else 1
                recoded[2 * k + out_high] = first
                recoded[2 * k + 1 - out_high] = second
    return octets
