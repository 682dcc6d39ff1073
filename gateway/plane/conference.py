"""Rooms of the plane as their owners hold them: `gateway.core.room` over the loop's seats.

Numbers of rooms, seats and taps are given here and taken back once the loop has answered that it let go of them.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from gateway.core.appearance import Appearance
from gateway.core.audio import Audio, Side, Sound, SoundEnd
from gateway.core.errors import Exhausted, LocalError
from gateway.core.room import MEMBER, Manner, RoomEvent, SpeakerChanged, Talking
from gateway.plane import commands
from gateway.plane.arena import Arena
from gateway.plane.capture import RowCapture
from gateway.plane.control import Command
from gateway.plane.ledger import Answer
from gateway.plane.room_table import BUSES, TAP, UNITY
from gateway.plane.table import WIDE, Tables

if TYPE_CHECKING:
    from gateway.plane.row import PlaneRow

__all__ = ["Hall", "HallHost", "PlaneRoom", "PlaneSeat"]

_WRITTEN_AT: Final = TAP.fields["written"][1] if TAP.fields is not None else 0
_TICKS: Final = 50
"""A second."""
_GAINS: Final = (-60.0, 24.0)
"""dB: below is silence, above is noise."""

OnEnd = Callable[[SoundEnd], None]


class HallHost(Protocol):
    """What a hall needs of its plane."""

    tables: Tables
    arena: Arena

    def post(self, command: Command, answer: Answer | None = None) -> int:
        """Have the loop carry out a command; see `Crew.post`."""
        ...

    def own(self, audio: Audio) -> PlaneRow | None:
        """`audio` as the row of this plane that it is, or None."""
        ...

    def play_in(self, room: int, rate: int, sound: Sound, on_end: OnEnd | None) -> None:
        """Have the loop play in a room of a rate; `on_end` is called once, from the pump."""
        ...


class _Numbers:
    """Places of one of the loop's tables, given out one by one."""

    def __init__(self, count: int, what: str) -> None:
        self._free = deque(range(count))
        self._count = count
        self._what = what

    def take(self) -> int:
        """A free one.

        Raises:
            Exhausted: there is none.
        """
        if not self._free:
            raise Exhausted(
                f"all {self._count} {self._what} of the media plane are in use; give it more rows (media.rows)"
            )
        return self._free.popleft()

    def give_back(self, number: int) -> None:
        """It is free again."""
        self._free.append(number)

    @property
    def used(self) -> int:
        """How many are taken."""
        return self._count - len(self._free)


