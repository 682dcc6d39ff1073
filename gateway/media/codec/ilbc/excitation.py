"""The excitation of a frame of iLBC, as both sides have it: a start state, and blocks said as pieces of others.

One walk over the frame serves both sides (clauses 3.6 and 4.3): what is in front of the encoder only is that it
chooses the pieces of a block before it puts them together.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gateway.media.codec.ilbc.parts import (
    BLOCK,
    STATE,
    Floats,
    all_pass,
    all_pole,
    clear,
    copy,
    energy_of,
    nearest_level,
    short_of,
)
from gateway.media.codec.ilbc.scratch import MEMORY
from gateway.media.codec.ilbc.tables import (
    EXPANSION,
    FIRST_GAINS,
    PEAKS,
    SECOND_GAINS,
    STATE_LEVELS,
    THIRD_GAINS,
)
from gateway.media.compiled import stage

__all__ = ["STATE_SCALE", "put_state", "put_the_rest", "rows_as_named", "rows_as_searched"]

STATE_SCALE: Final = 4.5
"""What the greatest level of the start state stands for."""

_STATE_MEMORY: Final = 85
_NAMED: Final = 128
"""Rows that seven bits name; the state of a frame of 20 ms makes but 126, and what is not there is silence."""
PIECES: Final = 3
_MOST_GAIN: Final = 1.3
_REACH: Final = 108
_FIRST_REACH: Final = 44
_STATE_REACH: Final = 58
"""Rows of either half of a codebook that may be named: for a block, for the second and third piece of the first of
them, and for the rest of the start state's blocks."""


@stage
def put_state(work: Any, at: int, count: int, synthesis: Floats, start: int) -> None:
    """Write the `count` samples of the start state that the fields tell of, from its peak on (clause 4.2)."""
    fields, heard = work["fields"], work["heard"]
    scale = 10.0 ** PEAKS[fields[at]] / STATE_SCALE
    levels = work["state"][:count]
    for n in range(count):
        levels[count - 1 - n] = scale * STATE_LEVELS[fields[at + 1 + n]]
    flat = work["flat"]
    all_pass(levels, synthesis, flat)
    copy(flat, count - 1, heard, start, count, True)


@stage
def _half_book(memory: Floats, length: int, book: Floats) -> int:
    """Write the pieces of `memory` that are `length` long into rows of `book`; returns how many.

    Row n begins `length` + n samples before the end. A whole block has 20 more, of lags of 20 to 39, which are too
    short and so repeat themselves, five samples of one beat fading into the other (clause 3.6.3).
    """
    end = len(memory)
    count = end - length + 1
    for n in range(count):
        copy(memory, end - length - n, book[n], 0, length, False)
    if length < BLOCK:
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
def _codebook(work: Any, memory: Floats, length: int) -> int:
    """Write both halves of the codebook that `memory` makes; returns the number of rows of one half."""
    book = work["book"]
    half = _half_book(memory, length, book)
    count = len(memory)
    filtered = work["filtered"][:count]
    clear(filtered)
    for k in range(count):
        for j in range(8):
            if 0 <= k + j - 3 < count:
                filtered[k] += memory[k + j - 3] * EXPANSION[7 - j]
    _half_book(filtered, length, book[half:])
    for n in range(2 * half, _NAMED):
        clear(book[n])
    return half


@stage
def _best_piece(book: Floats, half: int, reach: int, target: Floats, is_first: bool) -> tuple[int, float]:
    """The row of `book` that takes most energy from `target`, and its gain (clause 3.6.2).

    Args:
        reach: How many rows of plain pieces may be named in either half; the repeated ones always may.
        is_first: The first piece is never turned over.
    """
    length = len(target)
    plain = half - 20 if length == BLOCK else half
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
    work: Any,
    target: Floats,
    memory: Floats,
    weighting: Floats,
    first_reach: int,
    reach: int,
    codes: int,
    gains: int,
) -> None:
    """Choose three pieces of `memory` that together are most like `target` (clauses 3.6.1 to 3.6.5).

    Args:
        weighting: The filter that weighs errors in this block.
        first_reach, reach: The rows of either half of the codebook that the first and the others may name.
        codes, gains: Fields that get the rows, and the gains.
    """
    length, known = len(target), len(memory)
    fields, book = work["fields"], work["book"]
    line = work["line"][: known + length]
    copy(memory, 0, line, 0, known, False)
    copy(target, 0, line, known, length, False)
    all_pole(line, 0, known + length, weighting)
    wanted = line[known:]
    energy = energy_of(wanted, 0, length)
    half = _codebook(work, line[:known], length)
    told = work["told"][:length]
    clear(told)
    scale = 1.0
    first = 0.0
    for turn in range(PIECES):
        code, gain = _best_piece(book, half, first_reach if turn == 0 else reach, wanted, turn == 0)
        levels = _levels_of(turn)
        scale = max(0.1, abs(scale))
        fields[codes + turn] = code
        fields[gains + turn] = nearest_level(levels, scale, gain)
        scale *= levels[fields[gains + turn]]
        first = scale if turn == 0 else first
        for k in range(length):
            told[k] += scale * book[code, k]
            wanted[k] -= scale * book[code, k]
    # Coding loses energy, which is heard as dullness; the first gain goes up, and the others in proportion.
    heard = energy_of(told, 0, length)
    for louder in range(fields[gains] + 1, len(FIRST_GAINS)):
        gain = FIRST_GAINS[louder]
        if heard * gain * gain < energy * first * first and gain < 2.0 * first:
            fields[gains] = louder


