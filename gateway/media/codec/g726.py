"""ITU-T G.726 at 16, 24, 32 and 40 kbit/s: adaptive differential PCM, two to five bits a sample at 8000 Hz.

In go linear samples, out come octets with the codes one after the other, the earlier one in the lower bits (RFC
3551 4.5.4) or in the upper ones (the AAL2 order of I.366.2 annex E), and the other way. Encoder and decoder keep
the same predictor from the codes alone, so they agree without a word; a lost packet is forgotten by the leaks of
the adaptation. All arithmetic is the fixed-point one of the Recommendation; the blocks of its clause 4 are named in
the functions. Nothing here allocates.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["G726_STATE", "decode_g726", "encode_g726", "reset_g726"]

G726_STATE: Final = np.dtype(
    [
        ("slow", np.int64),  # YL, the locked scale factor, 1/64 of the unit of `fast`
        ("fast", np.int64),  # YU, the unlocked one
        ("short_term", np.int64),  # DMS, average of F(I) over a short time
        ("long_term", np.int64),  # DML, over a long one
        ("speed", np.int64),  # AP, how far the scale factor may run
        ("is_tone", np.int64),  # TD, a narrow-band signal such as a modem's
        ("poles", np.int64, 2),  # A1, A2
        ("zeros", np.int64, 6),  # B1..B6
        ("signs", np.int64, 2),  # PK1, PK2
        ("differences", np.int64, 6),  # DQ1..DQ6, floating point of 11 bits
        ("reconstructed", np.int64, 2),  # SR1, SR2, likewise
    ],
    align=True,
)
"""State of one direction; to be made by `reset_g726`."""

# The tables of the Recommendation, a row for each number of bits from 2; the index is the code without its sign.
_UNREACHED: Final = 1 << 30
_THRESHOLDS: Final = np.array(
    [
        [261] + 14 * [_UNREACHED],
        [8, 218, 331] + 12 * [_UNREACHED],
        [-124, 80, 178, 246, 300, 349, 400] + 8 * [_UNREACHED],
        [-122, -16, 68, 139, 198, 250, 298, 339, 378, 413, 445, 475, 502, 528, 553],
    ],
    np.int64,
)
_LEVELS: Final = np.array(
    [
        [116, 365] + 14 * [0],
        [-2048, 135, 273, 373] + 12 * [0],
        [-2048, 4, 135, 213, 273, 323, 373, 425] + 8 * [0],
        [-2048, -66, 28, 104, 169, 224, 274, 318, 358, 395, 429, 459, 488, 514, 539, 566],
    ],
    np.int64,
)
_MULTIPLIERS: Final = np.array(
    [
        [-22, 439] + 14 * [0],
        [-4, 30, 137, 582] + 12 * [0],
        [-12, 18, 41, 64, 112, 198, 355, 1122] + 8 * [0],
        [14, 14, 24, 39, 40, 41, 58, 100, 141, 179, 219, 280, 358, 440, 529, 696],
    ],
    np.int64,
)
_RATES: Final = np.array(
    [
        [0, 7] + 14 * [0],
        [0, 1, 2, 7] + 12 * [0],
        [0, 0, 0, 1, 1, 1, 3, 7] + 8 * [0],
        [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6],
    ],
    np.int64,
)

_NEGATIVE: Final = -0x400
"""Added to a floating-point magnitude, it is the sign bit."""
_ZERO: Final = 0x20
"""The floating-point form of nothing: a mantissa of one half."""


@njit(nogil=True, cache=True)
def reset_g726(state: Any) -> None:
    """Make `state` that of the beginning (clause 4.2.11, the values at reset)."""
    state["slow"] = 34816
    state["fast"] = 544
    state["short_term"] = 0
    state["long_term"] = 0
    state["speed"] = 0
    state["is_tone"] = 0
    for k in range(2):
        state["poles"][k] = 0
        state["signs"][k] = 0
        state["reconstructed"][k] = _ZERO
    for k in range(6):
        state["zeros"][k] = 0
        state["differences"][k] = _ZERO


@njit(nogil=True, cache=True)
def _short(value: int) -> int:
    """A sum in 16 bits, as all of them are kept: it wraps, alike on both sides."""
    return ((value + 0x8000) & 0xFFFF) - 0x8000


@njit(nogil=True, cache=True)
def _exponent(magnitude: int) -> int:
    """Bits that `magnitude` needs."""
    bits = 0
    while magnitude > 0:
        magnitude >>= 1
        bits += 1
    return bits


@njit(nogil=True, cache=True)
def _floating(value: int, is_negative: bool) -> int:
    """FLOATA, FLOATB: sign, four bits of exponent and six of mantissa of a magnitude."""
    exponent = _exponent(value)
    number = (exponent << 6) + ((value << 6) >> exponent) if value > 0 else _ZERO
    return number + _NEGATIVE if is_negative else number


@njit(nogil=True, cache=True)
def _product(coefficient: int, number: int) -> int:
    """FMULT: a predictor coefficient times a floating-point number."""
    magnitude = coefficient if coefficient > 0 else (-coefficient) & 0x1FFF
    exponent = _exponent(magnitude) - 6
    if magnitude == 0:
        mantissa = 32
    elif exponent >= 0:
        mantissa = magnitude >> exponent
    else:
        mantissa = magnitude << -exponent
    exponent += ((number >> 6) & 0xF) - 13
    product = (mantissa * (number & 0x3F) + 0x30) >> 4
    product = (product << exponent) & 0x7FFF if exponent >= 0 else product >> -exponent
    return -product if (coefficient < 0) != (number < 0) else product


@njit(nogil=True, cache=True)
def _scale(state: Any) -> int:
    """MIX: the scale factor now, between the fast and the slow one."""
    if state["speed"] >= 256:
        return int(state["fast"])
    slow = state["slow"] >> 6
    apart = state["fast"] - slow
    share = state["speed"] >> 2
    if apart > 0:
        return int(slow + ((apart * share) >> 6))
    return int(slow + ((apart * share + 0x3F) >> 6))


@njit(nogil=True, cache=True)
def _quantise(bits: int, difference: int, scale: int) -> int:
    """LOG, SUBTB, QUAN: the code of a difference."""
    magnitude = abs(difference)
    exponent = _exponent(magnitude >> 1)
    mantissa = ((magnitude << 7) >> exponent) & 0x7F
    level = (exponent << 7) + mantissa - (scale >> 2)
    code = 0
    while code < (1 << (bits - 1)) - 1 and level >= _THRESHOLDS[bits - 2, code]:
        code += 1
    if difference < 0 or (code == 0 and bits > 2):  # two bits have no code for nothing
        return (1 << bits) - 1 - code
    return code


@njit(nogil=True, cache=True)
def _magnitude(bits: int, size: int, scale: int) -> int:
    """RECONST, ADDA, ANTILOG: the size of the difference that a code stands for, which has lost its sign."""
    level = _LEVELS[bits - 2, size] + (scale >> 2)
    if level < 0:
        return 0
    return int(((128 + (level & 127)) << 7) >> (14 - ((level >> 7) & 15)))


@njit(nogil=True, cache=True)
def _step(state: Any, bits: int, code: int, scale: int, by_zeros: int, estimate: int) -> int:
    """Take a code into the state; returns the sample that it makes (14 bits)."""
    is_negative = code >= 1 << (bits - 1)
    size = (1 << bits) - 1 - code if is_negative else code
    magnitude = _magnitude(bits, size, scale)
    difference = -magnitude if is_negative else magnitude
    sample = _short(estimate + difference)
    _adapt(state, bits, size, is_negative, scale, magnitude, _short(difference + by_zeros), sample)
    return sample


@njit(nogil=True, cache=True)
def _adapt(
    state: Any, bits: int, size: int, is_negative: bool, scale: int, magnitude: int, partial: int, sample: int
) -> None:
    jump = _is_jump(state, magnitude)
    # FUNCTW, FILTD, LIMB, FILTE: the scale factors.
    fast = scale + (((_MULTIPLIERS[bits - 2, size] << 5) - scale) >> 5)
    state["fast"] = min(max(fast, 544), 5120)
    state["slow"] += state["fast"] + ((-state["slow"]) >> 6)
    if jump:
        for k in range(2):
            state["poles"][k] = 0
        for k in range(6):
            state["zeros"][k] = 0
        second = 0
    else:
        second = _adapt_poles(state, partial)
        _adapt_zeros(state, bits, magnitude, is_negative)
    for k in range(5, 0, -1):
        state["differences"][k] = state["differences"][k - 1]
    state["differences"][0] = _floating(magnitude, is_negative)
    state["reconstructed"][1] = state["reconstructed"][0]
    state["reconstructed"][0] = _floating(abs(sample) & 0x7FFF, sample < 0)
    state["signs"][1] = state["signs"][0]
    state["signs"][0] = 1 if partial < 0 else 0
    state["is_tone"] = 1 if not jump and second < -11776 else 0
    # FUNCTF, FILTA, FILTB, SUBTC, FILTC: how fast to adapt.
    rate = _RATES[bits - 2, size] << 9
    state["short_term"] += (rate - state["short_term"]) >> 5
    state["long_term"] += ((rate << 2) - state["long_term"]) >> 7
    apart = abs((state["short_term"] << 2) - state["long_term"])
    if jump:
        state["speed"] = 256
    elif scale < 1536 or state["is_tone"] or apart >= state["long_term"] >> 3:
        state["speed"] += (0x200 - state["speed"]) >> 4
    else:
        state["speed"] += (-state["speed"]) >> 4


@njit(nogil=True, cache=True)
def _is_jump(state: Any, magnitude: int) -> bool:
    """TRANS: whether a narrow-band signal has just become another one."""
    if state["is_tone"] == 0:
        return False
    whole = state["slow"] >> 15
    threshold = (32 + ((state["slow"] >> 10) & 0x1F)) << whole if whole <= 9 else 31 << 10
    return bool(magnitude > (threshold + (threshold >> 1)) >> 1)


@njit(nogil=True, cache=True)
def _adapt_poles(state: Any, partial: int) -> int:
    """UPA2, LIMC, UPA1, LIMD: the poles; returns the second one."""
    sign = 1 if partial < 0 else 0
    differs = sign != state["signs"][0]
    first = state["poles"][0]
    second = state["poles"][1] - (state["poles"][1] >> 7)
    if partial != 0:
        turned = first if differs else -first
        if turned < -8191:
            second -= 0x100
        elif turned > 8191:
            second += 0xFF
        else:
            second += turned >> 5
        second += -0x80 if sign != state["signs"][1] else 0x80
        second = min(max(second, -12288), 12288)
    state["poles"][1] = second
    first -= first >> 8
    if partial != 0:
        first += -192 if differs else 192
    limit = 15360 - second
    state["poles"][0] = min(max(first, -limit), limit)
    return int(second)


@njit(nogil=True, cache=True)
def _adapt_zeros(state: Any, bits: int, magnitude: int, is_negative: bool) -> None:
    """XOR, UPB: the zeros, which five bits let leak half as fast."""
    leak = 9 if bits == 5 else 8
    for k in range(6):
        zero = state["zeros"][k]
        zero -= zero >> leak
        if magnitude:
            zero += 128 if is_negative == (state["differences"][k] < 0) else -128
        state["zeros"][k] = zero


@njit(nogil=True, cache=True)
def _predict(state: Any) -> tuple[int, int]:
    """ACCUM: what the zeros alone foresee, and what all of the predictor does."""
    total = 0
    for k in range(6):
        total += _product(state["zeros"][k] >> 2, state["differences"][k])
    by_zeros = _short(total) >> 1
    for k in range(2):
        total += _product(state["poles"][k] >> 2, state["reconstructed"][k])
    return by_zeros, _short(total) >> 1


@njit(nogil=True, cache=True)
def encode_g726(
    state: Any,
    bits: int,
    high_first: bool,
    samples: NDArray[np.int16],
    count: int,
    out: NDArray[np.uint8],
    start: int,
) -> None:
    """Encode `count` samples, whose codes fill whole octets, into `out[start:]`.

    Args:
        bits: of a code, 2 to 5.
        high_first: the earlier code is in the upper bits.
    """
    held = 0
    holding = 0
    place = start
    for k in range(count):
        by_zeros, estimate = _predict(state)
        scale = _scale(state)
        code = _quantise(bits, (int(samples[k]) >> 2) - estimate, scale)
        _step(state, bits, code, scale, by_zeros, estimate)
        held = (held << bits) | code if high_first else held | (code << holding)
        holding += bits
        if holding >= 8:
            holding -= 8
            if high_first:
                out[place] = held >> holding
                held &= (1 << holding) - 1
            else:
                out[place] = held & 0xFF
                held >>= 8
            place += 1


@njit(nogil=True, cache=True)
def decode_g726(
    state: Any, bits: int, high_first: bool, data: NDArray[np.uint8], start: int, count: int, out: NDArray[np.int16]
) -> None:
    """Decode `count` codes of `data[start:]` into as many samples of `out`."""
    held = 0
    holding = 0
    place = start
    for k in range(count):
        if holding < bits:
            octet = int(data[place])
            held = (held << 8) | octet if high_first else held | (octet << holding)
            holding += 8
            place += 1
        holding -= bits
        if high_first:
            code = held >> holding
            held &= (1 << holding) - 1
        else:
            code = held & ((1 << bits) - 1)
            held >>= bits
        by_zeros, estimate = _predict(state)
        sample = _step(state, bits, code, _scale(state), by_zeros, estimate) << 2
        out[k] = min(max(sample, -32768), 32767)
