"""The records of rooms, of the seats that rows have in them, of voices, and of the taps of recordings."""

from __future__ import annotations

from typing import Final

import numpy as np

from gateway.plane.frame import FRAME, HISTORY, WIDE_FRAME

__all__ = ["BUSES", "OVERHEARD", "ROOM", "SAID", "SEAT", "TAP", "TOLD", "UNITY", "VOICE"]

BUSES: Final = 4
"""Mixes that a room keeps apart: 0 what all say, the others for those who are spoken to alone."""
UNITY: Final = 4096
"""Gain of 1."""

# The voices of a row.
SAID: Final = 0  # what came in on it
TOLD: Final = 1  # what it is sent
OVERHEARD: Final = 2  # that, without what those say to it who listen to it

VOICE: Final = np.dtype(
    [
        ("rates", "i8"),  # at which it is there on this tick: see voices.py
        ("history", "i2", (HISTORY,)),  # of the change from the one to the other
        ("narrow", "i2", (FRAME,)),
        ("wide", "i2", (WIDE_FRAME,)),
    ],
    align=True,
)
"""A tick's audio of somebody who is mixed or kept, at 8000 Hz, at 16000, or both."""

ROOM: Final = np.dtype(
    [
        ("open", "i8"),
        ("worker", "i8"),  # which loop works it
        ("first_seat", "i8"),  # -1: none
        ("wanted", "i8"),  # rates at which somebody hears it, or a tap keeps it
        ("kept", "i8"),  # those of taps
        ("first_tap", "i8"),  # -1: none
        ("filled", "i8"),  # which buses hold something on this tick, as bits
        ("speaker", "i8"),  # the row that speaks loudest, or -1
        ("speaker_level", "i8"),
        # What everybody hears: one player.
        ("sound_base", "i8"),
        ("sound_rate", "i8"),
        ("sound_length", "i8"),  # 0: none
        ("sound_loop", "i8"),  # -1: ends
        ("sound_position", "i8"),
        ("sound_serial", "i8"),
    ],
    align=True,
)

SEAT: Final = np.dtype(
    [
        ("taken", "i8"),
        ("room", "i8"),
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
        ("gives", "i8"),  # at which rate its row was added to the buses that it talks to; 0: it was not
        ("gated", "i8"),  # contributes only while it talks
        ("level", "i8"),  # mean square of what it says, smoothed
        ("talking", "i8"),
        ("run", "i8"),  # frames in a row that speak for a change of `talking`
        ("kept", "i8"),  # what was added is in `given`, else it is what its row says
        ("given", "i2", (WIDE_FRAME,)),
    ],
    align=True,
)
"""A row's place in a room; a row may have several."""

TAP: Final = np.dtype(
    [
        ("row", "i8"),  # -1: the room's
        ("room", "i8"),  # -1: the row's
        ("next", "i8"),  # on the same row, or room
        ("sides", "i8"),
        ("rate", "i8"),
        ("joined", "i8"),  # 1: only while there is somebody to talk with
        ("gain_in", "i8"),  # UNITY is 1
        ("gain_out", "i8"),
        ("base", "i8"),
        ("length", "i8"),  # a whole number of ticks; 0: unused
        ("written", "i8"),  # samples since it began; control reads it
    ],
    align=True,
)
