"""Echo cancelling on a frame row: what was written to its device is sought in what is read from it.

A row that has a canceller (one of a pool, in tables of their own) gives it each frame that the device took, and
puts what came in through it before anybody else hears it. A frame written is heard back in the next one read, at
the earliest; what a device holds back beyond that, the filter covers besides its tail.
"""

from __future__ import annotations

from gateway.media.compiled import stage
from gateway.media.echo_canceller import ECHO_STATE, cancel_echo
from gateway.plane.access import canceller_at, row_at, scratch_of
from gateway.plane.convert import from_linear, to_linear
from gateway.plane.libc import memset
from gateway.plane.table import CANCELLER, FRAME, Shared

__all__ = ["cancel", "forget_written", "note_written", "set_canceller"]

_SIZE = CANCELLER.itemsize
_FRAME_BYTES = 2 * FRAME
assert CANCELLER.fields is not None and CANCELLER.fields["echo"][0] == ECHO_STATE


@stage
def set_canceller(t: Shared, i: int, slot: int, partitions: int) -> None:
    """Give row `i` the canceller `slot - 1`, fresh, with so many partitions; slot 0 takes away what it has."""
    row_at(t, i)["canceller"] = slot
    if slot == 0:
        return
    memset(t["cancellers"] + (slot - 1) * _SIZE, 0, _SIZE)
    canceller_at(t, slot - 1)["echo"]["partitions"] = partitions


@stage
def cancel(t: Shared, i: int) -> None:
    """Take the echo out of the frame in `t["linear"]`, and so in `t["packet"]`."""
    canceller = canceller_at(t, row_at(t, i)["canceller"] - 1)
    cancel_echo(canceller["echo"], scratch_of(t), canceller["sent"], t["linear"])
    from_linear(t, t["linear"], FRAME, row_at(t, i)["encoding"], t["packet"], 0)


@stage
def forget_written(t: Shared, i: int) -> None:
    """Nothing has been written to the device of row `i` since the last frame: it sends silence."""
    canceller = canceller_at(t, row_at(t, i)["canceller"] - 1)
    memset(canceller["sent"].ctypes.data, 0, _FRAME_BYTES)


@stage
def note_written(t: Shared, i: int) -> None:
    """The device of row `i` has taken the frame in `t["out"]`."""
    row = row_at(t, i)
    to_linear(t, t["out"], 0, row["encoding"], canceller_at(t, row["canceller"] - 1)["sent"], FRAME)
