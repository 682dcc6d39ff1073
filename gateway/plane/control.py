"""Control's end of the two rings: posts commands, takes events, and keeps the promises that make both exact.

A command whose poster waits for what becomes of it is answered once, whatever happens; the others are known to be
done by how far the loop has read. Commands wait here while their ring is full, or while the events already promised
would not fit in the half of the event ring that is kept for them. Nothing here knows what a command means.
"""

from __future__ import annotations

import os
import struct
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np

from gateway.plane.commands import ADD, ALWAYS, DETECT, IF_REFUSED, NEVER, PART, PLAY, REMOVE, ROOM_PLAY, TELL
from gateway.plane.events import ACCEPTED, REFUSED, REMOVED, ROW_LOST, SOUND_ENDED
from gateway.plane.loop import observe, publish
from gateway.plane.table import ARGUMENTS, COMMAND, COMMANDS, DATA, Worker
from gateway.plane.words import (
    COMMAND_SIGNAL,
    COMMANDS_READ,
    COMMANDS_WRITTEN,
    EVENT_SIGNAL,
    EVENTS_READ,
    EVENTS_WRITTEN,
)

__all__ = ["Answer", "Command", "Control", "Happening", "Ledger"]

Answer = Callable[[bool], None]

_BEGINS: Final = {ADD: 2, PLAY: 1, ROOM_PLAY: 1}
"""Commands that begin what ends with so many events: a row's loss and removal, a sound's end. Refused, that is the
one event that comes of them."""

_PATIENT: Final = frozenset({ADD, DETECT, PART, REMOVE})
"""Commands for which the loop is not woken: it comes to them before the tick is over. A packet for a row that has
not begun waits in its socket meanwhile."""

_RECORD: Final = struct.Struct(f"={5 + ARGUMENTS}q{DATA}s")
"""A `COMMAND`: what is written one by one is written faster by this than by numpy."""
assert _RECORD.size == COMMAND.itemsize

_NOTHING: Final = (0,) * ARGUMENTS


class Command(NamedTuple):
    """One command to a row; see commands.py for what the arguments are."""

    op: int
    row: int
    generation: int
    arguments: Sequence[int] = ()
    data: bytes = b""


class Happening(NamedTuple):
    """One event of the loop, other than an answer that was waited for; see events.py. `at` is seconds."""

    kind: int
    row: int
    generation: int
    serial: int
    value: int
    extra: int
    at: float


class Ledger:
    """What was asked of all loops of a plane, who waits for an answer, and which events may come yet.

    Args:
        limit: events that may be promised at a time.

    Attributes:
        promised: events that commands under way may bring yet.
        lost: rows that have been lost and not yet removed.
    """

    def __init__(self, limit: int) -> None:
        self.promised = 0
        self.lost: set[int] = set()
        self._limit = limit
        self._serial = 0
        self._answers: dict[int, Answer] = {}

    @property
    def unanswered(self) -> int:
        """Answers that are waited for."""
        return len(self._answers)

    def enter(self, answer: Answer | None) -> int:
        """Give a command its serial number; `answer` is called once, with whether it was carried out."""
        self._serial += 1
        if answer is not None:
            self._answers[self._serial] = answer
        return self._serial

    def withdraw(self, serial: int) -> None:
        """Nobody waits for this answer, and its command was not given."""
        del self._answers[serial]

    def promise(self, op: int, serial: int) -> int | None:
        """Keep room for the events of a command; when it is to be answered, or None where there is no room."""
        begins = _BEGINS.get(op, 0)
        awaited = serial in self._answers
        count = begins + awaited
        if count and self.promised + count > self._limit:
            return None
        self.promised += count
        return ALWAYS if awaited else IF_REFUSED if begins else NEVER

    def is_told(self, kind: int, row: int, serial: int, op: int) -> bool:
        """Take note of an event; False where it was an answer, which has been given."""
        if kind in (ACCEPTED, REFUSED):
            answer = self._answers.pop(serial, None)
            self.promised -= answer is not None
            if kind == REFUSED:
                self.promised -= _BEGINS.get(op, 0)  # what it might have brought will not come
            if answer is not None:
                answer(kind == ACCEPTED)
            return kind == REFUSED and op in _BEGINS
        if kind in (REMOVED, ROW_LOST, SOUND_ENDED):
            self.promised -= 1
        if kind == ROW_LOST:
            self.lost.add(row)
        elif kind == REMOVED and row not in self.lost:
            self.promised -= 1  # it can no longer be lost
        elif kind == REMOVED:
            self.lost.discard(row)
        return True


