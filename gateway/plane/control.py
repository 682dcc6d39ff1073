"""Control's end of the two rings of a loop: writes commands, takes events over.

Commands wait here while their ring is full, or while the events already promised would not fit in the half of the
event ring that is kept for them. What is written is not seen by the loop before it is handed over.
"""

from __future__ import annotations

import os
import struct
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from gateway.plane.commands import ADD, DETECT, NEVER, PART, REMOTE, REMOVE, TELL
from gateway.plane.ledger import UNTOLD, Ledger
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

__all__ = ["Command", "Control"]

Command = tuple[int, int, int, Sequence[int], bytes]
"""What it is, a row and its generation, arguments and data; see commands.py."""

_PATIENT: Final = frozenset({ADD, DETECT, PART, REMOTE, REMOVE})
"""Commands for which the loop is not woken: it comes to them before the tick is over. A packet for a row that has
not begun waits in its socket meanwhile, and who is told of a peer has mostly yet to be joined to somebody."""

_RECORDS: Final = [
    struct.Struct(f"={5 + given}q{8 * (ARGUMENTS - given)}x{DATA}s") for given in range(ARGUMENTS + 1)
]
"""A `COMMAND`, by how many arguments it has: what is written one by one is written faster so than by numpy."""
_SIZE: Final = COMMAND.itemsize
assert {record.size for record in _RECORDS} == {_SIZE}
_packs: Final = [record.pack_into for record in _RECORDS]
_TELL: Final[Command] = (TELL, 0, 0, (), b"")


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
        self._handed_over = 0
        self._read = 0
        """How far the loop had come with the commands when that was last looked at."""
        self._awaited = False
        """Whether `flush` will be called."""
        self._urgent = False
        self._taken = 0
        self._waiting: deque[tuple[int, Command]] = deque()

    @property
    def unfinished(self) -> int:
        """Commands that the loop has not carried out."""
        return len(self._waiting) + self._written - observe(self._commands_read)

    def put(self, serial: int, command: Command) -> None:
        """Have the loop carry out `command`; its answer is given by the ledger, from `take`.

        Args:
            serial: its number in the ledger, which a sound's end carries too, or UNTOLD.
        """
        if self._waiting or not self._write(serial, command):
            self._waiting.append((serial, command))
        if self._soon is None:
            self.flush()
        elif not self._awaited:
            self._awaited = True
            self._soon(self.flush)

    def flush(self) -> None:
        """Hand over what is written, with as many of the waiting commands as the rings have room for."""
        self._awaited = False
        waiting = self._waiting
        while waiting and self._write(*waiting[0]):
            waiting.popleft()
        if waiting and self._written - self._read == COMMANDS - 1:
            self._ask_to_be_told()
        if self._written != self._handed_over:
            self._handed_over = self._written
            publish(self._commands_written, self._written)
        if self._urgent:
            self._urgent = False
            os.eventfd_write(self._command_signal, 1)

    def collect(self) -> None:
        """Take over the events that wait; the ledger gives them one by one."""
        written = observe(self._events_written)
        first, self._taken = self._taken, written
        if written == first:
            return
        events = self._tables.events
        size = len(events)
        begin, end = first % size, (written - 1) % size + 1
        for run in [events[begin:end]] if begin < end else [events[begin:], events[:end]]:
            self._ledger.arrived.extend(run.tolist())
        publish(self._events_read, written)

    def quiet(self) -> None:
        """Take back the signal that events wait."""
        try:
            os.eventfd_read(self._event_signal)
        except BlockingIOError:
            return

    def _ask_to_be_told(self) -> None:
        """Have an event come, and so `flush` called again, once the loop has come this far."""
        serial = self._ledger.enter(TELL, lambda _: None)
        if not self._write(serial, _TELL, room=COMMANDS):
            self._ledger.withdraw(serial)  # events are under way that will do as well

    def _write(self, serial: int, command: Command, room: int = COMMANDS - 1) -> bool:
        """Write a command into the ring, whose last place is for TELL; False where there is no room."""
        at = self._written
        if at - self._read >= room:
            self._read = observe(self._commands_read)
            if at - self._read >= room:
                return False
        op, row, generation, given, data = command
        answer = NEVER if serial == UNTOLD else self._ledger.promise(op, serial)
        if answer is None:
            return False
        if op not in _PATIENT:
            self._urgent = True
        place = at % COMMANDS * _SIZE
        _packs[len(given)](self._records, place, op, row, generation, serial, answer, *given, data)
        self._written = at + 1
        return True
