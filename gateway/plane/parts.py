"""Who has something to do in each part of a tick: rows, kept in lists, and rooms, by their number.

A row stands in the list of its part as long as its stages want the tick (plan.is_ticked), so a tick costs what it
has to do, however many rows there are; and where no part has anything the loop sleeps until the last of them.
A list is copied before its rows are visited: what befalls one of them may take others out, or put them in.
"""

from __future__ import annotations

from gateway.media.compiled import stage
from gateway.plane.access import owners_of, part_of, phases_of, row_at, spots_of, stages_of, visited_of
from gateway.plane.plan import is_ticked
from gateway.plane.table import FRAMES, PHASES, Shared
from gateway.plane.words import WORK

__all__ = ["gather", "is_listed", "leave_part", "phase_of_room", "room_closes", "room_opens", "take_part"]


@stage
def phase_of_room(room: int) -> int:
    """In which part of a tick a room is worked: they are numbered in turn."""
    return room % PHASES


@stage
def take_part(t: Shared, i: int, phase: int) -> None:
    """Row `i` belongs to a part of the tick: have it visited there, if its stages want that."""
    spots = spots_of(t)
    ours = owners_of(t)[i] == t["worker"]
    wants = ours and is_ticked(row_at(t, i)["kind"] == FRAMES, stages_of(t)[i])
    if spots[i] != 0 and (not wants or phases_of(t)[i] != phase):
        leave_part(t, i)
    phases_of(t)[i] = phase
    if wants and spots[i] == 0:
        count = t["listed"][phase]
        part_of(t, phase)[count] = i
        spots[i] = count + 1
        t["listed"][phase] = count + 1
        _note(t, phase)


@stage
def leave_part(t: Shared, i: int) -> None:
    """Row `i` is not to be visited any more; harmless where it is not."""
    spots = spots_of(t)
    if spots[i] == 0:
        return
    phase = phases_of(t)[i]
    part = part_of(t, phase)
    last = part[t["listed"][phase] - 1]
    part[spots[i] - 1] = last
    spots[last] = spots[i]
    spots[i] = 0
    t["listed"][phase] -= 1
    _note(t, phase)


@stage
def room_opens(t: Shared, room: int) -> None:
    """This loop works one more room."""
    t["halls"][phase_of_room(room)] += 1
    _note(t, phase_of_room(room))


@stage
def room_closes(t: Shared, room: int) -> None:
    """And one less."""
    t["halls"][phase_of_room(room)] -= 1
    _note(t, phase_of_room(room))


@stage
def _note(t: Shared, phase: int) -> None:
    """Note whether a part of the tick has something to do."""
    if t["listed"][phase] + t["halls"][phase] > 0:
        t["control"][WORK] |= 1 << phase
    else:
        t["control"][WORK] &= ~(1 << phase)


@stage
def gather(t: Shared, phase: int) -> int:
    """Copy the rows of a part to `visited_of`; returns how many they are."""
    count = t["listed"][phase]
    part, visited = part_of(t, phase), visited_of(t)
    for k in range(count):
        visited[k] = part[k]
    return int(count)


@stage
def is_listed(t: Shared, i: int, phase: int) -> bool:
    """Whether row `i` stands in that part still."""
    return bool(spots_of(t)[i] != 0 and phases_of(t)[i] == phase)
