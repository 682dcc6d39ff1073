"""What the loops of a plane were asked, and what they have said: who waits for an answer, which events may come.

A command whose poster waits for what becomes of it is answered once, whatever happens; the others are known to be
done by how far their loop has read. Nothing here knows what a command means.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from gateway.plane.commands import ADD, ALWAYS, IF_REFUSED, PLAY, ROOM_PLAY
from gateway.plane.events import ACCEPTED, REFUSED, REMOVED, ROW_LOST, SOUND_ENDED

__all__ = ["UNTOLD", "Answer", "Event", "Ledger"]

Answer = Callable[[bool], None]

Event = tuple[int, int, int, int, int, int, int]
"""What a loop says: its kind, the row and its generation, serial, value and extra as events.py has them, and when,
in ns."""

_BEGINS: Final = {ADD: 2, PLAY: 1, ROOM_PLAY: 1}
"""Commands that begin what ends with so many events: a row's loss and removal, a sound's end. Refused, that is the
one event that comes of them."""

UNTOLD: Final = 0
"""The number of commands of which nobody is told anything: those that nobody waits for and that begin nothing."""


class Ledger:
    """What is under way.

    Args:
        limit: events that may be promised at a time.

    Attributes:
        arrived: events of all loops that have not been taken.
        promised: events that commands under way may bring yet.
        lost: rows that have been lost and not yet removed.
    """

    def __init__(self, limit: int) -> None:
        self.arrived: deque[Event] = deque()
        self.promised = 0
        self.lost: set[int] = set()
        self._limit = limit
        self._serial = 0
        self._answers: dict[int, Answer] = {}

    @property
    def unanswered(self) -> int:
        """Answers that are waited for."""
        return len(self._answers)

    def enter(self, op: int, answer: Answer | None) -> int:
        """Give a command its serial number; `answer` is called once, with whether it was carried out."""
        if answer is None and op not in _BEGINS:
            return UNTOLD
        self._serial += 1
        if answer is not None:
            self._answers[self._serial] = answer
        return self._serial

    def withdraw(self, serial: int) -> None:
        """Nobody waits for this answer, and its command was not given."""
        del self._answers[serial]

    def promise(self, op: int, serial: int) -> int | None:
        """Keep room for the events of a command.

        Returns:
            When it is to be answered; None where there is no room.
        """
        begins = _BEGINS.get(op, 0)
        awaited = serial in self._answers
        count = begins + awaited
        if self.promised + count > self._limit:
            return None
        self.promised += count
        return ALWAYS if awaited else IF_REFUSED

    def take(self) -> Event | None:
        """The next event of those that have arrived, or None; answers are given on the way."""
        while self.arrived:
            event = kind, row, _, serial, _, extra, _ = self.arrived.popleft()
            if kind in (ACCEPTED, REFUSED):
                self._answered(kind == ACCEPTED, serial, extra)
                if kind == REFUSED and extra in _BEGINS:
                    return event
                continue
            if kind in (REMOVED, ROW_LOST, SOUND_ENDED):
                self.promised -= 1
            if kind == ROW_LOST:
                self.lost.add(row)
            elif kind == REMOVED and row not in self.lost:
                self.promised -= 1  # it can no longer be lost
            elif kind == REMOVED:
                self.lost.discard(row)
            return event
        return None

    def _answered(self, accepted: bool, serial: int, op: int) -> None:
        answer = self._answers.pop(serial, None)
        self.promised -= answer is not None
        if not accepted:
            self.promised -= _BEGINS.get(op, 0)  # what it might have brought will not come
        if answer is not None:
            answer(accepted)
