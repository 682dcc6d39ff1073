"""Rows clocked by a device: speech between RTP and frames, echo, players, and devices that go away."""

from __future__ import annotations

import itertools
import socket

import numpy as np
import pytest

from gateway.core.audio import AudioLost, Silent, Sound, SoundEnd
from gateway.core.codec import Encoding
from gateway.media import g711
from gateway.plane import frames
from tests.support.rtp import RtpPacket
from tests.unit.plane.conftest import Studio, delay_and_likeness, speech

LAWS = [Encoding.PCMU, Encoding.PCMA, Encoding.L16]


@pytest.mark.parametrize("line", LAWS)
@pytest.mark.parametrize("codec", LAWS)
def test_speech_passes_from_rtp_to_the_line_with_40_ms_of_buffer(
    studio: Studio, codec: Encoding, line: Encoding
) -> None:
    (a, alice), (d, device) = studio.telephone(codec, 97), studio.device(line)
    a.join(d)
    sentence = speech(2.0)
    for k in range(100):
        alice.say(sentence[160 * k : 160 * k + 160])
        studio.settle()
        device.say(np.zeros(160, np.int16))
        studio.tick()
    delay, likeness = delay_and_likeness(sentence, device.heard())
    assert delay == 320
    assert likeness > 0.99
    assert a.stats().lost == 0


@pytest.mark.parametrize("line", LAWS)
@pytest.mark.parametrize("codec", LAWS)
def test_speech_passes_from_the_line_to_rtp_without_delay(studio: Studio, codec: Encoding, line: Encoding) -> None:
    (a, alice), (d, device) = studio.telephone(codec, 97), studio.device(line)
    a.join(d)
    sentence = speech(1.0)
    for k in range(50):
        device.say(sentence[160 * k : 160 * k + 160])
        studio.tick()
    got = alice.hear()
    assert len(got) == 50
    delay, likeness = delay_and_likeness(sentence, alice.heard())
    assert delay == 0
    assert likeness > 0.99
    steps = {(second.timestamp - first.timestamp) & 0xFFFFFFFF for first, second in itertools.pairwise(got)}
    assert steps == {160}


def steps_of(packets: list[RtpPacket]) -> list[int]:
    """What each timestamp is beyond the one before it; a marker, which begins a talk spurt, makes it negative."""
    return [
        ((second.timestamp - first.timestamp) & 0xFFFFFFFF) * (-1 if second.marker else 1)
        for first, second in itertools.pairwise(packets)
    ]


@pytest.mark.parametrize("at_once", [16, 3])
@pytest.mark.parametrize("waited", [4, 16, 45])
def test_what_a_device_kept_while_nobody_read_it_goes_on_as_it_was_said(
    studio: Studio, waited: int, at_once: int
) -> None:
    """RFC 3550 5.1: timestamps tell when it was sampled, and not when it was read."""
    (a, alice), (d, device) = studio.telephone(), studio.device()
    a.join(d)
    sentence = speech(3.0)
    frames = iter(sentence.reshape(-1, 160))
    for _ in range(20):
        device.say(next(frames))
        studio.tick()
    studio.tick(waited - 1)
    kept = waited
    while kept > 0:  # while it is read in parts, the device goes on
        for _ in range(min(kept, at_once)):
            device.say(next(frames))
            kept -= 1
        studio.tick()
        kept += kept > 0
    for _ in range(40):
        device.say(next(frames))
        studio.tick()
    got = alice.hear()
    assert set(steps_of(got)) == {160} and len(got) > 60
    assert delay_and_likeness(sentence[: 160 * len(got)], alice.heard())[0] == 0


def test_what_a_device_could_not_keep_is_a_gap_in_the_timestamps(studio: Studio) -> None:
    (a, alice), (d, device) = studio.telephone(), studio.device()
    a.join(d)
    frame = speech(0.02)
    for _ in range(20):
        device.say(frame)
        studio.tick()
    studio.tick(14)
    for _ in range(4):  # a card's buffers, of the 15 frames that it had
        device.say(frame)
    studio.tick()
    for _ in range(20):
        device.say(frame)
        studio.tick()
    got = alice.hear()
    steps = steps_of(got)
    assert sorted(set(steps)) == [-160 * 12, 160], "one gap, and it begins a talk spurt"
    assert steps.index(-160 * 12) in range(20, 30), "soon"
    assert (got[-1].timestamp - got[0].timestamp) & 0xFFFFFFFF == 160 * (20 + 15 + 20 - 1)


