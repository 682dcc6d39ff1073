"""Rooms: who hears whom in conferences, listened to, whispered to and barged in upon; who talks; what is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from gateway.core.audio import AudioEvent, AudioLost, Samples, Side, Sound, SoundEnd
from gateway.core.codec import Codec, Encoding
from gateway.core.errors import Exhausted, LocalError
from gateway.core.room import NONE, TALK, WHISPER, Manner, RoomEvent, SpeakerChanged, Talking
from gateway.media.detect import DtmfReceiver
from gateway.media.tone import dtmf
from gateway.plane import pace
from gateway.plane.conference import PlaneRoom, PlaneSeat
from gateway.plane.plane import PlaneUsage
from gateway.plane.row import PlaneRow
from tests.support.rtp import RtpEndpoint
from tests.unit.plane.conftest import Device, Studio, delay_and_likeness, open_port, speech

SILENCE = np.zeros(160, np.int16)
Voice = RtpEndpoint | Device


def tone(frequency: float, seconds: float = 0.5, peak: int = 4000) -> Samples:
    return np.round(peak * np.sin(2 * np.pi * frequency * np.arange(round(seconds * 8000)) / 8000)).astype(np.int16)


def talk(studio: Studio, voices: Mapping[int, tuple[Voice, Samples]] | Sequence[tuple[Voice, Samples]]) -> None:
    """Everybody says what he has to say at once, a frame a tick; lines that say nothing give silence."""
    pairs = list(voices.values()) if isinstance(voices, Mapping) else list(voices)
    for at in range(0, max(len(samples) for _, samples in pairs), 160):
        for voice, samples in pairs:
            frame = samples[at : at + 160]
            if len(frame) == 160:
                voice.say(frame)
        studio.tick()
    studio.tick(4)


def level(heard: Samples, frequency: float) -> float:
    """The peak of one frequency in the middle of what was heard."""
    middle = heard[len(heard) // 3 : len(heard) // 3 + 1600].astype(float)
    wave = np.exp(-2j * np.pi * frequency * np.arange(len(middle)) / 8000)
    return float(2 * abs(middle @ wave) / max(1, len(middle)))


def test_three_legs_of_three_encodings_hear_the_two_others_and_not_themselves(studio: Studio) -> None:
    legs: list[tuple[PlaneRow, Voice]] = [
        studio.telephone(Encoding.PCMA, 8),
        studio.telephone(Encoding.L16, 97),
        studio.device(Encoding.PCMU),
    ]
    room = studio.plane.room()
    for row, _ in legs:
        room.sit(row)
    pitches = (500.0, 900.0, 1300.0)
    talk(studio, [(voice, tone(pitch, 1.0)) for (_, voice), pitch in zip(legs, pitches, strict=True)])
    for own, (_, voice) in zip(pitches, legs, strict=True):
        heard = voice.heard()
        for pitch in pitches:
            expected = 0 if pitch == own else 4000
            assert level(heard, pitch) == pytest.approx(expected, abs=120), (own, pitch)


def test_speech_passes_a_room_whole_after_the_jitter_buffer(studio: Studio) -> None:
    (a, alice), (b, bob), (c, _) = studio.telephone(), studio.telephone(), studio.telephone()
    room = studio.plane.room()
    for row in (a, b, c):
        room.sit(row)
    sentence = speech(2.0)
    talk(studio, [(alice, sentence), (bob, np.zeros_like(sentence))])
    delay, likeness = delay_and_likeness(sentence, bob.heard())
    assert delay <= pace.RTP_DEPTH + 160
    assert likeness > 0.99


def test_many_loud_legs_saturate_instead_of_wrapping(studio: Studio) -> None:
    legs = [studio.telephone(Encoding.L16, 97) for _ in range(4)]
    room = studio.plane.room()
    for row, _ in legs:
        room.sit(row)
    loud = np.full(8000, 20000, np.int16)
    talk(studio, [(voice, loud) for _, voice in legs])
    assert legs[0][1].heard()[4000] == 32767


def test_a_hundred_legs_hear_all_the_others() -> None:
    studio = Studio(rows=100)
    legs = [studio.telephone(Encoding.L16, 97) for _ in range(100)]
    room = studio.plane.room()
    for row, _ in legs:
        room.sit(row)
    talk(studio, [(voice, np.full(1600, 10 + k, np.int16)) for k, (_, voice) in enumerate(legs)])
    total = sum(10 + k for k in range(100))
    assert [int(voice.heard()[1200]) for _, voice in legs] == [total - 10 - k for k in range(100)]
    room.close()
    studio.close()


def test_who_is_muted_hears_and_who_is_deaf_talks(studio: Studio) -> None:
    (a, alice), (b, bob), (c, carol) = (studio.telephone(Encoding.L16, 97) for _ in range(3))
    room = studio.plane.room()
    seat = room.sit(a)
    room.sit(b, Manner(talks=NONE))
    room.sit(c, Manner(hears=NONE))
    talk(studio, [(alice, tone(500)), (bob, tone(900)), (carol, tone(1300))])
    assert [round(level(bob.heard(), f), -2) for f in (500, 900, 1300)] == [4000, 0, 4000]
    assert [round(level(alice.heard(), f), -2) for f in (500, 900, 1300)] == [0, 0, 4000]
    assert len(carol.heard()) == 0
    seat.change(Manner(talks=NONE))
    alice.hear()
    bob.received.clear()
    talk(studio, [(alice, tone(500)), (carol, tone(1300))])
    assert level(bob.heard(), 500) < 50


def test_gains_are_applied_on_the_way_in_and_out_and_oneself_is_still_left_out(studio: Studio) -> None:
    (a, alice), (b, bob) = (studio.telephone(Encoding.L16, 97) for _ in range(2))
    room = studio.plane.room()
    room.sit(a, Manner(gain_in=6.02, gain_out=-6.02))
    room.sit(b)
    talk(studio, [(alice, tone(500)), (bob, tone(900))])
    assert level(bob.heard(), 500) == pytest.approx(8000, rel=0.02)
    assert level(alice.heard(), 900) == pytest.approx(2000, rel=0.02)
    assert level(alice.heard(), 500) < 20


def test_a_gated_leg_brings_no_noise_while_it_is_quiet(studio: Studio) -> None:
    (a, alice), (b, bob) = (studio.telephone(Encoding.L16, 97) for _ in range(2))
    room = studio.plane.room()
    room.sit(a, Manner(gated=True))
    room.sit(b)
    talk(studio, [(alice, tone(500, peak=100)), (bob, np.zeros(4000, np.int16))])
    assert not bob.heard().any()
    talk(studio, [(alice, tone(500))])
    assert level(bob.heard()[-3000:], 500) > 3000


def listened(studio: Studio) -> tuple[PlaneRoom, PlaneSeat, RtpEndpoint, RtpEndpoint, PlaneRow, RtpEndpoint]:
    """Alice talks with Bob, relayed; a supervisor listens to Alice's leg."""
    (a, alice), (b, bob), (s, spy) = (studio.telephone(Encoding.L16, 97) for _ in range(3))
    a.join(b)
    studio.settle()
    room = studio.plane.room()
    seat = room.sit(a, Manner(hears=NONE, tells=TALK))
    room.sit(s, Manner(talks=NONE))
    return room, seat, alice, bob, s, spy


