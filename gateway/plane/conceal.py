"""Speech by its pitch: made up where samples are missing, and made longer or shorter by a period.

Missing samples are filled as in G.711 appendix I: the last pitch period is repeated, two of them after 10 ms and
three after 20 ms, lest it buzz; it fades from 10 ms on and is silent after 60 ms; the first samples that come again
are blended with it. The appendix delays all speech by 3.75 ms to smooth the beginning, too; here the step that is
left there fades within a quarter of a period. A period is taken out or put in by overlap and add, where two clocks
differ: nobody hears one of a few hundred periods missing. Samples are 8000 a second here; of 16000 every other one
is worked on by itself, with the period and the places of the first.

`past` is what was heard last, newest sample last; it stands still while samples are being made up. Nothing here
knows queues or timestamps.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.media.compiled import stage
from gateway.plane.libc import memmove
from gateway.plane.table import FRAME, PAST

__all__ = ["LONGEST_PITCH", "SHORTEST_PITCH", "blend_length", "made_up", "pitch_of", "remember", "stretch"]

SHORTEST_PITCH: Final = 40
LONGEST_PITCH: Final = 120
"""Samples of a pitch period: 200 Hz to 66 Hz (appendix I.2.2)."""
_COMPARED: Final = 160
"""Samples that are compared at each lag."""
_STEP: Final = 80
"""10 ms: from one number of periods to the next, and 20 % of the gain."""


@stage
def pitch_of(past: NDArray[np.int16]) -> int:
    """The pitch period at the end of `past`, in samples: the lag of the best normalised correlation (I.2.2).

    0 where there is but silence.
    """
    peak = 0
    for k in range(PAST - _COMPARED, PAST):
        peak = max(peak, abs(int(past[k])))
    if peak == 0:
        return 0
    best = 0.0
    found = LONGEST_PITCH
    for lag in range(SHORTEST_PITCH, LONGEST_PITCH + 1):
        product = 0.0
        energy = 1.0
        for k in range(PAST - _COMPARED, PAST):
            earlier = float(past[k - lag])
            product += float(past[k]) * earlier
            energy += earlier * earlier
        if product > 0.0 and product * product > best * energy:
            best = product * product / energy
            found = lag
    return found


@stage
def _repeated(past: NDArray[np.int16], pitch: int, periods: int, at: int) -> float:
    """Sample `at` of the last `periods` periods over and over, each end blended into the beginning."""
    length = periods * pitch
    quarter = pitch // 4
    place = at % length
    value = float(past[PAST - length + place])
    behind = place - (length - quarter)
    if behind >= 0:
        weight = (behind + 1) / (quarter + 1)
        value += weight * (float(past[PAST - 2 * length + place]) - value)
    return value


@stage
def made_up(past: NDArray[np.int16], pitch: int, at: int) -> int:
    """Sample `at` (0 is the first that is missing) of what takes the place of lost speech (I.2.3 to I.2.5)."""
    gain = 1.0 - 0.2 * max(at - _STEP, 0) / _STEP
    if gain <= 0.0:
        return 0
    quarter = pitch // 4
    periods = min(at // _STEP, 2) + 1
    value = _repeated(past, pitch, periods, at)
    since = at - (periods - 1) * _STEP
    if periods > 1 and since < quarter:
        weight = (since + 1) / (quarter + 1)
        before = _repeated(past, pitch, periods - 1, at)
        value = before + weight * (value - before)
    if at < quarter:
        step = float(past[PAST - 1]) - float(past[PAST - 1 - pitch])
        value += step * (1.0 - (at + 1) / (quarter + 1))
    return int(min(max(gain * value, -32768.0), 32767.0))


@stage
def blend_length(pitch: int, made: int) -> int:
    """Over how many samples real speech is blended with what was made up for `made` samples before it (I.2.7)."""
    return min(pitch // 4 + 32 * max(made // _STEP - 1, 0), _STEP)


@stage
def remember(past: NDArray[np.int16], samples: NDArray[np.int16], start: int, end: int) -> None:
    """Add `samples[start:end]`, which have been heard, to `past`."""
    count = end - start
    if count <= 0:
        return
    kept = 2 * (PAST - count)
    memmove(past.ctypes.data, past.ctypes.data + 2 * count, kept)
    memmove(past.ctypes.data + kept, samples.ctypes.data + 2 * start, 2 * count)


@stage
def stretch(samples: NDArray[np.int16], pitch: int, longer: bool, out: NDArray[np.int16]) -> None:
    """Make 160 samples of 160 less a period (`longer`), or of 160 and a period (at `samples`, one after the other).

    Args:
        samples: 160 of them where `longer`, of which the last `pitch` will be heard again; else 160 + pitch.
    """
    if longer:
        overlap = min(FRAME - pitch, pitch)
        for k in range(FRAME):
            later = k - pitch
            if later < 0:
                out[k] = samples[k]
            elif later < overlap:
                weight = (later + 1) / (overlap + 1)
                out[k] = int(float(samples[k]) * (1.0 - weight) + float(samples[later]) * weight)
            else:
                out[k] = samples[later]
        return
    for k in range(FRAME):
        weight = (k + 1) / (FRAME + 1)
        out[k] = int(float(samples[k]) * (1.0 - weight) + float(samples[k + pitch]) * weight)