def test_a_device_that_paused_for_long_goes_on_by_the_clock(studio: Studio) -> None:
    (a, alice), (d, device) = studio.telephone(), studio.device()
    a.join(d)
    frame = speech(0.02)
    for pause in (0, 60):
        studio.tick(pause)
        for _ in range(3):
            device.say(frame)
            studio.tick()
    assert steps_of(alice.hear()) == [160, 160, -160 * 61, 160, 160]


def test_who_was_not_joined_for_a_while_goes_on_by_the_clock(studio: Studio) -> None:
    (a, alice), (d, device) = studio.telephone(), studio.device()
    frame = speech(0.02)
    a.join(d)
    for k in range(40):
        if k in (10, 30):
            d.part() if k == 10 else a.join(d)
        device.say(frame)
        studio.tick()
    steps = steps_of(alice.hear())
    assert [step for step in steps if step != 160] == [-160 * 21]


def test_the_same_law_reaches_rtp_bit_for_bit(studio: Studio) -> None:
    (a, alice), (d, device) = studio.telephone(), studio.device()
    a.join(d)
    codes = bytes(range(256))
    for frame in (codes[:160], codes[96:]):
        device.ours.send(frame)
    studio.settle()
    assert [p.payload for p in alice.hear()] == [codes[:160], codes[96:]]


@pytest.mark.parametrize("ptime", [80, 160, 240, 320, 400, 480])
def test_packets_of_any_length_are_cut_and_joined_for_the_line(studio: Studio, ptime: int) -> None:
    (a, alice), (d, device) = studio.telephone(), studio.device(Encoding.L16)
    a.join(d)
    sentence = speech(2.4)
    said = 0
    for k in range(120):
        while said <= 160 * k:
            alice.say(sentence[said : said + ptime], ptime)
            said += ptime
        studio.settle()
        device.say(np.zeros(160, np.int16))
        studio.tick()
    delay, likeness = delay_and_likeness(sentence, device.heard())
    assert delay == 320
    assert likeness > 0.99


def test_two_lines_talk_to_each_other(studio: Studio) -> None:
    (a, one), (b, two) = studio.device(Encoding.PCMU), studio.device(Encoding.PCMA)
    a.join(b)
    first, second = speech(1.0, 1), speech(1.0, 2)
    for k in range(50):
        one.say(first[160 * k : 160 * k + 160])
        two.say(second[160 * k : 160 * k + 160])
        studio.tick()
    for sent, device in ((first, two), (second, one)):
        delay, likeness = delay_and_likeness(sent, device.heard())
        assert delay <= 320
        assert likeness > 0.99


def test_a_line_with_nothing_to_hear_is_written_nothing(studio: Studio) -> None:
    _, device = studio.device()
    device.say(speech(0.02))
    studio.tick()
    assert device.hear() == []


def test_echo_returns_each_frame_as_it_came(studio: Studio) -> None:
    d, device = studio.device()
    d.echo()
    device.ours.send(bytes(range(160)))
    studio.settle()
    assert device.hear() == [bytes(range(160))]


def test_a_sound_is_played_frame_by_frame_over_what_is_joined(studio: Studio) -> None:
    (a, alice), (d, device) = studio.telephone(), studio.device(Encoding.L16)
    a.join(d)
    sound = Sound("prompt", speech(0.05))
    d.play(sound, studio.ends.append)
    for _ in range(5):
        alice.say(np.full(160, 4000, np.int16))
        studio.settle()
        device.say(np.zeros(160, np.int16))
        studio.tick()
    heard = device.heard()
    assert np.array_equal(heard[:400], sound.samples)
    assert not heard[400:480].any()
    assert abs(int(heard[-1]) - 4000) < 130
    assert studio.ends == [SoundEnd.PLAYED]


def test_a_loss_is_filled_by_a_repeat_that_fades(studio: Studio) -> None:
    (a, alice), (d, device) = studio.telephone(Encoding.L16, 97), studio.device(Encoding.L16)
    a.join(d)
    tone = np.full(160, 8000, np.int16)
    for k in range(30):
        packet = alice.packet(tone)
        if not 10 <= k < 17:
            alice.send(packet)
        studio.settle()
        device.say(tone)
        studio.tick()
    levels = [int(abs(frame).max()) for frame in device.heard().reshape(-1, 160)]
    gap = levels[12:19]
    assert levels[11] == levels[19] == 8000
    assert gap == sorted(gap, reverse=True)
    assert gap[0] == 8000 > gap[1] > gap[2] > gap[3] == 0  # 10 ms as it was, silent after 60 ms (I.2.6)
    assert gap[-1] == 0
    assert a.stats().lost == 7


