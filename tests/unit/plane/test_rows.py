"""Rows and rings: handles that go stale, answers that come exactly once, rings that fill, nothing left behind."""

from __future__ import annotations

import contextlib
import gc
import select
import socket
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.audio import AudioLost, Sound
from gateway.core.codec import Codec, Encoding
from gateway.core.errors import Exhausted, LocalError
from gateway.plane import commands
from gateway.plane.loop import run
from gateway.plane.plane import Plane, PlaneConfig, PlaneUsage
from gateway.plane.row import PlaneRow
from gateway.plane.table import COMMANDS
from gateway.plane.words import COMMAND_SIGNAL, COMMANDS_READ
from tests.unit.plane.conftest import Studio, speech

TONE = Sound("tone", np.full(320, 2000, np.int16), loop_from=0)


def test_a_socket_is_closed_only_after_the_plane_has_let_go_of_it(studio: Studio) -> None:
    row = studio.row(name="first")
    studio.settle()
    row.close()
    row.close()
    assert studio.closed == []
    studio.plane.step(studio.now)
    assert studio.closed == []
    studio.plane.pump(studio.now)
    assert studio.closed == ["first"]


def test_a_row_used_again_does_not_answer_to_its_old_handle(studio: Studio) -> None:
    old, _ = studio.telephone()
    studio.settle()
    old.close()
    studio.settle()
    fresh = [studio.telephone() for _ in range(16)]
    new, phone = next((row, phone) for row, phone in fresh if row.index == old.index)
    assert new.generation == old.generation + 1
    answers: list[bool] = []
    studio.plane.post((commands.ECHO, old.index, old.generation, (), b""), answers.append)
    studio.settle()
    phone.say(speech(0.02))
    studio.settle()
    assert answers == [False]
    assert phone.hear() == []


def test_joining_a_row_that_has_gone_does_nothing(studio: Studio) -> None:
    (a, alice), (b, _) = studio.telephone(), studio.telephone()
    b.close()
    a.join(b)
    studio.settle()
    alice.say(speech(0.02))
    studio.settle()
    assert alice.hear() == []


def test_closing_one_leg_leaves_the_other_silent_and_whole(studio: Studio) -> None:
    (a, alice), (b, _), (c, carol) = studio.telephone(), studio.telephone(), studio.telephone()
    a.join(b)
    studio.settle()
    b.close()
    studio.settle()
    alice.say(speech(0.02))
    studio.settle()
    a.join(c)
    alice.say(speech(0.02))
    studio.settle()
    assert len(carol.hear()) == 1


def test_a_row_cannot_be_joined_to_itself_or_to_another_plane(studio: Studio) -> None:
    other = Studio()
    row = studio.row()
    with pytest.raises(LocalError):
        row.join(row)
    with pytest.raises(LocalError):
        row.join(other.row())
    other.close()


def test_when_all_rows_are_taken_the_limit_is_named(studio: Studio) -> None:
    rows = [studio.row() for _ in range(16)]
    with pytest.raises(Exhausted, match="all 16 rows"):
        studio.row()
    rows[0].close()
    studio.settle()
    studio.row()


def test_a_descriptor_that_cannot_be_watched_is_reported_and_given_back(studio: Studio) -> None:
    with open("/dev/null", "rb") as nothing:
        removed: list[str] = []
        row = studio.plane.add_frames(nothing.fileno(), Encoding.PCMU, on_removed=lambda: removed.append("gone"))
        studio._listen(row)
        row.play(TONE, studio.ends.append)
        studio.settle()
    assert [type(event) for event in studio.happened(row)] == [AudioLost]
    assert removed == ["gone"]
    assert len(studio.ends) == 1
    row.close()
    assert studio.plane.usage() == PlaneUsage()


def test_more_commands_than_the_ring_holds_are_each_answered_once_in_order(studio: Studio) -> None:
    row, _ = studio.telephone()
    answers: list[int] = []
    for k in range(3 * COMMANDS):
        command = commands.DETECT, row.index, row.generation, (k & 1,), b""
        studio.plane.post(command, lambda ok, k=k: answers.append(k))
    assert int(studio.plane.tables.workers[0].control[COMMANDS_READ]) <= COMMANDS
    while studio.plane.usage().commands:
        studio.settle()
    assert answers == list(range(3 * COMMANDS))


def test_more_commands_than_the_ring_holds_are_carried_out_though_nobody_waits_for_their_answers() -> None:
    turns: list[Callable[[], None]] = []
    gone: list[str] = []
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    plane = Plane(PlaneConfig(rows=1, arena=1.0), soon=turns.append)
    row = plane.add_frames(theirs.fileno(), Encoding.L16, on_removed=lambda: gone.append("gone"))
    for _ in range(3 * COMMANDS):
        row.part()
    row.close()
    told = True
    while told:
        while turns:
            turns.pop()()
        run(plane.tables.workers[0].shared, 0)
        told = bool(select.select([plane.eventfd], [], [], 0)[0])
        if told:
            plane.pump(0.0)
    assert gone == ["gone"]
    plane.close()
    ours.close()
    theirs.close()


def test_commands_of_one_turn_are_handed_over_together_and_those_of_the_next_again() -> None:
    turns: list[Callable[[], None]] = []
    plane = Plane(PlaneConfig(rows=1, arena=1.0), soon=turns.append)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    row = plane.add_frames(theirs.fileno(), Encoding.L16)
    for _ in range(2):
        row.part()
        assert len(turns) == 1
        before = plane.usage().commands
        run(plane.tables.workers[0].shared, 0)
        assert plane.usage().commands == before, "the loop sees nothing of them"
        turns.pop()()
        run(plane.tables.workers[0].shared, 0)
        assert plane.usage().commands == 0
    plane.close()
    ours.close()
    theirs.close()


