"""The encoder of iLBC (clause 3)."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gateway.core.audio import Samples
from gateway.media.codec.ilbc.excitation import STATE_SCALE, put_state, put_the_rest, rows_as_named
from gateway.media.codec.ilbc.parts import (
    BLOCK,
    ORDER,
    STATE,
    Floats,
    all_pass,
    all_pole,
    clear,
    copy,
    energy_of,
    expand,
    filters_of,
    keep_apart,
    nearest_level,
    short_of,
)
from gateway.media.codec.ilbc.scratch import LONGEST
from gateway.media.codec.ilbc.tables import (
    ASYMMETRIC,
    HIGH_PASS_POLES,
    HIGH_PASS_ZEROS,
    LAG_WINDOW,
    LSF_CODEBOOKS,
    PEAKS,
    STATE_LEVELS,
    SYMMETRIC,
)
from gateway.media.compiled import stage

__all__ = ["ENCODER_STATE", "encode"]

_LOOKBACK: Final = 60
_WIDENING: Final = 0.9025
_WEIGHTING: Final = 0.4222
_LEAST_PEAK: Final = 10.0
_GRID: Final = 200
_HALVINGS: Final = 12

_FIRST_LSF, _MIDDLE_LSF, _LAST_LSF = LSF_CODEBOOKS

ENCODER_STATE: Final = [
    ("high_pass", np.float64, 4),  # two samples that came in, two that went out
    ("recent", np.float64, _LOOKBACK + LONGEST),  # lpc_buffer
    ("before", np.float64, ORDER),  # anaMem
    ("spectrum", np.float64, ORDER),  # lsfold
]


@stage
def _high_pass(samples: Samples, memory: Floats, out: Floats) -> None:
    """Clause 3.1."""
    for n in range(len(samples)):
        x = float(samples[n])
        y = HIGH_PASS_ZEROS[0] * x + HIGH_PASS_ZEROS[1] * memory[0] + HIGH_PASS_ZEROS[2] * memory[1]
        y -= HIGH_PASS_POLES[1] * memory[2] + HIGH_PASS_POLES[2] * memory[3]
        memory[1], memory[0] = memory[0], x
        memory[3], memory[2] = memory[2], y
        out[n] = y


@stage
def _predict(work: Any, samples: Floats, start: int, window: Floats) -> None:
    """Write the best predictor's coefficients: autocorrelation, lag window, Levinson and Durbin (clause 3.2.1)."""
    windowed, r, a, before = work["windowed"], work["correlation"], work["predictor"], work["shorter"]
    for n in range(LONGEST):
        windowed[n] = samples[start + n] * window[n]
    clear(r)
    for lag in range(ORDER + 1):
        for n in range(LONGEST - lag):
            r[lag] += windowed[n] * windowed[n + lag]
        r[lag] *= LAG_WINDOW[lag]
    clear(a)
    a[0] = 1.0
    error = r[0]
    if error < 1e-9:
        return
    for m in range(1, ORDER + 1):
        total = r[m]
        for i in range(1, m):
            total += a[i] * r[m - i]
        reflection = -total / error
        copy(a, 0, before, 0, m, False)
        for i in range(1, m):
            a[i] = before[i] + reflection * before[m - i]
        a[m] = reflection
        error *= 1.0 - reflection * reflection


