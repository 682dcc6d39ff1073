"""Spectra of 512 real samples and back, compiled, for the filters that work in the frequency domain.

A real transform of 512 is a complex one of 256 (even samples real, odd ones imaginary) and a last butterfly; that
one is Stockham's, radix 4, whose inner loops run through neighbouring numbers, so that the processor takes eight
at a time. Real and imaginary parts lie in arrays of their own, float32. Nothing is allocated: the caller owns a
`SPECTRUM_SCRATCH` record.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["BINS", "LENGTH", "SPECTRUM_SCRATCH", "from_spectrum", "to_spectrum"]

LENGTH: Final = 512
"""Samples of a transform."""
BINS: Final = LENGTH // 2 + 1
"""Frequencies from 0 to half the sampling rate."""

_HALF: Final = LENGTH // 2
_TURN: Final = 2 * np.pi * np.arange(_HALF + 1) / LENGTH
_COS: Final = np.cos(_TURN).astype(np.float32)
_SIN: Final = np.sin(_TURN).astype(np.float32)
_HALVED: Final = np.float32(0.5)
_SCALE: Final = np.float32(1 / _HALF)

SPECTRUM_SCRATCH: Final = np.dtype(
    [(name, np.float32, _HALF) for name in ("re", "im", "other_re", "other_im")], align=True
)
"""Where a transform is worked out; what it holds between two of them does not matter."""

Part = NDArray[np.float32]


@njit(nogil=True, fastmath=True)
def _radix4(xr: Part, xi: Part, yr: Part, yi: Part, points: int, stride: int) -> None:
    """One pass: `stride` transforms of `points` points each, from x to y."""
    quarter = points // 4
    step = LENGTH // points
    for p in range(quarter):
        c1, s1 = _COS[p * step], _SIN[p * step]
        # Twice and three times the angle.
        c2, s2 = c1 * c1 - s1 * s1, c1 * s1 + c1 * s1
        c3, s3 = c1 * c2 - s1 * s2, c1 * s2 + s1 * c2
        a = stride * p
        b = a + stride * quarter
        c = b + stride * quarter
        d = c + stride * quarter
        to = 4 * stride * p
        for q in range(stride):
            sum_re, sum_im = xr[a + q] + xr[c + q], xi[a + q] + xi[c + q]
            gap_re, gap_im = xr[a + q] - xr[c + q], xi[a + q] - xi[c + q]
            other_re, other_im = xr[b + q] + xr[d + q], xi[b + q] + xi[d + q]
            turn_re, turn_im = xi[b + q] - xi[d + q], xr[d + q] - xr[b + q]  # -j (b - d)
            yr[to + q], yi[to + q] = sum_re + other_re, sum_im + other_im
            re, im = gap_re + turn_re, gap_im + turn_im
            yr[to + stride + q], yi[to + stride + q] = re * c1 + im * s1, im * c1 - re * s1
            re, im = sum_re - other_re, sum_im - other_im
            yr[to + 2 * stride + q], yi[to + 2 * stride + q] = re * c2 + im * s2, im * c2 - re * s2
            re, im = gap_re - turn_re, gap_im - turn_im
            yr[to + 3 * stride + q], yi[to + 3 * stride + q] = re * c3 + im * s3, im * c3 - re * s3


@njit(nogil=True)
def _transform(scratch: Any, re: Part, im: Part) -> None:
    """The complex transform of 256 points, in place."""
    other_re, other_im = scratch["other_re"], scratch["other_im"]
    _radix4(re, im, other_re, other_im, 256, 1)
    _radix4(other_re, other_im, re, im, 64, 4)
    _radix4(re, im, other_re, other_im, 16, 16)
    _radix4(other_re, other_im, re, im, 4, 64)


@njit(nogil=True, fastmath=True)
def to_spectrum(scratch: Any, samples: Part, re: Part, im: Part) -> None:
    """The spectrum of 512 `samples`, into `re` and `im` of 257 bins each."""
    zr, zi = scratch["re"], scratch["im"]
    for k in range(_HALF):
        zr[k] = samples[2 * k]
        zi[k] = samples[2 * k + 1]
    _transform(scratch, zr, zi)
    re[0], im[0] = zr[0] + zi[0], np.float32(0)
    re[_HALF], im[_HALF] = zr[0] - zi[0], np.float32(0)
    for k in range(1, _HALF):
        mirror = _HALF - k
        even_re, even_im = zr[k] + zr[mirror], zi[k] - zi[mirror]
        odd_re, odd_im = zi[k] + zi[mirror], zr[mirror] - zr[k]
        re[k] = _HALVED * (even_re + odd_re * _COS[k] + odd_im * _SIN[k])
        im[k] = _HALVED * (even_im + odd_im * _COS[k] - odd_re * _SIN[k])


@njit(nogil=True, fastmath=True)
def from_spectrum(scratch: Any, re: Part, im: Part, samples: Part) -> None:
    """The 512 `samples` whose spectrum `re` and `im` are (257 bins each)."""
    zr, zi = scratch["re"], scratch["im"]
    for k in range(_HALF):
        mirror = _HALF - k
        even_re, even_im = re[k] + re[mirror], im[k] - im[mirror]
        gap_re, gap_im = re[k] - re[mirror], im[k] + im[mirror]
        odd_re = gap_re * _COS[k] - gap_im * _SIN[k]
        odd_im = gap_im * _COS[k] + gap_re * _SIN[k]
        zr[k] = even_re - odd_im
        zi[k] = even_im + odd_re
    # Backwards is forwards with real and imaginary parts exchanged.
    _transform(scratch, zi, zr)
    for k in range(_HALF):
        samples[2 * k] = zr[k] * _SCALE * _HALVED
        samples[2 * k + 1] = zi[k] * _SCALE * _HALVED
