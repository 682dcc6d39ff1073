"""DVI4: the Interactive Multimedia Association's ADPCM as RTP has it (RFC 3551 4.5.1), four bits a sample.

A packet begins with four octets: the sample that the predictor is at (network order), its place in the table of
steps, and one that says nothing; then come the codes, two an octet, the earlier one in the upper bits. Each packet
can therefore be understood alone. The steps are those of the IMA's recommended practices; all is whole numbers.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gateway.media.compiled import stage

__all__ = ["DVI4_HEADER", "DVI4_STATE", "decode_dvi4", "encode_dvi4", "reset_dvi4"]

DVI4_HEADER: Final = 4
"""Octets before the codes."""
DVI4_STATE: Final = np.dtype([("sample", np.int64), ("place", np.int64)], align=True)
"""What an encoder keeps from packet to packet."""

_STEPS: Final = np.array(
    [
        *(7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88),
        *(97, 107, 118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658),
        *(724, 796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660),
        *(4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818),
        *(18500, 20350, 22385, 24623, 27086, 29794, 32767),
    ],
    np.int64,
)
_LAST: Final = len(_STEPS) - 1
_TURNS: Final = np.array([-1, -1, -1, -1, 2, 4, 6, 8], np.int64)
"""By how many places the step changes, by the code without its sign."""


@stage
def reset_dvi4(state: Any) -> None:
    """Make `state` that of the beginning."""
    state["sample"] = 0
    state["place"] = 0


@stage
def _step(sample: int, place: int, code: int) -> int:
    """The sample that a code makes of the one before."""
    step = int(_STEPS[place])
    change = step >> 3
    if code & 4:
        change += step
    if code & 2:
        change += step >> 1
    if code & 1:
        change += step >> 2
    return min(max(sample - change if code & 8 else sample + change, -32768), 32767)


@stage
def _turn(place: int, code: int) -> int:
    return min(max(place + int(_TURNS[code & 7]), 0), _LAST)


@stage
def _code(difference: int, step: int) -> int:
    code = 8 if difference < 0 else 0
    rest = abs(difference)
    for bit in range(3):
        part = step >> bit
        if rest >= part:
            code |= 4 >> bit
            rest -= part
    return code


@stage
def encode_dvi4(state: Any, samples: NDArray[np.int16], count: int, out: NDArray[np.uint8], start: int) -> int:
    """Encode `count` samples as one packet's payload into `out[start:]`; returns its octets.

    The last of an odd number is left out.
    """
    sample, place = int(state["sample"]), int(state["place"])
    out[start] = (sample >> 8) & 0xFF
    out[start + 1] = sample & 0xFF
    out[start + 2] = place
    out[start + 3] = 0
    end = start + DVI4_HEADER
    for k in range(count // 2 * 2):
        code = _code(int(samples[k]) - sample, int(_STEPS[place]))
        sample = _step(sample, place, code)
        place = _turn(place, code)
        if k & 1:
            out[end] |= code
            end += 1
        else:
            out[end] = code << 4
    state["sample"] = sample
    state["place"] = place
    return end - start


@stage
def decode_dvi4(data: NDArray[np.uint8], start: int, octets: int, out: NDArray[np.int16]) -> int:
    """Decode the payload at `data[start:start + octets]`, more than its header, into `out`; returns the samples."""
    first = (int(data[start]) << 8) | int(data[start + 1])
    sample = first - 65536 if first >= 32768 else first
    place = min(int(data[start + 2]), _LAST)
    count = 2 * (octets - DVI4_HEADER)
    for k in range(count):
        code = (int(data[start + DVI4_HEADER + k // 2]) >> (0 if k & 1 else 4)) & 0xF
        sample = _step(sample, place, code)
        place = _turn(place, code)
        out[k] = sample
    return count