def test_who_listens_in_hears_both_sides_and_changes_nothing_for_them(studio: Studio) -> None:
    _, _, alice, bob, _, spy = listened(studio)
    alice.say(SILENCE)
    studio.settle()
    assert len(bob.hear()) == 1  # relayed at once, without waiting for a tick
    talk(studio, [(alice, tone(500)), (bob, tone(900)), (spy, tone(1300))])
    assert [round(level(spy.heard(), f), -2) for f in (500, 900, 1300)] == [4000, 4000, 0]
    assert [round(level(alice.heard(), f), -2) for f in (500, 900, 1300)] == [0, 4000, 0]
    assert [round(level(bob.heard(), f), -2) for f in (500, 900, 1300)] == [4000, 0, 0]
    packets = [p.timestamp for p in bob.received]
    assert set(np.diff(packets)) == {160}


def test_a_whisper_is_heard_by_one_side_only(studio: Studio) -> None:
    room, seat, alice, bob, s, spy = listened(studio)
    seat.change(Manner(tells=TALK, hears=WHISPER))
    studio.settle()
    for other in list(room.seats):
        if other.audio is s:
            other.change(Manner(talks=WHISPER))
    talk(studio, [(alice, tone(500)), (bob, tone(900)), (spy, tone(1300))])
    assert [round(level(alice.heard(), f), -2) for f in (500, 900, 1300)] == [0, 4000, 4000]
    assert [round(level(bob.heard(), f), -2) for f in (500, 900, 1300)] == [4000, 0, 0]
    assert [round(level(spy.heard(), f), -2) for f in (500, 900, 1300)] == [4000, 4000, 0]