class Control:
    """The rings of one loop, from control's side.

    Args:
        tables: of that loop.
        ledger: of all of them.
        soon: has a function called before long, so that the commands of one turn are handed over together, with
            one signal at most; None hands over each at once.
    """

    def __init__(
        self, tables: Worker, ledger: Ledger, soon: Callable[[Callable[[], None]], object] | None = None
    ) -> None:
        self._tables = tables
        self._ledger = ledger
        self._soon = soon
        self._records = tables.commands.view(np.uint8).data
        self._commands_read = tables.address(COMMANDS_READ)
        self._commands_written = tables.address(COMMANDS_WRITTEN)
        self._events_read = tables.address(EVENTS_READ)
        self._events_written = tables.address(EVENTS_WRITTEN)
        self._command_signal = int(tables.control[COMMAND_SIGNAL])
        self._event_signal = int(tables.control[EVENT_SIGNAL])
        self._written = 0
        self._urgent = False
        self._read = 0
        """How far the loop had come with the commands when that was last looked at."""
        self._taken = 0
        self._waiting: deque[tuple[int, Command]] = deque()
        self._arrived: deque[tuple[int, int, int, int, int, int, int]] = deque()

    @property
    def unfinished(self) -> int:
        """Commands that the loop has not carried out."""
        return len(self._waiting) + self._written - observe(self._commands_read)

    def put(self, serial: int, command: Command) -> None:
        """Have the loop carry out `command`; its answer is given by the ledger, from `take`.

        Args:
            serial: its number in the ledger, which a sound's end carries too.
        """
        self._waiting.append((serial, command))
        if self._soon is None:
            self.flush()
        elif len(self._waiting) == 1:
            self._soon(self.flush)

    def flush(self) -> None:
        """Hand over as many of the waiting commands as the rings have room for."""
        waiting = self._waiting
        if not waiting:
            return
        before = self._written
        if before - self._read + len(waiting) >= COMMANDS:
            self._read = observe(self._commands_read)
        room = self._read + COMMANDS - 1 - before  # the last place is for TELL
        while waiting and self._written - before < room:
            serial, command = waiting[0]
            answer = self._ledger.promise(command.op, serial)
            if answer is None:
                break
            waiting.popleft()
            self._write(serial, command, answer)
        if waiting and self._written - before == room:
            self._ask_to_be_told()
        if self._written != before:
            publish(self._commands_written, self._written)
        if self._urgent:
            self._urgent = False
            os.eventfd_write(self._command_signal, 1)

    def collect(self) -> None:
        """Take over the events that wait; `take` gives them one by one."""
        written = observe(self._events_written)
        first, self._taken = self._taken, written
        if written == first:
            return
        events = self._tables.events
        size = len(events)
        begin, end = first % size, (written - 1) % size + 1
        for run in [events[begin:end]] if begin < end else [events[begin:], events[:end]]:
            self._arrived.extend(run.tolist())
        publish(self._events_read, written)

    def take(self) -> Happening | None:
        """The next event of those collected, or None; answers are given on the way."""
        while self._arrived:
            kind, row, generation, serial, value, extra, at = self._arrived.popleft()
            if self._ledger.is_told(kind, row, serial, extra):
                return Happening(kind, row, generation, serial, value, extra, at / 1e9)
        return None

    def quiet(self) -> None:
        """Take back the signal that events wait."""
        try:
            os.eventfd_read(self._event_signal)
        except BlockingIOError:
            return

    def _ask_to_be_told(self) -> None:
        """Have an event come, and so `flush` called again, once the loop has come this far."""
        serial = self._ledger.enter(lambda _: None)
        answer = self._ledger.promise(TELL, serial)
        if answer is None:
            self._ledger.withdraw(serial)  # events are under way that will do as well
        else:
            self._write(serial, Command(TELL, 0, 0), answer)

    def _write(self, serial: int, command: Command, answer: int) -> None:
        """Write a command into the next place of the ring."""
        op, row, generation, given, data = command
        if op not in _PATIENT:
            self._urgent = True
        _RECORD.pack_into(
            self._records,
            self._written % COMMANDS * _RECORD.size,
            op,
            row,
            generation,
            serial,
            answer,
            *given,
            *_NOTHING[len(given) :],
            data,
        )
        self._written += 1
