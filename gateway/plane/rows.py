"""What befalls a row as a whole, for the other stages: its plan renewed, its sounds ended, its join undone, lost.

Works on the tables alone. A row that is lost stays in its place, silent, until control removes it.
"""

from __future__ import annotations

from gateway.media.compiled import stage
from gateway.plane.access import queue_at, row_at, seat_at, stages_of
from gateway.plane.coding import alike, is_streaming
from gateway.plane.events import ROW_LOST, SOUND_ENDED, SOUND_LOST, emit
from gateway.plane.interest import leave_epoll
from gateway.plane.jitter import reset
from gateway.plane.pace import FRAME_DEPTH, RTP_DEPTH, VOICEBAND_DEPTH
from gateway.plane.parts import phase_of_room, take_part
from gateway.plane.plan import CLOCKED, QUEUE, plan
from gateway.plane.table import ACTIVE, FRAMES, LOST, PAUSING, PHASES, WIDE, Shared
from gateway.plane.voices import forget_voices

__all__ = [
    "end_sound",
    "end_sounds",
    "forget",
    "lose",
    "number_anew",
    "part",
    "replan",
    "replan_pair",
    "set_voiceband",
]


@stage
def replan(t: Shared, i: int) -> None:
    """Work out anew which stages row `i` takes."""
    row = row_at(t, i)
    if row["state"] != ACTIVE:
        stages_of(t)[i] = 0
        take_part(t, i, _phase(t, i))
        return
    peer = row["peer"]
    before = stages_of(t)[i]
    stages_of(t)[i] = plan(
        row["kind"] == FRAMES,
        peer >= 0,
        peer >= 0 and row_at(t, peer)["kind"] == FRAMES,
        row["echo"] != 0,
        row["sound_length"][0] + row["sound_length"][1] > 0,
        row["digits_written"] != row["digits_read"],
        row["detecting"] != 0,
        row["capture_length"] > 0,
        row["event_code"] >= 0,
        row["disarmed"] != 0,
        peer >= 0 and row_at(t, peer)["event_type"] >= 0,
        _watched(t, i) or (peer >= 0 and _watched(t, peer)),
        _mixed(t, i),
        peer >= 0 and _mixed(t, peer),
        _can_pass(t, i, peer),
        row["canceller"] != 0,
        row["faxing"] != 0,
        row["voiceband"] != 0,
        row["silent"] == PAUSING and peer >= 0 and row_at(t, peer)["noise_type"] < 0,
    )
    take_part(t, i, _phase(t, i))
    # A queue that was left alone for a while holds what nobody wants any more; a wide one only the tick can take.
    fresh = stages_of(t)[i] & ~before
    changes_width = row["rate"] == WIDE and (stages_of(t)[i] ^ before) & CLOCKED
    if fresh & QUEUE or changes_width:
        reset(t, i, _depth(t, i))
    if fresh & CLOCKED:
        _forget_device(t, i)
        forget_voices(t, i)


@stage
def _phase(t: Shared, i: int) -> int:
    """In which part of a tick row `i` is worked: with its room, with its peer and its peer's, or by its number."""
    peer = row_at(t, i)["peer"]
    seat = row_at(t, i)["first_seat"]
    if seat < 0 and peer >= 0:
        seat = row_at(t, peer)["first_seat"]
    if seat >= 0:
        return phase_of_room(seat_at(t, seat)["room"])
    return (min(i, peer) if peer >= 0 else i) % PHASES


@stage
def replan_pair(t: Shared, i: int) -> None:
    """Work out anew the stages of row `i` and of its peer, if it has one."""
    replan(t, i)
    if row_at(t, i)["peer"] >= 0:
        replan(t, row_at(t, i)["peer"])


@stage
def _watched(t: Shared, i: int) -> bool:
    """Whether row `i` sits in a room or is tapped."""
    return bool(row_at(t, i)["first_seat"] >= 0 or row_at(t, i)["first_tap"] >= 0)


