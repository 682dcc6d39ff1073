"""From a clock of RTP that the plane has no rate for (32000, 44100, 48000 Hz) to 16000 samples a second, and back.

One polyphase filter a pair of rates: 6800 Hz come through within 0.3 dB, from 9000 Hz on all is 68 dB down. Where a
stream is at is kept in the `clocked` and `lead` of its coding, so packets join without a click, and as many samples
come out as the clocks say. Nothing here allocates.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gateway.media.compiled import stage
from gateway.plane.table import RECLOCKED, WIDE, Shared

__all__ = ["forget_clock", "from_clock", "to_clock"]

_CLOCKS: Final = (32000, 44100, 48000)
_LOBES: Final = 16
"""Zero crossings of the filter on either side, at the lower of both rates."""
_BETA: Final = 6.8
"""Of the Kaiser window: 70 dB."""
_PASSED: Final = 0.94
"""Of the band of the lower rate."""
_HALF: Final = np.float32(0.5)
_LEAST: Final = np.float32(-32768.0)
_MOST: Final = np.float32(32767.0)


def _filter(rate: int, made: int) -> NDArray[np.float32]:
    """Taps from `rate` to `made` samples a second: a row for each place between two samples, the oldest first."""
    ups = made // math.gcd(rate, made)
    lower = min(rate, made)
    taps = min(2 * math.ceil(_LOBES * rate / lower), RECLOCKED)
    late = _LOBES * rate / lower  # a whole number of samples at the plane's rate
    at = np.arange(ups)[:, None] / ups + taps - 1 - late - np.arange(taps)[None, :]
    shape = np.i0(_BETA * np.sqrt(np.maximum(1 - (2 * at / taps) ** 2, 0))) / np.i0(_BETA) * (abs(at) <= taps / 2)
    rows = np.sinc(_PASSED * lower / rate * at) * shape
    return np.asarray(rows / rows.sum(axis=1, keepdims=True), np.float32)


def _flat(filters: list[NDArray[np.float32]]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Filters one after the other, and of each: where it begins, its rows, its taps."""
    begins = np.cumsum([0, *[part.size for part in filters]])
    shapes = [(begins[k], *part.shape) for k, part in enumerate(filters)]
    return np.concatenate([part.ravel() for part in filters]), np.array(shapes, np.int64)


_TAPS, _SHAPES = _flat([_filter(clock, WIDE) for clock in _CLOCKS] + [_filter(WIDE, clock) for clock in _CLOCKS])
_STEPS: Final = np.array(
    [clock // math.gcd(clock, WIDE) for clock in _CLOCKS] + [WIDE // math.gcd(clock, WIDE) for clock in _CLOCKS]
)
"""By how many places between samples of what goes in each sample that comes out is after the one before."""


@stage
def forget_clock(coding: Any) -> None:
    """A coding begins anew."""
    coding["lead"] = 0
    for k in range(RECLOCKED):
        coding["clocked"][k] = 0


@stage
def from_clock(
    t: Shared, coding: Any, clock: int, samples: NDArray[np.int16], count: int, out: NDArray[np.int16]
) -> int:
    """Bring `count` samples at `clock` to 16000 a second in `out`; returns how many came of them."""
    return _change(t, coding, _which(clock), samples, count, out)


@stage
def to_clock(
    t: Shared, coding: Any, clock: int, samples: NDArray[np.int16], count: int, out: NDArray[np.int16]
) -> int:
    """Bring `count` samples at 16000 a second to `clock` in `out`; returns how many came of them."""
    return _change(t, coding, len(_CLOCKS) + _which(clock), samples, count, out)


@stage
def _which(clock: int) -> int:
    if clock == 44100:
        return 1
    return 2 if clock > 44100 else 0


@stage
def _change(
    t: Shared, coding: Any, which: int, samples: NDArray[np.int16], count: int, out: NDArray[np.int16]
) -> int:
    begin, ups, taps = int(_SHAPES[which, 0]), int(_SHAPES[which, 1]), int(_SHAPES[which, 2])
    step = int(_STEPS[which])
    work = t["even"][:]
    kept = coding["clocked"]
    before = taps - 1
    for k in range(before):
        work[k] = kept[k]
    for k in range(count):
        work[before + k] = samples[k]
    at = coding["lead"]
    made = 0
    while at < count * ups:
        first = at // ups
        row = begin + (at - first * ups) * taps
        total = np.float32(0.0)
        for k in range(taps):
            total += _TAPS[row + k] * work[first + k]
        out[made] = int(min(max(np.floor(total + _HALF), _LEAST), _MOST))
        made += 1
        at += step
    coding["lead"] = at - count * ups
    for k in range(before):
        kept[k] = int(work[count + k])
    return made
