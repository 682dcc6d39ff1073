"""The queue between samples as they come and the frames that another clock takes: jitter buffer and concealment.

In go linear samples with their RTP timestamp, in any order and length; out come frames of 20 ms, one a call,
without ever waiting. Places are counted 8000 a second; a place holds one sample, or the two of a wide queue (16000
a second), which lie in two planes. A place is its timestamp modulo the queue, so reordering, duplicates and any
ptime need no rule of their own. The delay starts at the queue's depth; a late packet makes it longer by a frame, a
pause after it was needlessly long makes it shorter by one, and where two clocks drift apart a pitch period is taken
out or put in. What is missing is made up (conceal.py), or comfort noise where the sender said that it falls silent
(RFC 3389).

A queue of modem signals (V.152) is fixed: its delay is never made shorter or fitted to another clock, and what is
missing is silence, for whatever is made up would be taken for data.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.media.compiled import stage
from gateway.plane.access import filled_of, past_of, queue_at, row_at, samples_of, stages_of
from gateway.plane.conceal import blend_length, made_up, pitch_of
from gateway.plane.libc import memmove, memset
from gateway.plane.noise import noise_sample
from gateway.plane.octets import signed
from gateway.plane.pace import MAX_DEPTH, fit, watch_depth
from gateway.plane.places import copy_places, empty_places, forget_past, is_whole, plane_of, tell_past, tell_past_of
from gateway.plane.plan import CLOCKED
from gateway.plane.table import FRAME, PAST, QUEUE_SIZE, WIDE, Shared

__all__ = ["put", "put_frame", "reset", "take"]

_STARVED: Final = 10
"""Frames (200 ms) without a sample after which the delay is measured anew when samples come again."""
_HEARD: Final = 3
"""Frames in a row (60 ms) in which something is made up; then silence."""


@stage
def reset(t: Shared, i: int, depth: int) -> None:
    """Forget everything queued in queue `i`; the next sample starts anew, `depth` places before it is taken.

    It is wide where the tick takes what comes in on a row of 16000 Hz.
    """
    queue = queue_at(t, i)
    is_clocked = i < t["row_count"] and stages_of(t)[i] & CLOCKED
    queue["wide"] = 1 if is_clocked and row_at(t, i)["rate"] == WIDE else 0
    queue["ready"] = 0
    queue["least"] = depth
    queue["depth"] = depth
    queue["gaps"] = 0
    queue["noise"] = 0
    queue["made"] = 0
    queue["blend"] = 0
    queue["drift"] = 0
    queue["tone_from"] = 0
    queue["tone_to"] = 0
    queue["toned"] = 0
    forget_past(t, i)


@stage
def _start(t: Shared, i: int, timestamp: int) -> None:
    queue = queue_at(t, i)
    tell_past(t, i)
    memset(t["queue_filled"] + i * QUEUE_SIZE, 0, QUEUE_SIZE)
    queue["ready"] = 1
    queue["read"] = (timestamp - queue["depth"]) & 0xFFFFFFFF
    queue["newest"] = timestamp
    queue["margin"] = MAX_DEPTH
    queue["frames"] = 0
    queue["excess"] = 0
    queue["gaps"] = 0


@stage
def put(t: Shared, i: int, samples: NDArray[np.int16], count: int, timestamp: int, talk_start: bool) -> None:
    """Put the samples of `count` places into queue `i`.

    Args:
        timestamp: the place of the first.
        talk_start: the marker bit; an empty queue then starts anew with its full depth.
    """
    queue = queue_at(t, i)
    queue["noise"] = 0
    offset = signed(timestamp - queue["read"])
    apart = offset < -QUEUE_SIZE or offset + count > QUEUE_SIZE - PAST
    empty = signed(queue["newest"] - queue["read"]) <= 0
    if queue["ready"] == 0 or apart or (talk_start and empty and offset >= 0):
        _start(t, i, timestamp)
        offset = queue["depth"]
    if offset < 0:
        queue["late"] += 1
        if queue["depth"] < MAX_DEPTH:
            tell_past(t, i)
            queue["depth"] += FRAME
            queue["read"] = (queue["read"] - FRAME) & 0xFFFFFFFF
            offset += FRAME
    skip = min(-offset, count) if offset < 0 else 0
    place = (timestamp + skip) & (QUEUE_SIZE - 1)
    first = min(count - skip, QUEUE_SIZE - place)
    _keep(t, i, samples, skip, place, first)
    _keep(t, i, samples, skip + first, 0, count - skip - first)
    end = (timestamp + count) & 0xFFFFFFFF
    if signed(end - queue["newest"]) > 0:
        queue["newest"] = end
    if i < t["row_count"] and row_at(t, i)["detecting"] and row_at(t, i)["tone"]:
        _mark_tone(t, i, timestamp, end)


@stage
def _mark_tone(t: Shared, i: int, start: int, end: int) -> None:
    """The places from `start` to `end` have a digit's tone, and so has the frame before: it was heard that late."""
    queue = queue_at(t, i)
    if signed(queue["tone_to"] - queue["read"]) <= 0:
        queue["tone_from"] = (start - FRAME) & 0xFFFFFFFF
    queue["tone_to"] = end


@stage
def _keep(t: Shared, i: int, samples: NDArray[np.int16], start: int, place: int, count: int) -> None:
    """Write `count` places from the `start`th of `samples` on, without a wrap."""
    if count == 0:
        return
    first = samples_of(t, i, 0)
    memset(filled_of(t, i).ctypes.data + place, 1, count)
    if not queue_at(t, i)["wide"]:
        memmove(first.ctypes.data + 2 * place, samples.ctypes.data + 2 * start, 2 * count)
        return
    second = samples_of(t, i, 1)
    for k in range(count):
        first[place + k] = samples[2 * (start + k)]
        second[place + k] = samples[2 * (start + k) + 1]


