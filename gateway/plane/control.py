"""Control's end of the two rings: posts commands, takes events, and keeps the promises that make both exact.

Every command is answered once, whatever happens: commands wait here while their ring is full, or while the events
already promised would not fit in the half of the event ring that is kept for them. Nothing here knows what a
command means; the one who posts it gives a function for its answer.
"""

from __future__ import annotations

import os
import struct
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from gateway.plane.commands import ADD, PLAY, ROOM_PLAY
from gateway.plane.events import ACCEPTED, REFUSED, REMOVED, ROW_LOST, SOUND_ENDED
from gateway.plane.loop import observe, publish
from gateway.plane.table import (
    ARGUMENTS,
    COMMAND,
    COMMAND_SIGNAL,
    COMMANDS,
    COMMANDS_READ,
    COMMANDS_WRITTEN,
    DATA,
    EVENT_SIGNAL,
    EVENTS_READ,
    EVENTS_WRITTEN,
    Worker,
)

__all__ = ["Answer", "Command", "Control", "Happening", "Ledger"]

Answer = Callable[[bool], None]

_PROMISES: Final = {ADD: 3, PLAY: 2, ROOM_PLAY: 2}
"""Events that a command brings, or may bring once: its answer; a row's loss and removal; a sound's end."""

_RECORD: Final = struct.Struct(f"={4 + ARGUMENTS}q{DATA}s")
"""A `COMMAND`: what is written one by one is written faster by this than by numpy."""
assert _RECORD.size == COMMAND.itemsize

_NOTHING: Final = (0,) * ARGUMENTS


@dataclass(frozen=True, slots=True)
class Command:
    """One command to a row; see commands.py for what the arguments are."""

    op: int
    row: int
    generation: int
    arguments: Sequence[int] = ()
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of the loop, other than an answer; see events.py. `at` is seconds."""

    kind: int
    row: int
    generation: int
    serial: int
    value: int
    extra: int
    at: float


class Ledger:
    """What was asked of all loops of a plane and has not been answered.

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
        self._answers: dict[int, tuple[int, Answer | None]] = {}

    @property
    def unanswered(self) -> int:
        """Commands whose answer has not been taken."""
        return len(self._answers)

    def enter(self, op: int, answer: Answer | None) -> int:
        """Give a command its serial number; `answer` is called once, with whether it was carried out."""
        self._serial += 1
        self._answers[self._serial] = (op, answer)
        return self._serial

    def promise(self, op: int) -> bool:
        """Keep room for the events of a command; False where there is none."""
        promise = _PROMISES.get(op, 1)
        if self.promised + promise > self._limit:
            return False
        self.promised += promise
        return True

    def settle(self, serial: int, accepted: bool) -> None:
        """A command has been answered."""
        op, answer = self._answers.pop(serial)
        # What a refused command might have brought will not come.
        self.promised -= 1 if accepted else _PROMISES.get(op, 1)
        if answer is not None:
            answer(accepted)


class Control:
    """The rings of one loop, from control's side.

    Args:
        tables: of that loop.
        ledger: of all of them.
        soon: has a function called before long, so that the commands of one turn are handed over together, with
            one signal; None hands over each at once.
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
        self._waiting: deque[tuple[int, Command]] = deque()
        self._arrived: deque[tuple[int, int, int, int, int, int, int]] = deque()

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
        if not self._waiting:
            return
        tables = self._tables
        written = int(tables.control[COMMANDS_WRITTEN])
        room = COMMANDS - (written - observe(self._commands_read))
        done = 0
        while self._waiting and done < room:
            serial, command = self._waiting[0]
            if not self._ledger.promise(command.op):
                break
            self._waiting.popleft()
            given = command.arguments
            _RECORD.pack_into(
                self._records,
                (written + done) % COMMANDS * _RECORD.size,
                command.op,
                command.row,
                command.generation,
                serial,
                *given,
                *_NOTHING[len(given) :],
                command.data,
            )
            done += 1
        if done:
            publish(self._commands_written, written + done)
            os.eventfd_write(int(tables.control[COMMAND_SIGNAL]), 1)

    def take(self) -> Happening | None:
        """The next event, or None; answers are given on the way."""
        self._collect()
        ledger = self._ledger
        while self._arrived:
            kind, row, generation, serial, value, extra, at = self._arrived.popleft()
            if kind in (ACCEPTED, REFUSED):
                ledger.settle(serial, kind == ACCEPTED)
                continue
            if kind in (REMOVED, ROW_LOST, SOUND_ENDED):
                ledger.promised -= 1
            if kind == ROW_LOST:
                ledger.lost.add(row)
            elif kind == REMOVED and row not in ledger.lost:
                ledger.promised -= 1  # it can no longer be lost
            elif kind == REMOVED:
                ledger.lost.discard(row)
            return Happening(kind, row, generation, serial, value, extra, at / 1e9)
        return None

    def _collect(self) -> None:
        tables = self._tables
        read = int(tables.control[EVENTS_READ])
        written = observe(self._events_written)
        if written == read:
            return
        size = len(tables.events)
        first, last = read % size, (written - 1) % size + 1
        runs = [tables.events[first:last]] if first < last else [tables.events[first:], tables.events[:last]]
        for run in runs:
            self._arrived.extend(run.tolist())
        publish(self._events_read, written)

    def quiet(self) -> None:
        """Take back the signal that events wait."""
        try:
            os.eventfd_read(int(self._tables.control[EVENT_SIGNAL]))
        except BlockingIOError:
            return
