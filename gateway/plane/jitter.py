"""The queue between samples as they come and the frames that another clock takes: jitter buffer and concealment.

In go linear samples with their RTP timestamp, in any order and length; out come frames of 160 samples, one a call,
without ever waiting. A sample's place is its timestamp modulo the queue, so reordering, duplicates and any ptime
need no rule of their own. The delay starts at the queue's depth; a late packet makes it longer by a frame, a pause
after it was needlessly long makes it shorter by one. What is missing is the last frame again, fading (as in G.711
appendix I, without its pitch search), or comfort noise where the sender said that it falls silent (RFC 3389).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.plane.access import filled_of, last_of, queue_at, samples_of
from gateway.plane.compiled import stage
from gateway.plane.libc import memmove, memset
from gateway.plane.table import FRAME, QUEUE_SIZE, Shared

__all__ = ["FRAME_DEPTH", "MAX_DEPTH", "RTP_DEPTH", "put", "put_frame", "reset", "signed", "take"]

RTP_DEPTH: Final = 2 * FRAME
"""40 ms: what a packet may be late by at first."""
FRAME_DEPTH: Final = FRAME
"""20 ms for rows clocked by their descriptor: two devices differ in phase alone."""
MAX_DEPTH: Final = 10 * FRAME
"""200 ms: beyond that, losing is better than waiting (G.114)."""

_WINDOW: Final = 100
"""Frames (2 s) over which the least margin is taken before the delay is made shorter."""
_TOO_DEEP: Final = 5 * FRAME
"""100 ms over the depth: shorten without waiting for a pause (the clocks drift and nobody pauses)."""
_QUIET: Final = 500
"""Peak, about -36 dBm0, below which a frame may be left out unheard."""
_STARVED: Final = 10
"""Frames (200 ms) without a sample after which the delay is measured anew when samples come again."""
_FADE: Final = (230, 180, 120, 60, 20)
"""Gain, of 256, of the last frame in each frame that has a gap; then silence."""


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
    memset(t["last_frame"] + i * FRAME * 2, 0, FRAME * 2)


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
    noise = queue["noise"]
    if queue["ready"] == 0:
        for k in range(FRAME):
            out[k] = _noise(t, noise) if noise else 0
        return
    read = queue["read"]
    kept = samples_of(t, i)
    filled = filled_of(t, i)
    last = last_of(t, i)
    missing = 0
    peak = 0
    gaps = queue["gaps"]
    gain = _FADE[gaps] if gaps < len(_FADE) else 0
    for k in range(FRAME):
        place = (read + k) & (QUEUE_SIZE - 1)
        if filled[place]:
            filled[place] = 0
            out[k] = kept[place]
        else:
            out[k] = _noise(t, noise) if noise else (int(last[k]) * gain) >> 8
            missing += 1
        peak = max(peak, abs(int(out[k])))
    queue["read"] = (read + FRAME) & 0xFFFFFFFF
    if missing:
        queue["gaps"] = gaps + 1
        if gain > 0 and noise == 0:
            queue["concealed"] += 1
    else:
        queue["gaps"] = 0
        memmove(last.ctypes.data, out.ctypes.data, FRAME * 2)
    if queue["gaps"] >= _STARVED:
        queue["ready"] = 0
        memset(last.ctypes.data, 0, FRAME * 2)  # or what was said before a pause would be heard again after it
        return
    _shorten(t, i, peak)


@stage
def _shorten(t: Shared, i: int, peak: int) -> None:
    """Leave out a frame at a pause where the queue has been deeper than it need be for a whole window."""
    queue = queue_at(t, i)
    margin = signed(queue["newest"] - queue["read"])
    queue["margin"] = min(queue["margin"], margin)
    queue["frames"] += 1
    start = queue["least"]
    if queue["frames"] >= _WINDOW:
        queue["excess"] = 1 if queue["margin"] > start else 0
        if queue["margin"] > start + _TOO_DEEP:
            queue["excess"] = 2
        queue["margin"] = margin
        queue["frames"] = 0
    if queue["excess"] == 2 or (queue["excess"] == 1 and peak < _QUIET):
        queue["excess"] = 0
        queue["depth"] = max(queue["depth"] - FRAME, start)
        filled = filled_of(t, i)
        for k in range(FRAME):
            filled[(queue["read"] + k) & (QUEUE_SIZE - 1)] = 0
        queue["read"] = (queue["read"] + FRAME) & 0xFFFFFFFF
        queue["frames"] = 0
        queue["margin"] = signed(queue["newest"] - queue["read"])