@stage
def put_frame(t: Shared, i: int, samples: NDArray[np.int16]) -> None:
    """Put the next 160 samples into queue `i`, by a clock of its own."""
    queue = queue_at(t, i)
    put(t, i, samples, FRAME, queue["clock"], False)
    queue["clock"] = (queue["clock"] + FRAME) & 0xFFFFFFFF


@stage
def take(t: Shared, i: int, out: NDArray[np.int16]) -> None:
    """The next 20 ms of queue `i`, into `out`; where there is nothing, silence or its noise."""
    queue = queue_at(t, i)
    queue["toned"] = _has_tone(t, i)
    if queue["ready"] == 0:
        for k in range(FRAME * (1 + queue["wide"])):
            out[k] = noise_sample(t, queue["noise"]) if queue["noise"] else 0
        return
    if not queue["wide"]:
        _take_planes(t, i, out)
        return
    planes = t["planes"][:]
    _take_planes(t, i, planes)
    for k in range(FRAME):
        out[2 * k] = planes[k]
        out[2 * k + 1] = planes[FRAME + k]


@stage
def _has_tone(t: Shared, i: int) -> int:
    """1 where the next frame of queue `i` has some of a digit's tone."""
    queue = queue_at(t, i)
    begun = signed(queue["read"] + FRAME - queue["tone_from"]) > 0
    return 1 if begun and signed(queue["tone_to"] - queue["read"]) > 0 else 0


@stage
def _take_planes(t: Shared, i: int, out: NDArray[np.int16]) -> None:
    """The next 160 places of queue `i`, one plane after the other."""
    queue = queue_at(t, i)
    if queue["drift"] != 0 and fit(t, i, out):
        return
    if queue["made"] == 0 and is_whole(t, i, FRAME):
        _read_whole(t, i, out)
        queue["gaps"] = 0
    elif _read(t, i, out) == 0:
        queue["gaps"] = 0
    else:
        queue["gaps"] += 1
        if queue["made"] > 0 and queue["gaps"] <= _HEARD:
            queue["concealed"] += 1
    queue["read"] = (queue["read"] + FRAME) & 0xFFFFFFFF
    if queue["gaps"] >= _STARVED:
        queue["ready"] = 0
        queue["made"] = 0
        queue["blend"] = 0
        forget_past(t, i)  # or what was said before a pause would be heard after it
    elif not queue["fixed"]:
        watch_depth(t, i, out)


@stage
def _read_whole(t: Shared, i: int, out: NDArray[np.int16]) -> None:
    """Take 160 places that are all there."""
    for plane in range(1 + queue_at(t, i)["wide"]):
        copy_places(t, i, plane, plane_of(out, plane), FRAME)
    empty_places(t, i, FRAME)
    queue_at(t, i)["untold"] = min(queue_at(t, i)["untold"] + FRAME, PAST)


@stage
def _read(t: Shared, i: int, out: NDArray[np.int16]) -> int:
    """Take 160 places, and make up those that are missing; returns how many those are."""
    queue = queue_at(t, i)
    filled = filled_of(t, i)
    tell_past(t, i)
    planes = 1 + queue["wide"]
    missing = 0
    mute = False
    since = 0  # from here on the past has not been told
    for k in range(FRAME):
        place = (queue["read"] + k) & (QUEUE_SIZE - 1)
        if filled[place]:
            filled[place] = 0
            _take_place(t, i, place, out, k)
            continue
        missing += 1
        if queue["fixed"] or queue["noise"]:
            for plane in range(planes):
                plane_of(out, plane)[k] = 0 if queue["fixed"] else noise_sample(t, queue["noise"])
            continue
        if queue["blend"] > 0:  # another gap before the last one was over
            queue["made"] += blend_length(queue["pitch"], queue["made"]) - queue["blend"]
            queue["blend"] = 0
        if queue["made"] == 0 and not mute:
            for plane in range(planes):
                tell_past_of(t, i, plane, plane_of(out, plane), since, k)
            since = k
            queue["pitch"] = pitch_of(past_of(t, i, 0))
            mute = queue["pitch"] == 0
        for plane in range(planes):
            # Where nothing has been heard there is nothing that could go on.
            made = 0 if mute else made_up(past_of(t, i, plane), queue["pitch"], queue["made"])
            plane_of(out, plane)[k] = made
        if not mute:
            queue["made"] += 1
    if queue["made"] == 0:
        for plane in range(planes):
            tell_past_of(t, i, plane, plane_of(out, plane), since, FRAME)
    return missing


@stage
def _take_place(t: Shared, i: int, place: int, out: NDArray[np.int16], k: int) -> None:
    """Take what is at a place as the `k`th of a frame; what was made up before it goes on below it, and fades."""
    queue = queue_at(t, i)
    planes = 1 + queue["wide"]
    if queue["made"] == 0:
        for plane in range(planes):
            plane_of(out, plane)[k] = samples_of(t, i, plane)[place]
        return
    length = blend_length(queue["pitch"], queue["made"])
    if queue["blend"] == 0:
        queue["blend"] = length
    done = length - queue["blend"]
    for plane in range(planes):
        made = made_up(past_of(t, i, plane), queue["pitch"], queue["made"] + done)
        real = int(samples_of(t, i, plane)[place])
        plane_of(out, plane)[k] = made + (real - made) * (done + 1) // (length + 1)
    queue["blend"] -= 1
    if queue["blend"] == 0:
        queue["made"] = 0
