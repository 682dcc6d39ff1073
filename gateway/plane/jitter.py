"""The queue between samples as they come and the frames that another clock takes: jitter buffer and concealment.

In go linear samples with their RTP timestamp, in any order and length; out come frames of 160 samples, one a call,
without ever waiting. A sample's place is its timestamp modulo the queue, so reordering, duplicates and any ptime
need no rule of their own. The delay starts at the queue's depth; a late packet makes it longer by a frame, a pause
after it was needlessly long makes it shorter by one, and where two clocks drift apart a pitch period is taken out
or put in. What is missing is made up (conceal.py), or comfort noise where the sender said that it falls silent
(RFC 3389).

A queue of modem signals (V.152) is fixed: its delay is never made shorter or fitted to another clock, and what is
missing is silence, for whatever is made up would be taken for data.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.media.compiled import stage
from gateway.plane.access import filled_of, past_of, queue_at, samples_of
from gateway.plane.conceal import LONGEST_PITCH, SHORTEST_PITCH, blend_length, made_up, pitch_of, remember, stretch
from gateway.plane.libc import memset
from gateway.plane.table import FRAME, PAST, QUEUE_SIZE, Shared

__all__ = [
    "FRAME_DEPTH",
    "MAX_DEPTH",
    "RTP_DEPTH",
    "VOICEBAND_DEPTH",
    "put",
    "put_frame",
    "reset",
    "signed",
    "take",
]

RTP_DEPTH: Final = 2 * FRAME
"""40 ms: what a packet may be late by at first."""
FRAME_DEPTH: Final = FRAME
"""20 ms for rows clocked by their descriptor: two devices differ in phase alone."""
VOICEBAND_DEPTH: Final = 5 * FRAME
"""100 ms where modems talk: nobody minds the delay, and the network, or a device that is a program, may be late by
that once and for all."""
MAX_DEPTH: Final = 10 * FRAME
"""200 ms: beyond that, losing is better than waiting (G.114)."""

_WINDOW: Final = 100
"""Frames (2 s) over which the least margin is taken before the delay is made shorter."""
_TOO_DEEP: Final = 5 * FRAME
"""100 ms over the depth: a burst after a stall, made good as fast as speech can be shortened unheard."""
_SHORT_WINDOW: Final = 5
"""Frames of a window where it is too deep."""
_QUIET: Final = 500
"""Peak, about -36 dBm0, below which a frame may be left out unheard."""
_STARVED: Final = 10
"""Frames (200 ms) without a sample after which the delay is measured anew when samples come again."""
_HEARD: Final = 3
"""Frames in a row (60 ms) in which something is made up; then silence."""


@stage
def signed(difference: int) -> int:
    """The difference of two 32-bit timestamps, as -2^31..2^31-1."""
    return ((difference + 0x80000000) & 0xFFFFFFFF) - 0x80000000


@stage
def reset(t: Shared, i: int, depth: int) -> None:
    """Forget everything queued in queue `i`; the next sample starts anew, `depth` samples before it is taken."""
    queue = queue_at(t, i)
    queue["ready"] = 0
    queue["least"] = depth
    queue["depth"] = depth
    queue["gaps"] = 0
    queue["noise"] = 0
    queue["made"] = 0
    queue["blend"] = 0
    queue["drift"] = 0
    memset(t["past"] + i * PAST * 2, 0, PAST * 2)


@stage
def _start(t: Shared, i: int, timestamp: int) -> None:
    queue = queue_at(t, i)
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
    """Put `count` samples into queue `i`.

    Args:
        timestamp: RTP timestamp of the first.
        talk_start: the marker bit; an empty queue then starts anew with its full depth.
    """
    queue = queue_at(t, i)
    queue["noise"] = 0
    offset = signed(timestamp - queue["read"])
    apart = offset < -QUEUE_SIZE or offset + count > QUEUE_SIZE
    empty = signed(queue["newest"] - queue["read"]) <= 0
    if queue["ready"] == 0 or apart or (talk_start and empty and offset >= 0):
        _start(t, i, timestamp)
        offset = queue["depth"]
    if offset < 0:
        queue["late"] += 1
        if queue["depth"] < MAX_DEPTH:
            queue["depth"] += FRAME
            queue["read"] = (queue["read"] - FRAME) & 0xFFFFFFFF
            offset += FRAME
    skip = -offset if offset < 0 else 0
    kept = samples_of(t, i)
    filled = filled_of(t, i)
    for k in range(skip, count):
        place = (timestamp + k) & (QUEUE_SIZE - 1)
        kept[place] = samples[k]
        filled[place] = 1
    end = (timestamp + count) & 0xFFFFFFFF
    if signed(end - queue["newest"]) > 0:
        queue["newest"] = end


@stage
def put_frame(t: Shared, i: int, samples: NDArray[np.int16]) -> None:
    """Put the next 160 samples into queue `i`, by a clock of its own."""
    queue = queue_at(t, i)
    put(t, i, samples, FRAME, queue["clock"], False)
    queue["clock"] = (queue["clock"] + FRAME) & 0xFFFFFFFF


@stage
def _noise(t: Shared, peak: int) -> int:
    """A sample of white noise: the level is what makes silence sound alive, its colour hardly matters."""
    t["random"] = (t["random"] * 1664525 + 1013904223) & 0xFFFFFFFF
    return int((((t["random"] >> 16) - 32768) * peak) >> 15)


@stage
def take(t: Shared, i: int, out: NDArray[np.int16]) -> None:
    """The next 160 samples of queue `i`, into `out`; where there is nothing, silence or its noise."""
    queue = queue_at(t, i)
    if queue["ready"] == 0:
        for k in range(FRAME):
            out[k] = _noise(t, queue["noise"]) if queue["noise"] else 0
        return
    if queue["drift"] != 0 and _fit(t, i, out):
        return
    missing = _read(t, i, out)
    queue["read"] = (queue["read"] + FRAME) & 0xFFFFFFFF
    if missing == 0:
        queue["gaps"] = 0
    else:
        queue["gaps"] += 1
        if queue["made"] > 0 and queue["gaps"] <= _HEARD:
            queue["concealed"] += 1
    if queue["gaps"] >= _STARVED:
        queue["ready"] = 0
        queue["made"] = 0
        queue["blend"] = 0
        memset(t["past"] + i * PAST * 2, 0, PAST * 2)  # or what was said before a pause would be heard after it
        return
    if queue["fixed"]:
        return
    peak = 0
    for k in range(FRAME):
        peak = max(peak, abs(int(out[k])))
    _watch_depth(t, i, peak)


@stage
def _read(t: Shared, i: int, out: NDArray[np.int16]) -> int:
    """Take 160 samples from their places, and make up those that are missing; returns how many those are."""
    queue = queue_at(t, i)
    kept, filled, past = samples_of(t, i), filled_of(t, i), past_of(t, i)
    missing = 0
    mute = False
    since = 0  # from here on `past` has not been told
    for k in range(FRAME):
        place = (queue["read"] + k) & (QUEUE_SIZE - 1)
        if filled[place]:
            filled[place] = 0
            out[k] = kept[place]
            if queue["made"] > 0:
                if queue["blend"] == 0:
                    queue["blend"] = blend_length(queue["pitch"], queue["made"])
                out[k] = _blended(t, i, int(out[k]))
            continue
        missing += 1
        if queue["fixed"]:
            out[k] = 0
            continue
        if queue["noise"]:
            out[k] = _noise(t, queue["noise"])
            continue
        if queue["blend"] > 0:  # another gap before the last one was over
            queue["made"] += blend_length(queue["pitch"], queue["made"]) - queue["blend"]
            queue["blend"] = 0
        if queue["made"] == 0 and not mute:
            remember(past, out, since, k)
            since = k
            queue["pitch"] = pitch_of(past)
            mute = queue["pitch"] == 0
        if mute:
            out[k] = 0  # nothing has been heard that could go on
            continue
        out[k] = made_up(past, queue["pitch"], queue["made"])
        queue["made"] += 1
    if queue["made"] == 0:
        remember(past, out, since, FRAME)
    return missing


@stage
def _blended(t: Shared, i: int, real: int) -> int:
    """A real sample after others were made up: these go on below it for a while, and fade."""
    queue = queue_at(t, i)
    length = blend_length(queue["pitch"], queue["made"])
    done = length - queue["blend"]
    made = made_up(past_of(t, i), queue["pitch"], queue["made"] + done)
    queue["blend"] -= 1
    if queue["blend"] == 0:
        queue["made"] = 0
    return int(made + (real - made) * (done + 1) // (length + 1))


@stage
def _is_whole(t: Shared, i: int, count: int) -> bool:
    """Whether the next `count` samples of queue `i` have all come."""
    filled = filled_of(t, i)
    for k in range(count):
        if not filled[(queue_at(t, i)["read"] + k) & (QUEUE_SIZE - 1)]:
            return False
    return True


@stage
def _fit(t: Shared, i: int, out: NDArray[np.int16]) -> bool:
    """Let the next frame be made of a pitch period more or less than 160 samples, so that the queue keeps up with a
    clock that is not ours; False where that cannot be done now."""
    queue = queue_at(t, i)
    longer = queue["drift"] < 0
    if queue["made"] != 0 or not _is_whole(t, i, FRAME if longer else FRAME + LONGEST_PITCH):
        return False
    kept, filled, past = samples_of(t, i), filled_of(t, i), past_of(t, i)
    pitch = max(pitch_of(past), SHORTEST_PITCH)
    work = t["work"]
    read = queue["read"]
    for k in range(FRAME if longer else FRAME + pitch):
        work[k] = kept[(read + k) & (QUEUE_SIZE - 1)]
    stretch(work, pitch, longer, out)
    used = FRAME - pitch if longer else FRAME + pitch
    for k in range(used):
        filled[(read + k) & (QUEUE_SIZE - 1)] = 0
    queue["read"] = (read + used) & 0xFFFFFFFF
    queue["gaps"] = 0
    queue["drift"] = 0
    queue["fitted"] += 1
    queue["frames"] = 0
    queue["margin"] = MAX_DEPTH
    remember(past, out, 0, FRAME)
    return True


@stage
def _watch_depth(t: Shared, i: int, peak: int) -> None:
    """See by its least margin in a window whether the queue is deeper than it need be, or will run dry before long.

    A frame is left out at a pause, where nobody misses it; while somebody talks a pitch period at a time.
    """
    queue = queue_at(t, i)
    margin = signed(queue["newest"] - queue["read"])
    queue["margin"] = min(queue["margin"], margin)
    queue["frames"] += 1
    start = queue["least"]
    window = _SHORT_WINDOW if margin > start + _TOO_DEEP else _WINDOW
    if queue["frames"] >= window:
        queue["excess"] = 1 if queue["margin"] > start else 0
        queue["drift"] = 0
        if queue["margin"] > start + LONGEST_PITCH:
            queue["drift"] = 1
        elif queue["margin"] < start // 4 and queue["gaps"] == 0:
            queue["drift"] = -1
        queue["margin"] = margin
        queue["frames"] = 0
    if queue["excess"] and peak < _QUIET:
        queue["excess"] = 0
        queue["drift"] = 0
        queue["depth"] = max(queue["depth"] - FRAME, start)
        filled = filled_of(t, i)
        for k in range(FRAME):
            filled[(queue["read"] + k) & (QUEUE_SIZE - 1)] = 0
        queue["read"] = (queue["read"] + FRAME) & 0xFFFFFFFF
        queue["frames"] = 0
        queue["margin"] = signed(queue["newest"] - queue["read"])
