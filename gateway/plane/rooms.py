"""What befalls rooms, their seats and taps: opened, taken, changed, left, closed.

Control numbers rooms, seats and taps itself and never uses a number again before the loop has answered that it is
free. A row that is removed leaves every seat, whatever control has forgotten.
"""

from __future__ import annotations

from errno import EINVAL

import numpy as np

from gateway.media.compiled import stage
from gateway.plane.access import room_at, row_at, seat_at, tap_at
from gateway.plane.events import SOUND_ENDED, STOPPED, emit
from gateway.plane.parts import room_closes, room_opens
from gateway.plane.player import beginning
from gateway.plane.rows import replan_pair
from gateway.plane.table import Shared
from gateway.plane.voices import bit_of
from gateway.plane.words import ROOMS_HIGH

__all__ = [
    "adopt_room",
    "close",
    "leave",
    "leave_all",
    "open_room",
    "play",
    "release_room",
    "sit",
    "stop",
    "tap",
    "untap",
]


@stage
def open_room(t: Shared, index: int) -> int:
    """Open an empty room; 0 or errno."""
    room = room_at(t, index)
    if room["open"]:
        return EINVAL
    room["open"] = 1
    room["worker"] = t["worker"]
    room["first_seat"] = -1
    room["wanted"] = 0
    room["kept"] = 0
    room["first_tap"] = -1
    room["filled"] = 0
    room["speaker"] = -1
    room["speaker_level"] = 0
    room["sound_length"] = 0
    room_opens(t, index)
    t["control"][ROOMS_HIGH] = max(t["control"][ROOMS_HIGH], index + 1)
    return 0


@stage
def close(t: Shared, index: int, now: int) -> int:
    """Close a room: all leave, what it plays ends."""
    room = room_at(t, index)
    if not room["open"]:
        return 0
    while room["first_seat"] >= 0:
        leave(t, room["first_seat"])
    while room["first_tap"] >= 0:
        untap(t, room["first_tap"])
    stop(t, index, now)
    room["open"] = 0
    room_closes(t, index)
    return 0


@stage
def release_room(t: Shared, index: int) -> int:
    """Work a room no more; another loop will."""
    room_at(t, index)["worker"] = -1
    room_closes(t, index)
    return 0


@stage
def adopt_room(t: Shared, index: int) -> int:
    """Work a room from now on, that another loop has let go of."""
    room_at(t, index)["worker"] = t["worker"]
    room_opens(t, index)
    t["control"][ROOMS_HIGH] = max(t["control"][ROOMS_HIGH], index + 1)
    return 0


@stage
def sit(t: Shared, command: np.void, i: int) -> int:
    """Give row `i` a seat, or change the one it has; 0 or errno. Arguments: see commands.SIT."""
    arguments = command["arguments"]
    index, room = arguments[0], arguments[1]
    seat = seat_at(t, index)
    if not room_at(t, room)["open"]:
        return EINVAL
    if not seat["taken"]:
        seat["taken"] = 1
        seat["room"] = room
        seat["row"] = i
        seat["level"] = 0
        seat["talking"] = 0
        seat["run"] = 0
        seat["gives"] = 0
        seat["next_in_room"] = room_at(t, room)["first_seat"]
        room_at(t, room)["first_seat"] = index
        seat["next_of_row"] = row_at(t, i)["first_seat"]
        row_at(t, i)["first_seat"] = index
    elif seat["room"] != room or seat["row"] != i:
        return EINVAL
    seat["talks"] = arguments[2] & 0xFF
    seat["hears"] = (arguments[2] >> 8) & 0xFF
    seat["tells"] = (arguments[2] >> 16) & 0xFF
    seat["through"] = (arguments[2] >> 24) & 0xFF
    seat["gain_in"] = arguments[3]
    seat["gain_out"] = arguments[4]
    seat["gated"] = arguments[5]
    replan_pair(t, i)
    return 0


