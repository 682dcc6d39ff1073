"""The arrays that control and the loop share: rows, rings, the arena of sounds, control words, scratch.

Control allocates them once and never resizes them. The loop alone writes rows, queues and the event ring; control
alone writes the command ring, the arena's sounds and the control words marked so. Several loops may share them:
each has rings, words and scratch of its own, and works the rows that it owns. Everything is int64 unless a kernel
structure or a sample asks for less, because compiled arithmetic is int64 anyway.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gateway.media.codec.dvi4 import DVI4_STATE
from gateway.media.codec.g722 import G722_STATE
from gateway.media.codec.g726 import G726_STATE
from gateway.media.codec.ilbc.scratch import ILBC_SCRATCH
from gateway.media.detect import DTMF_STATE
from gateway.media.echo_canceller import ECHO_SCRATCH, ECHO_STATE
from gateway.media.fax_tone import FAX_STATE
from gateway.media.g711 import (
    ALAW_TO_LINEAR,
    ALAW_TO_ULAW,
    LINEAR_TO_ALAW,
    LINEAR_TO_ULAW,
    ULAW_TO_ALAW,
    ULAW_TO_LINEAR,
)
from gateway.plane.frame import FRAME, HISTORY, PHASES, TICK, WIDE, WIDE_FRAME
from gateway.plane.libc import EPOLL_EVENT
from gateway.plane.memory import LargePages
from gateway.plane.room_table import BUSES, ROOM, SEAT, TAP, VOICE
from gateway.plane.row_table import DIGIT_QUEUE, ROW
from gateway.plane.words import WORDS

__all__ = [
    "ACTIVE",
    "ARGUMENTS",
    "BATCH",
    "CANCELLER",
    "CODING",
    "COMMAND",
    "COMMANDS",
    "DATA",
    "EVENT",
    "FRAME",
    "FRAMES",
    "FREE",
    "HISTORY",
    "LONGEST",
    "LOST",
    "PACKET",
    "PAST",
    "PAUSING",
    "PENDING",
    "PHASES",
    "QUEUE",
    "QUEUE_SIZE",
    "RECLOCKED",
    "RTP",
    "SHARED",
    "STOPPED",
    "TICK",
    "UNHEARD",
    "WIDE",
    "WIDE_FRAME",
    "Shared",
    "Tables",
    "Worker",
]

PENDING: Final = 4096
"""Octets that wait in a row for their packet: twice 60 ms of L16 at 16000 Hz, and then some."""
PACKET: Final = 2048
"""Longest datagram or frame taken in; longer than any Ethernet frame, so what is longer is hostile."""
PAST: Final = 400
"""Places that a queue remembers of what was heard last: three of the longest pitch periods, and their ends."""
RECLOCKED: Final = 96
"""Samples that a change between a clock of RTP and the plane's rate keeps from call to call (reclock.py)."""
LONGEST: Final = 60
"""ms of audio in the longest packet accepted."""
QUEUE_SIZE: Final = 4096
"""Places in a queue (512 ms, a power of two): more than the deepest delay plus the longest packet."""
COMMANDS: Final = 1024
"""Commands that fit in their ring; control keeps the rest."""
BATCH: Final = 64
"""Descriptors taken from epoll at once."""
ARGUMENTS: Final = 16
"""Numbers that a command carries."""
DATA: Final = 96
"""Octets that it carries besides: three socket addresses, or DIGITS digits."""

UNHEARD: Final = 1
PAUSING: Final = 2
STOPPED: Final = 4
"""What a row's `silent` says: nothing has come for long, and that was said; comfort noise came last; that it has
stopped was said, or need not be, since the codec itself announced it."""

# Row states and kinds.
FREE: Final = 0
ACTIVE: Final = 1
LOST: Final = 2
RTP: Final = 0
FRAMES: Final = 1

QUEUE: Final = np.dtype(
    [
        ("ready", "i8"),
        ("wide", "i8"),  # a place holds two samples, of 16000 a second
        ("read", "i8"),  # place of the next sample to be taken
        ("newest", "i8"),  # place after the newest sample
        ("least", "i8"),  # depth at the beginning, in places, and never less
        ("depth", "i8"),  # places kept between a sample's arrival and its being taken
        ("margin", "i8"),  # least margin in this window
        ("frames", "i8"),  # frames taken in this window
        ("excess", "i8"),  # a frame is to be left out at the next pause
        ("drift", "i8"),  # a period is to be taken out (1) or put in (-1)
        ("gaps", "i8"),  # frames with a gap in a row
        ("fixed", "i8"),  # the delay stays as it is, and what is missing is silence
        ("untold", "i8"),  # places before `read` that the past has not been told
        ("made", "i8"),  # places made up since the last real one
        ("blend", "i8"),  # real ones that are still to be blended with what was made up
        ("pitch", "i8"),  # period of what is made up
        ("fitted", "i8"),  # frames made longer or shorter by a period
        ("clock", "i8"),  # timestamp of the next frame put in that has none of its own
        ("noise", "i8"),  # peak of the comfort noise that is wanted in its silence, or 0
        ("tone_from", "i8"),  # place of the first sample of a digit's tone that was put in last
        ("tone_to", "i8"),  # place after its last one
        ("toned", "i8"),  # the frame taken last has some of it
        ("late", "i8"),
        ("concealed", "i8"),
        ("told", "i8"),  # its past holds something
    ],
    align=True,
)
"""A jitter buffer, of 8000 places a second. Row `i` has two: `i` for what comes in on it, `row_count + i` for what
is sent to its device."""

