"""Stories that are packed: they say what they said, in a fraction of the room."""

from __future__ import annotations

import gc
import tracemalloc
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core import story, trace
from gateway.core.trace import Kind, Note, Recorder

INVITE = (
    "INVITE sip:101@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.{number}:5060;branch=z9hG4bK{number}\r\n"
    "From: <sip:6001@192.0.2.1>;tag=a{number}\r\nTo: <sip:101@192.0.2.1>\r\nCall-ID: {number}@caller\r\n"
    "CSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
)
DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("note"), st.sampled_from("abc"), st.sampled_from(list(Kind))),
        st.tuples(st.just("join"), st.sampled_from(["one", "two"]), st.sampled_from("abc")),
    ),
    max_size=30,
)


class Saying:
    """What is put into words only for readers."""

    def __str__(self) -> str:
        return "secret=hunter2 was said"


def test_a_story_that_is_packed_says_what_it_said() -> None:
    recorder = Recorder()
    recorder.note(1.0, Kind.LINE, "FXS/1", "RING", "é")
    recorder.note(2.0, Kind.MESSAGE, "FXS/1", Saying(), b"nonce=1\xff")
    recorder.join("call", "FXS/1")
    said = recorder.story("call")
    assert said == [
        Note(1.0, Kind.LINE, "FXS/1", "RING", "é"),
        Note(2.0, Kind.MESSAGE, "FXS/1", "secret=*** was said", "nonce=***"),
    ]
    time_passes(recorder, 7.0 + trace.OVER)
    assert recorder.story("call") == said
    recorder.note(3.0, Kind.CALL, "FXS/1", "goes on")
    assert recorder.story("FXS/1") == [*said, Note(3.0, Kind.CALL, "FXS/1", "goes on")]


def test_two_stories_that_are_packed_become_one_in_the_order_of_time() -> None:
    recorder = Recorder()
    for number in range(8):
        recorder.note(float(number), Kind.CALL, "even" if number % 2 == 0 else "odd", str(number))
    time_passes(recorder, 7.0 + trace.OVER)
    recorder.join("call", "odd")
    recorder.join("call", "even")
    assert [note.text for note in recorder.story("call")] == [str(number) for number in range(8)]


@settings(max_examples=60)
@given(deeds=DEEDS, fresh=st.integers(0, 3), loose=st.integers(1, 5), half=st.integers(1, 6))
def test_packed_or_not_a_story_is_the_same(
    deeds: list[tuple[str, str, str | Kind]], fresh: int, loose: int, half: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trace, "LOOSE", loose)
        patch.setattr(story, "SMALL", loose)
        packed = told(deeds, 2 * half, rests=fresh)
        patch.setattr(trace, "LOOSE", 1000)
        assert told(deeds, 2 * half) == packed


def test_the_messages_of_a_call_take_little_room_when_it_stands() -> None:
    recorder = Recorder()
    messages = [[INVITE.format(number=number).encode() for _ in range(10)] for number in range(200)]
    for call in range(100):
        story_of(recorder, call, messages[call])
    time_passes(recorder, 1.0 + trace.STANDS)
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for call in range(100, 200):
            story_of(recorder, call, messages[call])
        time_passes(recorder, 1.0 + trace.STANDS)
        messages.clear()
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (after - before) / 100 < 1400, "of 3 kB in ten messages"


def test_a_story_that_goes_on_by_itself_is_packed_too_and_stays_bounded() -> None:
    recorder = Recorder(notes=100)
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(3000):
            recorder.note(
                float(number), Kind.MESSAGE, "leg", "OPTIONS", INVITE.format(number=number % 250).encode()
            )
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 150_000, "half of it is the compressor, of which there is one"
    assert [note.at for note in recorder.story("leg")] == [*range(50), 2950, *range(2950, 3000)]


def story_of(recorder: Recorder, call: int, messages: list[bytes]) -> None:
    for data in messages:
        recorder.note(1.0, Kind.MESSAGE, f"leg-{call}", "INVITE", data)
    recorder.join(f"call-{call}", f"leg-{call}")


def time_passes(recorder: Recorder, now: float) -> None:
    """So that whatever rests is packed."""
    for _ in range(10):
        recorder.rest(now)


def told(deeds: list[tuple[str, str, str | Kind]], notes: int, rests: int = 0) -> list[list[Note]]:
    """What is known in the end; with `rests`, where all rests after every so many deeds."""
    recorder = Recorder(calls=2, strays=2, notes=notes)
    for number, (deed, name, more) in enumerate(deeds):
        if deed == "note":
            assert isinstance(more, Kind)
            recorder.note(float(number), more, name, f"note {number}", str(number) * number)
        else:
            recorder.join(name, str(more))
        if rests and number % rests == 0:
            time_passes(recorder, number + trace.OVER)
    return [recorder.story(name) for name in ("one", "two", "a", "b", "c")]


def test_only_what_rests_is_packed_a_call_that_stands_soon_and_one_that_is_over_late() -> None:
    recorder = Recorder()
    for call in ("stands", "over"):
        recorder.note(0.0, Kind.CALL, f"leg-{call}", "talks")
        recorder.join(call, f"leg-{call}")
    recorder.over("over")
    recorder.note(0.0, Kind.MESSAGE, "stray", "OPTIONS")
    for now, loose in ((trace.STANDS - 0.1, 3), (trace.STANDS, 2), (trace.OVER - 0.1, 2), (trace.OVER, 0)):
        recorder.rest(now)
        assert len(recorder._going_on) + len(recorder._past) == loose, now
    assert recorder._octets == 0


