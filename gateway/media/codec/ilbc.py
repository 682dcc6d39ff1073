"""The encoder of iLBC (RFC 3951): speech at 8000 Hz in frames that stand alone, 38 octets for 20 ms, 50 for 30.

A frame is what is left of the speech when its spectrum is taken out (clause 3.2, 3.3). The 57 or 58 samples of it
with most of the energy are written down sample by sample (the start state, clause 3.5); from there outwards, first
later and then earlier, every other block is said as a sum of three pieces of what stands already (clause 3.6).
No frame needs another one to be heard, which is why a loss ends with its frame.

Names of the RFC's variables are given where they help to follow it. The decoder that a leg uses is FFmpeg's.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gateway.core.audio import Samples
from gateway.media.codec.ilbc_tables import (
    ASYMMETRIC,
    BITS_20_MS,
    BITS_30_MS,
    EXPANSION,
    FIRST_GAINS,
    HIGH_PASS_POLES,
    HIGH_PASS_ZEROS,
    LAG_WINDOW,
    MEAN_LSF,
    PEAKS,
    SECOND_GAINS,
    STATE_LEVELS,
    SYMMETRIC,
    THIRD_GAINS,
    lsf_codebooks,
)
from gateway.media.compiled import entry, stage

__all__ = ["IlbcEncoder"]

Floats = NDArray[np.float64]

_ORDER: Final = 10
_BLOCK: Final = 40
_STATE: Final = 80
_LONGEST: Final = 240
_LOOKBACK: Final = 60
_MEMORY: Final = 147
_STATE_MEMORY: Final = 85
_PIECES: Final = 3
_WIDENING: Final = 0.9025
_WEIGHTING: Final = 0.4222
_MOST_GAIN: Final = 1.3
_LEAST_PEAK: Final = 10.0
_STATE_SCALE: Final = 4.5
_GRID: Final = 200
_HALVINGS: Final = 12

_FIRST_LSF, _MIDDLE_LSF, _LAST_LSF = lsf_codebooks()

_STATE_OF_ENCODER: Final = np.dtype(
    [
        ("high_pass", np.float64, 4),  # two samples that came in, two that went out
        ("recent", np.float64, _LOOKBACK + _LONGEST),  # lpc_buffer
        ("before", np.float64, _ORDER),  # anaMem
        ("spectrum", np.float64, _ORDER),  # lsfold
        ("said_spectrum", np.float64, _ORDER),  # lsfdeqold
    ],
    align=True,
)


@stage
def _energy(samples: Floats, start: int, stop: int) -> float:
    total = 0.0
    for n in range(start, stop):
        total += samples[n] * samples[n]
    return total


@stage
def _copy(source: Floats, start: int, out: Floats, at: int, count: int, turned: bool) -> None:
    """Copy `count` samples; where `turned`, backwards from `start`."""
    for k in range(count):
        out[at + k] = source[start - k if turned else start + k]


@stage
def _nearest_level(levels: Floats, scale: float, value: float) -> int:
    best = 0
    for k in range(1, len(levels)):
        if abs(scale * levels[k] - value) < abs(scale * levels[best] - value):
            best = k
    return best


@stage
def _high_pass(samples: Samples, memory: Floats) -> Floats:
    """Clause 3.1."""
    out = np.empty(len(samples))
    for n in range(len(samples)):
        x = float(samples[n])
        y = HIGH_PASS_ZEROS[0] * x + HIGH_PASS_ZEROS[1] * memory[0] + HIGH_PASS_ZEROS[2] * memory[1]
        y -= HIGH_PASS_POLES[1] * memory[2] + HIGH_PASS_POLES[2] * memory[3]
        memory[1], memory[0] = memory[0], x
        memory[3], memory[2] = memory[2], y
        out[n] = y
    return out


@stage
def _predictor(samples: Floats, start: int, window: Floats) -> Floats:
    """Coefficients of the best predictor: autocorrelation, lag window, Levinson and Durbin (clause 3.2.1)."""
    windowed = np.empty(_LONGEST)
    for n in range(_LONGEST):
        windowed[n] = samples[start + n] * window[n]
    r = np.zeros(_ORDER + 1)
    for lag in range(_ORDER + 1):
        for n in range(_LONGEST - lag):
            r[lag] += windowed[n] * windowed[n + lag]
        r[lag] *= LAG_WINDOW[lag]
    a = np.zeros(_ORDER + 1)
    before = np.zeros(_ORDER + 1)
    a[0] = 1.0
    error = r[0]
    if error < 1e-9:
        return a
    for m in range(1, _ORDER + 1):
        total = r[m]
        for i in range(1, m):
            total += a[i] * r[m - i]
        reflection = -total / error
        _copy(a, 0, before, 0, m, False)
        for i in range(1, m):
            a[i] = before[i] + reflection * before[m - i]
        a[m] = reflection
        error *= 1.0 - reflection * reflection
    return a


@stage
def _expand(a: Floats, factor: float) -> None:
    """Draw the poles of the filter towards the middle (clause 3.2.2)."""
    power = 1.0
    for i in range(1, len(a)):
        power *= factor
        a[i] *= power


@stage
def _half(coefficients: Floats, cosine: float) -> float:
    """A symmetric polynomial of order 10 on the unit circle, without its linear phase."""
    total = coefficients[_ORDER // 2]
    last, now = 1.0, cosine
    for k in range(1, _ORDER // 2 + 1):
        total += 2.0 * coefficients[_ORDER // 2 - k] * now
        last, now = now, 2.0 * cosine * now - last
    return float(total)


@stage
def _line_spectrum(a: Floats, lsf: Floats) -> bool:
    """Write the line spectral frequencies of `a` to `lsf`; false where not all are found.

    They are where the sum and the difference of the filter and its mirror are zero, by turns.
    """
    halves = np.empty((2, _ORDER + 1))
    halves[0, 0] = halves[1, 0] = 1.0
    for k in range(1, _ORDER + 1):
        halves[0, k] = a[k] + a[_ORDER + 1 - k] - halves[0, k - 1]
        halves[1, k] = a[k] - a[_ORDER + 1 - k] + halves[1, k - 1]
    found = 0
    low = 0.0
    value = _half(halves[0], 1.0)
    for step in range(1, _GRID + 1):
        high = np.pi * step / _GRID
        while found < _ORDER:
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
        if found < _ORDER:
            value = _half(halves[found % 2], np.cos(low))
    return found == _ORDER


@stage
def _filter_between(first: Floats, second: Floats, share: float, a: Floats) -> None:
    """Write the filter whose line spectrum is `share` of `first` and the rest of `second` (clause 3.2.7)."""
    halves = np.zeros((2, _ORDER + 1))
    halves[0, 0] = halves[1, 0] = 1.0
    for k in range(_ORDER):
        half = halves[k % 2]
        factor = -2.0 * np.cos(share * first[k] + (1.0 - share) * second[k])
        for i in range(_ORDER, 0, -1):
            half[i] += factor * half[i - 1] + (half[i - 2] if i > 1 else 0.0)
    a[0] = 1.0
    for i in range(1, _ORDER + 1):
        a[i] = 0.5 * (halves[0, i] + halves[0, i - 1] + halves[1, i] - halves[1, i - 1])


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
    _copy(codebook[best], 0, said, start, codebook.shape[1], False)
    return best


@stage
def _say_spectrum(lsf: Floats, said: Floats, fields: NDArray[np.int64], at: int) -> None:
    """Choose codewords for the parts of `lsf`, and write the spectrum that they say (clauses 3.2.4, 3.2.5)."""
    fields[at] = _say_part(lsf, 0, _FIRST_LSF, said)
    fields[at + 1] = _say_part(lsf, 3, _MIDDLE_LSF, said)
    fields[at + 2] = _say_part(lsf, 6, _LAST_LSF, said)
    for _ in range(2):
        for k in range(_ORDER - 1):
            if said[k + 1] - said[k] < 0.039:
                if said[k + 1] < said[k]:
                    said[k + 1] = said[k] + 0.0195
                    said[k] = said[k + 1] - 0.0195
                else:
                    said[k] -= 0.0195
                    said[k + 1] += 0.0195
            said[k] = min(max(said[k], 0.01), 3.14)


@stage
def _spectra(state: Any, blocks: int, fields: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Filters of every block of 40 samples: the one that is said, and the one that weighs errors (clause 3.2.6)."""
    analyses = 2 if blocks == 6 else 1
    true = np.empty((analyses + 1, _ORDER))
    said = np.empty((analyses + 1, _ORDER))
    _copy(state["spectrum"], 0, true[0], 0, _ORDER, False)
    _copy(state["said_spectrum"], 0, said[0], 0, _ORDER, False)
    for k in range(1, analyses + 1):
        if k < analyses:
            a = _predictor(state["recent"], 0, SYMMETRIC)
        else:
            a = _predictor(state["recent"], _LOOKBACK, ASYMMETRIC)
        _expand(a, _WIDENING)
        if not _line_spectrum(a, true[k]):
            _copy(true[k - 1], 0, true[k], 0, _ORDER, False)
        _say_spectrum(true[k], said[k], fields, 3 * (k - 1))
    synthesis = np.empty((blocks, _ORDER + 1))
    weighting = np.empty((blocks, _ORDER + 1))
    for n in range(blocks):
        first, share = 0, 1.0 - (n + 1) / 4.0
        if blocks == 6:
            first = 0 if n == 0 else 1
            share = 0.5 if n == 0 else max(0.0, 1.0 - (n - 1) / 3.0)
        _filter_between(said[first], said[first + 1], share, synthesis[n])
        _filter_between(true[first], true[first + 1], share, weighting[n])
        _expand(weighting[n], _WEIGHTING)
    _copy(true[analyses], 0, state["spectrum"], 0, _ORDER, False)
    _copy(said[analyses], 0, state["said_spectrum"], 0, _ORDER, False)
    return synthesis, weighting


