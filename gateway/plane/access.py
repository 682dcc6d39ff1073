"""How compiled code reaches the tables: one record holds the addresses of all others, and these give what is there.

Stages pass that one record (a pointer), not two dozen arrays, which would be counted and copied at every call and
take a minute to compile. Indices are not checked: control checks every number before it posts it.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba.np.numpy_support import carray
from numpy.typing import NDArray

from gateway.media.compiled import stage
from gateway.media.detect import DTMF_STATE
from gateway.media.echo_canceller import ECHO_SCRATCH
from gateway.media.fax_tone import FAX_STATE
from gateway.media.pointers import int16_at, int32_at, int64_at, prefetch, record_of, uint8_at
from gateway.plane.libc import EPOLL_EVENT
from gateway.plane.room_table import BUSES, ROOM, SEAT, TAP, VOICE
from gateway.plane.row_table import DIGIT_QUEUE, HEARD, LINE, ROW, SENT
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
    SHARED,
    WIDE,
    WIDE_FRAME,
    Shared,
)

__all__ = [
    "arena_of",
    "bus_of",
    "canceller_at",
    "coding_at",
    "command_at",
    "detector_at",
    "digit_queue_at",
    "epoll_at",
    "event_at",
    "fax_ear_at",
    "fetch_pair",
    "fetch_route",
    "filled_of",
    "owners_of",
    "part_of",
    "past_of",
    "pending_of",
    "phases_of",
    "queue_at",
    "room_at",
    "row_at",
    "samples_of",
    "scratch_of",
    "seat_at",
    "spots_of",
    "stages_of",
    "tap_at",
    "visited_of",
    "voice_at",
    "word",
]

_CONTROL_AT: Final = SHARED.fields["control"][1] if SHARED.fields is not None else 0
_ROW_BYTES: Final = ROW.itemsize
_QUEUE_BYTES: Final = QUEUE_SIZE * 2
_PAST_BYTES: Final = PAST * 2
_FRAME_BYTES: Final = FRAME * 4
_BUS_BYTES: Final = (FRAME + WIDE_FRAME) * 4


_row = record_of(ROW)
_digit_queue = record_of(DIGIT_QUEUE)
_command = record_of(COMMAND)
_event = record_of(EVENT)
_epoll = record_of(EPOLL_EVENT)
_detector = record_of(DTMF_STATE)
_fax_ear = record_of(FAX_STATE)
_canceller = record_of(CANCELLER)
_scratch = record_of(ECHO_SCRATCH)
_queue = record_of(QUEUE)
_room = record_of(ROOM)
_seat = record_of(SEAT)
_tap = record_of(TAP)
_voice = record_of(VOICE)
_coding = record_of(CODING)


@stage
def word(t: Shared, index: int) -> int:
    """The address of a control word, for ordered loads and stores."""
    return int(t["self"] + _CONTROL_AT + 8 * index)


@stage
def row_at(t: Shared, i: int) -> Any:
    """Row `i`, to be read and written in place."""
    return _row(t["rows"], i)


@stage
def fetch_route(t: Shared, i: int) -> None:
    """Have brought near what says whose row `i` is, and where to; there need be no such row."""
    prefetch(t["rows"] + i * _ROW_BYTES)
    prefetch(t["owners"] + 8 * i)
    prefetch(t["stages"] + 8 * i)


@stage
def fetch_pair(t: Shared, i: int, peer: int) -> None:
    """Have brought near what a packet needs that comes in on row `i` and goes out on `peer`, if there is such."""
    source, target = t["rows"] + i * _ROW_BYTES, t["rows"] + peer * _ROW_BYTES
    for line in HEARD:
        prefetch(source + line * LINE)
    for line in SENT:
        prefetch(target + line * LINE)
    prefetch(t["stages"] + 8 * peer)


@stage
def stages_of(t: Shared) -> NDArray[np.int64]:
    """The plans of all rows."""
    return carray(int64_at(t["stages"]), (t["row_count"],))


@stage
def phases_of(t: Shared) -> NDArray[np.int64]:
    """In which part of a tick each row is worked."""
    return carray(int64_at(t["phases"]), (t["row_count"],))


@stage
def spots_of(t: Shared) -> NDArray[np.int64]:
    """Where each row stands in its part of a tick, from 1; 0: nowhere."""
    return carray(int64_at(t["spots"]), (t["row_count"],))


@stage
def part_of(t: Shared, phase: int) -> NDArray[np.int32]:
    """The rows that stand in a part of a tick; see parts.py."""
    return carray(int32_at(t["parts"] + 4 * t["row_count"] * phase), (t["row_count"],))


@stage
def visited_of(t: Shared) -> NDArray[np.int32]:
    """The rows that stood in a part of a tick when it began."""
    return carray(int32_at(t["visited"]), (t["row_count"],))


@stage
def owners_of(t: Shared) -> NDArray[np.int64]:
    """Which loop works each row; -1 for none, while it goes from one to another."""
    return carray(int64_at(t["owners"]), (t["row_count"],))


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
def digit_queue_at(t: Shared, i: int) -> Any:
    """The digits that wait in row `i` to be sent as events."""
    return _digit_queue(t["digit_queues"], i)


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
    return carray(uint8_at(t["pending"] + i * PENDING), (PENDING,))


@stage
def queue_at(t: Shared, i: int) -> Any:
    """Queue `i`, to be read and written in place."""
    return _queue(t["queues"], i)


@stage
def samples_of(t: Shared, i: int, plane: int) -> NDArray[np.int16]:
    """The samples in queue `i`, by their place: the only one there, or the first (plane 0) or second (1) of two."""
    return carray(int16_at(t["queue_samples"] + (2 * i + plane) * _QUEUE_BYTES), (QUEUE_SIZE,))


@stage
def filled_of(t: Shared, i: int) -> NDArray[np.uint8]:
    """Which places of queue `i` hold a sample."""
    return carray(uint8_at(t["queue_filled"] + i * QUEUE_SIZE), (QUEUE_SIZE,))


@stage
def past_of(t: Shared, i: int, plane: int) -> NDArray[np.int16]:
    """What was last heard of a plane of queue `i`, newest sample last."""
    return carray(int16_at(t["past"] + (2 * i + plane) * _PAST_BYTES), (PAST,))


@stage
def voice_at(t: Shared, index: int) -> Any:
    """A voice, to be read and written in place; voices.py says whose it is."""
    return _voice(t["voices"], index)


@stage
def room_at(t: Shared, i: int) -> Any:
    """Room `i`, to be read and written in place."""
    return _room(t["rooms"], i)


@stage
def bus_of(t: Shared, room: int, bus: int, rate: int) -> NDArray[np.int32]:
    """The sum at a rate on a bus of a room, on the latest tick."""
    at = t["buses"] + (room * BUSES + bus) * _BUS_BYTES
    if rate == WIDE:
        return carray(int32_at(at + _FRAME_BYTES), (WIDE_FRAME,))
    return carray(int32_at(at), (FRAME,))


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
    return carray(int16_at(t["arena"]), (t["arena_size"],))
