"""ITU-T G.722 at 64 kbit/s: 7 kHz speech in two bands, each by adaptive differential PCM.

In go linear samples at 16000 Hz, out comes an octet for each two of them (two bits of the upper band, six of the
lower), and the other way; RTP counts 8000 a second all the same (RFC 3551 4.5.2). Quadrature mirror filters split
and join the bands and delay by 22 samples. Encoder and decoder adapt from the codes alone; what a lost packet
leaves behind decays. All arithmetic is the fixed-point one of clause 6 of the Recommendation, whose blocks are
named in the functions. Nothing here allocates but the classes at the end.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gateway.core.audio import Samples
from gateway.media.compiled import entry, stage

__all__ = ["G722_STATE", "G722Decoder", "G722Encoder", "decode_g722", "encode_g722", "reset_g722"]

_BAND: Final = np.dtype(
    [
        ("estimate", np.int64),  # S, what the predictor foresees
        ("by_zeros", np.int64),  # SZ, its part from the zeros
        ("log_scale", np.int64),  # NB
        ("scale", np.int64),  # DET
        ("poles", np.int64, 2),  # A1, A2
        ("zeros", np.int64, 6),  # B1..B6
        ("differences", np.int64, 6),  # D1..D6
        ("reconstructed", np.int64, 2),  # R1, R2
        ("partial", np.int64, 2),  # P1, P2
    ],
    align=True,
)
G722_STATE: Final = np.dtype([("bands", _BAND, 2), ("filter", np.int64, 24)], align=True)
"""State of one direction; to be made by `reset_g722`. Band 0 is the lower one."""

# Tables of the Recommendation: 11 (filter), 14 to 21 (quantisers and scale factors).
_FILTER: Final = np.array([3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11], np.int64)
_DECISIONS: Final = np.array(
    # Q6: of the lower band's quantiser, 1 to 29.
    [
        *(0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023),
        *(1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919),
    ],
    np.int64,
)
_FINE: Final = (
    *(24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576),
    *(6000, 5456, 4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728),
)
_LOW_LEVELS: Final = np.array(
    # QM6: by the six bits of a code; four that no encoder sends stand for the smallest.
    [*[-136] * 4, *(-level for level in _FINE), *_FINE, 432, 136, -432, -136],
    np.int64,
)
_COARSE: Final = (20456, 12896, 8968, 6288, 4240, 2584, 1200)
_LOW_COARSE: Final = np.array(
    # QM4: by the upper four bits, which alone steer the predictor.
    [0, *(-level for level in _COARSE), *_COARSE, 0],
    np.int64,
)
_HIGH_LEVELS: Final = np.array([-7408, -1616, 7408, 1616], np.int64)  # QM2
_LOW_STEPS: Final = np.array(
    # WL by RL42: how a code changes the scale factor.
    [-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60],
    np.int64,
)
_HIGH_STEPS: Final = np.array([798, -214, 798, -214], np.int64)  # WH by RH2
_HIGH_DECISION: Final = 564
_POWERS: Final = np.array([round(2048 * 2 ** (k / 32)) for k in range(32)], np.int64)  # ILB

_LOW_LIMIT: Final = 18432
_HIGH_LIMIT: Final = 22528
_START: Final = (32, 8)
"""Scale factors at reset."""


@entry
def reset_g722(state: Any) -> None:
    """Make `state` that of the beginning."""
    for k in range(24):
        state["filter"][k] = 0
    for band in range(2):
        part = state["bands"][band]
        part["estimate"] = 0
        part["by_zeros"] = 0
        part["log_scale"] = 0
        part["scale"] = _START[band]
        for k in range(2):
            part["poles"][k] = 0
            part["reconstructed"][k] = 0
            part["partial"][k] = 0
        for k in range(6):
            part["zeros"][k] = 0
            part["differences"][k] = 0


@stage
def _clip(value: int) -> int:
    """To 16 bits."""
    return min(max(value, -32768), 32767)


@stage
def _rescale(band: Any, step: int, limit: int, shift: int) -> None:
    """LOGSCL, SCALEL or LOGSCH, SCALEH: the scale factor for the next sample."""
    band["log_scale"] = min(max(((band["log_scale"] * 127) >> 7) + step, 0), limit)
    power = _POWERS[(band["log_scale"] >> 6) & 31]
    down = shift - (band["log_scale"] >> 11)
    band["scale"] = (power << -down if down < 0 else power >> down) << 2


@stage
def _adapt(band: Any, difference: int) -> None:
    """Block 4: the predictor after a difference, and what it foresees next."""
    reconstructed = _clip(band["estimate"] + difference)
    partial = _clip(band["by_zeros"] + difference)
    same = (partial < 0) == (band["partial"][0] < 0)
    # UPPOL2.
    turned = _clip(band["poles"][0] << 2)
    turned = min(-turned, 32767) if same else turned
    second = (turned >> 7) + (128 if (partial < 0) == (band["partial"][1] < 0) else -128)
    second = min(max(second + ((band["poles"][1] * 32512) >> 15), -12288), 12288)
    # UPPOL1.
    limit = _clip(15360 - second)
    first = (192 if same else -192) + ((band["poles"][0] * 32640) >> 15)
    band["poles"][0] = min(max(first, -limit), limit)
    band["poles"][1] = second
    # UPZERO, DELAYA, FILTEZ.
    total = 0
    for k in range(5, -1, -1):
        zero = (band["zeros"][k] * 32640) >> 15
        if difference != 0:
            zero += 128 if (band["differences"][k] < 0) == (difference < 0) else -128
        band["zeros"][k] = _clip(zero)
        band["differences"][k] = difference if k == 0 else band["differences"][k - 1]
        total += (band["zeros"][k] * _clip(2 * band["differences"][k])) >> 15
    band["by_zeros"] = _clip(total)
    # FILTEP, PREDIC.
    band["reconstructed"][1] = band["reconstructed"][0]
    band["reconstructed"][0] = reconstructed
    band["partial"][1] = band["partial"][0]
    band["partial"][0] = partial
    by_poles = 0
    for k in range(2):
        by_poles += (band["poles"][k] * _clip(2 * band["reconstructed"][k])) >> 15
    band["estimate"] = _clip(_clip(by_poles) + band["by_zeros"])


@stage
def _take_low(band: Any, code: int) -> None:
    """Take the six bits of the lower band into its state (blocks 2L, 3L, 4L)."""
    coarse = code >> 2
    difference = (band["scale"] * _LOW_COARSE[coarse]) >> 15
    _rescale(band, _LOW_STEPS[coarse], _LOW_LIMIT, 8)
    _adapt(band, difference)


@stage
def _take_high(band: Any, code: int) -> int:
    """Take the two bits of the upper band into its state (blocks 2H, 3H, 4H); returns its sample."""
    difference = (band["scale"] * _HIGH_LEVELS[code]) >> 15
    sample = min(max(band["estimate"] + difference, -16384), 16383)
    _rescale(band, _HIGH_STEPS[code], _HIGH_LIMIT, 10)
    _adapt(band, difference)
    return int(sample)


@stage
def _quantise_low(band: Any, sample: int) -> int:
    """SUBTRA, QUANTL: six bits."""
    error = _clip(sample - band["estimate"])
    size = error if error >= 0 else -(error + 1)
    level = 1
    while level < 30 and size >= (_DECISIONS[level] * band["scale"]) >> 12:
        level += 1
    if error >= 0:
        return 62 - level
    return 64 - level if level < 3 else 34 - level


@stage
def _quantise_high(band: Any, sample: int) -> int:
    """SUBTRA, QUANTH: two bits."""
    error = _clip(sample - band["estimate"])
    size = error if error >= 0 else -(error + 1)
    is_large = size >= (_HIGH_DECISION * band["scale"]) >> 12
    if error >= 0:
        return 2 if is_large else 3
    return 0 if is_large else 1


@stage
def _slide(state: Any, first: int, second: int) -> None:
    """Put two values into the filter, after 22 older ones."""
    for k in range(22):
        state["filter"][k] = state["filter"][k + 2]
    state["filter"][22] = first
    state["filter"][23] = second


@entry
def encode_g722(state: Any, samples: NDArray[np.int16], count: int, out: NDArray[np.uint8], start: int) -> None:
    """Encode `count` samples (an even number) into `out[start:]`, half as many octets."""
    for k in range(count // 2):
        _slide(state, int(samples[2 * k]), int(samples[2 * k + 1]))
        odd = 0
        even = 0
        for tap in range(12):
            odd += state["filter"][2 * tap] * _FILTER[tap]
            even += state["filter"][2 * tap + 1] * _FILTER[11 - tap]
        low = _quantise_low(state["bands"][0], (even + odd) >> 14)
        high = _quantise_high(state["bands"][1], (even - odd) >> 14)
        _take_low(state["bands"][0], low)
        _take_high(state["bands"][1], high)
        out[start + k] = (high << 6) | low


@entry
def decode_g722(state: Any, data: NDArray[np.uint8], start: int, octets: int, out: NDArray[np.int16]) -> None:
    """Decode `octets` octets of `data[start:]` into `out`, twice as many samples."""
    for k in range(octets):
        code = int(data[start + k])
        band = state["bands"][0]
        low = band["estimate"] + ((band["scale"] * _LOW_LEVELS[code & 63]) >> 15)
        low = min(max(low, -16384), 16383)
        _take_low(band, code & 63)
        high = _take_high(state["bands"][1], code >> 6)
        _slide(state, low - high, low + high)
        first = 0
        second = 0
        for tap in range(12):
            first += state["filter"][2 * tap] * _FILTER[11 - tap]
            second += state["filter"][2 * tap + 1] * _FILTER[tap]
        out[2 * k] = _clip(first >> 11)
        out[2 * k + 1] = _clip(second >> 11)


class G722Encoder:
    """One direction of a stream, for callers outside the media plane."""

    def __init__(self) -> None:
        self._state: NDArray[np.void] = np.zeros(1, G722_STATE)
        reset_g722(self._state[0])

    def encode(self, samples: Samples) -> bytes:
        """An even number of samples (16000 Hz) as octets; the last of an odd one is left out."""
        out = np.zeros(len(samples) // 2, np.uint8)
        encode_g722(self._state[0], samples, 2 * len(out), out, 0)
        return out.tobytes()


class G722Decoder:
    """The other direction."""

    def __init__(self) -> None:
        self._state: NDArray[np.void] = np.zeros(1, G722_STATE)
        reset_g722(self._state[0])

    def decode(self, data: bytes) -> Samples:
        """Octets as samples (16000 Hz), two each; any octets are a stream."""
        out = np.zeros(2 * len(data), np.int16)
        decode_g722(self._state[0], np.frombuffer(data, np.uint8), 0, len(data), out)
        return out
