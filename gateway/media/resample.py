"""Rate conversion by any ratio of whole rates: a polyphase filter, linear in phase, no delay.

Samples at one rate in, samples at another out, as long in time. What lies below 85 % of the lower rate's half
comes through within 0.1 dB; what would fold or mirror is at least 70 dB down. Whole sounds only: nothing is kept
from call to call.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.core.audio import Samples
from gateway.core.errors import LocalError

__all__ = ["resample"]

_STOP_BAND: Final = 74.0
"""dB designed for, so that 70 are kept."""
_PASS_BAND: Final = 0.85
"""Of half the lower rate: 3400 Hz at 8000."""
_RATES: Final = range(4000, 96001)
"""Rates of telephony and of sound files; beyond them the filters would grow without use."""
_CHUNK: Final = 2048
"""Samples made at a time: 10 MB of windows at the longest filter in use."""


def resample(samples: Samples, source: int, target: int) -> Samples:
    """Convert samples at `source` Hz to `target` Hz.

    Raises:
        LocalError: a rate is outside 4000 to 96000 Hz.
    """
    for rate in (source, target):
        if rate not in _RATES:
            raise LocalError(f"a sampling rate of {rate} Hz is not between {_RATES[0]} and {_RATES[-1]}")
    if source == target or not len(samples):
        return samples.copy()
    common = math.gcd(source, target)
    up, down = target // common, source // common
    filters = _filters(up, source, target)
    half = filters.shape[1] // 2
    padded = np.pad(samples.astype(np.float64), half)
    windows = np.lib.stride_tricks.sliding_window_view(padded, filters.shape[1])
    made = np.empty(-(-len(samples) * up // down))
    for start in range(0, len(made), _CHUNK):
        # Sample n of the result lies at n * down / up of the source: a place and a phase between places.
        place, phase = np.divmod(np.arange(start, min(start + _CHUNK, len(made))) * down, up)
        made[start : start + len(place)] = np.einsum("nk,nk->n", windows[place], filters[phase])
    return np.round(made).clip(-32768, 32767).astype(np.int16)


def _filters(up: int, source: int, target: int) -> NDArray[np.float64]:
    """One low-pass (Kaiser's design) of an odd number of taps for each of `up` phases between source samples."""
    edge = min(source, target) / 2
    middle = edge * (1 + _PASS_BAND) / 2
    taps = (_STOP_BAND - 7.95) / (14.36 * edge * (1 - _PASS_BAND)) * source
    half = math.ceil(taps / 2) + 1
    beta = 0.1102 * (_STOP_BAND - 8.7)
    # Seen from phase p, the source sample k places on lies k - p/up away.
    distance = np.arange(-half, half + 1)[None, :] - np.arange(up)[:, None] / up
    shape = np.i0(beta * np.sqrt(np.clip(1 - (distance / half) ** 2, 0, None))) / np.i0(beta)
    inside = np.abs(distance) <= half
    bank = np.sinc(2 * middle / source * distance) * shape * inside
    bank /= bank.sum(axis=1, keepdims=True)
    filters: NDArray[np.float64] = bank
    return filters
