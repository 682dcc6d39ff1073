"""Rate conversion by any ratio of whole rates: a polyphase filter, linear in phase, no delay.

Samples at one rate in, samples at another out, as long in time. What lies below 85 % of the lower rate's half
comes through within 0.1 dB; what would fold or mirror is at least 70 dB down.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.core.audio import Samples
from gateway.core.errors import LocalError

__all__ = ["RATES", "Resampler", "resample"]

_STOP_BAND: Final = 74.0
"""dB designed for, so that 70 are kept."""
_PASS_BAND: Final = 0.85
"""Of half the lower rate: 3400 Hz at 8000."""
RATES: Final = range(4000, 96001)
"""Rates of telephony and of sound files; beyond them the filters would grow without use."""
_CHUNK: Final = 2048
"""Samples made at a time: 10 MB of windows at the longest filter in use."""
_FEW: Final = 16
"""Up times down, as far as it is faster to make all samples of a phase together."""


class Resampler:
    """Converts a sound that comes piece by piece.

    Args:
        source, target: rates in Hz.

    Raises:
        LocalError: a rate is outside 4000 to 96000 Hz.
    """

    def __init__(self, source: int, target: int) -> None:
        for rate in (source, target):
            if rate not in RATES:
                raise LocalError(f"a sampling rate of {rate} Hz is not between {RATES[0]} and {RATES[-1]}")
        common = math.gcd(source, target)
        self._up, self._down = target // common, source // common
        self._filters = _filters(self._up, source, target)
        self._half = self._filters.shape[1] // 2
        self._waiting = np.zeros(self._half)  # source samples that are still needed
        self._first = -self._half  # the place of the first of them
        self._taken = 0
        self._made = 0

    def feed(self, samples: Samples) -> Samples:
        """What can be made of all that came up to now: some milliseconds are still missing."""
        self._taken += len(samples)
        self._waiting = np.concatenate((self._waiting, samples))
        # Sample n of the result lies at n * down / up of the source: a place, and a phase between places.
        known = self._first + len(self._waiting) - self._half
        end = max(-(-known * self._up // self._down), self._made)
        if end == self._made:
            return np.zeros(0, np.int16)
        made = self._at_once(end) if self._up * self._down <= _FEW else self._one_by_one(end)
        self._made = end
        done = end * self._down // self._up - self._half - self._first
        self._waiting, self._first = self._waiting[done:], self._first + done
        return np.round(made).clip(-32768, 32767).astype(np.int16)

    def _one_by_one(self, end: int) -> NDArray[np.float64]:
        """The samples up to `end`, each with the filter of its phase."""
        made = np.empty(end - self._made)
        windows = np.lib.stride_tricks.sliding_window_view(self._waiting, self._filters.shape[1])
        for start in range(self._made, end, _CHUNK):
            place, phase = np.divmod(np.arange(start, min(start + _CHUNK, end)) * self._down, self._up)
            part = np.einsum("nk,nk->n", windows[place - self._half - self._first], self._filters[phase])
            made[start - self._made : start - self._made + len(place)] = part
        return made

    def _at_once(self, end: int) -> NDArray[np.float64]:
        """The same, phase by phase: all samples of one, by correlation with every `down`th of the source."""
        made = np.zeros(end - self._made)
        for sample in range(self._made, min(self._made + self._up, end)):
            place, phase = divmod(sample * self._down, self._up)
            source = self._waiting[place - self._half - self._first :]
            part = made[sample - self._made :: self._up]
            for k in range(self._down):
                taps = self._filters[phase][k :: self._down]
                part += np.correlate(source[k :: self._down][: len(part) + len(taps) - 1], taps, "valid")
        return made

    def flush(self) -> Samples:
        """The rest: with it there is as much as came, in seconds. Nothing can be fed any more."""
        total = -(-self._taken * self._up // self._down)
        before = self._made
        return self.feed(np.zeros(self._half, np.int16))[: total - before]


def resample(samples: Samples, source: int, target: int) -> Samples:
    """Convert a whole sound at `source` Hz to `target` Hz.

    Raises:
        LocalError: a rate is outside 4000 to 96000 Hz.
    """
    converter = Resampler(source, target)
    if source == target or not len(samples):
        return samples.copy()
    return np.concatenate((converter.feed(samples), converter.flush()))


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
