"""What a row plays: the next 20 ms of DTMF tones or of a sound, out of the arena.

A row has two players. Player 1 (DTMF tones) goes first and the sound waits for it, so a digit is never mangled.
A sound ends once, with an event; one with a loop goes on for ever.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gateway.media.compiled import stage
from gateway.plane.access import arena_of, row_at
from gateway.plane.events import PLAYED
from gateway.plane.rows import end_sound, replan
from gateway.plane.table import FRAME, Shared

__all__ = ["fill_frame", "next_frame"]


@stage
def fill_frame(t: Shared, out: NDArray[np.int16], base: int, length: int, loop: int, position: int) -> int:
    """Fill `out` with 160 samples of a sound of the arena from `position` on; returns where it stands then."""
    arena = arena_of(t)
    for k in range(FRAME):
        if position >= length and loop >= 0:
            position = loop
        if position < length:
            out[k] = arena[base + position]
            position += 1
        else:
            out[k] = 0
    return position


@stage
def next_frame(t: Shared, i: int, out: NDArray[np.int16], now: int) -> bool:
    """Fill `out` with the next 160 samples that row `i` plays; False where it plays nothing."""
    row = row_at(t, i)
    player = 1 if row["sound_length"][1] > 0 else 0
    length = row["sound_length"][player]
    if length == 0:
        return False
    base = row["sound_base"][player]
    loop = row["sound_loop"][player]
    position = fill_frame(t, out, base, length, loop, row["sound_position"][player])
    row["sound_position"][player] = position
    if position >= length and loop < 0:
        end_sound(t, i, player, PLAYED, now)
        replan(t, i)
    return True
