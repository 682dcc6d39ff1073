"""G.711: samples to mu-law and A-law octets and back, and from law to law, all by table.

In and out are int16 samples at 8000 Hz and coded octets; nothing here keeps state or raises on any content.
Sources: ITU-T G.711 (11/88) tables 1 to 4; where a sample lies exactly on a decision value the choice is that of
the ITU-T G.191 software tools (negative samples are taken in one's complement). The tables are read-only arrays.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.core.audio import Samples
from gateway.core.codec import Encoding

__all__ = [
    "ALAW_TO_LINEAR",
    "ALAW_TO_ULAW",
    "LINEAR_TO_ALAW",
    "LINEAR_TO_ULAW",
    "ULAW_TO_ALAW",
    "ULAW_TO_LINEAR",
    "decode",
    "encode",
]

_ULAW_BIAS: Final = 33
"""Added to a 14-bit magnitude so that each of the eight segments begins at a power of two (from 32)."""

_ALAW_EVEN_BITS: Final = 0x55
"""Even bits are inverted on the line (G.711 table 1, note 2)."""

# G.711 table 3: the A-law value number of each mu-law value number 0..127 (numbers count outward from zero).
_ULAW_NUMBER_TO_ALAW: Final = (
    *(1 + number // 2 for number in range(16)),
    *range(9, 26),
    *(27, 29, 31),
    *range(33, 45),
    *(46,),
    *range(48, 63),
    *range(64, 81),
    *range(82, 129),
)

# G.711 table 4: the mu-law value number of each A-law value number 1..128.
_ALAW_NUMBER_TO_ULAW: Final = (
    *range(1, 16, 2),
    *range(16, 32),
    *(32, 32, 33, 33, 34, 34, 35, 35),
    *range(36, 48),
    *(48, 48, 49, 49),
    *range(50, 64),
    *(64, 64),
    *range(65, 80),
    *(80, 80),
    *range(81, 128),
)


def _decode_ulaw() -> NDArray[np.int16]:
    code = ~np.arange(256, dtype=np.int64) & 0xFF
    magnitude = (((code & 0x0F) << 1) + _ULAW_BIAS << (code >> 4 & 7)) - _ULAW_BIAS
    return np.where(code & 0x80, -magnitude * 4, magnitude * 4).astype(np.int16)


def _decode_alaw() -> NDArray[np.int16]:
    code = np.arange(256, dtype=np.int64) ^ _ALAW_EVEN_BITS
    segment, step = code >> 4 & 7, code & 0x0F
    magnitude = np.where(segment == 0, (step << 1) + 1, ((step << 1) + 33) << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, magnitude * 8, -magnitude * 8).astype(np.int16)


def _octets(codes: NDArray[np.int64]) -> NDArray[np.uint8]:
    return codes.astype(np.uint8)


def _segment(value: NDArray[np.int64], first: int) -> NDArray[np.int64]:
    """Which power of two, counted from `first`, a value has reached."""
    bounds = np.array([first << number for number in range(1, 8)])
    return np.searchsorted(bounds, value, side="right").astype(np.int64)


def _encode_ulaw() -> NDArray[np.uint8]:
    linear = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int64)
    biased = np.minimum((np.where(linear < 0, ~linear, linear) >> 2) + _ULAW_BIAS, 0x1FFF)
    segment = _segment(biased, 32)
    code = segment << 4 | biased >> segment + 1 & 0x0F
    return _octets(np.where(linear < 0, code ^ 0x7F, code ^ 0xFF))


def _encode_alaw() -> NDArray[np.uint8]:
    linear = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int64)
    magnitude = np.where(linear < 0, ~linear, linear) >> 4
    segment = _segment(magnitude, 8)
    # Segments 0 and 1 have the same step, so the first one is not shifted at all.
    code = segment << 4 | magnitude >> np.maximum(segment - 1, 0) & 0x0F
    return _octets(np.where(linear < 0, code, code | 0x80) ^ _ALAW_EVEN_BITS)


def _ulaw_to_alaw() -> NDArray[np.uint8]:
    code = ~np.arange(256, dtype=np.int64) & 0xFF
    number = np.array(_ULAW_NUMBER_TO_ALAW)[code & 0x7F] - 1
    return _octets(np.where(code & 0x80, number, number | 0x80) ^ _ALAW_EVEN_BITS)


def _alaw_to_ulaw() -> NDArray[np.uint8]:
    code = np.arange(256, dtype=np.int64) ^ _ALAW_EVEN_BITS
    number = np.array(_ALAW_NUMBER_TO_ULAW)[code & 0x7F]
    return _octets(np.where(code & 0x80, number ^ 0xFF, number ^ 0x7F))


ULAW_TO_LINEAR: Final = _decode_ulaw()
"""int16 of each mu-law octet."""
ALAW_TO_LINEAR: Final = _decode_alaw()
"""int16 of each A-law octet."""
LINEAR_TO_ULAW: Final = _encode_ulaw()
"""mu-law octet of each sample; the index is `sample & 0xFFFF`."""
LINEAR_TO_ALAW: Final = _encode_alaw()
"""A-law octet of each sample; the index is `sample & 0xFFFF`."""
ULAW_TO_ALAW: Final = _ulaw_to_alaw()
"""A-law octet of each mu-law octet."""
ALAW_TO_ULAW: Final = _alaw_to_ulaw()
"""mu-law octet of each A-law octet."""

for _table in (ULAW_TO_LINEAR, ALAW_TO_LINEAR, LINEAR_TO_ULAW, LINEAR_TO_ALAW, ULAW_TO_ALAW, ALAW_TO_ULAW):
    _table.setflags(write=False)


def decode(data: bytes | NDArray[np.uint8], encoding: Encoding) -> Samples:
    """Linear samples of coded octets.

    Args:
        data: the octets. L16 is in network byte order (RFC 3551 clause 4.5.11); half a sample at the end is
            dropped.
    """
    octets = np.frombuffer(data, np.uint8) if isinstance(data, bytes) else data
    if encoding is Encoding.PCMU:
        return ULAW_TO_LINEAR[octets]
    if encoding is Encoding.PCMA:
        return ALAW_TO_LINEAR[octets]
    return np.ascontiguousarray(octets[: len(octets) & ~1]).view(">i2").astype(np.int16)


def encode(samples: Samples, encoding: Encoding) -> bytes:
    """Coded octets of linear samples; L16 comes out in network byte order."""
    if encoding is Encoding.PCMU:
        return LINEAR_TO_ULAW[np.ascontiguousarray(samples, np.int16).view(np.uint16)].tobytes()
    if encoding is Encoding.PCMA:
        return LINEAR_TO_ALAW[np.ascontiguousarray(samples, np.int16).view(np.uint16)].tobytes()
    return samples.astype(">i2").tobytes()
