"""Which thread works which row: control's side of one loop or several over the same tables.

Rows are spread over the threads two by two, as the legs of calls come. Rows that hear one another are worked by one
thread, and so is a room with all who sit in it: their audio never waits for another thread. Where a join or a seat
would bring together what two threads have, the smaller group moves, or of two alike that of the busier thread: its
thread lets go of it, then the other takes it on. Commands given meanwhile wait, in their order. With one thread
nothing of this is done.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

from gateway.plane.commands import (
    ADD,
    ADOPT,
    CLOSE_ROOM,
    ECHO,
    JOIN,
    LEAVE,
    OPEN_ROOM,
    PART,
    RELEASE,
    REMOVE,
    ROOM_PLAY,
    ROOM_STOP,
    SIT,
    TAP,
    TAP_ROOM,
    UNTAP,
)
from gateway.plane.control import Command, Control
from gateway.plane.ledger import Answer, Ledger
from gateway.plane.table import Tables

__all__ = ["Crew"]

_ROW: Final = 0
_ROOM: Final = 1

Node = tuple[int, int]
"""A row or a room, and its number."""


class Crew:
    """The loops over `tables`, as one.

    Args:
        tables: of the plane.
        soon: as for `Control`.

    Attributes:
        take: gives the next event of those collected, or None; answers are given on the way.
    """

    def __init__(self, tables: Tables, soon: Callable[[Callable[[], None]], object] | None = None) -> None:
        self._ledger = Ledger(len(tables.workers[0].events) // 2)
        self.take: Final = self._ledger.take
        self._controls = [Control(worker, self._ledger, soon) for worker in tables.workers]
        self._only = self._controls[0] if len(self._controls) == 1 else None
        self._rows = [0] * len(self._controls)
        self._worker: dict[Node, int] = {}
        self._generations: dict[int, int] = {}
        self._peers: dict[int, int] = {}
        self._seats: dict[int, tuple[int, int]] = {}
        self._taps: dict[int, Node] = {}
        self._held: deque[tuple[int, Command]] | None = None
        self._awaited = 0

    @property
    def unanswered(self) -> int:
        """Commands posted that have not been carried out, or whose answer has not been taken."""
        unfinished = sum(control.unfinished for control in self._controls) + len(self._held or ())
        return max(unfinished, self._ledger.unanswered)

    @property
    def is_moving(self) -> bool:
        """Whether a group is on its way from thread to thread."""
        return self._held is not None

    def post(self, command: Command, answer: Answer | None = None) -> int:
        """Have a command carried out by the thread whose it is; its number in the ledger.

        Args:
            answer: called once, from the pump, with whether it was carried out.
        """
        serial = self._ledger.enter(command[0], answer)
        if self._only is not None:
            self._only.put(serial, command)
        elif self._held is not None:
            self._held.append((serial, command))
        else:
            self._send(serial, command)
        return serial

    def refused(self, row: int) -> None:
        """A row has not begun: its thread has it no longer."""
        if self._only is None:
            self._remove(row)

    def flush(self) -> None:
        """Hand over what waits for room in a ring."""
        for control in self._controls:
            control.flush()

    def quiet(self) -> None:
        """Take back the signal that events wait, which is one for all."""
        self._controls[0].quiet()

    def collect(self) -> None:
        """Take over the events of all threads that wait; `take` gives them one by one."""
        for control in self._controls:
            control.collect()

    # Which thread.

    def _send(self, serial: int, command: Command) -> None:
        """Hand a command over, unless what it is about must move first."""
        worker = self._place(command)
        if worker is None:
            self._held = deque([(serial, command)])
            return
        self._controls[worker].put(serial, command)

    def _place(self, command: Command) -> int | None:
        """The thread for a command, with what it changes noted; None where a group has begun to move for it."""
        op, row, generation, arguments, _ = command
        if op == ADD:
            return self._add(row, generation)
        if op == JOIN:
            other = arguments[0]
            if not self._are_together((_ROW, row), (_ROW, other)):
                return None
            self._part(row)
            self._part(other)
            self._peers[row], self._peers[other] = other, row
        elif op in (PART, ECHO):
            self._part(row)
        elif op == REMOVE:
            return self._remove(row)
        elif op == SIT:
            if not self._are_together((_ROW, row), (_ROOM, arguments[1])):
                return None
            self._seats[arguments[0]] = row, arguments[1]
        elif op == TAP:
            self._taps[arguments[0]] = _ROW, row
        elif OPEN_ROOM <= op <= TAP_ROOM:
            return self._place_in_room(op, arguments[0], arguments[-1])
        return self._worker.get((_ROW, row), 0)

    def _place_in_room(self, op: int, number: int, last: int) -> int:
        if op == OPEN_ROOM:
            self._worker[_ROOM, number] = 0
        if op == CLOSE_ROOM:
            self._seats = {seat: (row, room) for seat, (row, room) in self._seats.items() if room != number}
            return self._worker.pop((_ROOM, number), 0)
        if op in (OPEN_ROOM, ROOM_PLAY, ROOM_STOP):
            return self._worker.get((_ROOM, number), 0)
        if op == LEAVE:
            row, _ = self._seats.pop(number, (-1, -1))
            return self._worker.get((_ROW, row), 0)
        if op == UNTAP:
            return self._worker.get(self._taps.pop(number, (_ROW, -1)), 0)
        assert op == TAP_ROOM
        self._taps[number] = _ROOM, last
        return self._worker.get((_ROOM, last), 0)

    def _add(self, row: int, generation: int) -> int:
        # The legs of a call mostly come one after the other: the second goes where the first is, and neither moves.
        rows = self._rows
        worker = min(range(len(rows)), key=lambda worker: (rows[worker] // 2, rows[worker] % 2 == 0))
        rows[worker] += 1
        self._worker[_ROW, row] = worker
        self._generations[row] = generation
        return worker

    def _remove(self, row: int) -> int:
        self._part(row)
        self._seats = {seat: place for seat, place in self._seats.items() if place[0] != row}
        self._generations.pop(row, None)
        worker = self._worker.pop((_ROW, row), None)
        if worker is None:  # it never began
            return 0
        self._rows[worker] -= 1
        return worker

    def _part(self, row: int) -> None:
        peer = self._peers.pop(row, None)
        if peer is not None:
            self._peers.pop(peer, None)

    # Groups.

    def _neighbours(self, node: Node) -> Iterator[Node]:
        kind, number = node
        if kind == _ROW and number in self._peers:
            yield _ROW, self._peers[number]
        for row, room in self._seats.values():
            if (kind, number) == (_ROW, row):
                yield _ROOM, room
            elif (kind, number) == (_ROOM, room):
                yield _ROW, row

    def _group(self, node: Node) -> set[Node]:
        """All that hear one another with `node` among them."""
        group, waiting = {node}, [node]
        while waiting:
            fresh = set(self._neighbours(waiting.pop())) - group
            group |= fresh
            waiting += fresh
        return group

    def _are_together(self, one: Node, other: Node) -> bool:
        """Whether one thread has both; else one of their groups begins to move."""
        there, here = self._worker.get(one, 0), self._worker.get(other, 0)
        if there == here:
            return True
        ways = (self._group(one), there, here), (self._group(other), here, there)
        group, _, target = min(ways, key=lambda way: (len(way[0]), -self._rows[way[1]]))
        self._release(group, target)
        return False

    def _release(self, group: set[Node], target: int) -> None:
        self._awaited = len(group)

        def released(_: bool) -> None:
            self._awaited -= 1
            if self._awaited == 0:
                self._adopt(group, target)

        for node in group:
            self._put(RELEASE, node, self._worker.get(node, 0), released)

    def _adopt(self, group: set[Node], target: int) -> None:
        for node in group & self._worker.keys():  # a row may have been refused meanwhile
            if node[0] == _ROW:
                self._rows[self._worker[node]] -= 1
                self._rows[target] += 1
            self._worker[node] = target
            self._put(ADOPT, node, target, None)
        held, self._held = self._held, None
        assert held is not None  # that is what the group moved for
        while held:
            self._send(*held.popleft())
            if self.is_moving:
                self._wait_behind(held)
                return

    def _wait_behind(self, others: deque[tuple[int, Command]]) -> None:
        """Let commands wait for the group that moves now."""
        assert self._held is not None  # it has begun to move
        self._held.extend(others)

    def _put(self, op: int, node: Node, worker: int, answer: Answer | None) -> None:
        kind, number = node
        row = number if kind == _ROW else 0
        arguments = (number if kind == _ROOM else -1,)
        command = op, row, self._generations.get(row, 0), arguments, b""
        self._controls[worker].put(self._ledger.enter(op, answer), command)
