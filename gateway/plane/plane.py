"""The media plane as its owner holds it: rows in and out, the loop by hand or in its thread, and the event pump.

    plane = Plane(config)                 plane.start_thread()  … the loop runs in a thread …  plane.close()
    row = plane.add_rtp(descriptor, …)    plane.pump(now)   whenever `plane.eventfd` is readable
    row.play(sound)                       or, without a thread: plane.step(now); plane.pump(now)

The pump is where every listener, `on_end` and `on_removed` is called, and nowhere else. One thread of control.
"""

from __future__ import annotations

import binascii
import os
import select
import struct
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from gateway.core.appearance import Appearance
from gateway.core.audio import Audio, AudioEvent, AudioLost, Sound, SoundEnd
from gateway.core.codec import Encoding
from gateway.core.errors import Exhausted, LocalError
from gateway.plane import commands, events
from gateway.plane.arena import Arena
from gateway.plane.codes import CODES, NATIVE
from gateway.plane.conference import Hall, PlaneRoom
from gateway.plane.crew import Crew
from gateway.plane.heard import heard
from gateway.plane.ledger import Event
from gateway.plane.loop import publish, run
from gateway.plane.plays import OnEnd, Plays
from gateway.plane.row import PlaneRow, check
from gateway.plane.rtp_row import RtpRow
from gateway.plane.table import FRAMES, RTP, Tables
from gateway.plane.thread import PlaneThread
from gateway.plane.words import COMMAND_SIGNAL, DROPPED, EPOLL, EVENT_SIGNAL, STOP, TICKS, TICKS_SKIPPED, TIMER

__all__ = ["Plane", "PlaneConfig", "PlaneUsage"]

_BEGINNINGS: Final = struct.Struct("=IHI12s")
"""What is random of a row's RTP: identifier, sequence number, timestamp, canonical name."""

_RATE: Final = 8000
_MOST_THREADS: Final = 64


@dataclass(frozen=True, slots=True)
class PlaneConfig:
    """How large a plane is.

    Attributes:
        rows: legs at a time, 1..65536; 1.3 kB each where packets are relayed, up to 50 where all is done to them.
        arena: seconds of sounds and captures held at a time.
        cancellers: echo cancellers, one for each analogue port without one of its own; 31 kB each.
        priority: SCHED_FIFO priority of the threads where the system permits it; 0 for none.
        threads: over which rows are spread.
    """

    rows: int = 2048
    arena: float = 600.0
    cancellers: int = 128
    priority: int = 10
    threads: int = 1


@dataclass(frozen=True, slots=True)
class PlaneUsage:
    """What is in use; all zero when everything was closed and pumped.

    Attributes:
        rows: rows not yet given back (as many descriptors are watched).
        sounds: plays whose end has not been told.
        arena: samples held by plays and captures.
        commands: commands without an answer yet.
        rooms: rooms, seats in them, and taps, not yet given back.
    """

    rows: int = 0
    sounds: int = 0
    arena: int = 0
    commands: int = 0
    rooms: int = 0


