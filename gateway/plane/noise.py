"""Comfort noise (RFC 3389): when what a row is sent is silence, and noise for a peer that is told of no pause.

A frame is silence where it is weak, and not much louder than the weakest of late: what hums all the time is
silence, too, and is told of by its level. Nothing is sent here (send.py).
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gateway.media.compiled import stage
from gateway.plane.access import row_at
from gateway.plane.table import FRAME, Shared

__all__ = [
    "SILENT_STILL",
    "TALKING",
    "level_of",
    "make_noise",
    "mean_square",
    "noise_peak",
    "noise_sample",
    "rests",
]

TALKING: Final = -1
SILENT_STILL: Final = -2
"""What `rests` gives beside a level."""
_OVERLOAD: Final = 32768.0
_LEAST: Final = 127
"""-dBov: the weakest noise there is."""
_MOST: Final = 32767.0

_NOTHING: Final = 16.0 * 16.0
"""Mean square, about -60 dBm0: the floor of the quietest line, by which twice as loud (-54) is silence at once."""
_LOUD: Final = 160.0 * 160.0
"""About -40 dBm0, from which a frame is taken for speech however steady it is."""
_ABOVE: Final = 4.0
"""How much louder (6 dB) than the floor a frame may be that is silence still."""
_RISE: Final = 1.0 / 128
"""By how much of itself the floor rises in a frame: it doubles in two seconds of steady noise."""
_HANGOVER: Final = 10
"""Frames of silence in a row (200 ms) before it is told of: pauses between words are shorter."""
_DIFFERENT: Final = 3
"""dB by which noise must have changed to be told of again."""
_AGAIN: Final = 5_000_000_000
"""ns after which it is told of again in any case: NATs and peers that wait for packets are kept awake."""


@stage
def noise_peak(level: int) -> int:
    """The peak of white noise `level` dB below overload (RFC 3389 3: -dBov, a full-scale square wave being 0)."""
    return int(min(_OVERLOAD * math.sqrt(3.0) * 10.0 ** (-level / 20.0), _MOST))


@stage
def level_of(square: float) -> int:
    """The level of a mean square, as a packet has it: 0 to 127 dB below overload."""
    if square < 1e-3:
        return _LEAST
    return int(min(max(round(-10.0 * math.log10(square / (_OVERLOAD * _OVERLOAD))), 0), _LEAST))


@stage
def mean_square(samples: NDArray[np.int16], start: int, count: int) -> float:
    """Of `count` samples, one or more, from `start` on."""
    total = 0
    for k in range(start, start + count):
        total += int(samples[k]) * int(samples[k])
    return total / count


@stage
def rests(t: Shared, i: int, samples: NDArray[np.int16], count: int, now: int) -> int:
    """What is to become of 20 ms that row `i` is to be sent next.

    Returns:
        TALKING where they are to be sent, SILENT_STILL where nothing is, or the level of the noise to tell of.
    """
    row = row_at(t, i)
    square = mean_square(samples, 0, count)
    row["floor"] = _floor(row["floor"], square)
    if row["voiceband"] != 0 or square >= _LOUD or square > _ABOVE * row["floor"]:
        row["hushed"] = 0
        return TALKING
    row["hushed"] += 1
    row["hush"] = square if row["hushed"] == 1 else row["hush"] + (square - row["hush"]) / 8
    if row["hushed"] <= _HANGOVER:
        return TALKING
    level = level_of(row["hush"])
    told = row["hushed"] > _HANGOVER + 1
    if told and abs(level - row["hush_level"]) < _DIFFERENT and now - row["hush_at"] < _AGAIN:
        return SILENT_STILL
    row["hush_level"] = level
    row["hush_at"] = now
    return level


@stage
def _floor(before: float, square: float) -> float:
    """The noise floor after a frame: down at once, up slowly."""
    return max(min(before + before * _RISE, square), _NOTHING)


@stage
def make_noise(t: Shared, peak: int, out: Any) -> None:
    """Fill `out` with 20 ms of white noise at 8000 Hz: its level makes silence alive, its colour hardly matters."""
    for k in range(FRAME):
        out[k] = noise_sample(t, peak)


@stage
def noise_sample(t: Shared, peak: int) -> int:
    """The next sample of white noise."""
    t["random"] = (t["random"] * 1664525 + 1013904223) & 0xFFFFFFFF
    return int((((t["random"] >> 16) - 32768) * peak) >> 15)