def test_what_was_promised_is_given_back_when_it_has_come(studio: Studio) -> None:
    for _ in range(len(studio.plane.tables.workers[0].events) // 4 + 1):
        row = studio.row()
        row.play(TONE, studio.ends.append)
        row.close()
        studio.plane.step(studio.now)
        studio.plane.pump(studio.now)
    assert studio.plane.usage() == PlaneUsage()


def test_the_loop_is_woken_for_what_cannot_wait_for_its_next_tick_and_not_for_what_can(studio: Studio) -> None:
    signal = int(studio.plane.tables.workers[0].control[COMMAND_SIGNAL])

    def is_woken() -> bool:
        return bool(select.select([signal], [], [], 0)[0])

    row = studio.row()
    row.set_remote("127.0.0.1", 9, Codec(Encoding.PCMU, 0), None)
    row.detect_digits(True)
    row.part()
    assert not is_woken()
    row.play(TONE)
    assert is_woken()
    studio.settle()
    assert not is_woken()
    row.close()
    assert not is_woken()


def test_a_control_that_does_not_pump_loses_digits_but_no_answer_and_no_end(studio: Studio) -> None:
    (a, alice), (b, _) = studio.telephone(), studio.telephone()
    studio.settle()
    for _ in range(2000):
        alice.press("1")
        studio.plane.step(studio.now)
    assert studio.plane.dropped > 0
    for _ in range(200):
        b.play(TONE, studio.ends.append)
        studio.plane.step(studio.now)
    while studio.plane.usage().sounds > 1:
        studio.settle()
    assert len(studio.ends) == 199
    assert 0 < len(studio.happened(a)) < 2000


def test_an_unknown_command_is_refused(studio: Studio) -> None:
    row = studio.row()
    answers: list[bool] = []
    studio.plane.post((99, row.index, row.generation, (), b""), answers.append)
    studio.plane.post((commands.SEND_DIGITS, row.index, row.generation, (1, 800, 800), b"\1"), answers.append)
    studio.settle()
    assert answers == [False, False]


def play(studio: Studio, row: PlaneRow, number: int) -> None:
    short = Sound("short", np.zeros(100 * number, np.int16))
    row.play(TONE if number % 2 else short, studio.ends.append)
    studio.plays += 1


ACTIONS: dict[str, Callable[[Studio, PlaneRow, int], object]] = {
    "close": lambda studio, row, number: row.close(),
    "part": lambda studio, row, number: row.part(),
    "echo": lambda studio, row, number: row.echo(),
    "play": play,
    "stop": lambda studio, row, number: row.stop(),
    "digits": lambda studio, row, number: row.send_digits("12"[: number % 3]),
    "detect": lambda studio, row, number: row.detect_digits(number % 2 == 0),
    "capture": lambda studio, row, number: row.capture(0.5),
    "tick": lambda studio, row, number: studio.tick(number),
}
SCRIPTS = st.lists(
    st.tuples(st.sampled_from(["rtp", "frames", "join", *ACTIONS]), st.integers(0, 7), st.integers(0, 7)),
    max_size=60,
)


def act(studio: Studio, legs: list[tuple[PlaneRow, Any]], action: str, first: int, second: int) -> None:
    if action in ("rtp", "frames"):
        legs.append(studio.telephone() if action == "rtp" else studio.device())
        return
    if not legs:
        return
    row, far = legs[first % len(legs)]
    other, _ = legs[second % len(legs)]
    if action == "join" and other is not row:
        row.join(other)
    elif action != "join":
        ACTIONS[action](studio, row, second)
    far.say(np.full(160, 1000, np.int16))


@settings(max_examples=60, deadline=None)
@given(script=SCRIPTS)
def test_whatever_is_done_in_whatever_order_nothing_is_left(script: list[tuple[str, int, int]]) -> None:
    studio = Studio(rows=4, arena=3.0)
    legs: list[tuple[PlaneRow, Any]] = []
    try:
        for action, first, second in script:
            with contextlib.suppress(Exhausted, BrokenPipeError, BlockingIOError, ConnectionResetError):
                act(studio, legs, action, first, second)
    finally:
        studio.close()
    assert studio.plane.usage() == PlaneUsage()
    assert len(studio.ends) == studio.plays


def test_a_closed_plane_gives_no_rows_and_takes_no_steps() -> None:
    plane = Plane(PlaneConfig(rows=1, arena=1.0))
    plane.close()
    plane.close()
    plane.pump(0.0)
    with pytest.raises(LocalError):
        plane.step(1.0)
    with pytest.raises(Exhausted):
        plane.add_rtp(0, "127.0.0.1", 1)


def test_a_closed_plane_is_not_kept_alive() -> None:
    plane = Plane(PlaneConfig(rows=1, arena=1.0))
    plane.step(0.0)
    plane.close()
    gone = weakref.ref(plane)
    del plane
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("rows", [0, -1, 70000])
def test_a_size_that_makes_no_sense_is_named(rows: int) -> None:
    with pytest.raises(LocalError, match=str(rows)):
        Plane(PlaneConfig(rows=rows))


def test_a_capture_that_comes_too_late_holds_nothing(studio: Studio) -> None:
    row, _ = studio.telephone()
    row.close()
    capture = row.capture(0.5)
    studio.settle()
    assert len(capture.read()) == 0
    studio.settle()
    assert studio.plane.usage().arena == 0