def test_few_stories_are_packed_in_one_go() -> None:
    recorder = Recorder()
    for number in range(3 * trace.AT_ONCE):
        recorder.note(0.0, Kind.CALL, f"leg-{number}", "talks")
        recorder.join(f"call-{number}", f"leg-{number}")
    for left in (2, 1, 0):
        recorder.rest(trace.STANDS)
        assert len(recorder._going_on) == left * trace.AT_ONCE


def test_what_is_forgotten_before_it_rests_is_never_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story.Packer, "pack", lambda *_: pytest.fail("it was packed"))
    recorder = Recorder(strays=10)
    for number in range(100):
        recorder.note(float(number), Kind.MESSAGE, f"scan-{number}", "OPTIONS")
        recorder.rest(float(number))
    assert len(recorder._past) == 10
    assert recorder._octets == 10 * trace.NOTE


def test_many_octets_are_packed_though_nothing_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    most = 50 * (trace.NOTE + 1000)
    monkeypatch.setattr(trace, "LOOSE_OCTETS", most)
    recorder = Recorder()
    for number in range(1000):
        recorder.note(0.0, Kind.MESSAGE, f"scan-{number % 100}", "OPTIONS", f"{number:1000}")
        assert recorder._octets <= most
        assert recorder._octets == sum(each.octets for each in recorder._past)
    assert [note.detail.strip() for note in recorder.story("scan-7")] == [
        str(number) for number in range(7, 1000, 100)
    ]


def test_packed_stories_of_calls_that_become_one_stand_packed() -> None:
    recorder = Recorder()
    for leg in ("ada", "grace"):
        recorder.join(f"call-{leg}", leg)
        for number in range(150):
            recorder.note(float(number), Kind.MESSAGE, leg, f"{leg} {number}", "a" * 10_000)
        time_passes(recorder, 150 + trace.STANDS)
    recorder.note(150.0, Kind.CALL, "grace", "is transferred")
    recorder.join("call-ada", "grace")
    (both,) = recorder._of_calls.values()
    assert (both.loose, both.octets, recorder._octets) == ([], 0, 0), "what is not counted does not stand unpacked"
    recorder.note(151.0, Kind.CALL, "ada", "talks")
    time_passes(recorder, 200.0)
    texts = [note.text for note in recorder.story("grace")]
    wanted = [f"{leg} {number}" for number in range(150) for leg in ("ada", "grace")]
    assert texts == [*wanted, "is transferred", "talks"]


@pytest.mark.parametrize(("call", "room"), [("", trace.STRAY), ("call", story.ROOM)])
def test_what_nobody_can_compress_takes_a_bounded_room(call: str, room: int) -> None:
    chance = Random(1)
    recorder = Recorder()
    for number in range(2000):
        recorder.note(float(number), Kind.MESSAGE, "leg", f"note {number}", chance.randbytes(1000))
        if call and not number:
            recorder.join(call, "leg")
        if number % 20 == 19:
            time_passes(recorder, number + trace.OVER)
    (kept,) = [*recorder._of_calls.values(), *recorder._of_strays.values()]
    assert room // 4 < sum(len(pack.octets) for pack in kept._packs) <= room
    texts = [note.text for note in recorder.story(call or "leg")]
    assert texts[:20] == [f"note {number}" for number in range(20)] and texts[-1] == "note 1999"
    assert texts[20] == f"({2000 - len(texts) + 1} notes left out here)"


def test_messages_too_large_for_any_story_leave_it_as_it_goes_on() -> None:
    chance = Random(1)
    recorder = Recorder()
    recorder.note(0.0, Kind.MESSAGE, "leg", "large", chance.randbytes(65_000))
    time_passes(recorder, 1 + trace.OVER)
    assert recorder.story("leg") == []
    recorder.note(70.0, Kind.CALL, "leg", "goes on")
    assert [note.text for note in recorder.story("leg")] == ["(1 notes left out here)", "goes on"]
    recorder.note(70.0, Kind.CALL, "other", "another")
    recorder.join("call", "leg")
    recorder.join("call", "other")
    assert [note.text for note in recorder.story("call")] == ["(1 notes left out here)", "goes on", "another"]


def test_a_story_that_has_lost_its_middle_keeps_its_beginning_when_others_join_it() -> None:
    recorder = Recorder(notes=20)
    for number in range(50):
        recorder.note(float(number), Kind.CALL, "first", str(number))
    beginning, end = [str(number) for number in range(10)], [str(number) for number in range(40, 50)]
    recorder.join("call", "nobody")
    recorder.join("call", "first")
    assert [note.text for note in recorder.story("call")] == [*beginning, "(30 notes left out here)", *end]
    recorder.note(60.0, Kind.CALL, "third", "late")
    recorder.join("call", "third")
    texts = [note.text for note in recorder.story("call")]
    assert texts == [*beginning, "(31 notes left out here)", *end[1:], "late"]
