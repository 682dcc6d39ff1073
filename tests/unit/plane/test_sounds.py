"""Sounds and captures: how they end, what they cost, and what is left of them."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.core.audio import Sound, SoundEnd
from gateway.core.codec import Encoding
from gateway.core.errors import Exhausted, LocalError
from gateway.media import g711
from gateway.plane.arena import Arena
from gateway.plane.plane import PlaneUsage
from tests.unit.plane.conftest import Studio, speech

BEEP = Sound("beep", np.full(800, 1000, np.int16))
TONE = Sound("tone", np.full(320, 2000, np.int16), loop_from=0)


def test_a_sound_goes_out_20_ms_a_tick_and_ends_once(studio: Studio) -> None:
    a, alice = studio.telephone(Encoding.PCMA, 8)
    sound = Sound("prompt", speech(1.0))
    a.play(sound, studio.ends.append)
    studio.tick(49)
    assert studio.ends == []
    studio.tick(10)
    assert studio.ends == [SoundEnd.PLAYED]
    got = alice.hear()
    assert b"".join(p.payload for p in got) == g711.encode(sound.samples, Encoding.PCMA)
    assert [p.marker for p in got] == [True] + [False] * 49


def test_a_sound_that_is_no_whole_number_of_frames_ends_in_silence(studio: Studio) -> None:
    a, alice = studio.telephone(Encoding.L16, 97)
    a.play(Sound("short", np.full(200, 5000, np.int16)), studio.ends.append)
    studio.tick(5)
    assert np.array_equal(alice.heard(), np.r_[np.full(200, 5000), np.zeros(120)])


def test_a_loop_returns_to_where_it_says_for_ever(studio: Studio) -> None:
    a, alice = studio.telephone(Encoding.L16, 97)
    a.play(Sound("once then again", np.arange(300, dtype=np.int16), loop_from=100))
    studio.tick(10)
    again = np.concatenate([np.arange(300), np.tile(np.arange(100, 300), 7)])
    assert np.array_equal(alice.heard(), again[:1600])


def test_a_sound_replaced_or_stopped_says_so(studio: Studio) -> None:
    a, _ = studio.telephone()
    a.play(TONE, studio.ends.append)
    studio.tick(3)
    a.play(BEEP, studio.ends.append)
    studio.tick(1)
    assert studio.ends == [SoundEnd.STOPPED]
    a.stop()
    a.stop()
    studio.tick(1)
    assert studio.ends == [SoundEnd.STOPPED, SoundEnd.STOPPED]


def test_a_sound_whose_row_is_closed_says_so(studio: Studio) -> None:
    a, _ = studio.telephone()
    a.play(TONE, studio.ends.append)
    studio.tick()
    a.close()
    studio.tick()
    a.play(TONE, studio.ends.append)
    assert studio.ends == [SoundEnd.LOST]
    studio.settle()
    assert studio.ends == [SoundEnd.LOST, SoundEnd.LOST]


def test_a_sound_of_nothing_ends_at_once(studio: Studio) -> None:
    a, _ = studio.telephone()
    a.play(Sound("nothing", np.zeros(0, np.int16)), studio.ends.append)
    assert studio.ends == []
    studio.settle()
    assert studio.ends == [SoundEnd.PLAYED]


def test_closing_the_plane_tells_every_end() -> None:
    studio = Studio()
    a, _ = studio.telephone()
    b, _ = studio.telephone()
    a.play(TONE, studio.ends.append)
    b.play(TONE, studio.ends.append)
    b.play(TONE, studio.ends.append)
    studio.close()
    assert sorted(end.name for end in studio.ends) == ["LOST", "LOST", "STOPPED"]


def test_an_end_may_begin_the_next_sound(studio: Studio) -> None:
    a, alice = studio.telephone()
    a.play(BEEP, lambda end: a.play(BEEP, studio.ends.append))
    studio.tick(12)
    assert studio.ends == [SoundEnd.PLAYED]
    assert len(alice.hear()) == 10


def test_a_listener_that_fails_loses_no_one_elses_event(studio: Studio) -> None:
    (a, _), (b, _) = studio.telephone(), studio.telephone()

    def fail(end: SoundEnd) -> None:
        raise ValueError(end)

    a.play(BEEP, fail)
    b.play(BEEP, studio.ends.append)
    with pytest.raises(ValueError, match="PLAYED"):
        studio.tick(10)
    studio.tick()
    assert studio.ends == [SoundEnd.PLAYED]


def test_a_thousand_plays_of_one_tone_cost_one_copy(studio: Studio) -> None:
    for _ in range(8):
        row = studio.row()
        for _ in range(125):
            row.play(TONE)
    studio.settle()
    assert studio.plane.usage().arena == 320


def test_a_sound_that_does_not_fit_is_refused_and_changes_nothing(studio: Studio) -> None:
    a, alice = studio.telephone()
    a.play(TONE, studio.ends.append)
    with pytest.raises(Exhausted, match="arena of sounds"):
        a.play(Sound("epic", np.zeros(31 * 8000, np.int16)), studio.ends.append)
    studio.tick(3)
    assert len(alice.hear()) == 3
    assert studio.ends == []


def test_sounds_no_longer_played_make_room_for_others(studio: Studio) -> None:
    a, _ = studio.telephone()
    for k in range(20):
        a.play(Sound(f"prompt {k}", np.full(4 * 8000, k, np.int16)), studio.ends.append)
        studio.tick()
    assert len(studio.ends) == 19
    assert studio.plane.usage().arena == 4 * 8000


@pytest.mark.parametrize(
    "sound",
    [
        Sound("floats", np.zeros(100)),
        Sound("stereo", np.zeros((100, 2), np.int16)),
        Sound("loops from its end", np.zeros(100, np.int16), loop_from=100),
        Sound("loops from before", np.zeros(100, np.int16), loop_from=-1),
    ],
)
def test_a_sound_that_makes_no_sense_is_named(studio: Studio, sound: Sound) -> None:
    with pytest.raises(LocalError, match=sound.name):
        studio.row().play(sound)


def test_a_capture_keeps_what_comes_in(studio: Studio) -> None:
    a, alice = studio.telephone()
    capture = a.capture(1.0)
    studio.settle()
    sentence = speech(0.4)
    alice.say(sentence)
    studio.settle()
    heard = g711.decode(g711.encode(sentence, Encoding.PCMU), Encoding.PCMU)
    assert np.array_equal(capture.read(), heard)
    assert len(capture.read()) == 0


def test_a_capture_read_too_seldom_keeps_the_newest(studio: Studio) -> None:
    d, device = studio.device(Encoding.L16)
    capture = d.capture(0.1)
    studio.settle()
    sentence = speech(0.5)
    for frame in sentence.reshape(-1, 160):
        device.say(frame)
        studio.tick()
    assert np.array_equal(capture.read(), sentence[-800:])


def test_a_capture_that_was_stopped_gives_nothing_and_costs_nothing(studio: Studio) -> None:
    a, alice = studio.telephone()
    capture = a.capture(1.0)
    studio.settle()
    alice.say(speech(0.1))
    studio.settle()
    capture.stop()
    capture.stop()
    assert len(capture.read()) == 800
    assert len(capture.read()) == 0
    studio.settle()
    assert studio.plane.usage().arena == 0


def test_a_new_capture_ends_the_one_before(studio: Studio) -> None:
    a, alice = studio.telephone()
    first = a.capture(1.0)
    studio.settle()
    second = a.capture(2.0)
    studio.settle()
    alice.say(speech(0.1))
    studio.settle()
    assert (len(first.read()), len(second.read())) == (0, 800)
    assert studio.plane.usage().arena == 16000


def test_a_capture_ends_with_its_row(studio: Studio) -> None:
    a, alice = studio.telephone()
    capture = a.capture(1.0)
    studio.settle()
    a.close()
    alice.say(speech(0.1))
    studio.settle()
    assert len(capture.read()) == 0
    assert studio.plane.usage() == PlaneUsage()


def test_the_arena_gives_back_whole_what_was_taken_in_pieces() -> None:
    arena = Arena(np.zeros(1000, np.int16))
    pieces = [arena.reserve(100) for _ in range(10)]
    with pytest.raises(Exhausted):
        arena.reserve(1)
    for piece in pieces[::2] + pieces[1::2]:
        arena.release(piece)
    assert arena.held == 0
    assert arena.reserve(1000).base == 0


def test_the_arena_forgets_the_sound_least_lately_played_first() -> None:
    arena = Arena(np.zeros(300, np.int16))
    sounds = [np.full(100, k, np.int16) for k in range(4)]
    for sound in sounds[:3]:
        arena.release(arena.hold(sound))
    again = arena.hold(sounds[0])
    arena.hold(sounds[3])
    assert arena.hold(sounds[0]) is again
    assert again.holds == 2
    assert arena.held == 200


def test_all_who_hear_what_is_live_are_at_the_same_place_in_it(studio: Studio) -> None:
    music = Sound("music", np.arange(16000, dtype=np.int16), loop_from=0, live=True)
    (a, alice), (b, bob) = studio.telephone(Encoding.L16, 97), studio.telephone(Encoding.L16, 97)
    a.play(music)
    studio.tick(7)
    a.stop()
    studio.tick(5)
    alice.hear()
    alice.received.clear()
    b.play(music)
    studio.tick(3)
    a.play(music)
    studio.tick(10)
    assert np.array_equal(alice.heard(), bob.heard()[3 * 160 :])
    assert alice.heard()[0] == 15 * 160
