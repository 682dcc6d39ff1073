"""AMR and AMR-WB in RTP (RFC 4867): frames of 20 ms behind a table of contents, coded by libraries.

Both payload formats: bandwidth-efficient, where bits follow one another, and octet-aligned. A library takes and
gives a frame as it stands in files (section 5): an octet of its own table, then its bits. What the peer asks of our
coder (CMR, section 4.3.1) is written to it as its packets are read. Interleaving, CRCs, robust sorting and more
channels than one are never agreed to.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba.np.numpy_support import carray
from numpy.typing import NDArray

from gateway.media.codec.bits import take_bits
from gateway.media.codec.state import AMR_STATE
from gateway.media.compiled import stage
from gateway.media.pointers import call_c, record_of, uint8_at

__all__ = ["amr_frames", "decode_amr", "encode_amr"]

_BITS: Final = np.array([95, 103, 118, 134, 148, 159, 204, 244, 39, *[-1] * 6, 0])
"""Of a frame of AMR by its type (3GPP TS 26.101 tables 1a, 3): speech, comfort noise, nothing."""
_WIDE_BITS: Final = np.array([132, 177, 253, 285, 317, 365, 397, 461, 477, 40, *[-1] * 4, 0, 0])
"""Of AMR-WB (3GPP TS 26.201); 14 is a frame that was lost on its way."""
_NO_DATA: Final = 15
_ANY_MODE: Final = 15
_GOOD: Final = 4
"""The bit of a table's octet that says that a frame is not damaged."""

_state_at = record_of(AMR_STATE)


@stage
def _move(source: NDArray[np.uint8], bit: int, out: NDArray[np.uint8], at: int, count: int) -> None:
    """Copy `count` bits; those of `out` must be 0."""
    for k in range(count):
        if (source[(bit + k) >> 3] >> (7 - ((bit + k) & 7))) & 1:
            out[(at + k) >> 3] |= 0x80 >> ((at + k) & 7)


@stage
def _bits_of(kind: int, is_wide: bool) -> int:
    return int(_WIDE_BITS[kind] if is_wide else _BITS[kind])


@stage
def _octets(bits: int) -> int:
    return (bits + 7) // 8


@stage
def amr_frames(data: NDArray[np.uint8], start: int, octets: int, is_wide: bool, is_aligned: bool) -> int:
    """Frames in the payload at `data[start:start + octets]`; -1 where it is none (sections 4.3.2, 4.4.2)."""
    first, entry = 8 * start, 8 if is_aligned else 6
    place, end, bits, frames = first + (8 if is_aligned else 4), 8 * (start + octets), 0, 0
    follows = 1
    while follows:
        if place + entry > end:
            return -1
        follows = take_bits(data, place, 1)
        size = _bits_of(take_bits(data, place + 1, 4), is_wide)
        if size < 0:
            return -1
        bits += 8 * _octets(size) if is_aligned else size
        frames += 1
        place += entry
    return frames if _octets(place - first + bits) == octets else -1


@stage
def decode_amr(
    state: int, data: NDArray[np.uint8], start: int, octets: int, is_wide: bool, is_aligned: bool, out: int
) -> None:
    """Decode a payload that `amr_frames` has counted to the address `out`.

    Args:
        state: Address of an AMR_STATE.
    """
    own = _state_at(state, 0)
    frames = amr_frames(data, start, octets, is_wide, is_aligned)
    entry = 8 if is_aligned else 6
    table = 8 * start + (8 if is_aligned else 4)
    place = table + frames * entry
    asked = take_bits(data, 8 * start, 4)
    if own["other"] != 0 and asked != _ANY_MODE:
        other = _state_at(own["other"], 0)
        if (other["modes"] >> asked) & 1:
            other["mode"] = asked
    for n in range(frames):
        kind, good = take_bits(data, table + n * entry + 1, 4), take_bits(data, table + n * entry + 5, 1)
        size = _bits_of(kind, is_wide)
        frame = own["frame"]
        for k in range(len(frame)):
            frame[k] = 0
        if good:
            frame[0] = kind << 3 | _GOOD
            _move(data, place, frame, 8, size)
        else:
            frame[0] = _NO_DATA << 3
        place += 8 * _octets(size) if is_aligned else size
        samples = out + n * (640 if is_wide else 320)
        call_c(own["function"], own["coder"], frame.ctypes.data, samples, 0, 0, 0, 0)


@stage
def encode_amr(state: int, samples: int, frames: int, is_wide: bool, is_aligned: bool, out: int) -> int:
    """Encode so many frames at the address `samples` into a payload at `out`; returns its octets.

    Args:
        state: Address of an AMR_STATE.
    """
    own = _state_at(state, 0)
    entry = 8 if is_aligned else 6
    table = 8 if is_aligned else 4
    place = table + frames * entry
    longest = _octets(place) + frames * len(own["frame"])
    payload = carray(uint8_at(out), (longest,))
    for k in range(longest):
        payload[k] = 0
    payload[0] = _ANY_MODE << 4  # we ask for nothing
    for n in range(frames):
        frame = own["frame"]
        source = samples + n * (640 if is_wide else 320)
        call_c(own["function"], own["coder"], own["mode"], source, frame.ctypes.data, 0, 0, 0)
        kind = (int(frame[0]) >> 3) & 0x0F
        size = max(_bits_of(kind, is_wide), 0)
        header = (0 if n == frames - 1 else 0x80) | kind << 3 | _GOOD
        for k in range(6):
            if (header >> (7 - k)) & 1:
                bit = table + n * entry + k
                payload[bit >> 3] |= 0x80 >> (bit & 7)
        _move(frame, 8, payload, place, size)
        place += 8 * _octets(size) if is_aligned else size
    return _octets(place)
