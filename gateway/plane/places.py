"""The places of a queue: whether they are all filled, copied and emptied, and what its past is told of them.

The past is what was heard last, of which missing samples are made up (conceal.py). It is told late, and not at all
while nothing is missing: what was taken lies in its places still.
"""

from __future__ import annotations

import numpy as np
from numba.np.numpy_support import carray
from numpy.typing import NDArray

from gateway.media.compiled import stage
from gateway.media.pointers import int16_at
from gateway.plane.access import filled_of, past_of, queue_at, samples_of
from gateway.plane.conceal import remember
from gateway.plane.libc import memchr, memmove, memset
from gateway.plane.table import FRAME, PAST, QUEUE_SIZE, Shared

__all__ = ["copy_places", "empty_places", "forget_past", "is_whole", "plane_of", "tell_past", "tell_past_of"]


@stage
def forget_past(t: Shared, i: int) -> None:
    """Nothing has been heard of queue `i`."""
    queue = queue_at(t, i)
    queue["untold"] = 0
    if queue["told"] != 0:
        queue["told"] = 0
        for plane in range(2):
            memset(past_of(t, i, plane).ctypes.data, 0, PAST * 2)


@stage
def tell_past_of(t: Shared, i: int, plane: int, samples: NDArray[np.int16], start: int, end: int) -> None:
    """Let the past of a plane of queue `i` know `samples[start:end]`."""
    queue_at(t, i)["told"] = 1
    remember(past_of(t, i, plane), samples, start, end)


@stage
def tell_past(t: Shared, i: int) -> None:
    """Let the past of queue `i` know what was taken whole since it was last told: that lies in its places still."""
    queue = queue_at(t, i)
    count = queue["untold"]
    if count == 0:
        return
    queue["untold"] = 0
    begin = (queue["read"] - count) & (QUEUE_SIZE - 1)
    end = min(begin + count, QUEUE_SIZE)
    for plane in range(1 + queue["wide"]):
        tell_past_of(t, i, plane, samples_of(t, i, plane), begin, end)
        tell_past_of(t, i, plane, samples_of(t, i, plane), 0, begin + count - end)


@stage
def plane_of(planes: NDArray[np.int16], plane: int) -> NDArray[np.int16]:
    """One of the planes of a frame."""
    return carray(int16_at(planes.ctypes.data + plane * FRAME * 2), (FRAME,))


@stage
def is_whole(t: Shared, i: int, count: int) -> bool:
    """Whether the next `count` places of queue `i` have all been filled."""
    filled = filled_of(t, i).ctypes.data
    place = queue_at(t, i)["read"] & (QUEUE_SIZE - 1)
    first = min(count, QUEUE_SIZE - place)
    if memchr(filled + place, 0, first) != 0:
        return False
    return bool(first == count or memchr(filled, 0, count - first) == 0)


@stage
def copy_places(t: Shared, i: int, plane: int, out: NDArray[np.int16], count: int) -> None:
    """Copy the next `count` samples of a plane of queue `i`."""
    kept = samples_of(t, i, plane).ctypes.data
    place = queue_at(t, i)["read"] & (QUEUE_SIZE - 1)
    first = min(count, QUEUE_SIZE - place)
    memmove(out.ctypes.data, kept + 2 * place, 2 * first)
    memmove(out.ctypes.data + 2 * first, kept, 2 * (count - first))


@stage
def empty_places(t: Shared, i: int, count: int) -> None:
    """The next `count` places of queue `i` hold nothing any more."""
    filled = filled_of(t, i).ctypes.data
    place = queue_at(t, i)["read"] & (QUEUE_SIZE - 1)
    first = min(count, QUEUE_SIZE - place)
    memset(filled + place, 0, first)
    memset(filled, 0, count - first)
