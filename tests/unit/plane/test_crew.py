"""Several threads over one set of tables: rows are spread, and those that hear one another are brought together."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from gateway.core.audio import DigitHeard, Side, Sound, SoundEnd
from gateway.core.codec import Encoding
from gateway.core.errors import LocalError
from gateway.media.tone import dtmf
from gateway.plane.plan import is_ticked
from gateway.plane.plane import Plane, PlaneConfig
from gateway.plane.row import PlaneRow
from gateway.plane.table import FRAMES, PHASES
from tests.unit.plane.conftest import Studio, delay_and_likeness, speech


@pytest.fixture(params=[2, 5])
def studio(request: pytest.FixtureRequest) -> Iterator[Studio]:
    made = Studio(threads=request.param)
    yield made
    made.close()


def thread_of(studio: Studio, row: PlaneRow) -> int:
    """Which loop works a row, as the loops have it."""
    return int(studio.plane.tables.owners[row.index])


def test_rows_are_spread_over_the_threads(studio: Studio) -> None:
    rows = [studio.row() for _ in range(6)]
    studio.settle()
    count = len(studio.plane.tables.workers)
    assert [thread_of(studio, row) for row in rows] == [k // 2 % count for k in range(6)], "two by two"
    for row in rows[:4]:
        row.close()
    studio.settle()
    again = [studio.row() for _ in range(4)]
    studio.settle()
    load = [thread_of(studio, row) for row in (*again, *rows[4:])]
    assert max(map(load.count, range(count))) - min(map(load.count, range(count))) <= 2


def test_a_row_that_could_not_begin_burdens_no_thread(studio: Studio) -> None:
    count = len(studio.plane.tables.workers)
    for _ in range(3):
        with open("/dev/null", "rb") as nothing:
            row = studio.plane.add_frames(nothing.fileno(), Encoding.PCMU)
            studio.settle()
        row.close()
    rows = [studio.row() for _ in range(2 * count)]
    studio.settle()
    assert [thread_of(studio, row) for row in rows] == [k // 2 for k in range(2 * count)], "as if it had never been"


def test_rows_that_are_joined_are_brought_together_and_hear_each_other(studio: Studio) -> None:
    (a, alice), _, (b, bob) = studio.telephone(), studio.telephone(), studio.telephone(Encoding.G722, 9)
    studio.settle()
    assert thread_of(studio, a) != thread_of(studio, b)
    a.join(b)
    studio.settle()
    assert thread_of(studio, a) == thread_of(studio, b)
    said = speech(1.0)
    for start in range(0, len(said), 160):
        alice.say(said[start : start + 160])
        studio.tick()
    assert b.stats().sent == 50
    assert delay_and_likeness(said, bob.heard()[::2])[1] > 0.9
    assert {(y.sequence - x.sequence) & 0xFFFF for x, y in itertools.pairwise(bob.received)} == {1}


def test_the_legs_of_a_call_that_come_one_after_the_other_need_not_move(studio: Studio) -> None:
    for _ in range(4):
        (a, _), (b, _) = studio.telephone(), studio.telephone()
        studio.settle()
        before = thread_of(studio, a), thread_of(studio, b)
        a.join(b)
        assert not studio.plane._crew.is_moving
        studio.settle()
        assert (thread_of(studio, a), thread_of(studio, b)) == before


def test_of_two_groups_alike_that_of_the_busier_thread_moves(studio: Studio) -> None:
    (a, _), (b, _), (c, _), (d, _) = (studio.telephone() for _ in range(4))
    studio.settle()
    a.join(d)
    studio.settle()
    b.join(c)
    studio.settle()
    assert len({thread_of(studio, row) for row in (a, d)}) == len({thread_of(studio, row) for row in (b, c)}) == 1
    assert thread_of(studio, a) != thread_of(studio, b)


def test_a_stream_goes_on_where_it_was_when_its_row_moves(studio: Studio) -> None:
    (a, alice), (b, bob), (c, carol) = (studio.telephone() for _ in range(3))
    a.join(b)
    studio.settle()
    for _ in range(5):
        alice.say(speech(0.02))
        studio.tick()
    (last,) = bob.hear()[-1:]
    c.join(b)
    studio.settle()
    for _ in range(5):
        carol.say(speech(0.02))
        studio.tick()
    (first, *_) = bob.hear()
    assert (first.ssrc, (first.sequence - last.sequence) & 0xFFFF) == (last.ssrc, 1)
    assert thread_of(studio, c) == thread_of(studio, b)


def test_what_is_asked_meanwhile_is_done_afterwards_in_its_order(studio: Studio) -> None:
    (a, alice), _, (b, bob) = (studio.telephone() for _ in range(3))
    studio.settle()
    assert thread_of(studio, a) != thread_of(studio, b)
    beep = Sound("beep", np.full(800, 1000, np.int16))
    a.join(b)
    b.play(beep, studio.ends.append)
    b.part()
    b.play(beep, studio.ends.append)
    a.close()
    studio.tick(8)
    assert studio.ends == [SoundEnd.STOPPED, SoundEnd.PLAYED]
    assert len(bob.hear()) == 5 and alice.hear() == []
    assert studio.plane.usage().commands == 0


def test_a_room_and_all_who_sit_in_it_are_one_threads(studio: Studio) -> None:
    room = studio.plane.room()
    people = [studio.telephone() for _ in range(5)]
    studio.settle()
    for row, _ in people:
        room.sit(row)
    tap = room.tap(2.0)
    studio.settle()
    assert len({thread_of(studio, row) for row, _ in people}) == 1
    said = speech(0.5)
    for start in range(0, len(said), 160):
        people[0][1].say(said[start : start + 160])
        studio.tick()
    studio.tick(3)
    for row, phone in people[1:]:
        assert delay_and_likeness(said, phone.heard())[1] > 0.97, row
    assert delay_and_likeness(said, tap.read())[1] > 0.97
    tap.stop()


def test_two_rooms_with_somebody_in_both_become_one_threads(studio: Studio) -> None:
    """A conference, and a call elsewhere in which one of its members is listened to."""
    first, second = studio.plane.room(), studio.plane.room()
    people = [studio.telephone() for _ in range(6)]
    studio.settle()
    for row, _ in people[:3]:
        first.sit(row)
    for row, _ in people[3:]:
        second.sit(row)
    studio.settle()
    second.sit(people[0][0])
    studio.settle()
    assert len({thread_of(studio, row) for row, _ in people}) == 1
    rooms = studio.plane.tables.rooms
    assert {int(rooms[room.index]["worker"]) for room in (first, second)} == {thread_of(studio, people[0][0])}
    said = speech(0.5)
    for start in range(0, len(said), 160):
        people[0][1].say(said[start : start + 160])
        studio.tick()
    studio.tick(3)
    for _, phone in people[1:]:
        assert delay_and_likeness(said, phone.heard())[1] > 0.97


def test_taps_captures_and_digits_go_with_their_row(studio: Studio) -> None:
    (a, alice), _, (b, _) = studio.telephone(event_type=None), studio.telephone(), studio.telephone()
    studio.settle()
    a.detect_digits(True)
    tap, capture = a.tap(Side.IN, 2.0), a.capture(2.0)
    studio.tick()
    row_moves = thread_of(studio, a) != thread_of(studio, b)
    b.join(a)
    studio.settle()
    assert row_moves and thread_of(studio, a) == thread_of(studio, b)
    said = speech(0.5)
    for start in range(0, len(said), 160):
        alice.say(said[start : start + 160])
        studio.tick()
    studio.tick(3)
    assert delay_and_likeness(said, tap.read())[1] > 0.97
    assert delay_and_likeness(said, capture.read())[1] > 0.97
    for start in range(0, 3200, 160):
        alice.say(np.pad(dtmf("5", 0.2, 0.2), (0, 3200))[start : start + 160])
        studio.tick()
    assert [event.digit for event in studio.happened(a) if isinstance(event, DigitHeard)] == ["5"]


def test_a_device_moves_as_well(studio: Studio) -> None:
    (d, device), _, (a, alice) = studio.device(Encoding.L16), studio.telephone(), studio.telephone()
    studio.settle()
    assert thread_of(studio, a) != thread_of(studio, d)
    a.join(d)
    studio.settle()
    said, answer = speech(1.0), speech(1.0, seed=2)
    for k in range(50):
        alice.say(said[160 * k : 160 * k + 160])
        device.say(answer[160 * k : 160 * k + 160])
        studio.tick()
    assert delay_and_likeness(answer, alice.heard())[1] > 0.97
    assert delay_and_likeness(said, device.heard())[1] > 0.97


def test_a_row_that_is_lost_is_told_of_wherever_it_was(studio: Studio) -> None:
    (a, _), (d, device) = studio.telephone(), studio.device()
    studio.settle()
    a.join(d)
    studio.settle()
    device.ours.close()
    studio.tick(2)
    assert [type(event).__name__ for event in studio.happened(d)] == ["AudioLost"]


class Crowd:
    """Rows and rooms with which anything may be done at any time."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.random = np.random.default_rng(11)
        self.rows = [studio.telephone()[0] for _ in range(4)]
        self.rooms = [studio.plane.room() for _ in range(2)]
        self.plays = 0

    def act(self) -> None:
        """Do one thing."""
        one, other = (self.rows[int(k)] for k in self.random.choice(len(self.rows), 2, replace=False))
        room = self.rooms[int(self.random.integers(0, 2))]
        actions: list[Callable[[], object]] = [
            lambda: one.join(other),
            one.part,
            lambda: one.index in {seat.audio.index for seat in room.seats} or room.sit(one),
            lambda: [seat.leave() for seat in list(room.seats)[:1]],
            lambda: self.play(one),
            lambda: one.tap(Side.BOTH, 0.1).stop(),
            lambda: self.replace(one),
        ]
        actions[int(self.random.integers(0, len(actions)))]()

    def play(self, row: PlaneRow) -> None:
        self.plays += 1
        row.play(Sound("beep", np.full(320, 500, np.int16)), self.studio.ends.append)

    def replace(self, row: PlaneRow) -> None:
        self.rows.remove(row)
        row.close()
        self.rows.append(self.studio.telephone()[0])

    def are_with_their_threads(self) -> bool:
        """Whether all who hear one another are one thread's."""
        tables = self.studio.plane.tables
        owners, rows, rooms = tables.owners, tables.rows, tables.rooms
        seated = [seat for seat in tables.seats if seat["taken"]]
        joined = [k for k in range(len(rows)) if rows[k]["state"] and rows[k]["peer"] >= 0]
        return all(owners[seat["row"]] == rooms[seat["room"]]["worker"] for seat in seated) and all(
            owners[k] == owners[rows[k]["peer"]] for k in joined
        )

    def stand_in_their_lists(self) -> bool:
        """Whether whoever has something to do on the tick is visited once, by its thread, and nobody else is."""
        tables = self.studio.plane.tables
        visited = [
            (worker.shared["worker"], phase, int(row))
            for worker in tables.workers
            for phase in range(PHASES)
            for row in worker.parts[phase, : worker.shared["listed"][phase]]
        ]
        due = [
            (tables.owners[k], tables.phases[k], k)
            for k, row in enumerate(tables.rows)
            if is_ticked(bool(row["kind"] == FRAMES), int(tables.stages[k]))
        ]
        return sorted(visited) == sorted(due)


