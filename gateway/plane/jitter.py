"""The queue between what comes in on one row and the frames that another takes: jitter buffer and concealment.

In go linear samples with their RTP timestamp, in any order and length; out come frames of 160 samples, one a call,
without ever waiting. A sample's place is its timestamp modulo the queue, so reordering, duplicates and any ptime
need no rule of their own. The delay starts at the row's depth; a late packet makes it longer by a frame, a pause
after it was needlessly long makes it shorter by one. What is missing is the last frame again, fading (as in G.711
appendix I, without its pitch search), or comfort noise where the sender said that it falls silent (RFC 3389).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.plane.access import filled_of, last_of, queue_of, row_at
from gateway.plane.compiled import stage
from gateway.plane.libc import memmove, memset
from gateway.plane.table import FRAME, FRAMES, QUEUE_SIZE, Shared

__all__ = ["FRAME_DEPTH", "MAX_DEPTH", "RTP_DEPTH", "put", "reset", "signed", "take"]

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
def reset(t: Shared, i: int) -> None:
    """Forget everything queued; the next sample starts anew."""
    row = row_at(t, i)
    row["queue_ready"] = 0
    row["queue_depth"] = FRAME_DEPTH if row["kind"] == FRAMES else RTP_DEPTH
    row["queue_gaps"] = 0
    row["noise"] = 0
    memset(t["last_frame"] + i * FRAME * 2, 0, FRAME * 2)


@stage
def _start(t: Shared, i: int, timestamp: int) -> None:
    row = row_at(t, i)
    memset(t["queue_filled"] + i * QUEUE_SIZE, 0, QUEUE_SIZE)
    row["queue_ready"] = 1
    row["queue_read"] = (timestamp - row["queue_depth"]) & 0xFFFFFFFF
    row["queue_newest"] = timestamp
    row["queue_margin"] = MAX_DEPTH
    row["queue_frames"] = 0
    row["queue_excess"] = 0
    row["queue_gaps"] = 0


@stage
def put(t: Shared, i: int, samples: NDArray[np.int16], count: int, timestamp: int, talk_start: bool) -> None:
    """Queue `count` samples that came in on row `i`.

    Args:
        timestamp: RTP timestamp of the first.
        talk_start: the marker bit; an empty queue then starts anew with its full depth.
    """
    row = row_at(t, i)
    row["noise"] = 0
    offset = signed(timestamp - row["queue_read"])
    apart = offset < -QUEUE_SIZE or offset + count > QUEUE_SIZE
    empty = signed(row["queue_newest"] - row["queue_read"]) <= 0
    if row["queue_ready"] == 0 or apart or (talk_start and empty and offset >= 0):
        _start(t, i, timestamp)
        offset = row["queue_depth"]
    if offset < 0:
        row["late"] += 1
        if row["queue_depth"] < MAX_DEPTH:
            row["queue_depth"] += FRAME
            row["queue_read"] = (row["queue_read"] - FRAME) & 0xFFFFFFFF
            offset += FRAME
    skip = -offset if offset < 0 else 0
    queue = queue_of(t, i)
    filled = filled_of(t, i)
    for k in range(skip, count):
        place = (timestamp + k) & (QUEUE_SIZE - 1)
        queue[place] = samples[k]
        filled[place] = 1
    end = (timestamp + count) & 0xFFFFFFFF
    if signed(end - row["queue_newest"]) > 0:
        row["queue_newest"] = end


@stage
def _noise(t: Shared, peak: int) -> int:
    """A sample of white noise: the level is what makes silence sound alive, its colour hardly matters."""
    t["random"] = (t["random"] * 1664525 + 1013904223) & 0xFFFFFFFF
    return int((((t["random"] >> 16) - 32768) * peak) >> 15)


@stage
def take(t: Shared, i: int, out: NDArray[np.int16]) -> None:
    """The next 160 samples that came in on row `i`, into `out`; where there is nothing, silence or its noise."""
    row = row_at(t, i)
    noise = row["noise"]
    if row["queue_ready"] == 0:
        for k in range(FRAME):
            out[k] = _noise(t, noise) if noise else 0
        return
    read = row["queue_read"]
    queue = queue_of(t, i)
    filled = filled_of(t, i)
    last = last_of(t, i)
    missing = 0
    peak = 0
    gaps = row["queue_gaps"]
    gain = _FADE[gaps] if gaps < len(_FADE) else 0
    for k in range(FRAME):
        place = (read + k) & (QUEUE_SIZE - 1)
        if filled[place]:
            filled[place] = 0
            out[k] = queue[place]
        else:
            out[k] = _noise(t, noise) if noise else (int(last[k]) * gain) >> 8
            missing += 1
        peak = max(peak, abs(int(out[k])))
    row["queue_read"] = (read + FRAME) & 0xFFFFFFFF
    if missing:
        row["queue_gaps"] = gaps + 1
        if gain > 0 and noise == 0:
            row["concealed"] += 1
    else:
        row["queue_gaps"] = 0
        memmove(last.ctypes.data, out.ctypes.data, FRAME * 2)
    if row["queue_gaps"] >= _STARVED:
        row["queue_ready"] = 0
        memset(last.ctypes.data, 0, FRAME * 2)  # or what was said before a pause would be heard again after it
        return
    _shorten(t, i, peak)


@stage
def _shorten(t: Shared, i: int, peak: int) -> None:
    """Leave out a frame at a pause where the queue has been deeper than it need be for a whole window."""
    row = row_at(t, i)
    margin = signed(row["queue_newest"] - row["queue_read"])
    row["queue_margin"] = min(row["queue_margin"], margin)
    row["queue_frames"] += 1
    start = FRAME_DEPTH if row["kind"] == FRAMES else RTP_DEPTH
    if row["queue_frames"] >= _WINDOW:
        row["queue_excess"] = 1 if row["queue_margin"] > start else 0
        if row["queue_margin"] > start + _TOO_DEEP:
            row["queue_excess"] = 2
        row["queue_margin"] = margin
        row["queue_frames"] = 0
    if row["queue_excess"] == 2 or (row["queue_excess"] == 1 and peak < _QUIET):
        row["queue_excess"] = 0
        row["queue_depth"] = max(row["queue_depth"] - FRAME, start)
        filled = filled_of(t, i)
        for k in range(FRAME):
            filled[(row["queue_read"] + k) & (QUEUE_SIZE - 1)] = 0
        row["queue_read"] = (row["queue_read"] + FRAME) & 0xFFFFFFFF
        row["queue_frames"] = 0
        row["queue_margin"] = signed(row["queue_newest"] - row["queue_read"])