@stage
def leave(t: Shared, index: int) -> int:
    """Empty a seat; harmless where it is empty."""
    seat = seat_at(t, index)
    if not seat["taken"]:
        return 0
    room, row = room_at(t, seat["room"]), row_at(t, seat["row"])
    if room["speaker"] == seat["row"]:
        room["speaker"] = -1
        room["speaker_level"] = 0
    if room["first_seat"] == index:
        room["first_seat"] = seat["next_in_room"]
    else:
        at = room["first_seat"]
        while seat_at(t, at)["next_in_room"] != index:
            at = seat_at(t, at)["next_in_room"]
        seat_at(t, at)["next_in_room"] = seat["next_in_room"]
    if row["first_seat"] == index:
        row["first_seat"] = seat["next_of_row"]
    else:
        at = row["first_seat"]
        while seat_at(t, at)["next_of_row"] != index:
            at = seat_at(t, at)["next_of_row"]
        seat_at(t, at)["next_of_row"] = seat["next_of_row"]
    seat["taken"] = 0
    replan_pair(t, seat["row"])
    return 0


@stage
def leave_all(t: Shared, i: int) -> None:
    """Row `i` goes: its seats are empty, its taps dry."""
    row = row_at(t, i)
    while row["first_seat"] >= 0:
        leave(t, row["first_seat"])
    while row["first_tap"] >= 0:
        untap(t, row["first_tap"])


@stage
def play(t: Shared, command: np.void, now: int) -> int:
    """Have a room play, in place of what it played. Arguments: see commands.ROOM_PLAY."""
    arguments = command["arguments"]
    index = arguments[0]
    room = room_at(t, index)
    if not room["open"]:
        return EINVAL
    stop(t, index, now)
    room["sound_base"] = arguments[1]
    room["sound_length"] = arguments[2]
    room["sound_loop"] = arguments[3]
    room["sound_rate"] = arguments[5]
    room["sound_position"] = beginning(t, arguments[5], arguments[2], arguments[4])
    room["sound_serial"] = command["serial"]
    return 0


@stage
def stop(t: Shared, index: int, now: int) -> int:
    """End what a room plays, if anything."""
    room = room_at(t, index)
    if room["sound_length"] > 0:
        room["sound_length"] = 0
        emit(t, SOUND_ENDED, 0, 0, room["sound_serial"], STOPPED, 0, now)
    return 0


@stage
def tap(t: Shared, command: np.void, i: int) -> int:
    """Put a tap on row `i`, or on a room; 0 or errno. Arguments: see commands.TAP."""
    arguments = command["arguments"]
    index, number = arguments[0], arguments[7]
    if number >= 0 and not room_at(t, number)["open"]:
        return EINVAL
    made = tap_at(t, index)
    made["base"] = arguments[1]
    made["length"] = arguments[2]
    made["sides"] = arguments[3] & 0xFF
    made["joined"] = arguments[3] >> 8
    made["gain_in"] = arguments[4]
    made["gain_out"] = arguments[5]
    made["rate"] = arguments[6]
    made["written"] = 0
    made["row"] = i
    made["room"] = number
    if number < 0:
        made["next"] = row_at(t, i)["first_tap"]
        row_at(t, i)["first_tap"] = index
        replan_pair(t, i)
    else:
        made["next"] = room_at(t, number)["first_tap"]
        room_at(t, number)["first_tap"] = index
        room_at(t, number)["kept"] |= bit_of(arguments[6])
    return 0


@stage
def untap(t: Shared, index: int) -> int:
    """Take a tap away; harmless where there is none."""
    gone = tap_at(t, index)
    if gone["length"] == 0:
        return 0
    gone["length"] = 0
    i, number = gone["row"], gone["room"]
    if number < 0:
        row = row_at(t, i)
        row["first_tap"] = _without(t, row["first_tap"], index)
        replan_pair(t, i)
        return 0
    room = room_at(t, number)
    room["first_tap"] = _without(t, room["first_tap"], index)
    room["kept"] = 0
    other = room["first_tap"]
    while other >= 0:
        room["kept"] |= bit_of(tap_at(t, other)["rate"])
        other = tap_at(t, other)["next"]
    return 0


@stage
def _without(t: Shared, first: int, index: int) -> int:
    """The first of a list of taps that begins with `first`, once `index` has been taken out of it."""
    if first == index:
        return int(tap_at(t, index)["next"])
    at = first
    while tap_at(t, at)["next"] != index:
        at = tap_at(t, at)["next"]
    tap_at(t, at)["next"] = tap_at(t, index)["next"]
    return first