def test_reordered_and_repeated_packets_reach_the_line_in_order(studio: Studio) -> None:
    (a, alice), (d, device) = studio.telephone(sequence=65530, timestamp=0xFFFF_FC00), studio.device(Encoding.L16)
    a.join(d)
    sentence = speech(1.2)
    packets = [alice.packet(sentence[160 * k : 160 * k + 160]) for k in range(60)]
    for k in range(0, 60, 2):
        for swapped in (k + 1, k, k):
            alice.send(packets[swapped])
        studio.settle()
        for _ in range(2):
            device.say(np.zeros(160, np.int16))
            studio.tick()
    delay, likeness = delay_and_likeness(sentence, device.heard())
    assert likeness > 0.99
    assert delay <= 640
    assert a.stats().lost == 0


def test_late_packets_make_the_delay_longer_until_they_fit(studio: Studio) -> None:
    (a, alice), (d, device) = studio.telephone(), studio.device(Encoding.L16)
    a.join(d)
    sentence = speech(6.0)
    held = []
    for k in range(300):
        packet = alice.packet(sentence[160 * k : 160 * k + 160])
        held.append(packet)
        # From the second second on everything stands still for 100 ms now and then.
        if not (k > 50 and k % 10 < 5):
            for late in held:
                alice.send(late)
            held = []
        studio.settle()
        device.say(np.zeros(160, np.int16))
        studio.tick()
    _, likeness = delay_and_likeness(sentence[24000:], device.heard()[24000:])
    assert likeness > 0.99


def test_a_frame_of_the_wrong_size_is_refused_and_is_no_tick(studio: Studio) -> None:
    d, device = studio.device()
    d.echo()
    for size in (1, 159, 161, 2048, 4000):
        device.ours.send(bytes(size))
    studio.settle()
    assert device.hear() == []
    assert (d.stats().received, d.stats().refused) == (0, 5)


def test_a_device_that_stops_giving_frames_is_said_to_be_silent_once(studio: Studio) -> None:
    d, device = studio.device()
    device.say(speech(0.02))
    studio.tick(60)
    silent = [event for event in studio.happened(d) if isinstance(event, Silent)]
    assert len(silent) == 1
    assert 0.2 <= silent[0].seconds <= 0.42
    device.say(speech(0.02))
    studio.tick(60)
    assert len(studio.happened(d)) == 2


def test_a_device_that_goes_away_loses_its_row_and_nothing_else(studio: Studio) -> None:
    (a, alice), (d, device) = studio.telephone(), studio.device()
    a.join(d)
    d.play(Sound("tone", speech(1.0), loop_from=0), studio.ends.append)
    device.say(speech(0.02))
    studio.tick()
    device.ours.close()
    alice.say(speech(0.02))
    studio.tick(40)
    assert [type(event) for event in studio.happened(d)] == [AudioLost]
    assert studio.ends == [SoundEnd.LOST]
    alice.hear()
    a.echo()
    alice.say(speech(0.02))
    studio.settle()
    assert len(alice.hear()) == 1


def test_a_datagram_device_cannot_be_seen_to_go_away_but_falls_silent(studio: Studio) -> None:
    d, device = studio.device(kind=socket.SOCK_DGRAM)
    d.echo()
    device.say(speech(0.02))
    studio.tick()
    assert len(device.hear()) == 1
    device.ours.close()
    studio.tick(40)
    assert [type(event) for event in studio.happened(d)] == [Silent]


def test_a_descriptor_closed_under_the_plane_is_found_out(studio: Studio) -> None:
    d, device = studio.device()
    studio.tick()
    device.theirs.close()
    studio.tick(30)
    assert [type(event) for event in studio.happened(d)] == [AudioLost]


def test_a_waiting_line_event_leaves_the_row_alone_until_the_next_tick(studio: Studio) -> None:
    d, device = studio.device()
    d.echo()
    studio.settle()
    # What the loop does when DAHDI answers a read with errno 500.
    frames._nothing_read(studio.plane.tables.workers[0].shared, d.index, 500, 0, round(studio.now * 1e9))
    device.say(speech(0.02))
    studio.settle()
    assert device.hear() == []
    studio.tick(2)
    assert len(device.hear()) == 1
    assert studio.events == []


def test_frames_of_a_law_are_taken_as_that_law(studio: Studio) -> None:
    (a, alice), (d, device) = studio.telephone(Encoding.L16, 97), studio.device(Encoding.PCMA)
    a.join(d)
    codes = bytes(range(160))
    device.ours.send(codes)
    studio.settle()
    alice.hear()
    assert np.array_equal(alice.heard(), g711.decode(codes, Encoding.PCMA))
