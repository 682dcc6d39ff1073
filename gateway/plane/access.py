"""How compiled code reaches the tables: one record holds the addresses of all others, and these give what is there.

Stages pass that one record (a pointer), not two dozen arrays, which would be counted and copied at every call and
take a minute to compile. Indices are not checked: control checks every number before it posts it.
"""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numba.np.numpy_support import carray
from numpy.typing import NDArray

from gateway.media.compiled import stage
from gateway.media.detect import DTMF_STATE
from gateway.media.echo_canceller import ECHO_SCRATCH
from gateway.media.fax_tone import FAX_STATE
from gateway.plane.libc import EPOLL_EVENT
from gateway.plane.room_table import BUSES, ROOM, SEAT, TAP
from gateway.plane.table import (
    CANCELLER,
    CODING,
    COMMAND,
    EVENT,
    FRAME,
    PAST,
    PENDING,
    QUEUE,
    QUEUE_SIZE,
    ROW,
    SHARED,
    Shared,
)

__all__ = [
    "arena_of",
    "bus_of",
    "canceller_at",
    "coding_at",
    "command_at",
    "detector_at",
    "epoll_at",
    "event_at",
    "fax_ear_at",
    "filled_of",
    "overheard_of",
    "past_of",
    "pending_of",
    "queue_at",
    "room_at",
    "row_at",
    "said_by",
    "samples_of",
    "scratch_of",
    "seat_at",
    "stages_of",
    "tap_at",
    "told_to",
    "word",
]

_CONTROL_AT: Final = SHARED.fields["control"][1] if SHARED.fields is not None else 0
_QUEUE_BYTES: Final = QUEUE_SIZE * 2
_PAST_BYTES: Final = PAST * 2
_FRAME_BYTES: Final = FRAME * 2
_BUS_BYTES: Final = FRAME * 4


def _record(dtype: np.dtype[Any]) -> Any:
    """A compiled function that gives the record `index` of the array of `dtype` at `address`."""
    record = numba.from_dtype(dtype)
    size = dtype.itemsize

    def at(typing_context: Any, address: Any, index: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            offset = builder.mul(arguments[1], ir.Constant(ir.IntType(64), size))
            return builder.inttoptr(builder.add(arguments[0], offset), context.get_value_type(record))

        return record(types.int64, types.int64), generate

    return intrinsic(at)


def _pointer(element: Any) -> Any:
    """A compiled function that makes a typed pointer of an address, as `carray` wants it."""
    make: Any = types.CPointer
    pointer = make(element)

    def at(typing_context: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], context.get_value_type(pointer))

        return pointer(types.int64), generate

    return intrinsic(at)


_row = _record(ROW)
_command = _record(COMMAND)
_event = _record(EVENT)
_epoll = _record(EPOLL_EVENT)
_detector = _record(DTMF_STATE)
_fax_ear = _record(FAX_STATE)
_canceller = _record(CANCELLER)
_scratch = _record(ECHO_SCRATCH)
_queue = _record(QUEUE)
_room = _record(ROOM)
_seat = _record(SEAT)
_tap = _record(TAP)
_coding = _record(CODING)
_int16 = _pointer(types.int16)
_int32 = _pointer(types.int32)
_uint8 = _pointer(types.uint8)
_int64 = _pointer(types.int64)


@stage
def word(t: Shared, index: int) -> int:
    """The address of a control word, for ordered loads and stores."""
    return int(t["self"] + _CONTROL_AT + 8 * index)


@stage
def row_at(t: Shared, i: int) -> Any:
    """Row `i`, to be read and written in place."""
    return _row(t["rows"], i)


@stage
def stages_of(t: Shared) -> NDArray[np.int64]:
    """The plans of all rows."""
    return carray(_int64(t["stages"]), (t["row_count"],))


@stage
def command_at(t: Shared, index: int) -> Any:
    """Entry `index` of the command ring."""
    return _command(t["commands"], index)


