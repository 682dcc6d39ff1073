"""What a row plays: the next 20 ms of DTMF tones or of a sound, out of the arena.

A row has two players. Player 1 (DTMF tones) goes first and the sound waits for it, so a digit is never mangled.
A sound ends once, with an event; one with a loop goes on for ever. It has a rate of its own, 8000 or 16000.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gateway.media.compiled import stage
from gateway.plane.access import arena_of, row_at
from gateway.plane.events import PLAYED
from gateway.plane.libc import memmove
from gateway.plane.rows import end_sound, replan
from gateway.plane.table import FRAME, WIDE, WIDE_FRAME, Shared
from gateway.plane.words import TICKS

__all__ = ["beginning", "fill_frame", "next_frame", "next_rate"]


@stage
def beginning(t: Shared, rate: int, length: int, live: int) -> int:
    """Where a sound begins: what is live has been playing since the plane began."""
    return int(t["control"][TICKS] * (FRAME * rate // 8000) % length) if live else 0


@stage
def fill_frame(
    t: Shared, out: NDArray[np.int16], rate: int, base: int, length: int, loop: int, position: int
) -> int:
    """Fill `out` with 20 ms of a sound of the arena from `position` on; returns where it stands then."""
    arena = arena_of(t)
    count = WIDE_FRAME if rate == WIDE else FRAME
    if position + count <= length:
        memmove(out.ctypes.data, arena.ctypes.data + 2 * (base + position), 2 * count)
        return position + count
    for k in range(count):
        if position >= length and loop >= 0:
            position = loop
        if position < length:
            out[k] = arena[base + position]
            position += 1
        else:
            out[k] = 0
    return position


@stage
def next_rate(t: Shared, i: int) -> int:
    """The rate of what row `i` plays next; 0 where it plays nothing."""
    row = row_at(t, i)
    player = 1 if row["sound_length"][1] > 0 else 0
    return int(row["sound_rate"][player]) if row["sound_length"][player] > 0 else 0


@stage
def next_frame(t: Shared, i: int, out: NDArray[np.int16], now: int) -> None:
    """Fill `out` with the next 20 ms that row `i` plays, at `next_rate`; it does play something."""
    row = row_at(t, i)
    player = 1 if row["sound_length"][1] > 0 else 0
    length = row["sound_length"][player]
    base = row["sound_base"][player]
    loop = row["sound_loop"][player]
    rate = row["sound_rate"][player]
    position = fill_frame(t, out, rate, base, length, loop, row["sound_position"][player])
    row["sound_position"][player] = position
    if position >= length and loop < 0:
        end_sound(t, i, player, PLAYED, now)
        replan(t, i)