@stage
def _half(coefficients: Floats, cosine: float) -> float:
    """A symmetric polynomial of order 10 on the unit circle, without its linear phase."""
    total = coefficients[ORDER // 2]
    last, now = 1.0, cosine
    for k in range(1, ORDER // 2 + 1):
        total += 2.0 * coefficients[ORDER // 2 - k] * now
        last, now = now, 2.0 * cosine * now - last
    return float(total)


@stage
def _line_spectrum(a: Floats, halves: Floats, lsf: Floats) -> bool:
    """Write the line spectral frequencies of `a` to `lsf`; false where not all are found.

    They are where the sum and the difference of the filter and its mirror, the `halves`, are zero, by turns.
    """
    halves[0, 0] = halves[1, 0] = 1.0
    for k in range(1, ORDER + 1):
        halves[0, k] = a[k] + a[ORDER + 1 - k] - halves[0, k - 1]
        halves[1, k] = a[k] - a[ORDER + 1 - k] + halves[1, k - 1]
    found = 0
    low = 0.0
    value = _half(halves[0], 1.0)
    for step in range(1, _GRID + 1):
        high = np.pi * step / _GRID
        while found < ORDER:
            half = halves[found % 2]
            beyond = _half(half, np.cos(high))
            if value * beyond > 0.0:
                value = beyond
                break
            left, right = low, high
            for _ in range(_HALVINGS):
                middle = 0.5 * (left + right)
                if _half(half, np.cos(middle)) * value > 0.0:
                    left = middle
                else:
                    right = middle
            lsf[found] = 0.5 * (left + right)
            low = right
            found += 1
            value = _half(halves[found % 2], np.cos(low))
        low = high
        if found < ORDER:
            value = _half(halves[found % 2], np.cos(low))
    return found == ORDER


@stage
def _say_part(lsf: Floats, start: int, codebook: Floats, said: Floats) -> int:
    """Write the codeword nearest to a part of `lsf` to the same part of `said`; returns its number."""
    best, least = 0, np.inf
    for k in range(codebook.shape[0]):
        distance = 0.0
        for i in range(codebook.shape[1]):
            distance += (codebook[k, i] - lsf[start + i]) ** 2
        if distance < least:
            best, least = k, distance
    copy(codebook[best], 0, said, start, codebook.shape[1], False)
    return best


@stage
def _say_spectrum(lsf: Floats, said: Floats, fields: NDArray[np.int64], at: int) -> None:
    """Choose codewords for the parts of `lsf`, and write the spectrum that they say (clauses 3.2.4, 3.2.5)."""
    fields[at] = _say_part(lsf, 0, _FIRST_LSF, said)
    fields[at + 1] = _say_part(lsf, 3, _MIDDLE_LSF, said)
    fields[at + 2] = _say_part(lsf, 6, _LAST_LSF, said)
    keep_apart(said)


@stage
def _spectra(state: Any, work: Any, blocks: int) -> None:
    """Write both filters of every block: what is said, and what weighs errors (clauses 3.2, 3.6.1)."""
    analyses = 2 if blocks == 6 else 1
    true, said, halves, a = work["true"], work["said"], work["halves"], work["predictor"]
    copy(state["spectrum"], 0, true[0], 0, ORDER, False)
    copy(state["said_spectrum"], 0, said[0], 0, ORDER, False)
    for k in range(1, analyses + 1):
        if k < analyses:
            _predict(work, state["recent"], 0, SYMMETRIC)
        else:
            _predict(work, state["recent"], _LOOKBACK, ASYMMETRIC)
        expand(a, _WIDENING)
        if not _line_spectrum(a, halves, true[k]):
            copy(true[k - 1], 0, true[k], 0, ORDER, False)
        _say_spectrum(true[k], said[k], work["fields"], 3 * (k - 1))
    copy(true[analyses], 0, state["spectrum"], 0, ORDER, False)
    copy(said[analyses], 0, state["said_spectrum"], 0, ORDER, False)
    filters_of(true, blocks, halves, work["weighting"])
    for n in range(blocks):
        expand(work["weighting"][n], _WEIGHTING)
    filters_of(said, blocks, halves, work["synthesis"])


@stage
def _left_over(data: Floats, before: Floats, synthesis: Floats, out: Floats) -> None:
    """Write what every block's predictor leaves of `data`; `before` is the ten samples before it (clause 3.3)."""
    count = len(data)
    for n in range(count):
        total = 0.0
        for i in range(ORDER + 1):
            total += synthesis[n // BLOCK, i] * (data[n - i] if i <= n else before[ORDER + n - i])
        out[n] = total
    copy(data, count - ORDER, before, 0, ORDER, False)


@stage
def _place_of_state(residual: Floats) -> int:
    """The first of the two blocks with most energy, those in the middle before the others (clause 3.4)."""
    blocks = len(residual) // BLOCK
    best, most = 0, -1.0
    for n in range(blocks - 1):
        start = n * BLOCK
        energy = energy_of(residual, start, start + STATE)
        for k in range(5):
            early, late = residual[start + k], residual[start + STATE - 1 - k]
            energy -= (early * early + late * late) * (5 - k) / 6.0
        energy *= 1.0 - 0.1 * abs(n - (blocks - 2) // 2)
        if energy > most:
            best, most = n, energy
    return best


@stage
def _code_state(work: Any, samples: Floats, change: int, place: int, at: int) -> None:
    """Write down the start state (clause 3.5).

    Args:
        samples: The 57 or 58 samples.
        change: The sample with which the second of its blocks begins.
        place: The first of its blocks.
        at: Fields get its peak, then a level for every sample, from here on.
    """
    count = len(samples)
    fields, weighting, target, said = work["fields"], work["weighting"], work["flat"], work["state"]
    all_pass(samples, work["synthesis"][place], target)
    peak = _LEAST_PEAK
    for n in range(count):
        peak = max(peak, abs(target[n]))
    fields[at] = nearest_level(PEAKS, 1.0, np.log10(peak))
    scale = 10.0 ** PEAKS[fields[at]] / STATE_SCALE
    for n in range(count):
        target[n] /= scale
    all_pole(target, 0, change, weighting[place])
    all_pole(target, change, count, weighting[place + 1])
    for n in range(count):
        a = weighting[place if n < change else place + 1]
        ringing = 0.0
        for i in range(1, min(ORDER, n) + 1):
            ringing -= a[i] * said[n - i]
        code = nearest_level(STATE_LEVELS, 1.0, target[n] - ringing)
        fields[at + 1 + n] = code
        said[n] = ringing + STATE_LEVELS[code]


@stage
def _pack(fields: NDArray[np.int64], bits: NDArray[np.int64], out: NDArray[np.uint8], octets: int) -> None:
    """Write the bits of every field, the most important class first (clause 3.8); the last bit stays 0."""
    for k in range(octets):
        out[k] = 0
    at = 0
    for importance in range(3):
        for k in range(len(fields)):
            below = 0
            for less in range(importance + 1, 3):
                below += bits[k, less]
            for b in range(bits[k, importance] - 1, -1, -1):
                if (fields[k] >> (below + b)) & 1:
                    out[at >> 3] |= 0x80 >> (at & 7)
                at += 1


@stage
def encode(
    state: Any, work: Any, samples: Samples, bits: NDArray[np.int64], out: NDArray[np.uint8], octets: int
) -> None:
    """Encode one frame of 160 or 240 samples into the first 38 or 50 `octets` of `out`.

    Args:
        work: An ILBC_SCRATCH.
        bits: How the bits of its fields are spread over the frame (tables.py).
    """
    count = len(samples)
    blocks = count // BLOCK
    short = short_of(blocks)
    data, residual, heard = work["data"][:count], work["residual"][:count], work["heard"][:count]
    _high_pass(samples, state["high_pass"], data)
    recent = state["recent"]
    copy(recent, count, recent, 0, len(recent) - count, False)
    copy(data, 0, recent, len(recent) - count, count, False)

    fields = work["fields"][: len(bits)]
    _spectra(state, work, blocks)
    _left_over(data, state["before"], work["synthesis"], residual)

    place = _place_of_state(residual)
    begin, end = place * BLOCK, place * BLOCK + STATE
    is_early = energy_of(residual, begin, begin + short) > energy_of(residual, end - short, end)
    start = begin if is_early else end - short
    at = 6 if blocks == 6 else 3
    fields[at] = place + 1
    fields[at + 1] = is_early
    change = begin + BLOCK - start
    _code_state(work, residual[start : start + short], change, place, at + 2)
    put_state(work, at + 2, short, work["synthesis"][place], start)
    put_the_rest(work, heard, at + 3 + short, place, is_early, True)
    rows_as_named(fields, at + 3 + short)
    _pack(fields, bits, out, octets)
