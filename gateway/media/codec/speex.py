"""Speex in RTP (RFC 5574): frames of 20 ms, bit after bit, coded by libspeex.

What a packet holds is counted here before libspeex sees it, so that it never meets what it would complain of.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba.np.numpy_support import carray
from numpy.typing import NDArray

from gateway.media.codec.bits import take_bits
from gateway.media.codec.state import SPEEX_STATE
from gateway.media.compiled import stage
from gateway.media.pointers import call_c, int16_at, record_of

__all__ = ["decode_speex", "encode_speex", "speex_frames"]

_NARROW: Final = np.array([5, 43, 119, 160, 220, 300, 364, 492, 79])
"""Bits of a frame by its mode, with the five that say which (RFC 5574 3.3; the Speex manual, table 9.2)."""
_HIGH: Final = np.array([4, 36, 112, 192, 352])
"""Bits of what a wide-band frame has besides (table 10.1)."""
_LAYERS: Final = 2
"""Of what makes a frame wider: at 16000 Hz, and at 32000."""
_SIGNAL: Final = np.array([1, 1, 4, 4, 4, 4, 4, 4, 8, 8, 16, 16, 32, 32, 64, 64])
"""Bits of a message between coders, by its number (section 5.5)."""
_RESET: Final = 26
"""SPEEX_RESET_STATE (speex.h)."""
_USER: Final = 13
_MESSAGE: Final = 14
_TERMINATOR: Final = 15

_state_at = record_of(SPEEX_STATE)


@stage
def speex_frames(data: NDArray[np.uint8], start: int, octets: int, is_wide: bool) -> int:
    """Frames in the payload at `data[start:start + octets]`; -1 where it is none that libspeex takes.

    Layers that its decoder passes over may not be empty, for all that the manual says.
    """
    place, end, frames, layers = 8 * start, 8 * (start + octets), 0, _LAYERS
    while place + 5 <= end:
        if take_bits(data, place, 1):
            mode = take_bits(data, place + 1, 3)
            if mode >= len(_HIGH) or layers == _LAYERS or (mode == 0 and layers >= is_wide):
                return -1
            layers += 1
            place += _HIGH[mode]
            continue
        mode = take_bits(data, place + 1, 4)
        if mode == _TERMINATOR:
            break
        if mode == _MESSAGE:
            place += 9 + _SIGNAL[take_bits(data, place + 5, 4)] if place + 9 <= end else 9
        elif mode == _USER:
            place += 14 + 8 * take_bits(data, place + 5, 4) if place + 9 <= end else 9
        elif mode >= len(_NARROW):
            return -1
        else:
            frames += 1
            layers = 0
            place += _NARROW[mode]
    padded = place >= end or take_bits(data, place, 1) == 0
    return frames if frames > 0 and place <= end and padded else -1


@stage
def _is_dead(samples: NDArray[np.int16]) -> bool:
    """Whether nothing came out: so it is for ever once a hostile frame has driven the filters to no number."""
    for k in range(len(samples)):
        if samples[k] != 0:
            return False
    return True


@stage
def decode_speex(state: int, data: int, octets: int, frames: int, length: int, out: int) -> int:
    """Decode `frames` of the payload at the address `data` to the address `out`.

    Args:
        state: Address of a SPEEX_STATE.
        length: Samples of a frame.

    Returns:
        How many frames were.
    """
    own = _state_at(state, 0)
    call_c(own["open"], own["bits"], data, octets, 0, 0, 0, 0)
    for n in range(frames):
        if call_c(own["function"], own["coder"], own["bits"], out + 2 * n * length, 0, 0, 0, 0) != 0:
            return n
        if _is_dead(carray(int16_at(out + 2 * n * length), (length,))):
            call_c(own["control"], own["coder"], _RESET, 0, 0, 0, 0, 0)
    return frames


@stage
def encode_speex(state: int, samples: int, frames: int, length: int, out: int, most: int) -> int:
    """Encode so many frames at the address `samples` into at most so many octets at `out`; returns their number."""
    own = _state_at(state, 0)
    call_c(own["open"], own["bits"], 0, 0, 0, 0, 0, 0)
    for n in range(frames):
        call_c(own["function"], own["coder"], samples + 2 * n * length, own["bits"], 0, 0, 0, 0)
    call_c(own["end"], own["bits"], 0, 0, 0, 0, 0, 0)
    return int(call_c(own["write"], own["bits"], out, most, 0, 0, 0, 0))