def test_whatever_is_joined_in_whatever_order_all_stay_with_their_thread(studio: Studio) -> None:
    """Joins, parts, rooms, seats, taps and ends at random, asked faster than the threads answer."""
    crowd = Crowd(studio)
    for _ in range(800):
        crowd.act()
        if crowd.random.random() < 0.3:
            studio.tick()
        if not studio.plane.usage().commands:
            assert crowd.stand_in_their_lists()
    studio.tick(5)
    assert studio.plane.usage().commands == 0
    assert crowd.are_with_their_threads()
    for each in (*crowd.rooms, *crowd.rows):
        each.close()
    studio.tick(3)
    assert len(studio.ends) == crowd.plays > 50


@pytest.mark.parametrize("threads", [2, 4])
def test_threads_of_their_own_relay_and_move(threads: int) -> None:
    """As many as there are, whether or not they have cores of their own."""
    studio = Studio(now=time.monotonic(), threads=threads)
    try:
        legs = [studio.telephone() for _ in range(2 * threads)]
        pairs = [(*legs[k], *legs[-1 - k]) for k in range(threads)]
        for a, _, b, _ in pairs:
            a.join(b)
        studio.plane.start_thread()

        def until(done: Callable[[], object]) -> None:
            give_up = time.monotonic() + 30
            while not done() and time.monotonic() < give_up:
                studio.plane.pump(time.monotonic())
                time.sleep(0.002)
            assert done()

        until(lambda: studio.plane.usage().commands == 0)
        assert {thread_of(studio, a) for a, *_ in pairs} == set(range(threads))
        assert all(thread_of(studio, a) == thread_of(studio, b) for a, _, b, _ in pairs)
        for _, alice, _, _ in pairs:
            alice.say(speech(0.1))
        until(lambda: all(b.stats().sent == 5 for _, _, b, _ in pairs))
        assert [len(bob.hear()) for *_, bob in pairs] == [5] * threads
        a, alice, b, _ = pairs[0]
        c, carol, _, _ = pairs[1]
        a.join(c)  # what two threads have comes together
        until(lambda: studio.plane.usage().commands == 0 and thread_of(studio, a) == thread_of(studio, c))
        alice.say(speech(0.1))
        until(lambda: c.stats().sent == 5)
        assert len(carol.hear()) == 5 and b.stats().sent == 5
        assert studio.plane.fault() is None
    finally:
        studio.close()


@pytest.mark.parametrize("threads", [0, 65])
def test_a_number_of_threads_that_makes_no_sense_is_refused(threads: int) -> None:
    with pytest.raises(LocalError, match="1 to 64 threads"):
        Plane(PlaneConfig(rows=4, arena=1.0, threads=threads))
