"""Rows whose descriptor carries 20 ms frames: a DAHDI channel, or one end of a socket pair.

The device is the clock: each frame read is the row's tick, upon which one frame is written back (what it plays, or
what comes in on its peer). With nothing to say nothing is written: a DAHDI channel sends silence by itself, and a
write would cancel the tone or the dialling that the driver asked of it (dahdi_chan_write).
A frame goes on in its stream at the time at which it was due: what a device kept while nobody read it comes all at
once, and would begin later than it was said and end later than it is now.
While a line event waits, DAHDI fails both calls with errno 500 although it says that data are ready: the row is
then left out of epoll until the next tick, instead of being asked again at once and for ever.
"""

from __future__ import annotations

from errno import EAGAIN, ECONNRESET, EINTR, ENOBUFS
from typing import Final

from gateway.media.compiled import stage
from gateway.plane.access import queue_at, row_at, stages_of
from gateway.plane.cancel import cancel, forget_written, note_written
from gateway.plane.coding import in_rate
from gateway.plane.convert import from_linear, hush, to_linear, width
from gateway.plane.dtmf import digit_under_way
from gateway.plane.jitter import put_frame, take
from gateway.plane.libc import EPOLL_CTL_DEL, EPOLLERR, EPOLLHUP, EPOLLRDHUP, epoll_ctl, errno, memmove, read, write
from gateway.plane.listen import listen
from gateway.plane.packet import may_send
from gateway.plane.plan import CANCEL, CLOCKED, DECODE, ECHO, FORWARD, MUTE, QUEUE, SOUND, TAKE
from gateway.plane.player import next_frame, next_rate
from gateway.plane.rows import lose, replan
from gateway.plane.send import send_frame
from gateway.plane.table import FRAME, PACKET, TICK, Shared
from gateway.plane.words import EPOLL

__all__ = ["disarm", "frame_ready"]

_EVENT_WAITS: Final = 500
"""ELAST of DAHDI: a line event must be taken first."""

_JITTER: Final = 2 * TICK
"""ns by which a frame may be late and is taken as of now: talk goes on all the same (send.py)."""
_KEPT: Final = 1_000_000_000
"""ns for which a device is thought to keep what nobody reads."""
_LOST: Final = 5
"""Frames that are late and come no sooner after each other than they were said: what was before them is lost."""


@stage
def disarm(t: Shared, i: int) -> None:
    """Leave row `i` out of epoll until the next tick (its error bits could not be masked)."""
    epoll_ctl(t["control"][EPOLL], EPOLL_CTL_DEL, row_at(t, i)["descriptor"], t["epoll"])
    row_at(t, i)["disarmed"] = 1
    replan(t, i)


@stage
def frame_ready(t: Shared, i: int, flags: int, now: int) -> None:
    """Take a frame that waits on row `i` and answer it; `flags` is what epoll said (again, if more wait)."""
    row = row_at(t, i)
    octets = read(row["descriptor"], t["packet"].ctypes.data, PACKET)
    if octets == FRAME * width(row["encoding"]):
        row["received"] += 1
        row["silent"] = 0
        due = _due(t, i, now)
        row["heard_at"] = now
        _frame_in(t, i, due)
        _frame_out(t, i, due)
    elif octets < 0:
        _nothing_read(t, i, errno(), flags, now)
    elif octets == 0 and flags & (EPOLLHUP | EPOLLRDHUP):
        lose(t, i, ECONNRESET, now)
    else:
        row["refused"] += 1


@stage
def _due(t: Shared, i: int, now: int) -> int:
    """When the frame read from row `i` was due; now, but for a device that has not been read for a while."""
    row = row_at(t, i)
    waited = now - row["heard_at"]
    late = row["transit"] + waited - TICK
    if late <= _JITTER or waited > _KEPT:
        late = 0
    row["missed"] = row["missed"] + 1 if late > 0 and late >= row["transit"] else 0
    if row["missed"] > _LOST:
        late = 0
    row["transit"] = late
    return int(now - late)


@stage
def _nothing_read(t: Shared, i: int, error: int, flags: int, now: int) -> None:
    if error == _EVENT_WAITS:
        disarm(t, i)
    elif error != EAGAIN and error != EINTR:
        lose(t, i, error, now)
    elif flags & (EPOLLHUP | EPOLLRDHUP):
        lose(t, i, ECONNRESET, now)
    elif flags & EPOLLERR:
        disarm(t, i)


@stage
def _frame_in(t: Shared, i: int, now: int) -> None:
    row = row_at(t, i)
    stages = stages_of(t)[i]
    if stages & DECODE:
        to_linear(t, t["packet"], 0, row["encoding"], t["linear"], FRAME)
        if stages & CANCEL:
            cancel(t, i)
            forget_written(t, i)
        listen(t, i, FRAME, now)
    if stages & QUEUE:
        put_frame(t, i, t["linear"])
    if stages & FORWARD:
        peer = row["peer"]
        if stages & MUTE and row["tone"]:
            hush(t["packet"], 0, row["encoding"], FRAME)
        if may_send(t, peer) and not (stages_of(t)[peer] & SOUND) and not digit_under_way(t, peer):
            send_frame(t, peer, row["encoding"], now)


@stage
def _frame_out(t: Shared, i: int, now: int) -> None:
    row = row_at(t, i)
    stages = stages_of(t)[i]
    octets = FRAME * width(row["encoding"])
    queue = row["peer"]
    if stages & CLOCKED:
        queue = t["row_count"] + i
        if queue_at(t, queue)["ready"] == 0:
            stages &= ~(TAKE | SOUND)  # the tick has said nothing for a while
    if stages & TAKE:
        take(t, queue, t["spoken"][:])  # also under a sound, or the queue would be that much longer after it
    if stages & SOUND and not stages & CLOCKED:
        rate = next_rate(t, i)
        next_frame(t, i, t["spoken"][:], now)
        samples = in_rate(t, i, t["spoken"][:], FRAME * rate // row["rate"], rate)
        from_linear(t, samples, FRAME, row["encoding"], t["out"], 0)
    elif stages & ECHO and not (stages & CLOCKED and stages & TAKE):
        memmove(t["out"].ctypes.data, t["packet"].ctypes.data, octets)
    elif stages & TAKE:
        from_linear(t, t["spoken"][:], FRAME, row["encoding"], t["out"], 0)
    else:
        return
    done = write(row["descriptor"], t["out"].ctypes.data, octets)
    if done >= 0:
        row["sent"] += 1
        if stages & CANCEL:
            note_written(t, i)
        return
    error = errno()
    if error != EAGAIN and error != EINTR and error != ENOBUFS and error != _EVENT_WAITS:
        lose(t, i, error, now)