class Hall:
    """All rooms and taps of a plane."""

    def __init__(self, host: HallHost) -> None:
        self.host = host
        tables = host.tables
        self.rooms = _Numbers(len(tables.rooms), "rooms")
        self.seats = _Numbers(len(tables.seats), "seats")
        self.taps = _Numbers(len(tables.taps), "taps")
        self._open: dict[int, PlaneRoom] = {}

    @property
    def used(self) -> int:
        """Rooms, seats and taps that the loop has not let go of."""
        return self.rooms.used + self.seats.used + self.taps.used

    def open(self) -> PlaneRoom:
        """Open a room; see `gateway.core.audio.AudioFactory.room`."""
        room = PlaneRoom(self, self.rooms.take())
        self._open[room.index] = room
        self.post(commands.OPEN_ROOM, (room.index,))
        return room

    def close_all(self) -> None:
        """Close every room."""
        for room in list(self._open.values()):
            room.close()

    def closed(self, room: PlaneRoom) -> None:
        """The loop has let go of a room."""
        del self._open[room.index]
        self.rooms.give_back(room.index)

    def heard(self, room: int, row: int, talking: bool | None, at: float) -> None:
        """The loop says who talks in a room: whether it does, or, None, that it is the speaker."""
        if room in self._open:
            self._open[room].heard(row, talking, at)

    def post(
        self,
        op: int,
        arguments: Sequence[int],
        answer: Answer | None = None,
        row: PlaneRow | None = None,
    ) -> None:
        """Have the loop carry out a command, about a row or none."""
        index, generation = (row.index, row.generation) if row is not None else (0, 0)
        self.host.post((op, index, generation, arguments, b""), answer)

    def tap(
        self,
        row: PlaneRow | None,
        room: int,
        side: Side,
        seconds: float,
        rate: int,
        joined: bool = False,
        gains: tuple[float, float] = (0.0, 0.0),
        over: Callable[[RowCapture], None] = lambda _: None,
    ) -> RowCapture:
        """Put a tap on a row, or on a room where there is none; `over` is told when it is stopped.

        Raises:
            Exhausted: no tap or no memory is free.
            LocalError: a gain is out of range, or no tap has this rate.
        """
        if rate not in (WIDE // 2, WIDE):
            raise LocalError(f"nothing can be kept at {rate} Hz; ask for 8000 or 16000")
        given = [amplification(gain) for gain in gains]
        channels = 2 if side is Side.STEREO else 1
        number = self.taps.take()
        try:
            block = self.host.arena.reserve(max(1, math.ceil(seconds * _TICKS)) * (rate // _TICKS) * channels)
        except Exhausted:
            self.taps.give_back(number)
            raise

        def let_go(_: bool) -> None:
            self.host.arena.release(block)
            self.taps.give_back(number)

        def end(capture: RowCapture) -> None:
            over(capture)
            self.post(commands.UNTAP, (number,), let_go)

        tables = self.host.tables
        address = int(tables.taps.ctypes.data) + number * TAP.itemsize + _WRITTEN_AT
        capture = RowCapture(tables.arena, address, block, end, rate)
        self.post(
            commands.TAP_ROOM if row is None else commands.TAP,
            (number, block.base, block.length, side.value | int(joined) << 8, *given, rate, room),
            lambda accepted: capture.begin() if accepted else capture.stop(),
            row,
        )
        return capture


class PlaneSeat:
    """One row's place in a room; see `gateway.core.room.Seat`."""

    def __init__(
        self, hall: Hall, room: PlaneRoom, audio: PlaneRow, manner: Manner, appearance: Appearance | None = None
    ) -> None:
        self.audio = audio
        self._appearance = appearance
        self.manner = manner
        self._arguments = _arguments(manner)
        self._hall = hall
        self._room = room
        self._number = hall.seats.take()
        self._left = False
        self._post(self._seated)

    def change(self, manner: Manner) -> None:
        """Take part in another manner."""
        self._arguments = _arguments(manner)
        self.manner = manner
        if not self._left:
            self._post(None)

    def leave(self) -> None:
        """Get up."""
        if self._left:
            return
        self._left = True
        self._room.left(self)
        self.audio.got_up(self)
        if self._appearance is not None:
            self._appearance.got_up(self)
        number = self._number
        self._hall.post(commands.LEAVE, (number,), lambda _: self._hall.seats.give_back(number))

    def _post(self, answer: Callable[[bool], None] | None) -> None:
        arguments = (self._number, self._room.index, *self._arguments)
        self._hall.post(commands.SIT, arguments, answer, self.audio)

    def _seated(self, accepted: bool) -> None:
        if not accepted:
            self.leave()  # its row was lost meanwhile


class PlaneRoom:
    """A room of the plane; see `gateway.core.room.Room`. Made by `Plane.room`."""

    def __init__(self, hall: Hall, index: int) -> None:
        self.listener: Callable[[RoomEvent, float], None] | None = None
        self.index = index
        self._hall = hall
        self._seats: dict[int, PlaneSeat] = {}
        self._taps: set[RowCapture] = set()
        self._closed = False

    def sit(self, audio: Audio, manner: Manner = MEMBER) -> PlaneSeat:
        """Give a row a seat; see `Room.sit`."""
        row = self._hall.host.own(audio)
        if self._closed or row is None or row.closed:
            raise LocalError("only an open row can sit in an open room of its own plane")
        if row.index in self._seats:
            raise LocalError("a row cannot sit in the same room twice; change its manner")
        appearance = audio if isinstance(audio, Appearance) else None
        seat = PlaneSeat(self._hall, self, row, manner, appearance)
        self._seats[row.index] = seat
        row.sat_down(seat)
        if appearance is not None:
            appearance.seated(seat)
        return seat

    @property
    def seats(self) -> Collection[PlaneSeat]:
        """The seats taken."""
        return self._seats.values()

    @property
    def rate(self) -> int:
        """Samples a second that its legs hear."""
        return max((seat.audio.rate for seat in self._seats.values()), default=WIDE // 2)

    def play(self, sound: Sound, on_end: OnEnd | None = None) -> None:
        """Play to all; see `Room.play`."""
        if self._closed:
            raise LocalError("nothing can be played in a room that is closed")
        self._hall.host.play_in(self.index, self.rate, sound, on_end)

    def stop(self) -> None:
        """Stop playing."""
        if not self._closed:
            self._hall.post(commands.ROOM_STOP, (self.index,))

    def tap(self, seconds: float, rate: int = 8000) -> RowCapture:
        """Keep what is said and played to all; see `Room.tap`."""
        if self._closed:
            raise LocalError("nothing is said in a room that is closed")
        capture = self._hall.tap(None, self.index, Side.BOTH, seconds, rate, over=self._taps.discard)
        self._taps.add(capture)
        return capture

    def close(self) -> None:
        """Send everybody out and close it."""
        if self._closed:
            return
        self._closed = True
        for capture in list(self._taps):
            capture.stop()
        for seat in list(self._seats.values()):
            seat.leave()
        self._hall.post(commands.CLOSE_ROOM, (self.index,), lambda _: self._hall.closed(self))

    def left(self, seat: PlaneSeat) -> None:
        """A seat is empty."""
        del self._seats[seat.audio.index]

    def heard(self, row: int, talking: bool | None, at: float) -> None:
        """The loop says who talks."""
        seat = self._seats.get(row)
        if seat is None or self.listener is None:
            return
        self.listener(SpeakerChanged(seat) if talking is None else Talking(seat, talking), at)


def amplification(gain: float) -> int:
    """A gain in dB as the loop multiplies by it.

    Raises:
        LocalError: it is out of range.
    """
    if not _GAINS[0] <= gain <= _GAINS[1]:
        raise LocalError(f"a gain of {gain} dB is not between {_GAINS[0]:g} and {_GAINS[1]:g}")
    return round(UNITY * 10 ** (gain / 20))


def _arguments(manner: Manner) -> tuple[int, int, int, int]:
    """A manner as the arguments of SIT."""
    sets = 0
    for place, buses in enumerate((manner.talks, manner.hears, manner.tells, manner.through)):
        if not buses <= set(range(BUSES)):
            raise LocalError(f"a room has buses 0 to {BUSES - 1}, not {sorted(buses)}")
        sets |= sum(1 << bus for bus in buses) << 8 * place
    return sets, amplification(manner.gain_in), amplification(manner.gain_out), int(manner.gated)
