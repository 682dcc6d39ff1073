"""What is mixed on the tick: rooms of many rows, listeners, whispers, and the taps of recordings.

Rows concerned are CLOCKED: each tick takes one frame of what came in on them (`said_by`) and makes the one that
they are sent (`told_to`). In between every room adds up its buses once, and whoever hears a bus gets the sum less
what it has given itself (mix-minus), so a room of n costs n additions, not n squared. Bus 0 is the room's talk; the
others carry what is meant for some alone. A seat names four sets of buses:

    talks    what comes in on the row is added to them          conference member, whispering supervisor
    tells    what the row is sent is added to them, too         a call that is listened to, both sides by one row
    hears    they are sent to the row, beside its peer's audio  conference member, listener, one who is whispered to
    through  they are sent to the row's peer                    barging in

Two rows joined to each other stay so: RTP goes on being relayed at once unless it must be mixed with something.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.media.compiled import stage
from gateway.plane.access import (
    arena_of,
    bus_of,
    overheard_of,
    owners_of,
    room_at,
    row_at,
    said_by,
    seat_at,
    stages_of,
    tap_at,
    told_to,
)
from gateway.plane.dtmf import digit_under_way
from gateway.plane.events import PLAYED, SOUND_ENDED, SPEAKER, TALKING, emit
from gateway.plane.jitter import put_frame, take
from gateway.plane.libc import memmove, memset, store_release
from gateway.plane.plan import CLOCKED, ECHO, MIXED, SOUND
from gateway.plane.player import fill_frame, next_frame
from gateway.plane.room_table import BUSES, TAP
from gateway.plane.send import may_send, send_frame
from gateway.plane.table import ACTIVE, FRAME, FRAMES, HIGH, ROOMS_HIGH, TAPS_HIGH, Shared

__all__ = ["BOTH", "IN", "OUT", "STEREO", "mix"]

# The sides of a tap.
IN: Final = 1
OUT: Final = 2
BOTH: Final = 3
STEREO: Final = 7

_LOUD: Final = 160 * 160
"""Mean square, about -40 dBm0, from which a frame may be speech."""
_BEGIN: Final = 2
"""Loud frames in a row (40 ms) that begin talk: a click is shorter."""
_END: Final = 25
"""Quiet frames in a row (500 ms) that end it: pauses between words are shorter."""
_LOUDER: Final = 4
"""How much louder (6 dB) another must be to be the speaker while one talks still."""
_SHIFT: Final = 12
"""UNITY as a shift."""
_TAP_SIZE: Final = TAP.itemsize
_WRITTEN_AT: Final = TAP.fields["written"][1] if TAP.fields else 0


@stage
def mix(t: Shared, now: int) -> None:
    """Do what is due on a tick for all rooms, taps, and rows concerned."""
    high = t["control"][HIGH]
    stages = stages_of(t)
    owners = owners_of(t)
    clocked = 0
    for i in range(high):
        if stages[i] & CLOCKED and owners[i] == t["worker"]:
            take(t, i, said_by(t, i))
            clocked += 1
    if clocked == 0 and t["control"][ROOMS_HIGH] == 0:
        return
    for room in range(t["control"][ROOMS_HIGH]):
        if room_at(t, room)["open"] and room_at(t, room)["worker"] == t["worker"]:
            _add_up(t, room, now)
    for i in range(high):
        if stages[i] & CLOCKED and owners[i] == t["worker"]:
            _tell(t, i, now)
    for tap in range(t["control"][TAPS_HIGH]):
        _tap(t, tap)


# Rooms.


@stage
def _add_up(t: Shared, index: int, now: int) -> None:
    """Fill the buses of a room, and see who talks."""
    room = room_at(t, index)
    memset(bus_of(t, index, 0).ctypes.data, 0, BUSES * FRAME * 4)
    loudest = -1
    level = 0
    seat_index = room["first_seat"]
    while seat_index >= 0:
        seat = seat_at(t, seat_index)
        seat_index = seat["next_in_room"]
        seat["gives"] = 0
        i = seat["row"]
        if row_at(t, i)["state"] != ACTIVE:
            continue
        if seat["talks"]:
            _take_seat(t, seat, now)
        if seat["tells"]:
            _give(t, index, overheard_of(t, i), seat["tells"], seat["gain_in"])
        if seat["talking"] and seat["level"] > level:
            loudest = i
            level = seat["level"]
        if i == room["speaker"]:
            room["speaker_level"] = seat["level"] if seat["talking"] else 0
    _play(t, index, now)
    if loudest >= 0 and loudest != room["speaker"] and level > _LOUDER * room["speaker_level"]:
        room["speaker"] = loudest
        room["speaker_level"] = level
        emit(t, SPEAKER, loudest, row_at(t, loudest)["generation"], 0, 0, index, now)


@stage
def _take_seat(t: Shared, seat: np.void, now: int) -> None:
    """Let the row of a seat talk to its buses, and tell when it begins and ends."""
    i = seat["row"]
    frame = said_by(t, i)
    square = 0
    for k in range(FRAME):
        square += int(frame[k]) * int(frame[k])
    square //= FRAME
    seat["level"] += (square - seat["level"]) >> 2
    loud = 1 if square >= _LOUD else 0
    seat["run"] = 0 if loud == seat["talking"] else seat["run"] + 1
    if seat["run"] >= (_BEGIN if loud else _END):
        seat["talking"] = loud
        seat["run"] = 0
        emit(t, TALKING, i, row_at(t, i)["generation"], 0, loud, seat["room"], now)
    row = row_at(t, i)
    # Digits are commands to the room, not talk.
    if (row["detecting"] and row["tone"]) or (seat["gated"] and not (loud or seat["talking"])):
        return
    seat["gives"] = 1
    _give(t, seat["room"], frame, seat["talks"], seat["gain_in"])


@stage
def _give(t: Shared, room: int, frame: NDArray[np.int16], buses: int, gain: int) -> None:
    for b in range(BUSES):
        if buses >> b & 1:
            bus = bus_of(t, room, b)
            for k in range(FRAME):
                bus[k] += (int(frame[k]) * gain) >> _SHIFT


@stage
def _play(t: Shared, index: int, now: int) -> None:
    """Add what the room plays to all."""
    room = room_at(t, index)
    if room["sound_length"] == 0:
        return
    frame = t["spoken"]
    room["sound_position"] = fill_frame(
        t, frame, room["sound_base"], room["sound_length"], room["sound_loop"], room["sound_position"]
    )
    bus = bus_of(t, index, 0)
    for k in range(FRAME):
        bus[k] += frame[k]
    if room["sound_position"] >= room["sound_length"] and room["sound_loop"] < 0:
        room["sound_length"] = 0
        emit(t, SOUND_ENDED, 0, 0, room["sound_serial"], PLAYED, 0, now)


# What a row is sent.


@stage
def _tell(t: Shared, i: int, now: int) -> None:
    """Make the frame that row `i` is sent, and send it where nothing else does."""
    row = row_at(t, i)
    stages = stages_of(t)[i]
    told = told_to(t, i)
    overheard = overheard_of(t, i)
    if stages & SOUND and next_frame(t, i, told, now):
        memmove(overheard.ctypes.data, told.ctypes.data, FRAME * 2)
    elif stages & ECHO:
        memmove(told.ctypes.data, said_by(t, i).ctypes.data, FRAME * 2)
        memset(overheard.ctypes.data, 0, FRAME * 2)
    else:
        _blend(t, i)
    if row["kind"] == FRAMES:
        if stages & (SOUND | MIXED) or (row["peer"] >= 0 and not stages & ECHO):
            put_frame(t, t["row_count"] + i, told)
    elif stages & (SOUND | MIXED) and may_send(t, i) and not digit_under_way(t, i):
        memmove(t["spoken"].ctypes.data, told.ctypes.data, FRAME * 2)
        send_frame(t, i, True, 0, now)


@stage
def _blend(t: Shared, i: int) -> None:
    """What row `i` hears of its peer and of its rooms."""
    row = row_at(t, i)
    total = t["sum"]
    peer = row["peer"]
    for k in range(FRAME):
        total[k] = 0
    if peer >= 0:
        _hear_peer(t, i, peer)
    _hear_rooms(t, row["first_seat"], False)
    _saturate(t, overheard_of(t, i))
    _hear_rooms(t, row["first_seat"], True)
    _saturate(t, told_to(t, i))


@stage
def _saturate(t: Shared, out: NDArray[np.int16]) -> None:
    total = t["sum"]
    for k in range(FRAME):
        out[k] = min(max(total[k], -32768), 32767)


@stage
def _hear_rooms(t: Shared, seat_index: int, listening: bool) -> None:
    """Add what a row hears in its rooms: those that listen to what it is sent, or the others."""
    while seat_index >= 0:
        seat = seat_at(t, seat_index)
        seat_index = seat["next_of_row"]
        if (seat["tells"] != 0) != listening:
            continue
        _hear(t, seat["room"], seat["hears"], seat["gain_out"])
        mine = seat["hears"] & seat["talks"]
        if mine and seat["gives"]:
            _leave_out(t, seat, mine)


@stage
def _hear_peer(t: Shared, i: int, peer: int) -> None:
    total = t["sum"]
    other = row_at(t, peer)
    if not (other["detecting"] and other["tone"] and row_at(t, i)["event_type"] >= 0):
        frame = said_by(t, peer)
        for k in range(FRAME):
            total[k] = frame[k]
    seat_index = other["first_seat"]
    while seat_index >= 0:
        seat = seat_at(t, seat_index)
        seat_index = seat["next_of_row"]
        _hear(t, seat["room"], seat["through"], 1 << _SHIFT)


@stage
def _hear(t: Shared, room: int, buses: int, gain: int) -> None:
    total = t["sum"]
    for b in range(BUSES):
        if buses >> b & 1:
            bus = bus_of(t, room, b)
            for k in range(FRAME):
                total[k] += (bus[k] * gain) >> _SHIFT


@stage
def _leave_out(t: Shared, seat: np.void, buses: int) -> None:
    """Take out of the sum what the row of a seat has given to it."""
    frame = said_by(t, seat["row"])
    total = t["sum"]
    times = 0
    for b in range(BUSES):
        times += buses >> b & 1
    for k in range(FRAME):
        given = (int(frame[k]) * seat["gain_in"]) >> _SHIFT
        total[k] -= (times * given * seat["gain_out"]) >> _SHIFT


# Taps.


@stage
def _tap(t: Shared, index: int) -> None:
    """Keep this tick's frame of what a tap is on."""
    tap = tap_at(t, index)
    i = tap["row"]
    if i < 0 and (tap["room"] < 0 or room_at(t, tap["room"])["worker"] != t["worker"]):
        return
    if i >= 0:
        if owners_of(t)[i] != t["worker"]:
            return
        if not stages_of(t)[i] & CLOCKED:
            return  # lost
        if tap["joined"] and row_at(t, i)["peer"] < 0 and not stages_of(t)[i] & MIXED:
            return
    arena = arena_of(t)
    base, length, written = tap["base"], tap["length"], tap["written"]
    sides = tap["sides"]
    for k in range(FRAME):
        if i < 0:
            first = min(max(bus_of(t, tap["room"], 0)[k], -32768), 32767)
            second = 0
        else:
            first = (int(said_by(t, i)[k]) * tap["gain_in"]) >> _SHIFT if sides & IN else 0
            second = (int(told_to(t, i)[k]) * tap["gain_out"]) >> _SHIFT if sides & OUT else 0
        if sides == STEREO:
            arena[base + (written + 2 * k) % length] = min(max(first, -32768), 32767)
            arena[base + (written + 2 * k + 1) % length] = min(max(second, -32768), 32767)
        else:
            arena[base + (written + k) % length] = min(max(first + second, -32768), 32767)
    # The count goes last: control copies what it covers.
    count = 2 * FRAME if sides == STEREO else FRAME
    store_release(t["taps"] + index * _TAP_SIZE + _WRITTEN_AT, written + count)