def test_who_barges_in_is_heard_by_both_sides(studio: Studio) -> None:
    room, seat, alice, bob, s, spy = listened(studio)
    seat.change(Manner(tells=TALK, hears=WHISPER, through=WHISPER))
    for other in list(room.seats):
        if other.audio is s:
            other.change(Manner(talks=WHISPER))
    talk(studio, [(alice, tone(500)), (bob, tone(900)), (spy, tone(1300))])
    assert [round(level(alice.heard(), f), -2) for f in (500, 900, 1300)] == [0, 4000, 4000]
    assert [round(level(bob.heard(), f), -2) for f in (500, 900, 1300)] == [4000, 0, 4000]


@pytest.mark.parametrize("line", [Encoding.PCMU, Encoding.L16])
def test_a_call_between_a_line_and_rtp_is_listened_to_and_goes_on(studio: Studio, line: Encoding) -> None:
    (a, alice), (d, device), (s, spy) = studio.telephone(), studio.device(line), studio.telephone()
    a.join(d)
    room = studio.plane.room()
    room.sit(d, Manner(hears=NONE, tells=TALK))
    room.sit(s, Manner(talks=NONE))
    talk(studio, [(alice, tone(500, 1.0)), (device, tone(900, 1.0))])
    assert [round(level(spy.heard(), f), -2) for f in (500, 900)] == [4000, 4000]
    assert level(alice.heard(), 900) == pytest.approx(4000, abs=120)
    assert level(device.heard(), 500) == pytest.approx(4000, abs=120)
    room.close()
    device.frames.clear()
    talk(studio, [(alice, tone(500, 1.0)), (device, tone(900, 1.0))])
    assert level(device.heard(), 500) == pytest.approx(4000, abs=120)


def test_a_sound_of_the_room_is_heard_by_all_beside_their_talk(studio: Studio) -> None:
    (a, alice), (b, bob) = (studio.telephone(Encoding.L16, 97) for _ in range(2))
    room = studio.plane.room()
    room.sit(a)
    room.sit(b)
    room.play(Sound("a bell", tone(1700)), studio.ends.append)
    talk(studio, [(alice, tone(500, 1.0)), (bob, SILENCE)])
    assert level(bob.heard()[:4000], 1700) == pytest.approx(4000, rel=0.05)
    assert level(alice.heard()[:4000], 1700) == pytest.approx(4000, rel=0.05)
    assert level(bob.heard(), 500) == pytest.approx(4000, rel=0.05)
    assert studio.ends == [SoundEnd.PLAYED]
    room.play(Sound("music", tone(1700), loop_from=0), studio.ends.append)
    studio.tick()
    room.stop()
    room.play(Sound("music", tone(1700), loop_from=0), studio.ends.append)
    room.close()
    studio.tick()
    assert studio.ends == [SoundEnd.PLAYED, SoundEnd.STOPPED, SoundEnd.STOPPED]


def test_talk_is_told_when_it_begins_and_when_it_ends(studio: Studio) -> None:
    (a, alice), (b, bob) = (studio.telephone(Encoding.L16, 97) for _ in range(2))
    room = studio.plane.room()
    seats = room.sit(a), room.sit(b)
    told: list[tuple[RoomEvent, float]] = []
    room.listener = lambda event, at: told.append((event, at))
    began = studio.now
    talk(studio, [(alice, np.r_[SILENCE, 9000 * np.ones(160, np.int16), np.zeros(3200, np.int16)])])
    assert told == []  # a click of 20 ms is no talk
    talk(studio, [(alice, speech(1.0)), (bob, np.zeros(16000, np.int16))])
    assert [event for event, _ in told] == [
        Talking(seats[0], True),
        SpeakerChanged(seats[0]),
        Talking(seats[0], False),
    ]
    assert told[0][1] - began == pytest.approx(0.44 + 0.16, abs=0.1)
    assert told[2][1] - told[0][1] == pytest.approx(1.0 + 0.5, abs=0.15)


def test_the_speaker_changes_when_another_is_much_louder_or_he_falls_silent(studio: Studio) -> None:
    (a, alice), (b, bob) = (studio.telephone(Encoding.L16, 97) for _ in range(2))
    room = studio.plane.room()
    seats = room.sit(a), room.sit(b)
    told: list[RoomEvent] = []
    room.listener = lambda event, at: told.append(event)
    talk(studio, [(alice, tone(500, 1.0)), (bob, tone(900, 1.0, peak=5000))])
    talk(studio, [(alice, tone(500, 1.0)), (bob, tone(900, 1.0, peak=20000))])
    talk(studio, [(alice, tone(500, 1.0)), (bob, np.zeros(8000, np.int16))])
    assert [event.seat for event in told if isinstance(event, SpeakerChanged)][-2:] == [seats[1], seats[0]]


