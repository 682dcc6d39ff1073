"""What is heard of somebody on a tick, at 8000 samples a second, at 16000, or at both.

A voice is made at one rate on each tick; at the other it is made by a filter once somebody asks for it there, and
no filter runs where nobody does. A row has three (SAID, TOLD, OVERHEARD), a room that of what it plays.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba.np.numpy_support import carray
from numpy.typing import NDArray

from gateway.media.compiled import stage
from gateway.media.pointers import int16_at
from gateway.plane.access import voice_at
from gateway.plane.libc import memset
from gateway.plane.rates import narrow, widen
from gateway.plane.room_table import VOICE
from gateway.plane.table import FRAME, WIDE, WIDE_FRAME, Shared

__all__ = ["bit_of", "forget_voices", "heard_at", "hush_voice", "made_at", "voice_of", "voice_of_room"]

_NARROW_BIT: Final = 1
_WIDE_BIT: Final = 2
"""Of `rates`."""

_VOICES: Final = 3
_SIZE: Final = VOICE.itemsize
_NARROW_AT: Final = VOICE.fields["narrow"][1] if VOICE.fields is not None else 0
_WIDE_AT: Final = VOICE.fields["wide"][1] if VOICE.fields is not None else 0


@stage
def bit_of(rate: int) -> int:
    """Which bit of a set of rates stands for `rate`."""
    return _WIDE_BIT if rate == WIDE else _NARROW_BIT


@stage
def voice_of(t: Shared, i: int, which: int) -> int:
    """The index of a voice of row `i`."""
    return _VOICES * i + which


@stage
def voice_of_room(t: Shared, room: int) -> int:
    """The index of the voice of what a room plays."""
    return int(_VOICES * t["row_count"] + room)


@stage
def _samples(t: Shared, voice: int, rate: int) -> NDArray[np.int16]:
    """Where a voice has its samples at a rate, whatever they are."""
    at = t["voices"] + voice * _SIZE
    if rate == WIDE:
        return carray(int16_at(at + _WIDE_AT), (WIDE_FRAME,))
    return carray(int16_at(at + _NARROW_AT), (FRAME,))


@stage
def hush_voice(t: Shared, voice: int) -> None:
    """Nothing is heard of it on this tick."""
    voice_at(t, voice)["rates"] = 0


@stage
def forget_voices(t: Shared, i: int) -> None:
    """Row `i` is mixed or kept from now on: nothing has been heard of it."""
    memset(t["voices"] + _VOICES * i * _SIZE, 0, _VOICES * _SIZE)


@stage
def made_at(t: Shared, voice: int, rate: int) -> NDArray[np.int16]:
    """Where the samples of this tick are to be written, which are of this rate."""
    voice_at(t, voice)["rates"] = bit_of(rate)
    return _samples(t, voice, rate)


@stage
def heard_at(t: Shared, voice: int, rate: int) -> NDArray[np.int16]:
    """The samples of this tick at a rate; zeros where nothing is heard."""
    record = voice_at(t, voice)
    samples = _samples(t, voice, rate)
    rates = record["rates"]
    if rates & bit_of(rate):
        return samples
    if rates == 0:
        memset(samples.ctypes.data, 0, len(samples) * 2)
    elif rate == WIDE:
        widen(t, record, _samples(t, voice, WIDE // 2), FRAME, samples)
    else:
        narrow(t, record, _samples(t, voice, WIDE), WIDE_FRAME, samples)
    record["rates"] |= bit_of(rate)
    return samples