@stage
def event_at(t: Shared, index: int) -> Any:
    """Entry `index` of the event ring."""
    return _event(t["events"], index)


@stage
def epoll_at(t: Shared, index: int) -> Any:
    """Entry `index` of what epoll reported."""
    return _epoll(t["epoll"], index)


@stage
def detector_at(t: Shared, i: int) -> Any:
    """The DTMF receiver of row `i`."""
    return _detector(t["detectors"], i)


@stage
def coding_at(t: Shared, i: int) -> Any:
    """What coding `i` keeps from packet to packet, to be read and written in place."""
    return _coding(t["codings"], i)


@stage
def pending_of(t: Shared, i: int) -> NDArray[np.uint8]:
    """The octets of row `i` that wait for their packet."""
    return carray(_uint8(t["pending"] + i * PENDING), (PENDING,))


@stage
def queue_at(t: Shared, i: int) -> Any:
    """Queue `i`, to be read and written in place."""
    return _queue(t["queues"], i)


@stage
def samples_of(t: Shared, i: int) -> NDArray[np.int16]:
    """The samples in queue `i`, placed by timestamp."""
    return carray(_int16(t["queue_samples"] + i * _QUEUE_BYTES), (QUEUE_SIZE,))


@stage
def filled_of(t: Shared, i: int) -> NDArray[np.uint8]:
    """Which places of queue `i` hold a sample."""
    return carray(_uint8(t["queue_filled"] + i * QUEUE_SIZE), (QUEUE_SIZE,))


@stage
def past_of(t: Shared, i: int) -> NDArray[np.int16]:
    """What was last heard of queue `i`, newest sample last."""
    return carray(_int16(t["past"] + i * _PAST_BYTES), (PAST,))


@stage
def said_by(t: Shared, i: int) -> NDArray[np.int16]:
    """The frame that came in on row `i` for this tick, where it is mixed or tapped."""
    return carray(_int16(t["said"] + i * _FRAME_BYTES), (FRAME,))


@stage
def told_to(t: Shared, i: int) -> NDArray[np.int16]:
    """The frame sent to row `i` on the latest tick, where it is mixed or tapped."""
    return carray(_int16(t["told"] + i * _FRAME_BYTES), (FRAME,))


@stage
def overheard_of(t: Shared, i: int) -> NDArray[np.int16]:
    """`told_to` of row `i` without what those said to it who listen to it."""
    return carray(_int16(t["overheard"] + i * _FRAME_BYTES), (FRAME,))


@stage
def room_at(t: Shared, i: int) -> Any:
    """Room `i`, to be read and written in place."""
    return _room(t["rooms"], i)


@stage
def bus_of(t: Shared, room: int, bus: int) -> NDArray[np.int32]:
    """The sum on a bus of a room, on the latest tick."""
    return carray(_int32(t["buses"] + (room * BUSES + bus) * _BUS_BYTES), (FRAME,))


@stage
def seat_at(t: Shared, i: int) -> Any:
    """Seat `i`, to be read and written in place."""
    return _seat(t["seats"], i)


@stage
def tap_at(t: Shared, i: int) -> Any:
    """Tap `i`, to be read and written in place."""
    return _tap(t["taps"], i)


@stage
def fax_ear_at(t: Shared, i: int) -> Any:
    """What listens for fax tones on row `i`."""
    return _fax_ear(t["fax_ears"], i)


@stage
def canceller_at(t: Shared, slot: int) -> Any:
    """Echo canceller `slot`."""
    return _canceller(t["cancellers"], slot)


@stage
def scratch_of(t: Shared) -> Any:
    """Where echo cancellers work, one after the other."""
    return _scratch(t["echo_scratch"], 0)


@stage
def arena_of(t: Shared) -> NDArray[np.int16]:
    """The samples of all sounds and captures."""
    return carray(_int16(t["arena"]), (t["arena_size"],))
