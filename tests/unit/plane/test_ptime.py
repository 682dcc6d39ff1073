"""Packets of the length that each peer wants: put together, cut up, and what that does to gaps and stragglers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gateway.core.audio import Sound
from gateway.core.codec import Codec, Encoding
from gateway.core.errors import LocalError
from gateway.media import g711
from gateway.plane.rtp import RtpPacket
from tests.unit.plane.conftest import Studio, speech

LENGTHS = (10, 20, 30, 40, 50, 60)


def steps(packets: list[RtpPacket]) -> tuple[list[int], list[int]]:
    """By how much sequence numbers and timestamps grow from packet to packet."""
    pairs = list(itertools.pairwise(packets))
    return (
        [(b.sequence - a.sequence) & 0xFFFF for a, b in pairs],
        [(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in pairs],
    )


@pytest.mark.parametrize(("said", "wanted"), [pair for pair in itertools.product(LENGTHS, LENGTHS)])
def test_each_peer_gets_packets_of_its_own_length_and_every_octet(studio: Studio, said: int, wanted: int) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone(Encoding.PCMA, 8, ptime=wanted)
    a.join(b)
    samples = speech(1.2)
    alice.say(samples, ptime=8 * said)
    studio.settle()
    got = bob.hear()
    assert [len(packet.payload) for packet in got] == [8 * wanted] * (1200 // wanted)
    assert steps(got) == ([1] * (len(got) - 1), [8 * wanted] * (len(got) - 1))
    assert [packet.marker for packet in got] == [True] + [False] * (len(got) - 1)
    coded = g711.encode(samples, Encoding.PCMU)
    assert b"".join(p.payload for p in got) == g711.ULAW_TO_ALAW[np.frombuffer(coded, np.uint8)].tobytes()


@pytest.mark.parametrize("wanted", LENGTHS)
def test_what_is_played_comes_in_packets_of_the_length_agreed(studio: Studio, wanted: int) -> None:
    a, alice = studio.telephone(ptime=wanted)
    a.play(Sound("speech", speech(1.2)))
    studio.tick(61)
    got = alice.hear()
    assert [len(packet.payload) for packet in got] == [8 * wanted] * (1200 // wanted)
    assert steps(got)[1] == [8 * wanted] * (len(got) - 1)


def test_frames_of_a_device_are_put_together(studio: Studio) -> None:
    (a, alice), (d, device) = studio.telephone(ptime=60), studio.device()
    a.join(d)
    for k in range(6):
        device.say(speech(0.02, k))
        studio.tick()
    assert [len(packet.payload) for packet in alice.hear()] == [480, 480]


def test_a_lost_packet_shows_as_lost_and_as_a_gap_in_time(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone(ptime=40)
    a.join(b)
    packets = [alice.packet(speech(0.02, k)) for k in range(10)]
    for k in (0, 1, 2, 3, 6, 7, 8, 9):
        alice.send(packets[k])
    studio.settle()
    got = bob.hear()
    assert steps(got) == ([1, 2, 1], [320, 640, 320])


def test_an_odd_rest_before_a_gap_is_sent_and_not_moved(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone(ptime=40)
    a.join(b)
    packets = [alice.packet(speech(0.02, k)) for k in range(6)]
    for k in (0, 1, 2, 4, 5):
        alice.send(packets[k])
    studio.settle()
    got = bob.hear()
    assert [len(packet.payload) for packet in got] == [320, 160, 320]
    assert steps(got)[1] == [320, 320]


def test_stragglers_and_duplicates_are_left_out_of_what_is_packed(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone(ptime=40)
    a.join(b)
    packets = [alice.packet(np.full(160, 1000 * k, np.int16)) for k in range(7)]
    for k in (0, 1, 1, 3, 2, 4, 5, 0, 6):
        alice.send(packets[k])
    studio.settle()
    heard = [g711.decode(p.payload, Encoding.PCMU) for p in bob.hear()]
    levels = [round(float(value) / 1000) for part in heard for value in part[::160]]
    assert levels == [0, 1, 3, 4, 5, 6]


def test_a_pause_of_the_speaker_is_no_loss(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone(ptime=40)
    a.join(b)
    alice.say(speech(0.08))
    alice.pause(800)
    alice.say(speech(0.08))
    studio.settle()
    assert steps(bob.hear()) == ([1, 1, 1], [320, 1120, 320])


def test_a_source_whose_packets_change_their_length_goes_on_as_one_stream(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(sequence=65530, timestamp=0xFFFF_FF00), studio.telephone()
    a.join(b)
    for length in (160, 160, 240, 160, 80, 160, 160, 320, 160, 160):
        alice.say(speech(length / 8000), ptime=length)
        studio.tick()
    got = bob.hear()
    assert steps(got) == ([1] * 10, [160] * 10)
    assert {len(packet.payload) for packet in got} == {160}


def test_a_timestamp_that_jumps_is_followed_by_the_clock(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone(ptime=40)
    a.join(b)
    for _ in range(4):
        alice.say(speech(0.02))
        studio.tick()
    alice.pause(0x7000_0000)
    for _ in range(4):
        alice.say(speech(0.02))
        studio.tick()
    got = bob.hear()
    assert steps(got)[0] == [1, 1, 1]
    assert max(steps(got)[1]) <= 480


def test_another_length_in_the_middle_of_a_call(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone()
    a.join(b)
    alice.say(speech(0.12))
    studio.settle()
    b.set_remote(bob.address, bob.port, Codec(Encoding.PCMU, 0, ptime=60), 101)
    studio.settle()
    alice.say(speech(0.12))
    studio.settle()
    got = bob.hear()
    assert [len(p.payload) for p in got] == [160] * 6 + [480] * 2
    assert steps(got) == ([1] * 7, [160] * 6 + [480])


@pytest.mark.parametrize("ptime", [0, 5, 25, 70])
def test_a_length_that_cannot_be_sent_is_named(studio: Studio, ptime: int) -> None:
    with pytest.raises(LocalError, match=f"packets of {ptime} ms"):
        studio.row().set_remote("127.0.0.1", 4000, Codec(Encoding.PCMU, 0, ptime=ptime), None)
