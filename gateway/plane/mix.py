"""What is mixed on the tick: rooms of many rows, listeners, whispers, and the taps of recordings.

Rows concerned are CLOCKED: each tick takes one frame of what came in on them and makes the one that they are sent
(tell.py). In between every room adds up its buses once, and whoever hears a bus gets the sum less what it has given
itself (mix-minus), so a room of n costs n additions, not n squared. Bus 0 is the room's talk; the others carry what
is meant for some alone. A seat names four sets of buses:

    talks    what comes in on the row is added to them          conference member, whispering supervisor
    tells    what the row is sent is added to them, too         a call that is listened to, both sides by one row
    hears    they are sent to the row, beside its peer's audio  conference member, listener, one who is whispered to
    through  they are sent to the row's peer                    barging in

A bus is added up at 8000 samples a second, at 16000, or at both, as those who hear it want it; what is given at
another rate is brought to it by the filter of that voice (voices.py). Where all are narrow nothing else is done.

Two rows joined to each other stay so: RTP goes on being relayed at once unless it must be mixed with something.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.media.compiled import stage
from gateway.plane.access import bus_of, phases_of, queue_at, room_at, row_at, seat_at, stages_of, visited_of
from gateway.plane.events import PLAYED, SOUND_ENDED, SPEAKER, TALKING, emit
from gateway.plane.jitter import take
from gateway.plane.libc import memmove
from gateway.plane.parts import is_listed, phase_of_room
from gateway.plane.plan import CLOCKED
from gateway.plane.player import fill_frame
from gateway.plane.room_table import BUSES, OVERHEARD, SAID, UNITY
from gateway.plane.table import ACTIVE, PHASES, WIDE, Shared
from gateway.plane.taps import keep_room, keep_row
from gateway.plane.tell import tell
from gateway.plane.voices import bit_of, heard_at, made_at, voice_of, voice_of_room
from gateway.plane.words import ROOMS_HIGH

__all__ = ["mix"]

_NARROW: Final = 8000
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


@stage
def mix(t: Shared, phase: int, count: int, now: int) -> None:
    """Do what is due in one part of a tick for its rooms, taps, and the first `count` of `visited_of`."""
    visited = visited_of(t)
    for k in range(count):
        i = visited[k]
        if _is_clocked(t, i, phase):
            take(t, i, made_at(t, voice_of(t, i, SAID), row_at(t, i)["rate"]))
    for index in range(phase, t["control"][ROOMS_HIGH] if t["halls"][phase] > 0 else 0, PHASES):
        room = room_at(t, index)
        if room["open"] and room["worker"] == t["worker"]:
            _add_up(t, index, now)
            keep_room(t, index)
    for k in range(count):
        i = visited[k]
        if _is_clocked(t, i, phase):
            tell(t, i, now)
            keep_row(t, i)


@stage
def _is_clocked(t: Shared, i: int, phase: int) -> bool:
    return bool(is_listed(t, i, phase) and stages_of(t)[i] & CLOCKED)


@stage
def _add_up(t: Shared, index: int, now: int) -> None:
    """Fill the buses of a room, and see who talks."""
    room = room_at(t, index)
    room["wanted"] = _wanted(t, index)
    room["filled"] = 0
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
            _give(t, index, voice_of(t, i, OVERHEARD), seat["tells"], seat["gain_in"])
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
def _wanted(t: Shared, index: int) -> int:
    """At which rates somebody hears a room, or a tap keeps it."""
    room = room_at(t, index)
    wanted = room["kept"]
    seat_index = room["first_seat"]
    while seat_index >= 0:
        seat = seat_at(t, seat_index)
        seat_index = seat["next_in_room"]
        row = row_at(t, seat["row"])
        if seat["hears"]:
            wanted |= bit_of(row["rate"])
        if seat["through"] and row["peer"] >= 0:
            wanted |= bit_of(row_at(t, row["peer"])["rate"])
    return int(wanted)


@stage
def _take_seat(t: Shared, seat: np.void, now: int) -> None:
    """Let the row of a seat talk to its buses, and tell when it begins and ends."""
    i = seat["row"]
    row = row_at(t, i)
    frame = heard_at(t, voice_of(t, i, SAID), row["rate"])
    square = _mean_square(frame)
    seat["level"] += (square - seat["level"]) >> 2
    loud = 1 if square >= _LOUD else 0
    seat["run"] = 0 if loud == seat["talking"] else seat["run"] + 1
    if seat["run"] >= (_BEGIN if loud else _END):
        seat["talking"] = loud
        seat["run"] = 0
        emit(t, TALKING, i, row["generation"], 0, loud, seat["room"], now)
    # Digits are commands to the room, not talk.
    if queue_at(t, i)["toned"] or (seat["gated"] and not (loud or seat["talking"])):
        return
    seat["gives"] = row["rate"]
    # A row of two rooms may be worked in another part of the tick than this one, and leaves out what it gave.
    seat["kept"] = 1 if phases_of(t)[i] != phase_of_room(seat["room"]) else 0
    if seat["kept"]:
        memmove(seat["given"].ctypes.data, frame.ctypes.data, len(frame) * 2)
    _give(t, seat["room"], voice_of(t, i, SAID), seat["talks"], seat["gain_in"])


@stage
def _mean_square(frame: NDArray[np.int16]) -> int:
    total = 0
    for k in range(len(frame)):
        total += int(frame[k]) * int(frame[k])
    return total // len(frame)


@stage
def _give(t: Shared, room: int, voice: int, buses: int, gain: int) -> None:
    """Add a voice to some buses of a room, at the rates at which the room is wanted."""
    for rate in (_NARROW, WIDE):
        if room_at(t, room)["wanted"] & bit_of(rate):
            frame = heard_at(t, voice, rate)
            for b in range(BUSES):
                if buses >> b & 1:
                    _add(t, room, b, rate, frame, gain)


@stage
def _add(t: Shared, room: int, b: int, rate: int, frame: NDArray[np.int16], gain: int) -> None:
    bus = bus_of(t, room, b, rate)
    bit = bit_of(rate) << 2 * b
    if not room_at(t, room)["filled"] & bit:
        room_at(t, room)["filled"] |= bit
        for k in range(len(frame)):
            bus[k] = (int(frame[k]) * gain) >> _SHIFT
    elif gain == UNITY:
        for k in range(len(frame)):
            bus[k] += frame[k]
    else:
        for k in range(len(frame)):
            bus[k] += (int(frame[k]) * gain) >> _SHIFT


@stage
def _play(t: Shared, index: int, now: int) -> None:
    """Add what the room plays to all."""
    room = room_at(t, index)
    if room["sound_length"] == 0:
        return
    voice = voice_of_room(t, index)
    rate, loop, length = room["sound_rate"], room["sound_loop"], room["sound_length"]
    frame = made_at(t, voice, rate)
    room["sound_position"] = fill_frame(t, frame, rate, room["sound_base"], length, loop, room["sound_position"])
    _give(t, index, voice, 1, UNITY)
    if room["sound_position"] >= length and loop < 0:
        room["sound_length"] = 0
        emit(t, SOUND_ENDED, 0, 0, room["sound_serial"], PLAYED, 0, now)