@stage
def _mixed(t: Shared, i: int) -> bool:
    """Whether row `i` hears a bus of a room, by a seat of its own or through its peer's."""
    row = row_at(t, i)
    seat = row["first_seat"]
    while seat >= 0:
        if seat_at(t, seat)["hears"] != 0:
            return True
        seat = seat_at(t, seat)["next_of_row"]
    seat = row_at(t, row["peer"])["first_seat"] if row["peer"] >= 0 else -1
    while seat >= 0:
        if seat_at(t, seat)["through"] != 0:
            return True
        seat = seat_at(t, seat)["next_of_row"]
    return False


@stage
def _depth(t: Shared, i: int) -> int:
    if row_at(t, i)["voiceband"]:
        return VOICEBAND_DEPTH
    return FRAME_DEPTH if row_at(t, i)["kind"] == FRAMES else RTP_DEPTH


@stage
def _can_pass(t: Shared, i: int, peer: int) -> bool:
    """Whether packets of row `i` may go on to its peer undecoded."""
    row = row_at(t, i)
    if peer < 0 or row["kind"] == FRAMES or row_at(t, peer)["kind"] == FRAMES:
        return True
    # Tones can be cut out of what is decoded, or of samples that stand for themselves.
    mute = row["detecting"] != 0 and row["voiceband"] == 0 and row_at(t, peer)["event_type"] >= 0
    return alike(t, i, peer) and not (mute and is_streaming(row["encoding"]))


@stage
def end_sound(t: Shared, i: int, player: int, how: int, now: int) -> None:
    """End what `player` of row `i` plays, if anything, and say how; the caller renews the plan."""
    row = row_at(t, i)
    if row["sound_length"][player] == 0:
        return
    row["sound_length"][player] = 0
    emit(t, SOUND_ENDED, i, row["generation"], row["sound_serial"][player], how, 0, now)


@stage
def end_sounds(t: Shared, i: int, how: int, now: int) -> None:
    """End both players of row `i`."""
    end_sound(t, i, 0, how, now)
    end_sound(t, i, 1, how, now)


@stage
def forget(t: Shared, i: int) -> None:
    """Empty the queues of row `i`."""
    reset(t, i, _depth(t, i))
    _forget_device(t, i)


@stage
def _forget_device(t: Shared, i: int) -> None:
    """Empty the queue of what is sent to the device of row `i`, if it has one."""
    if row_at(t, i)["kind"] == FRAMES:
        reset(t, t["row_count"] + i, FRAME_DEPTH)


@stage
def set_voiceband(t: Shared, i: int, on: bool) -> None:
    """Carry what comes in on row `i` as the signals of modems, or as speech again; its queues begin anew."""
    if (row_at(t, i)["voiceband"] != 0) == on:
        return
    row_at(t, i)["voiceband"] = 1 if on else 0
    queue_at(t, i)["fixed"] = 1 if on else 0
    queue_at(t, t["row_count"] + i)["fixed"] = 1 if on else 0
    forget(t, i)


@stage
def number_anew(t: Shared, i: int) -> None:
    """What another row sends on to row `i` next follows upon what was sent last: what was not meant for its peer
    meanwhile is no loss (RFC 3550 6.4.1 counts every number that is missing)."""
    row = row_at(t, i)
    if row["feed"] > 0:
        row["feed"] = 0


@stage
def part(t: Shared, i: int) -> None:
    """Undo the join or echo of row `i`, on both sides."""
    row = row_at(t, i)
    peer = row["peer"]
    row["peer"] = -1
    row["echo"] = 0
    number_anew(t, i)
    forget(t, i)
    if peer >= 0:
        row_at(t, peer)["peer"] = -1
        number_anew(t, peer)
        forget(t, peer)
        replan(t, peer)
    replan(t, i)


@stage
def lose(t: Shared, i: int, error: int, now: int) -> None:
    """The descriptor of row `i` has failed for good, or does nothing but harm: leave it alone from now on."""
    row = row_at(t, i)
    if row["state"] != ACTIVE:
        return
    leave_epoll(t, i)
    part(t, i)
    row["state"] = LOST
    row["capture_length"] = 0
    end_sounds(t, i, SOUND_LOST, now)
    emit(t, ROW_LOST, i, row["generation"], 0, error, 0, now)
    replan(t, i)