def test_digits_are_kept_from_the_room(studio: Studio) -> None:
    (a, alice), (b, bob) = (studio.telephone(Encoding.L16, 97) for _ in range(2))
    a.detect_digits(True)
    room = studio.plane.room()
    room.sit(a)
    room.sit(b)
    talk(studio, [(alice, dtmf("5", 0.4, 0.1))])
    heard = bob.heard()
    assert np.count_nonzero(np.abs(heard) > 500) < 40 * 8


@pytest.mark.parametrize("whispered_to", [False, True])
def test_digits_are_kept_back_however_long_they_wait_to_be_heard(studio: Studio, whispered_to: bool) -> None:
    """From a room, and from a peer that gets them as events and hears somebody else besides."""
    (a, alice), (b, bob) = studio.telephone(Encoding.L16, 97, event_type=None), studio.telephone(Encoding.L16, 98)
    a.detect_digits(True)
    room = studio.plane.room()
    room.sit(b, Manner(hears=WHISPER) if whispered_to else Manner())
    if whispered_to:
        a.join(b)
    else:
        room.sit(a)
    said = np.concatenate([np.zeros(160 * 20, np.int16), dtmf("147", 0.1, 0.1), np.zeros(160 * 12, np.int16)])
    held = []
    for k in range(len(said) // 160):
        held.append(alice.packet(said[160 * k : 160 * k + 160]))
        while held and k not in range(5, 12):  # the network stands still, and the delay grows
            alice.send(held.pop(0))
        studio.tick()
    studio.tick(12)
    heard = bob.heard()
    assert DtmfReceiver().feed(heard) == []
    assert np.count_nonzero(np.abs(heard.astype(int)) > 500) < 3 * 184  # 23 ms of each at most


def test_who_gives_to_two_buses_and_hears_both_hears_the_others_twice_and_not_himself(studio: Studio) -> None:
    room = studio.plane.room()
    legs = [studio.telephone(Encoding.L16, 97) for _ in range(2)]
    for row, _ in legs:
        room.sit(row, Manner(talks=TALK | WHISPER, hears=TALK | WHISPER))
    (_, alice), (_, bob) = legs
    talk(studio, [(alice, tone(500)), (bob, tone(900))])
    assert [round(level(alice.heard(), f), -2) for f in (500, 900)] == [0, 8000]
    assert [round(level(bob.heard(), f), -2) for f in (500, 900)] == [8000, 0]


def test_a_sound_of_a_legs_own_goes_before_the_room_and_ends(studio: Studio) -> None:
    legs: list[tuple[PlaneRow, Voice]] = [studio.telephone(Encoding.L16, 97), studio.device(Encoding.L16)]
    room = studio.plane.room()
    for row, _ in legs:
        room.sit(row)
        row.play(Sound("you are alone", tone(1700, 0.2)), studio.ends.append)
    talk(studio, [(voice, tone(500, 1.0)) for _, voice in legs])
    assert studio.ends == [SoundEnd.PLAYED, SoundEnd.PLAYED]
    for _, voice in legs:
        heard = voice.heard()
        assert level(heard[:1600], 1700) > 1500
        assert level(heard[2400:], 500) == pytest.approx(4000, rel=0.05)


def test_who_leaves_hears_nothing_more_and_the_rest_go_on(studio: Studio) -> None:
    legs = [studio.telephone(Encoding.L16, 97) for _ in range(3)]
    room = studio.plane.room()
    seats = [room.sit(row) for row, _ in legs]
    talk(studio, [(voice, tone(500, 0.2)) for _, voice in legs])
    seats[1].leave()
    seats[1].leave()
    seats[1].change(Manner())
    studio.settle()
    for _, voice in legs:
        voice.hear()
        voice.received.clear()
    talk(studio, [(voice, tone(900 + 400 * k, 0.4)) for k, (_, voice) in enumerate(legs)])
    assert len(legs[1][1].heard()) == 0
    assert level(legs[0][1].heard(), 1700) == pytest.approx(4000, rel=0.05)
    assert level(legs[0][1].heard(), 1300) < 50


def test_a_room_emptied_while_all_talk_leaves_nothing_behind(studio: Studio) -> None:
    legs = [studio.telephone() for _ in range(5)]
    lines = [studio.device() for _ in range(5)]
    room = studio.plane.room()
    for row, _ in (*legs, *lines):
        room.sit(row)
    talk(studio, [(voice, speech(0.2)) for _, voice in (*legs, *lines)])
    for k, ((row, voice), (line, device)) in enumerate(zip(legs, lines, strict=True)):
        voice.say(SILENCE)
        if k % 2:
            row.close()
            device.ours.close()
        else:
            line.close()
        studio.tick()
    room.close()
    for row, _ in (*legs, *lines):
        row.close()
    studio.tick(3)
    assert studio.plane.usage() == PlaneUsage()


def test_a_descriptor_that_goes_away_leaves_its_room_talking(studio: Studio) -> None:
    (a, alice), (b, bob), (d, device) = (
        studio.telephone(Encoding.L16, 97), studio.telephone(Encoding.L16, 97), studio.device()
    )  # fmt: skip
    room = studio.plane.room()
    for row in (a, b, d):
        room.sit(row)
    talk(studio, [(alice, tone(500, 0.2)), (device, tone(900, 0.2))])
    device.ours.close()
    talk(studio, [(alice, tone(500)), (bob, tone(1300))])
    assert level(bob.heard()[-3000:], 500) == pytest.approx(4000, rel=0.05)
    assert level(bob.heard()[-3000:], 900) < 50


def test_a_seat_for_a_row_that_never_came_to_be_is_given_back(studio: Studio) -> None:
    row = studio.plane.add_frames(studio.plane.eventfd, Encoding.L16)
    studio.settle()
    gone = studio.row()
    room = studio.plane.room()
    gone.close()
    with pytest.raises(LocalError):
        room.sit(gone)
    row.close()
    room.close()
    studio.settle()
    assert studio.plane.usage() == PlaneUsage()


@pytest.mark.parametrize(
    "manner",
    [Manner(talks=frozenset({4})), Manner(gain_in=25.0), Manner(gain_out=-61.0), Manner(gain_in=float("nan"))],
)
def test_a_manner_that_makes_no_sense_is_refused(studio: Studio, manner: Manner) -> None:
    a, _ = studio.telephone()
    room = studio.plane.room()
    with pytest.raises(LocalError):
        room.sit(a, manner)
    room.sit(a)
    with pytest.raises(LocalError, match="twice"):
        room.sit(a)
    room.close()
    with pytest.raises(LocalError, match="open room"):
        room.sit(a)


def test_rooms_run_out_with_a_sentence(studio: Studio) -> None:
    rooms = [studio.plane.room() for _ in range(16)]
    with pytest.raises(Exhausted, match="16 rooms"):
        studio.plane.room()
    for room in rooms:
        room.close()
    studio.settle()
    studio.plane.room()


def test_a_socket_closed_under_a_row_that_is_mixed_and_kept_is_told_and_ends_neither_room_nor_plane(
    studio: Studio,
) -> None:
    ours = open_port("127.0.0.1")
    lost = studio.plane.add_rtp(ours.fileno(), *ours.getsockname()[:2])
    events: list[AudioEvent] = []
    lost.listener = lambda event, at: events.append(event)
    lost.set_remote("127.0.0.1", 9, Codec(Encoding.L16, 97), None)
    (a, alice), (b, bob) = (studio.telephone(Encoding.L16, 97) for _ in range(2))
    room = studio.plane.room()
    for row in (lost, a, b):
        room.sit(row)
    tap = lost.tap(Side.BOTH, 1.0)
    studio.tick(2)
    ours.close()
    talk(studio, [(alice, tone(500))])
    assert [type(event) for event in events] == [AudioLost]
    assert level(bob.heard(), 500) == pytest.approx(4000, rel=0.05)
    assert len(tap.read()) == 2 * 160
    lost.close()
    room.close()
    studio.tick()
    assert studio.plane.usage() == PlaneUsage(rows=2)


def test_frames_of_no_length_are_counted_and_nobody_hears_them(studio: Studio) -> None:
    (d, device), (a, alice) = studio.device(Encoding.L16), studio.telephone(Encoding.L16, 97)
    room = studio.plane.room()
    room.sit(d)
    room.sit(a)
    for _ in range(10):
        device.ours.send(b"")
        alice.send_raw(b"")
        studio.tick()
    assert d.stats().refused == 10
    assert a.stats().refused == 10
    talk(studio, [(device, tone(500))])
    assert level(alice.heard()[-3000:], 500) == pytest.approx(4000, rel=0.05)