class Plane:
    """See the top of this file.

    Attributes:
        eventfd: readable while events wait for `pump`.
        post: for its rows and rooms: has the loop carry out a command (`Crew.post`).

    Args:
        config: its size.
        soon: as for `Control`.
    """

    def __init__(
        self,
        config: PlaneConfig | None = None,
        soon: Callable[[Callable[[], None]], object] | None = None,
    ) -> None:
        self._config = config or PlaneConfig()
        if not 0 < self._config.rows <= 65536:
            raise LocalError(f"a plane has 1 to 65536 rows, not {self._config.rows}")
        if not 0 < self._config.threads <= _MOST_THREADS:
            raise LocalError(f"a plane has 1 to {_MOST_THREADS} threads, not {self._config.threads}")
        size = round(self._config.arena * _RATE)
        self.tables = Tables(self._config.rows, size, self._config.cancellers, self._config.threads)
        self.row_octets = self.tables.rows.view(np.uint8).data
        self.arena = Arena(self.tables.arena)
        self.eventfd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._epolls = [select.epoll() for _ in self.tables.workers]
        self._command_signals = [os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC) for _ in self.tables.workers]
        for worker, epoll, signal in zip(self.tables.workers, self._epolls, self._command_signals, strict=True):
            worker.control[EPOLL] = epoll.fileno()
            worker.control[COMMAND_SIGNAL] = signal
            worker.control[EVENT_SIGNAL] = self.eventfd
            worker.control[TIMER] = -1
        self._crew = Crew(self.tables, soon)
        self.post: Final = self._crew.post
        self.hall = Hall(self)
        # The one given back last goes first: few rows are ever touched, which keeps memory and caches small.
        self._free = list(range(self._config.rows - 1, -1, -1))
        self.cancellers = deque(range(1, self._config.cancellers + 1))
        self._generations = [0] * self._config.rows
        self._rows: dict[int, PlaneRow] = {}
        self._plays = Plays(self.arena, self._crew.post)
        self._soon: deque[Callable[[], None]] = deque()
        self._threads: list[PlaneThread] = []
        self._closed = False
        self._now = 0.0
        self._told = False
        """Whether this pump has called anybody."""

    # Rows.

    def add_rtp(
        self,
        descriptor: int,
        address: str,
        port: int,
        on_removed: Callable[[], None] | None = None,
        rtcp_descriptor: int = -1,
    ) -> RtpRow:
        """Give a row to a UDP socket bound to `address`:`port`, by number.

        The row connects it to its peer and disconnects it again, upon which the kernel gives up a port that it
        chose itself (bind to port 0).

        Args:
            rtcp_descriptor: a UDP socket for its reports, or -1 where it has none of its own.
            on_removed: called from the pump once the plane has let go of the descriptors; close them then.

        Raises:
            Exhausted: no row is free.
        """
        index, generation = self._reserve()
        row = RtpRow(self, index, generation, address, port)
        # Random beginnings (RFC 3550 5.1): a stranger cannot guess what to send. The sequence number begins in the
        # lower half, so that a loss at the start cannot hide its first wrap from a peer (RFC 3711 3.3.1).
        source, sequence, timestamp, name = _BEGINNINGS.unpack(os.urandom(_BEGINNINGS.size))
        numbers = (RTP, descriptor, CODES[Encoding.PCMU], source, sequence >> 1, timestamp, rtcp_descriptor)
        self._add(row, numbers, on_removed, binascii.b2a_base64(name, newline=False))
        return row

    def add_frames(
        self, descriptor: int, encoding: Encoding, on_removed: Callable[[], None] | None = None
    ) -> PlaneRow:
        """Give a row to a descriptor that carries 20 ms frames; it is made non-blocking.

        Raises:
            Exhausted: no row is free.
        """
        index, generation = self._reserve()
        os.set_blocking(descriptor, False)
        row = PlaneRow(self, index, generation)
        code = NATIVE if encoding is Encoding.L16 else CODES[encoding]
        self._add(row, (FRAMES, descriptor, code, 0, 0, 0, -1), on_removed)
        return row

    def room(self) -> PlaneRoom:
        """Open a room in which rows hear one another.

        Raises:
            Exhausted: no room is free.
        """
        if self._closed:
            raise Exhausted("the media plane is closed and gives no more rooms")
        return self.hall.open()

    # The loop.

    def start_thread(self) -> None:
        """Run the loop in a thread of its own, or in several; returns after the first tick of each.

        Raises:
            LocalError: it runs already, or did not come up.
        """
        if self._threads or self._closed:
            raise LocalError("the media plane has been started already or is closed")
        for worker in self.tables.workers:
            self._threads.append(PlaneThread(worker, self._config.priority))
            self._threads[-1].start()

    @property
    def missing(self) -> Sequence[str]:
        """What the system did not grant to its threads, a clause each with the mend."""
        return tuple(dict.fromkeys(clause for thread in self._threads for clause in thread.missing))

    def step(self, now: float) -> None:
        """Run the loop once by hand: commands, every descriptor that is ready, every tick due up to `now` (s).

        Raises:
            LocalError: its thread runs.
        """
        if self._threads or self._closed:
            raise LocalError("the media plane runs in its thread or is closed; it cannot be stepped by hand")
        self._crew.flush()
        self._run(round(now * 1e9))
        while self._crew.is_moving:
            self.pump(now)
            self._run(round(now * 1e9))

    def _run(self, now: int) -> None:
        for worker in self.tables.workers:
            run(worker.shared, now)

    def pump(self, now: float) -> bool:
        """Take all events that wait and call those whom they concern; the loop's own carry their own time.

        Returns:
            Whether anybody was called: most of what the loop says is that a command has been carried out.
        """
        if self._closed:
            return False
        self._now = now
        self._told = bool(self._soon)
        self._crew.quiet()
        self._crew.collect()
        for _ in range(len(self._soon)):
            self._soon.popleft()()
        while (event := self._crew.take()) is not None:
            self._dispatch(event)
        if not self._closed:
            self._crew.flush()
        return self._told

    def close(self) -> None:
        """Stop the thread, take out every row, tell every end, and close what the plane itself has opened."""
        if self._closed:
            return
        for row in list(self._rows.values()):
            row.close()
        self.hall.close_all()
        for thread in self._threads:
            thread.stop()
        self._threads.clear()
        for worker in self.tables.workers:
            publish(worker.address(STOP), 1)
        while self._rows or self._crew.unanswered or self._soon:
            # By hand, and stopped: commands are carried out, audio no more.
            self._run(0)
            self.pump(self._now)
        self._closed = True
        for epoll in self._epolls:
            epoll.close()
        for signal in (*self._command_signals, self.eventfd):
            os.close(signal)

    # What it is doing.

    def usage(self) -> PlaneUsage:
        """What is in use."""
        return PlaneUsage(
            rows=len(self._rows),
            sounds=len(self._plays),
            arena=self.arena.held,
            commands=self._crew.unanswered + len(self._soon),
            rooms=self.hall.used,
        )

    def fault(self) -> str | None:
        """Why the loop's thread has stopped by itself, or None while all is well."""
        return next((fault for thread in self._threads if (fault := thread.fault()) is not None), None)

    @property
    def ticks(self) -> int:
        """Ticks of 20 ms done."""
        return int(self.tables.workers[0].control[TICKS])

    @property
    def skipped(self) -> int:
        """Ticks left out because a thread was kept from running for long."""
        return sum(int(worker.control[TICKS_SKIPPED]) for worker in self.tables.workers)

    @property
    def dropped(self) -> int:
        """Events lost because they were not pumped in time."""
        return sum(int(worker.control[DROPPED]) for worker in self.tables.workers)

    # For its rows (row.Host), beside `post`.

    def play(self, row: PlaneRow, player: int, sound: Sound, on_end: OnEnd | None) -> None:
        """Have the loop play; `on_end` is called once, from the pump."""
        self._plays.start((commands.PLAY, row.index, row.generation, player), row.rate, sound, on_end)

    def play_in(self, room: int, rate: int, sound: Sound, on_end: OnEnd | None) -> None:
        """Have the loop play in a room of a rate; `on_end` is called once, from the pump."""
        check(sound)
        if len(sound.samples):
            self._plays.start((commands.ROOM_PLAY, 0, 0, room), rate, sound, on_end)
        elif on_end is not None:
            self.soon(lambda: on_end(SoundEnd.PLAYED))

    def own(self, audio: Audio) -> PlaneRow | None:
        """`audio` as the row of this plane that it is or stands for, or None."""
        if isinstance(audio, Appearance):
            audio = audio.row
        return audio if isinstance(audio, PlaneRow) and audio.of(self) else None

    def soon(self, call: Callable[[], None]) -> None:
        """Call from the next pump."""
        if self._closed:
            call()
            return
        self._soon.append(call)
        os.eventfd_write(self.eventfd, 1)

    # Inside.

    def _reserve(self) -> tuple[int, int]:
        if self._closed:
            raise Exhausted("the media plane is closed and gives no more rows")
        if not self._free:
            raise Exhausted(f"all {self._config.rows} rows of the media plane are in use; give it more rows")
        index = self._free.pop()
        self._generations[index] += 1
        return index, self._generations[index]

    def _add(
        self, row: PlaneRow, arguments: Sequence[int], on_removed: Callable[[], None] | None, name: bytes = b""
    ) -> None:
        self._rows[row.index] = row
        row.on_removed = on_removed
        self.post((commands.ADD, row.index, row.generation, arguments, name))

    def _dispatch(self, event: Event) -> None:
        kind, index, _, serial, value, extra, at = event
        if kind == events.REMOVED:
            self._removed(index)
        elif kind == events.SOUND_ENDED:
            self._told |= self._plays.end(serial, value)
        elif kind == events.REFUSED:
            self._refused(index, serial, extra, at / 1e9)
        elif kind in (events.TALKING, events.SPEAKER):
            self._told = True
            self.hall.heard(extra, index, bool(value) if kind == events.TALKING else None, at / 1e9)
        else:
            self._notify(self._rows[index], heard(kind, serial, value, extra), at / 1e9)

    def _refused(self, index: int, serial: int, op: int, at: float) -> None:
        """A row or a sound has not begun."""
        if op != commands.ADD:
            self._told |= self._plays.end(serial, events.SOUND_LOST)
            return
        row = self._rows[index]
        self._crew.refused(index)
        self._notify(row, AudioLost("its descriptor cannot be watched"), at)
        row.closed = True
        self._removed(index)

    def _notify(self, row: PlaneRow, event: AudioEvent, at: float) -> None:
        if row.listener is not None and not row.closed:
            self._told = True
            row.listener(event, at)

    def _removed(self, index: int) -> None:
        row = self._rows.pop(index)
        self._free.append(index)
        if row.on_removed is not None:
            row.on_removed()
            row.on_removed = None
