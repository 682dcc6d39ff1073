"""Levels: what dBm0 means on the 16-bit scale, defined here once.

G.711 clause 4 gives a full-scale sine +3.17 dBm0 in mu-law (+3.14 in A-law); the overload point of mu-law is 8159
of its 14-bit scale, 32636 of ours. Both laws' digital milliwatts (G.711 tables 5 and 6) lie within 0.1 dB of what
follows. Levels are RMS: two tones of -10 dBm0 each measure -7 dBm0 together. Only numbers go through here.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from gateway.core.audio import Samples

__all__ = ["PEAK_0DBM0", "active_level", "dbm0", "level", "louder", "peak"]

PEAK_0DBM0: Final = 32636 / 10 ** (3.17 / 20)
"""Peak amplitude of a sine of 0 dBm0 on the int16 scale, 22656."""

_SILENCE: Final = -96.0
"""dBm0 told for digital silence: just below the weakest that 16 bits can carry."""

_BLOCK: Final = 160
"""Samples (20 ms) over which speech is judged active or not."""


def peak(dbm0: float) -> float:
    """The peak amplitude of a sine of `dbm0` on the int16 scale."""
    return PEAK_0DBM0 * 10 ** (dbm0 / 20)


def level(samples: Samples) -> float:
    """The level of `samples` in dBm0; -96 for silence or nothing at all."""
    if not len(samples):
        return _SILENCE
    return dbm0(float(np.mean(np.square(samples, dtype=np.float64))))


def active_level(samples: Samples) -> float:
    """The level in dBm0 of speech while it is spoken: pauses are left out, as in ITU-T P.56.

    Blocks of 20 ms more than 16 dB below the loudest part of the power do not count.
    """
    whole = len(samples) // _BLOCK * _BLOCK
    if not whole:
        return level(samples)
    power = np.mean(np.square(samples[:whole].reshape(-1, _BLOCK), dtype=np.float64), axis=1)
    loud = float(np.quantile(power, 0.95))
    return dbm0(float(np.mean(power[power >= loud / 40])))


def dbm0(mean_square: float) -> float:
    """The level in dBm0 of a signal whose samples have this mean square; -96 for silence."""
    if mean_square <= 0:
        return _SILENCE
    return max(_SILENCE, 10 * math.log10(2 * mean_square / PEAK_0DBM0**2))


def louder(samples: Samples, gain: float) -> Samples:
    """The samples made `gain` dB louder, as far as 16 bits go."""
    scaled = samples.astype(np.float64) * 10 ** (gain / 20)
    return np.clip(np.rint(scaled), -32768, 32767).astype(np.int16)