CODING: Final = np.dtype(
    [
        ("begun", "i8"),  # what follows is of the stream that passes now; else nothing is
        ("g722", G722_STATE),
        ("g726", G726_STATE),
        ("dvi4", DVI4_STATE),
        ("history", "i2", (HISTORY,)),
        ("clocked", "i2", (RECLOCKED,)),  # the last samples before a change of clock
        ("lead", "i8"),  # where the next sample after it lies
        ("code", "i8"),  # for which coding its coder is
        ("function", "i8"),  # of a coder outside the loop, by address; 0: none
        ("coder", "i8"),  # what that keeps, by address
    ],
    align=True,
)
"""What a coding keeps from packet to packet. Row `i` has two: `i` for what comes in, `row_count + i` for what goes
out."""

COMMAND: Final = np.dtype(
    [
        ("op", "i8"),
        ("row", "i8"),
        ("generation", "i8"),
        ("serial", "i8"),
        ("answer", "i8"),  # whether it is told what became of it: see commands.py
        ("arguments", "i8", (ARGUMENTS,)),
        ("data", "u1", (DATA,)),
    ],
    align=True,
)

EVENT: Final = np.dtype(
    [
        ("kind", "i8"),
        ("row", "i8"),
        ("generation", "i8"),
        ("serial", "i8"),
        ("value", "i8"),
        ("extra", "i8"),
        ("at", "i8"),
    ],
    align=True,
)


CANCELLER: Final = np.dtype([("echo", ECHO_STATE), ("sent", "i2", (FRAME,))], align=True)
"""An echo canceller, and the last frame that the device of its row took."""

SHARED: Final = np.dtype(
    [
        # Where the other tables are, in the process that runs the loop.
        ("self", "i8"),
        ("worker", "i8"),  # whose rows it works
        ("rows", "i8"),
        ("owners", "i8"),
        ("stages", "i8"),
        ("phases", "i8"),
        ("spots", "i8"),
        ("parts", "i8"),
        ("visited", "i8"),
        ("digit_queues", "i8"),
        ("commands", "i8"),
        ("events", "i8"),
        ("detectors", "i8"),
        ("fax_ears", "i8"),
        ("cancellers", "i8"),
        ("echo_scratch", "i8"),
        ("frame_scratch", "i8"),  # for coders of whole frames
        ("queues", "i8"),
        ("queue_samples", "i8"),
        ("queue_filled", "i8"),
        ("codings", "i8"),
        ("pending", "i8"),
        ("past", "i8"),
        ("voices", "i8"),
        ("rooms", "i8"),
        ("buses", "i8"),
        ("seats", "i8"),
        ("taps", "i8"),
        ("arena", "i8"),
        ("epoll", "i8"),
        ("row_count", "i8"),
        ("event_count", "i8"),
        ("arena_size", "i8"),
        ("control", "i8", (WORDS,)),
        ("listed", "i8", (PHASES,)),  # rows with something to do in each part of a tick
        ("halls", "i8", (PHASES,)),  # and open rooms
        # Scratch of the loop.
        ("alarm", "i8", (4,)),  # a struct itimerspec
        ("clock", "i8", (4,)),  # a struct timespec, a word to write to an eventfd, one to read from one
        ("address", "u1", (128,)),
        ("address_length", "i4", (2,)),
        ("octets", "i4", (2,)),  # of a packet, as libsrtp takes and gives them
        ("packet", "u1", (PACKET,)),
        ("out", "u1", (PACKET,)),
        ("random", "i8"),  # state of a linear congruential generator
        ("linear", "i2", (PACKET,)),
        ("spoken", "i2", (WIDE_FRAME,)),
        ("planes", "i2", (WIDE_FRAME,)),
        ("sum", "i4", (WIDE_FRAME,)),
        ("wide", "i2", (PACKET,)),  # what came in at 16000 Hz
        ("changed", "i2", (PACKET,)),  # what goes out, after a change of its rate
        ("work", "i2", (PACKET + HISTORY,)),
        # Of a change of rate: every other sample, the others, and sums.
        ("even", "f4", (PACKET + HISTORY,)),
        ("odd", "f4", (PACKET + HISTORY,)),
        ("total", "f4", (PACKET + HISTORY,)),
        # G.711, mu-law first.
        ("to_linear", "i2", (2, 256)),
        ("from_linear", "u1", (2, 65536)),
        ("law_to_law", "u1", (2, 256)),
    ],
    align=True,
)

