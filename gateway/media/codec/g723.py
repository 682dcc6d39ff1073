"""G.723.1 in RTP (RFC 3551 4.5.3): frames of 30 ms, coded by FFmpeg's libavcodec (libavcodec.py sets it up).

The two lowest bits of a frame's first octet say what it is: speech at 6.3 or at 5.3 kbit/s, comfort noise (annex
A), or that nothing has changed since. What a packet holds is counted here before libavcodec sees any of it, and it
is given one frame at a time.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba.np.numpy_support import carray
from numpy.typing import NDArray

from gateway.media.codec.state import G723_FRAME, G723_STATE
from gateway.media.compiled import stage
from gateway.media.pointers import call_c, int32_at, int64_at, record_of, uint8_at

__all__ = ["decode_g723", "encode_g723", "g723_frames", "g723_pauses"]

_OCTETS: Final = (24, 20, 4, 1)
"""Of a frame by its lowest bits."""
_NOISE: Final = 2

_state_at = record_of(G723_STATE)


@stage
def _pointer(address: int) -> int:
    return int(carray(int64_at(address), (1,))[0])


@stage
def _number(address: int) -> int:
    return int(carray(int32_at(address), (1,))[0])


@stage
def g723_frames(data: NDArray[np.uint8], start: int, octets: int) -> int:
    """Frames in the payload at `data[start:start + octets]`; -1 where it is no whole number."""
    place, end, frames = start, start + octets, 0
    while place < end:
        place += _OCTETS[data[place] & 3]
        frames += 1
    return frames if place == end else -1


@stage
def g723_pauses(data: NDArray[np.uint8], start: int, octets: int) -> bool:
    """Whether the last frame of a payload that `g723_frames` has counted says that nothing but noise follows."""
    place, kind = start, 0
    while place < start + octets:
        kind = data[place] & 3
        place += _OCTETS[kind]
    return kind >= _NOISE


@stage
def decode_g723(state: int, data: NDArray[np.uint8], start: int, frames: int, out: int) -> None:
    """Decode so many frames to the address `out`; one that libavcodec does not take is silence.

    Args:
        state: Address of a G723_STATE.
    """
    own = _state_at(state, 0)
    place = start
    for n in range(frames):
        octets = _OCTETS[data[place] & 3]
        target = carray(uint8_at(out + 2 * n * G723_FRAME), (2 * G723_FRAME,))
        buffer = own["octets"]
        for k in range(octets):
            buffer[k] = data[place + k]
        carray(int64_at(own["packet"] + own["packet_data"]), (1,))[0] = buffer.ctypes.data
        carray(int32_at(own["packet"] + own["packet_size"]), (1,))[0] = octets
        done = call_c(own["send"], own["context"], own["packet"], 0, 0, 0, 0, 0)
        if done == 0:
            done = call_c(own["receive"], own["context"], own["frame"], 0, 0, 0, 0, 0)
        if done == 0 and _number(own["frame"] + own["frame_samples"]) == G723_FRAME:
            heard = carray(uint8_at(_pointer(own["frame"])), (2 * G723_FRAME,))
            for k in range(2 * G723_FRAME):
                target[k] = heard[k]
        else:
            call_c(own["flush"], own["context"], 0, 0, 0, 0, 0, 0)
            for k in range(2 * G723_FRAME):
                target[k] = 0
        place += octets


@stage
def encode_g723(state: int, samples: int, frames: int, out: int) -> int:
    """Encode so many frames at the address `samples` to the address `out`; returns the octets.

    Args:
        state: Address of a G723_STATE.
    """
    own = _state_at(state, 0)
    made = 0
    for n in range(frames):
        said = carray(uint8_at(samples + 2 * n * G723_FRAME), (2 * G723_FRAME,))
        taken = carray(uint8_at(_pointer(own["frame"])), (2 * G723_FRAME,))
        for k in range(2 * G723_FRAME):
            taken[k] = said[k]
        done = call_c(own["send"], own["context"], own["frame"], 0, 0, 0, 0, 0)
        if done == 0:
            done = call_c(own["receive"], own["context"], own["packet"], 0, 0, 0, 0, 0)
        octets = _number(own["packet"] + own["packet_size"])
        if done != 0 or octets != _OCTETS[0]:
            return made
        coded = carray(uint8_at(_pointer(own["packet"] + own["packet_data"])), (octets,))
        target = carray(uint8_at(out + made), (octets,))
        for k in range(octets):
            target[k] = coded[k]
        made += octets
    return made
