"""The taps of recordings: what rows say and are sent, or what rooms hear, kept at a rate of their own."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.media.compiled import stage
from gateway.plane.access import arena_of, bus_of, room_at, row_at, stages_of, tap_at
from gateway.plane.libc import store_release
from gateway.plane.plan import CLOCKED, MIXED
from gateway.plane.room_table import SAID, TAP, TOLD
from gateway.plane.table import FRAME, WIDE, WIDE_FRAME, Shared
from gateway.plane.voices import bit_of, heard_at, voice_of

__all__ = ["keep_room", "keep_row"]

# The sides of a tap, as gateway.core.audio.Side numbers them.
_IN: Final = 1
_OUT: Final = 2
_STEREO: Final = 7

_SHIFT: Final = 12
"""UNITY as a shift."""
_SIZE: Final = TAP.itemsize
_WRITTEN_AT: Final = TAP.fields["written"][1] if TAP.fields else 0


@stage
def keep_row(t: Shared, i: int) -> None:
    """Have the taps on row `i` keep this tick's frame."""
    index = row_at(t, i)["first_tap"]
    while index >= 0:
        _keep_row(t, index, i)
        index = tap_at(t, index)["next"]


@stage
def keep_room(t: Shared, room: int) -> None:
    """Have the taps on a room keep this tick's frame."""
    index = room_at(t, room)["first_tap"]
    while index >= 0:
        _keep_room(t, index, room)
        index = tap_at(t, index)["next"]


@stage
def _place(t: Shared, index: int, count: int) -> NDArray[np.int16]:
    """Where the next samples of a tap go; they never reach over its end, which lies between two ticks."""
    tap = tap_at(t, index)
    begin = tap["base"] + tap["written"] % tap["length"]
    return arena_of(t)[begin : begin + count]


@stage
def _written(t: Shared, index: int, count: int) -> None:
    # The count goes last: control copies what it covers.
    store_release(t["taps"] + index * _SIZE + _WRITTEN_AT, tap_at(t, index)["written"] + count)


@stage
def _clip(value: int) -> int:
    return min(max(value, -32768), 32767)


@stage
def _keep_row(t: Shared, index: int, i: int) -> None:
    tap = tap_at(t, index)
    stages = stages_of(t)[i]
    if not stages & CLOCKED or (tap["joined"] and row_at(t, i)["peer"] < 0 and not stages & MIXED):
        return  # lost as it was told, or alone
    rate = tap["rate"]
    gain_in = tap["gain_in"] if tap["sides"] & _IN else 0
    gain_out = tap["gain_out"] if tap["sides"] & _OUT else 0
    said, told = heard_at(t, voice_of(t, i, SAID), rate), heard_at(t, voice_of(t, i, TOLD), rate)
    if tap["sides"] == _STEREO:
        out = _place(t, index, 2 * len(said))
        for k in range(len(said)):
            out[2 * k] = _clip((int(said[k]) * gain_in) >> _SHIFT)
            out[2 * k + 1] = _clip((int(told[k]) * gain_out) >> _SHIFT)
        _written(t, index, 2 * len(said))
        return
    out = _place(t, index, len(said))
    for k in range(len(said)):
        out[k] = _clip(((int(said[k]) * gain_in) >> _SHIFT) + ((int(told[k]) * gain_out) >> _SHIFT))
    _written(t, index, len(said))


@stage
def _keep_room(t: Shared, index: int, room: int) -> None:
    rate = tap_at(t, index)["rate"]
    count = WIDE_FRAME if rate == WIDE else FRAME
    out = _place(t, index, count)
    if room_at(t, room)["filled"] & bit_of(rate):
        bus = bus_of(t, room, 0, rate)
        for k in range(count):
            out[k] = _clip(bus[k])
    else:
        for k in range(count):
            out[k] = 0
    _written(t, index, count)
