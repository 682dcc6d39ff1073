"""What encoder and decoder of iLBC have in common: filters, and what a line spectrum says of them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.media.compiled import stage

__all__ = [
    "BLOCK",
    "ORDER",
    "STATE",
    "Floats",
    "all_pass",
    "all_pole",
    "clear",
    "copy",
    "energy_of",
    "expand",
    "filter_between",
    "filters_of",
    "keep_apart",
    "nearest_level",
    "short_of",
]

Floats = NDArray[np.float64]

ORDER: Final = 10
"""Of the predictor."""
BLOCK: Final = 40
STATE: Final = 80
"""Samples of a block, and of the two in which the start state is."""


@stage
def short_of(blocks: int) -> int:
    """Samples of the start state that are written down one by one: STATE_SHORT_LEN."""
    return 58 if blocks == 6 else 57


@stage
def energy_of(samples: Floats, start: int, stop: int) -> float:
    total = 0.0
    for n in range(start, stop):
        total += samples[n] * samples[n]
    return total


@stage
def copy(source: Floats, start: int, out: Floats, at: int, count: int, turned: bool) -> None:
    """Copy `count` samples; where `turned`, backwards from `start`."""
    for k in range(count):
        out[at + k] = source[start - k if turned else start + k]


@stage
def clear(samples: Floats) -> None:
    for k in range(len(samples)):
        samples[k] = 0.0


@stage
def nearest_level(levels: Floats, scale: float, value: float) -> int:
    best = 0
    for k in range(1, len(levels)):
        if abs(scale * levels[k] - value) < abs(scale * levels[best] - value):
            best = k
    return best


@stage
def expand(a: Floats, factor: float) -> None:
    """Draw the poles of the filter towards the middle (clause 3.2.2)."""
    power = 1.0
    for i in range(1, len(a)):
        power *= factor
        a[i] *= power


@stage
def filter_between(first: Floats, second: Floats, share: float, halves: Floats, a: Floats) -> None:
    """Write the filter whose line spectrum is `share` of `first` and the rest of `second` (clause 3.2.7)."""
    clear(halves[0])
    clear(halves[1])
    halves[0, 0] = halves[1, 0] = 1.0
    for k in range(ORDER):
        half = halves[k % 2]
        factor = -2.0 * np.cos(share * first[k] + (1.0 - share) * second[k])
        for i in range(ORDER, 0, -1):
            half[i] += factor * half[i - 1] + (half[i - 2] if i > 1 else 0.0)
    a[0] = 1.0
    for i in range(1, ORDER + 1):
        a[i] = 0.5 * (halves[0, i] + halves[0, i - 1] + halves[1, i] - halves[1, i - 1])


@stage
def keep_apart(said: Floats) -> None:
    """Move frequencies that are too near to each other, or in the wrong order (clause 3.2.5)."""
    for _ in range(2):
        for k in range(ORDER - 1):
            if said[k + 1] - said[k] < 0.039:
                if said[k + 1] < said[k]:
                    said[k + 1] = said[k] + 0.0195
                    said[k] = said[k + 1] - 0.0195
                else:
                    said[k] -= 0.0195
                    said[k + 1] += 0.0195
            said[k] = min(max(said[k], 0.01), 3.14)


@stage
def filters_of(spectra: Floats, blocks: int, halves: Floats, filters: Floats) -> None:
    """Write the filter of every block, by the spectra of a frame and the one before it (3.2.6).

    Args:
        halves: To work in, shape (2, 11).
        filters: A row of 11 for each block.
    """
    for n in range(blocks):
        first, share = 0, 1.0 - (n + 1) / 4.0
        if blocks == 6:
            first = 0 if n == 0 else 1
            share = 0.5 if n == 0 else max(0.0, 1.0 - (n - 1) / 3.0)
        filter_between(spectra[first], spectra[first + 1], share, halves, filters[n])


@stage
def all_pole(samples: Floats, start: int, stop: int, a: Floats) -> None:
    """Filter samples start..stop in place by 1/A, from what stands before them."""
    for n in range(start, stop):
        total = samples[n]
        for i in range(1, min(ORDER, n) + 1):
            total -= a[i] * samples[n - i]
        samples[n] = total


@stage
def all_pass(samples: Floats, a: Floats, out: Floats) -> None:
    """Write `samples` without the predictor's phase, by circular convolution (3.5.1); ignore what follows."""
    count = len(samples)
    for n in range(2 * count):
        total = 0.0
        for i in range(max(0, n - count + 1), min(ORDER, n) + 1):
            total += a[ORDER - i] * samples[n - i]
        for i in range(1, min(ORDER, n) + 1):
            total -= a[i] * out[n - i]
        out[n] = total
    for n in range(count):
        out[n] += out[count + n]
