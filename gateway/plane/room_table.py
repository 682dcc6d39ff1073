"""The records of rooms, of the seats that rows have in them, and of the taps that recordings are made by."""

from __future__ import annotations

from typing import Final

import numpy as np

__all__ = ["BUSES", "ROOM", "SEAT", "TAP", "UNITY"]

BUSES: Final = 4
"""Mixes that a room keeps apart: 0 what all say, the others for those who are spoken to alone."""
UNITY: Final = 4096
"""Gain of 1."""

ROOM: Final = np.dtype(
    [
        ("open", "i8"),
        ("worker", "i8"),  # which loop works it
        ("first_seat", "i8"),  # -1: none
        ("speaker", "i8"),  # the row that speaks loudest, or -1
        ("speaker_level", "i8"),
        # What everybody hears: one player.
        ("sound_base", "i8"),
        ("sound_length", "i8"),  # 0: none
        ("sound_loop", "i8"),  # -1: ends
        ("sound_position", "i8"),
        ("sound_serial", "i8"),
    ],
    align=True,
)

SEAT: Final = np.dtype(
    [
        ("room", "i8"),  # -1: empty
        ("row", "i8"),
        ("next_in_room", "i8"),
        ("next_of_row", "i8"),
        # Sets of buses, as bits; see mix.py.
        ("talks", "i8"),
        ("tells", "i8"),
        ("hears", "i8"),
        ("through", "i8"),
        ("gain_in", "i8"),  # UNITY is 1
        ("gain_out", "i8"),
        ("gives", "i8"),  # its row was added to the buses that it talks to, on this tick
        ("gated", "i8"),  # contributes only while it talks
        ("level", "i8"),  # mean square of what it says, smoothed
        ("talking", "i8"),
        ("run", "i8"),  # frames in a row that speak for a change of `talking`
    ],
    align=True,
)
"""A row's place in a room; a row may have several."""

TAP: Final = np.dtype(
    [
        ("row", "i8"),  # -1: unused, or the room's
        ("room", "i8"),  # -1: unused, or the row's
        ("sides", "i8"),
        ("joined", "i8"),  # 1: only while there is somebody to talk with
        ("gain_in", "i8"),  # UNITY is 1
        ("gain_out", "i8"),
        ("base", "i8"),
        ("length", "i8"),
        ("written", "i8"),  # samples since it began; control reads it
    ],
    align=True,
)
