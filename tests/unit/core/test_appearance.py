"""Several calls of one line: who has the row, what waits for it, and what holds again when it is back."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pytest

from gateway.core.appearance import Appearance
from gateway.core.audio import Capture, Samples, Side, Sound, SoundEnd
from gateway.core.errors import Exhausted
from gateway.core.room import MEMBER, NONE, Manner
from tests.support.channel import ScriptedAudio

TONE = Sound("a tone", np.zeros(160, np.int16))
OTHER = Sound("another tone", np.zeros(160, np.int16))


class Kept:
    """A capture that always has the same to give."""

    lost = 0
    rate = 8000

    def __init__(self) -> None:
        self.stopped = False

    @property
    def ended(self) -> bool:
        return self.stopped

    def read(self) -> Samples:
        return np.full(3, 7, np.int16)

    def stop(self) -> None:
        self.stopped = True


class Row(ScriptedAudio):
    """A row that also keeps."""

    def __init__(self) -> None:
        super().__init__(digits_as_events=False)
        self.kept = Kept()
        self.tails: list[int] = []

    def capture(self, seconds: float) -> Capture:
        return self.kept

    def tap(self, side: Side, seconds: float, **more: object) -> Capture:
        return self.kept

    def cancel_echo(self, tail: int) -> None:
        self.tails.append(tail)


class Chair:
    """A seat that remembers how it was taken."""

    def __init__(self, audio: object, manner: Manner = MEMBER) -> None:
        self.audio = audio
        self.manner = manner
        self.left = False

    def change(self, manner: Manner) -> None:
        self.manner = manner

    def leave(self) -> None:
        self.left = True


class Parlour:
    """A room of so many chairs."""

    def __init__(self, free: int = 9) -> None:
        self.chairs: list[Chair] = []
        self.free = free

    @property
    def taken(self) -> Collection[Chair]:
        return [chair for chair in self.chairs if not chair.left]

    def sit(self, audio: object, manner: Manner = MEMBER) -> Chair:
        if len(self.taken) >= self.free:
            raise Exhausted("no seat is free")
        self.chairs.append(Chair(audio, manner))
        return self.chairs[-1]


def joined(audio: object) -> object:
    """Whom a row is joined with."""
    assert isinstance(audio, ScriptedAudio)
    return audio.joined


class Two:
    """A line with a call in front and one that waits, each joined with somebody."""

    def __init__(self) -> None:
        self.row = Row()
        self.front, self.back = Appearance(self.row), Appearance(self.row, present=False)
        self.ada, self.bert = ScriptedAudio(True), ScriptedAudio(True)
        self.front.join(self.ada)
        self.back.join(self.bert)

    def change(self) -> None:
        self.front.lay_aside()
        self.back.take_up()
        self.front, self.back = self.back, self.front


def test_one_call_at_a_time_is_joined_with_the_line() -> None:
    two = Two()
    assert joined(two.row) is two.ada and joined(two.bert) is None
    two.change()
    assert joined(two.row) is two.bert and joined(two.ada) is None
    two.change()
    assert joined(two.row) is two.ada and joined(two.bert) is None


def test_whom_a_waiting_call_is_joined_with_may_change_meanwhile() -> None:
    two = Two()
    clerk = ScriptedAudio(True)
    two.back.join(clerk)
    two.front.part()
    assert joined(two.row) is None
    two.change()
    assert joined(two.row) is clerk
    two.change()
    assert joined(two.row) is None, "the first one has been parted for good"


def test_two_lines_hear_each_other_while_both_have_their_rows() -> None:
    one, other = Appearance(Row()), Appearance(Row())
    one.join(other)
    assert joined(one.row) is other.row
    one.lay_aside()
    assert joined(other.row) is None
    other.lay_aside()
    one.take_up()
    assert joined(one.row) is None, "the other one is not there"
    other.take_up()
    assert joined(one.row) is other.row
    other.close()
    assert joined(one.row) is None
    one.lay_aside()
    one.take_up()
    assert joined(one.row) is None


def test_a_sound_begins_anew_and_ends_once() -> None:
    row = Row()
    ends: list[SoundEnd] = []
    call = Appearance(row)
    call.play(TONE, ends.append)
    call.lay_aside()
    assert not row.playing and ends == [], "who waits for its end waits on"
    call.take_up()
    assert row.heard == ["a tone", "a tone"]
    row.finish()
    assert ends == [SoundEnd.PLAYED]
    call.lay_aside()
    call.take_up()
    assert row.heard == ["a tone", "a tone"]


def test_what_a_waiting_call_plays_is_heard_once_it_has_the_row() -> None:
    row = Row()
    first: list[SoundEnd] = []
    second: list[SoundEnd] = []
    call = Appearance(row, present=False)
    call.play(TONE, first.append)
    call.play(OTHER, second.append)
    assert row.heard == [] and first == [SoundEnd.STOPPED]
    call.take_up()
    assert row.heard == ["another tone"]
    call.lay_aside()
    call.stop()
    assert second == [SoundEnd.STOPPED]
    call.take_up()
    assert row.heard == ["another tone"]


@pytest.mark.parametrize(("present", "end"), [(True, SoundEnd.STOPPED), (False, SoundEnd.LOST)])
def test_a_call_that_is_over_ends_its_sound(present: bool, end: SoundEnd) -> None:
    ends: list[SoundEnd] = []
    call = Appearance(Row(), present)
    call.play(TONE, ends.append)
    call.close()
    assert ends == [end]
    call.take_up()
    assert ends == [end]


def test_an_echo_holds_again() -> None:
    row = Row()
    call = Appearance(row)
    call.echo()
    call.lay_aside()
    assert joined(row) is None
    call.take_up()
    assert joined(row) is row
    call.part()
    call.lay_aside()
    call.take_up()
    assert joined(row) is None


def test_a_waiting_call_keys_nothing_and_keeps_silence() -> None:
    row = Row()
    call = Appearance(row)
    kept, tapped = call.capture(1.0), call.tap(Side.IN, 1.0)
    assert kept.read().tolist() == tapped.read().tolist() == [7, 7, 7]
    call.lay_aside()
    call.send_digits("12")
    assert kept.read().tolist() == tapped.read().tolist() == [0, 0, 0]
    assert row.heard == []
    call.take_up()
    call.send_digits("3")
    assert row.heard == ["digits 3"] and kept.read().tolist() == [7, 7, 7]
    kept.stop()
    assert row.kept.stopped and kept.ended and kept.lost == 0


def test_what_is_kept_of_a_call_ends_with_it_and_has_its_last_words() -> None:
    row = Row()
    call = Appearance(row)
    tapped = call.tap(Side.BOTH, 1.0)
    call.close()
    assert row.kept.stopped and tapped.ended
    assert list(tapped.read()) == [7, 7, 7]
    tapped.stop()
    assert not tapped.read().any(), "what comes now is another call's"


def test_a_seat_is_empty_while_its_call_waits() -> None:
    call = Appearance(Row())
    seat, late = Chair(call), Chair(call)
    call.seated(seat)  # type: ignore[arg-type]  # a seat as far as it goes
    call.lay_aside()
    assert seat.manner == Manner(NONE, NONE)
    call.seated(late)  # type: ignore[arg-type]  # the same
    assert late.manner == Manner(NONE, NONE)
    call.take_up()
    assert seat.manner == late.manner == MEMBER
    call.got_up(late)  # type: ignore[arg-type]  # the same
    call.close()
    assert seat.left and not late.left


class TestThree:
    def test_the_third_hears_both_and_is_heard(self) -> None:
        two, room = Two(), Parlour()
        two.back.confer(room)  # type: ignore[arg-type]  # a room as far as it goes
        assert [chair.audio for chair in room.taken] == [two.row, two.bert]
        assert joined(two.row) is two.ada, "the line stays joined with the one in front"
        two.back.leave_room()
        assert room.taken == []

    def test_whoever_takes_the_place_of_the_third_sits_down(self) -> None:
        two, room, clerk = Two(), Parlour(), ScriptedAudio(True)
        two.back.confer(room)  # type: ignore[arg-type]  # the same
        two.back.join(clerk)
        assert [chair.audio for chair in room.taken] == [two.row, clerk]
        two.back.close()
        assert room.taken == []

    def test_a_room_without_seats_says_so(self) -> None:
        with pytest.raises(Exhausted):
            Two().back.confer(Parlour(free=1))  # type: ignore[arg-type]  # the same


def test_the_echo_is_that_of_the_line_whoever_has_it() -> None:
    row = Row()
    call = Appearance(row, present=False)
    call.cancel_echo(64)
    assert row.tails == [64] and not call.digits_as_events