@stage
def _say_block(work: Any, memory: Floats, length: int, codes: int, gains: int, out: Floats) -> None:
    """Put the three pieces of `memory` that the fields name together (clause 4.3)."""
    fields, book = work["fields"], work["book"]
    _codebook(work, memory, length)
    for k in range(length):
        out[k] = 0.0
    scale = 1.0
    for turn in range(PIECES):
        scale = max(0.1, abs(scale)) * _levels_of(turn)[fields[gains + turn]]
        for k in range(length):
            out[k] += scale * book[fields[codes + turn], k]


@stage
def put_the_rest(work: Any, heard: Floats, at: int, place: int, is_early: bool, is_coding: bool) -> None:
    """Write all of `heard` but the start state, which stands there: later blocks, then earlier ones.

    Args:
        at: Rows and gains are in the fields from here on; where `is_coding` they are chosen, by what is left over
            and the filters that weigh errors, else read.
        place: The first block of the start state's two; `is_early`: it is at their beginning.
    """
    residual, weighting = work["residual"], work["weighting"]
    memory, target, said = work["memory"], work["target"], work["piece"]
    blocks = len(heard) // BLOCK
    short = short_of(blocks)
    rest = STATE - short
    begin = place * BLOCK
    start = begin if is_early else begin + rest
    clear(memory)
    gains = at + PIECES
    copy(heard, start if is_early else start + short - 1, memory, MEMORY - short, short, not is_early)
    known = memory[MEMORY - _STATE_MEMORY :]
    if is_coding:
        copy(residual, start + short if is_early else start - 1, target, 0, rest, not is_early)
        weights = weighting[place + 1 if is_early else place]
        _code_block(work, target[:rest], known, weights, _STATE_REACH, _STATE_REACH, at, gains)
    _say_block(work, known, rest, at, gains, said)
    copy(said, 0 if is_early else rest - 1, heard, start + short if is_early else begin, rest, not is_early)

    codes = gains + PIECES
    gains = codes + PIECES * (blocks - 2)
    reach = _FIRST_REACH
    for turned in (False, True):
        stands = min(MEMORY, len(heard) - begin) if turned else STATE
        for k in range(MEMORY - stands):
            memory[k] = 0.0
        copy(heard, begin + stands - 1 if turned else begin, memory, MEMORY - stands, stands, turned)
        block = place - 1 if turned else place + 2
        while 0 <= block < blocks:
            start = block * BLOCK
            if is_coding:
                copy(residual, start + BLOCK - 1 if turned else start, target, 0, BLOCK, turned)
                _code_block(work, target, memory, weighting[block], _REACH, reach, codes, gains)
            _say_block(work, memory, BLOCK, codes, gains, said)
            copy(said, BLOCK - 1 if turned else 0, heard, start, BLOCK, turned)
            copy(memory, BLOCK, memory, 0, MEMORY - BLOCK, False)
            copy(said, 0, memory, MEMORY - BLOCK, BLOCK, False)
            codes += PIECES
            gains += PIECES
            block += -1 if turned else 1
            reach = _REACH


# The first block after the start state's has seven bits for its second and third piece: only the rows that it may
# name have numbers there.


@stage
def rows_as_named(fields: NDArray[np.int64], at: int) -> None:
    """From rows of the codebook to the numbers that stand in a frame; `at` is as in `put_the_rest`."""
    for k in range(at + 2 * PIECES + 1, at + 3 * PIECES):
        fields[k] -= 64 if 108 <= fields[k] < 172 else 128 if fields[k] >= 236 else 0


@stage
def rows_as_searched(fields: NDArray[np.int64], at: int) -> None:
    """And back."""
    for k in range(at + 2 * PIECES + 1, at + 3 * PIECES):
        fields[k] += 64 if 44 <= fields[k] < 108 else 128 if fields[k] >= 108 else 0
