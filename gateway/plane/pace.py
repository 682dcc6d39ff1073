"""How a queue keeps pace with a network that is late at times, and with a clock that drifts.

The delay is made shorter where its least margin in a window says that it is needlessly long: by a frame in a pause,
where nobody misses it, and by a pitch period while somebody talks; and longer by one where it would run dry.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.media.compiled import stage
from gateway.plane.access import past_of, queue_at
from gateway.plane.conceal import LONGEST_PITCH, SHORTEST_PITCH, pitch_of, stretch
from gateway.plane.octets import signed
from gateway.plane.places import copy_places, empty_places, is_whole, plane_of, tell_past, tell_past_of
from gateway.plane.table import FRAME, Shared

__all__ = ["FRAME_DEPTH", "MAX_DEPTH", "RTP_DEPTH", "VOICEBAND_DEPTH", "fit", "watch_depth"]

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


@stage
def fit(t: Shared, i: int, out: NDArray[np.int16]) -> bool:
    """Let the next frame be made of a pitch period more or less than 160 places, so that the queue keeps up with a
    clock that is not ours; False where that cannot be done now."""
    queue = queue_at(t, i)
    longer = queue["drift"] < 0
    if queue["made"] != 0 or not is_whole(t, i, FRAME if longer else FRAME + LONGEST_PITCH):
        return False
    tell_past(t, i)
    pitch = max(pitch_of(past_of(t, i, 0)), SHORTEST_PITCH)
    work = t["work"][:]
    used = FRAME - pitch if longer else FRAME + pitch
    for plane in range(1 + queue["wide"]):
        copy_places(t, i, plane, work, FRAME if longer else used)
        stretch(work, pitch, longer, plane_of(out, plane))
        tell_past_of(t, i, plane, plane_of(out, plane), 0, FRAME)
    empty_places(t, i, used)
    queue["read"] = (queue["read"] + used) & 0xFFFFFFFF
    queue["gaps"] = 0
    queue["drift"] = 0
    queue["fitted"] += 1
    queue["frames"] = 0
    queue["margin"] = MAX_DEPTH
    return True


@stage
def watch_depth(t: Shared, i: int, heard: NDArray[np.int16]) -> None:
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
    if queue["excess"] and _is_quiet(heard):
        tell_past(t, i)
        queue["excess"] = 0
        queue["drift"] = 0
        queue["depth"] = max(queue["depth"] - FRAME, start)
        empty_places(t, i, FRAME)
        queue["read"] = (queue["read"] + FRAME) & 0xFFFFFFFF
        queue["frames"] = 0
        queue["margin"] = signed(queue["newest"] - queue["read"])


@stage
def _is_quiet(heard: NDArray[np.int16]) -> bool:
    for k in range(FRAME):
        if abs(int(heard[k])) >= _QUIET:
            return False
    return True