Shared = np.void
"""One SHARED record: all that a stage is given."""


class Worker:
    """What one loop over the tables has of its own, as control sees it: its rings, its control words, its scratch.

    Args:
        tables: that all loops work on.
        number: of the loop, from 0.
        shared: an array of one SHARED, for its own.
    """

    def __init__(self, tables: Tables, number: int, shared: NDArray[Any]) -> None:
        events = 1024
        # Half the ring is kept for what must not be lost: that a row was lost and removed, that its sounds have
        # ended, and answers (control.py).
        while events < 8 * len(tables.rows):
            events *= 2
        self.commands = np.zeros(COMMANDS, COMMAND)
        self.events = np.zeros(events, EVENT)
        self.epoll = np.zeros(BATCH + 1, EPOLL_EVENT)  # the last says what is to be waited for
        self.parts = np.zeros((PHASES, len(tables.rows)), np.int32)
        self.visited = np.zeros(len(tables.rows), np.int32)
        self.echo_scratch = np.zeros(1, ECHO_SCRATCH)
        self.frame_scratch = np.zeros(1, ILBC_SCRATCH)
        self.shared: Shared = shared[0]
        self.control: NDArray[np.int64] = self.shared["control"]
        self.shared["self"] = shared.ctypes.data
        self.shared["worker"] = number
        for name in ("commands", "events", "epoll", "parts", "visited", "echo_scratch", "frame_scratch"):
            self.shared[name] = getattr(self, name).ctypes.data
        for name in _COMMON:
            self.shared[name] = getattr(tables, name).ctypes.data
        self.shared["row_count"] = len(tables.rows)
        self.shared["event_count"] = len(self.events)
        self.shared["arena_size"] = len(tables.arena)
        self.shared["to_linear"] = ULAW_TO_LINEAR, ALAW_TO_LINEAR
        self.shared["from_linear"] = LINEAR_TO_ULAW, LINEAR_TO_ALAW
        self.shared["law_to_law"] = ULAW_TO_ALAW, ALAW_TO_ULAW

    def address(self, word: int) -> int:
        """The address of a control word."""
        return int(self.control.ctypes.data) + 8 * word


_COMMON: Final = (
    "rows owners stages phases spots digit_queues detectors fax_ears cancellers queues queue_samples queue_filled "
    "codings pending past voices rooms buses seats taps arena"
).split()


class Tables:
    """The tables for `rows` legs, `arena_samples` samples of sounds and captures and so many echo `cancellers`, as
    control sees them.

    What is zero when a row begins is not written then: the kernel gives memory to what is, and a call that is but
    relayed has no use for most of these.

    Attributes:
        workers: what each of the loops over them has of its own.
    """

    def __init__(self, rows: int, arena_samples: int, cancellers: int, workers: int = 1) -> None:
        word = np.dtype(np.int64)
        memory = LargePages((rows, ROW), (rows, word), (rows, word), *[(1, SHARED)] * workers)
        self.rows = memory.zeros(rows, ROW)
        self.owners = memory.zeros(rows, word)
        self.stages = memory.zeros(rows, word)
        self.phases = np.zeros(rows, np.int64)
        self.spots = np.zeros(rows, np.int64)
        self.digit_queues = np.zeros(rows, DIGIT_QUEUE)
        self.detectors = np.zeros(rows, DTMF_STATE)
        self.fax_ears = np.zeros(rows, FAX_STATE)
        self.cancellers = np.zeros(cancellers, CANCELLER)
        self.queues = np.zeros(2 * rows, QUEUE)
        self.queue_samples = np.zeros((2 * rows, 2, QUEUE_SIZE), np.int16)
        self.queue_filled = np.zeros((2 * rows, QUEUE_SIZE), np.uint8)
        self.codings = np.zeros(2 * rows, CODING)
        self.pending = np.zeros((rows, PENDING), np.uint8)
        self.past = np.zeros((2 * rows, 2, PAST), np.int16)
        self.voices = np.zeros(4 * rows, VOICE)
        self.rooms = np.zeros(rows, ROOM)
        self.buses = np.zeros((rows, BUSES, FRAME + WIDE_FRAME), np.int32)
        self.seats = np.zeros(2 * rows, SEAT)
        self.taps = np.zeros(2 * rows, TAP)
        self.arena = np.zeros(arena_samples, np.int16)
        self.workers = [Worker(self, number, memory.zeros(1, SHARED)) for number in range(workers)]