@stage
def _left_over(data: Floats, before: Floats, synthesis: Floats) -> Floats:
    """What the predictor of every block leaves of `data`; `before` is the ten samples before it (clause 3.3)."""
    count = len(data)
    out = np.empty(count)
    for n in range(count):
        total = 0.0
        for i in range(_ORDER + 1):
            total += synthesis[n // _BLOCK, i] * (data[n - i] if i <= n else before[_ORDER + n - i])
        out[n] = total
    _copy(data, count - _ORDER, before, 0, _ORDER, False)
    return out


@stage
def _all_pole(samples: Floats, start: int, stop: int, a: Floats) -> None:
    """Filter samples start..stop in place by 1/A, from what stands before them."""
    for n in range(start, stop):
        total = samples[n]
        for i in range(1, min(_ORDER, n) + 1):
            total -= a[i] * samples[n - i]
        samples[n] = total


@stage
def _all_pass(samples: Floats, a: Floats) -> Floats:
    """`samples` with the predictor's phase taken out, by circular convolution (3.5.1); ignore what follows."""
    count = len(samples)
    out = np.zeros(2 * count)
    for n in range(2 * count):
        total = 0.0
        for i in range(max(0, n - count + 1), min(_ORDER, n) + 1):
            total += a[_ORDER - i] * samples[n - i]
        for i in range(1, min(_ORDER, n) + 1):
            total -= a[i] * out[n - i]
        out[n] = total
    for n in range(count):
        out[n] += out[count + n]
    return out


@stage
def _place_of_state(residual: Floats) -> int:
    """The first of the two blocks with most energy, those in the middle before the others (clause 3.4)."""
    blocks = len(residual) // _BLOCK
    best, most = 0, -1.0
    for n in range(blocks - 1):
        start = n * _BLOCK
        energy = _energy(residual, start, start + _STATE)
        for k in range(5):
            early, late = residual[start + k], residual[start + _STATE - 1 - k]
            energy -= (early * early + late * late) * (5 - k) / 6.0
        energy *= 1.0 - 0.1 * abs(n - (blocks - 2) // 2)
        if energy > most:
            best, most = n, energy
    return best


@stage
def _code_state(
    samples: Floats,
    change: int,
    synthesis: Floats,
    weighting: Floats,
    place: int,
    fields: NDArray[np.int64],
    at: int,
) -> Floats:
    """Write down the start state, and give it as it will be heard, in the opposite order (clause 3.5).

    Args:
        samples: The 57 or 58 samples.
        change: The sample with which the second of its blocks begins.
        synthesis, weighting: Filters of the blocks, a row each.
        place: The first of its blocks.
        fields: Peak, then a level for every sample, from `at` on.
    """
    count = len(samples)
    target = _all_pass(samples, synthesis[place])
    peak = _LEAST_PEAK
    for n in range(count):
        peak = max(peak, abs(target[n]))
    fields[at] = _nearest_level(PEAKS, 1.0, np.log10(peak))
    scale = 10.0 ** PEAKS[fields[at]] / _STATE_SCALE
    for n in range(count):
        target[n] /= scale
    _all_pole(target, 0, change, weighting[place])
    _all_pole(target, change, count, weighting[place + 1])
    said = np.zeros(count)
    levels = np.empty(count)
    for n in range(count):
        a = weighting[place if n < change else place + 1]
        ringing = 0.0
        for i in range(1, min(_ORDER, n) + 1):
            ringing -= a[i] * said[n - i]
        code = _nearest_level(STATE_LEVELS, 1.0, target[n] - ringing)
        fields[at + 1 + n] = code
        levels[count - 1 - n] = scale * STATE_LEVELS[code]
        said[n] = ringing + STATE_LEVELS[code]
    return _all_pass(levels, synthesis[place])


@stage
def _half_book(memory: Floats, length: int, book: Floats) -> int:
    """Write the pieces of `memory` that are `length` long into rows of `book`; returns how many.

    Row n begins `length` + n samples before the end. A whole block has 20 more, of lags of 20 to 39, which are too
    short and so repeat themselves, five samples of one beat fading into the other (clause 3.6.3).
    """
    end = len(memory)
    count = end - length + 1
    for n in range(count):
        _copy(memory, end - length - n, book[n], 0, length, False)
    if length < _BLOCK:
        return count
    for lag in range(20, 40):
        row = book[count + lag - 20]
        for k in range(length):
            row[k] = memory[end - lag + k % lag]
        for k in range(5):
            share = 0.2 * k
            row[lag - 5 + k] = (1.0 - share) * memory[end - 5 + k] + share * memory[end - lag - 5 + k]
    return count + 20


@stage
def _codebook(memory: Floats, length: int, book: Floats) -> int:
    """Write both halves of the codebook that `memory` makes; returns the number of rows of one half."""
    half = _half_book(memory, length, book)
    count = len(memory)
    filtered = np.zeros(count)
    for k in range(count):
        for j in range(8):
            if 0 <= k + j - 3 < count:
                filtered[k] += memory[k + j - 3] * EXPANSION[7 - j]
    _half_book(filtered, length, book[half:])
    return half


@stage
def _best_piece(book: Floats, half: int, reach: int, target: Floats, is_first: bool) -> tuple[int, float]:
    """The row of `book` that takes most energy from `target`, and its gain (clause 3.6.2).

    Args:
        reach: How many rows of plain pieces may be named in either half; the repeated ones always may.
        is_first: The first piece is never turned over.
    """
    length = len(target)
    plain = half - 20 if length == _BLOCK else half
    best, most, gain = 0, -1.0, 0.0
    for n in range(2 * half):
        place = n % half
        if reach <= place < plain:
            continue
        row = book[n]
        cross, energy = 0.0, 1e-12
        for k in range(length):
            cross += target[k] * row[k]
            energy += row[k] * row[k]
        if (is_first and cross <= 0.0) or abs(cross) >= _MOST_GAIN * energy:
            continue
        measure = cross * cross / energy
        if measure > most:
            best, most, gain = n, measure, cross / energy
    return best, gain


@stage
def _levels_of(turn: int) -> Floats:
    return FIRST_GAINS if turn == 0 else SECOND_GAINS if turn == 1 else THIRD_GAINS


@stage
def _code_block(
    target: Floats,
    memory: Floats,
    weighting: Floats,
    first_reach: int,
    reach: int,
    fields: NDArray[np.int64],
    codes: int,
    gains: int,
) -> Floats:
    """Say `target` as three pieces of `memory`, and give it as it will be heard (clauses 3.6.1 to 3.6.5).

    Args:
        weighting: The filter that weighs errors in this block.
        first_reach, reach: The rows of either half of the codebook that the first and the others may name.
        fields: Gets the rows from `codes` on, and the gains from `gains` on.
    """
    length, known = len(target), len(memory)
    line = np.empty(known + length)
    _copy(memory, 0, line, 0, known, False)
    _copy(target, 0, line, known, length, False)
    _all_pole(line, 0, known + length, weighting)
    wanted = line[known:]
    energy = _energy(wanted, 0, length)
    book = np.empty((256, length))
    half = _codebook(line[:known], length, book)
    told = np.zeros(length)
    scale = 1.0
    first = 0.0
    for turn in range(_PIECES):
        code, gain = _best_piece(book, half, first_reach if turn == 0 else reach, wanted, turn == 0)
        levels = _levels_of(turn)
        scale = max(0.1, abs(scale))
        fields[codes + turn] = code
        fields[gains + turn] = _nearest_level(levels, scale, gain)
        scale *= levels[fields[gains + turn]]
        first = scale if turn == 0 else first
        for k in range(length):
            told[k] += scale * book[code, k]
            wanted[k] -= scale * book[code, k]
    # Coding loses energy, which is heard as dullness; the first gain goes up, and the others in proportion.
    heard = _energy(told, 0, length)
    for louder in range(fields[gains] + 1, len(FIRST_GAINS)):
        gain = FIRST_GAINS[louder]
        if heard * gain * gain < energy * first * first and gain < 2.0 * first:
            fields[gains] = louder
    _codebook(memory, length, book)
    out = np.zeros(length)
    scale = 1.0
    for turn in range(_PIECES):
        scale = max(0.1, abs(scale)) * _levels_of(turn)[fields[gains + turn]]
        for k in range(length):
            out[k] += scale * book[fields[codes + turn], k]
    return out


@stage
def _pack(fields: NDArray[np.int64], bits: NDArray[np.int64], out: NDArray[np.uint8]) -> None:
    """Write the bits of every field, the most important class first (clause 3.8); the last bit stays 0."""
    for k in range(len(out)):
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


@entry
def _encode(state: Any, samples: Samples, bits: NDArray[np.int64], out: NDArray[np.uint8]) -> None:
    """Encode one frame of 160 or 240 samples into the 38 or 50 octets of `out`."""
    count = len(samples)
    blocks = count // _BLOCK
    short = 58 if blocks == 6 else 57
    rest = _STATE - short
    data = _high_pass(samples, state["high_pass"])
    recent = state["recent"]
    _copy(recent, count, recent, 0, len(recent) - count, False)
    _copy(data, 0, recent, len(recent) - count, count, False)

    fields = np.zeros(len(bits), np.int64)
    synthesis, weighting = _spectra(state, blocks, fields)
    residual = _left_over(data, state["before"], synthesis)
    heard = np.zeros(count)

    place = _place_of_state(residual)
    begin, end = place * _BLOCK, place * _BLOCK + _STATE
    is_early = _energy(residual, begin, begin + short) > _energy(residual, end - short, end)
    start = begin if is_early else end - short
    at = 6 if blocks == 6 else 3
    fields[at] = place + 1
    fields[at + 1] = is_early
    said = _code_state(
        residual[start : start + short], begin + _BLOCK - start, synthesis, weighting, place, fields, at + 2
    )
    _copy(said, short - 1, heard, start, short, True)

    codes = at + 3 + short
    gains = codes + _PIECES
    rest = _STATE - short
    memory = np.zeros(_MEMORY)
    target = np.empty(rest)
    _copy(heard, start if is_early else start + short - 1, memory, _MEMORY - short, short, not is_early)
    _copy(residual, start + short if is_early else start - 1, target, 0, rest, not is_early)
    weights = weighting[place + 1 if is_early else place]
    said = _code_block(target, memory[_MEMORY - _STATE_MEMORY :], weights, 58, 58, fields, codes, gains)
    _copy(said, 0 if is_early else rest - 1, heard, start + short if is_early else begin, rest, not is_early)

    codes = gains + _PIECES
    gains = codes + _PIECES * (blocks - 2)
    first = codes
    target = np.empty(_BLOCK)
    reach = 44
    for turned in (False, True):
        known = min(_MEMORY, count - begin) if turned else _STATE
        for k in range(_MEMORY - known):
            memory[k] = 0.0
        _copy(heard, begin + known - 1 if turned else begin, memory, _MEMORY - known, known, turned)
        block = place - 1 if turned else place + 2
        while 0 <= block < blocks:
            start = block * _BLOCK
            _copy(residual, start + _BLOCK - 1 if turned else start, target, 0, _BLOCK, turned)
            said = _code_block(target, memory, weighting[block], 108, reach, fields, codes, gains)
            _copy(said, _BLOCK - 1 if turned else 0, heard, start, _BLOCK, turned)
            _copy(memory, _BLOCK, memory, 0, _MEMORY - _BLOCK, False)
            _copy(said, 0, memory, _MEMORY - _BLOCK, _BLOCK, False)
            codes += _PIECES
            gains += _PIECES
            block += -1 if turned else 1
            reach = 108
    # The first of these blocks has seven bits for its second and third piece: only what it may name has a number.
    for k in range(first + 1, first + _PIECES):
        fields[k] -= 64 if 108 <= fields[k] < 172 else 128 if fields[k] >= 236 else 0
    _pack(fields, bits, out)


class IlbcEncoder:
    """Encoder of one stream.

    Args:
        duration: Milliseconds of a frame, 20 or 30 (RFC 3952: `mode`).

    Raises:
        ValueError: for another duration.
    """

    def __init__(self, duration: int = 30) -> None:
        if duration not in (20, 30):
            raise ValueError(f"a frame of iLBC has 20 or 30 ms, not {duration}")
        self.frame: Final = 8 * duration
        """Samples of a frame."""
        self._bits = BITS_20_MS if duration == 20 else BITS_30_MS
        self._out = np.empty(38 if duration == 20 else 50, np.uint8)
        self._state = np.zeros(1, _STATE_OF_ENCODER)[0]
        self._state["spectrum"] = self._state["said_spectrum"] = MEAN_LSF

    def encode(self, samples: Samples) -> bytes:
        """Encode whole frames.

        Args:
            samples: int16 at 8000 Hz, a multiple of `frame` of them.

        Raises:
            ValueError: for anything but whole frames.
        """
        if len(samples) % self.frame:
            raise ValueError(f"{len(samples)} samples are not whole frames of {self.frame}")
        octets = bytearray()
        for start in range(0, len(samples), self.frame):
            _encode(self._state, np.ascontiguousarray(samples[start : start + self.frame]), self._bits, self._out)
            octets += self._out.tobytes()
        return bytes(octets)
