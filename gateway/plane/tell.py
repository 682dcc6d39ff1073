"""What a row that is mixed or tapped is sent on the tick: its own sound, or its peer and its rooms without itself.

It is made at the row's own rate, so that what is wide stays so and what is narrow costs no more.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.media.compiled import stage
from gateway.plane.access import bus_of, queue_at, room_at, row_at, seat_at, stages_of
from gateway.plane.dtmf import digit_under_way
from gateway.plane.jitter import put_frame
from gateway.plane.libc import memmove, memset
from gateway.plane.packet import may_send
from gateway.plane.plan import ECHO, MIXED, SOUND
from gateway.plane.player import next_frame, next_rate
from gateway.plane.room_table import BUSES, OVERHEARD, SAID, TOLD, UNITY
from gateway.plane.send import send_samples
from gateway.plane.table import FRAME, FRAMES, WIDE, WIDE_FRAME, Shared
from gateway.plane.voices import bit_of, heard_at, hush_voice, made_at, voice_of

__all__ = ["tell"]

_SHIFT: Final = 12
"""UNITY as a shift."""


@stage
def tell(t: Shared, i: int, now: int) -> None:
    """Make the frame that row `i` is sent, and send it where nothing else does."""
    row = row_at(t, i)
    stages = stages_of(t)[i]
    told, overheard = voice_of(t, i, TOLD), voice_of(t, i, OVERHEARD)
    if stages & SOUND:
        rate = next_rate(t, i)
        next_frame(t, i, made_at(t, told, rate), now)
        _copy(t, told, overheard, rate)
    elif stages & ECHO:
        _copy(t, voice_of(t, i, SAID), told, row["rate"])
        hush_voice(t, overheard)
    else:
        _blend(t, i)
    if row["kind"] == FRAMES:
        if stages & (SOUND | MIXED) or (row["peer"] >= 0 and not stages & ECHO):
            put_frame(t, t["row_count"] + i, heard_at(t, told, row["rate"]))
    elif stages & (SOUND | MIXED) and may_send(t, i) and not digit_under_way(t, i):
        send_samples(t, i, heard_at(t, told, row["rate"]), row["rate"], now)


@stage
def _copy(t: Shared, source: int, target: int, rate: int) -> None:
    samples = heard_at(t, source, rate)
    memmove(made_at(t, target, rate).ctypes.data, samples.ctypes.data, len(samples) * 2)


@stage
def _blend(t: Shared, i: int) -> None:
    """What row `i` hears of its peer and of its rooms."""
    row = row_at(t, i)
    rate = row["rate"]
    overheard = voice_of(t, i, OVERHEARD)
    if row["peer"] >= 0:
        _hear_peer(t, i, row["peer"], rate)
    else:
        memset(t["sum"].ctypes.data, 0, _count(rate) * 4)
    listened = _hear_rooms(t, row["first_seat"], rate, False)
    if listened:
        _saturate(t, made_at(t, overheard, rate))
        _hear_rooms(t, row["first_seat"], rate, True)
    else:
        hush_voice(t, overheard)
    _saturate(t, made_at(t, voice_of(t, i, TOLD), rate))


@stage
def _count(rate: int) -> int:
    return WIDE_FRAME if rate == WIDE else FRAME


@stage
def _saturate(t: Shared, out: NDArray[np.int16]) -> None:
    total = t["sum"]
    for k in range(len(out)):
        out[k] = min(max(total[k], -32768), 32767)


@stage
def _hear_rooms(t: Shared, seat_index: int, rate: int, listening: bool) -> bool:
    """Add what a row hears in its rooms: those that listen to what it is sent, or the others.

    Returns:
        Whether there are some of the other kind.
    """
    others = False
    while seat_index >= 0:
        seat = seat_at(t, seat_index)
        seat_index = seat["next_of_row"]
        if (seat["tells"] != 0) != listening:
            others = True
            continue
        _hear(t, seat["room"], seat["hears"], rate, seat["gain_out"])
        mine = seat["hears"] & seat["talks"]
        if mine and seat["gives"] == rate:
            _leave_out(t, seat, mine, rate)
    return others


@stage
def _hear_peer(t: Shared, i: int, peer: int, rate: int) -> None:
    total = t["sum"]
    other = row_at(t, peer)
    if queue_at(t, peer)["toned"] and row_at(t, i)["event_type"] >= 0:
        memset(total.ctypes.data, 0, _count(rate) * 4)
    else:
        frame = heard_at(t, voice_of(t, peer, SAID), rate)
        for k in range(len(frame)):
            total[k] = frame[k]
    seat_index = other["first_seat"]
    while seat_index >= 0:
        seat = seat_at(t, seat_index)
        seat_index = seat["next_of_row"]
        _hear(t, seat["room"], seat["through"], rate, UNITY)


@stage
def _hear(t: Shared, room: int, buses: int, rate: int, gain: int) -> None:
    total = t["sum"]
    filled = room_at(t, room)["filled"]
    for b in range(BUSES):
        if buses >> b & 1 and filled >> 2 * b & bit_of(rate):
            bus = bus_of(t, room, b, rate)
            if gain == UNITY:
                for k in range(len(bus)):
                    total[k] += bus[k]
            else:
                for k in range(len(bus)):
                    total[k] += (bus[k] * gain) >> _SHIFT


@stage
def _leave_out(t: Shared, seat: np.void, buses: int, rate: int) -> None:
    """Take out of the sum what the row of a seat has given to it."""
    frame = seat["given"][:] if seat["kept"] else heard_at(t, voice_of(t, seat["row"], SAID), rate)
    total = t["sum"]
    gain_in, gain_out = seat["gain_in"], seat["gain_out"]
    times = 0
    for b in range(BUSES):
        times += buses >> b & 1
    if times == 1 and gain_in == UNITY and gain_out == UNITY:
        for k in range(_count(rate)):
            total[k] -= frame[k]
        return
    for k in range(_count(rate)):
        given = (int(frame[k]) * gain_in) >> _SHIFT
        total[k] -= (times * given * gain_out) >> _SHIFT
