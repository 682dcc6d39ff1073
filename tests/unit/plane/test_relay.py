"""RTP to RTP: relayed at once, recoded by table, one stream whatever feeds it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gateway.core.audio import Sound
from gateway.core.codec import Codec, Encoding
from gateway.media import g711
from tests.support.rtp import coded
from tests.unit.plane.conftest import Studio, speech

ALL_CODES = np.concatenate([np.arange(256, dtype=np.uint8)] * 5).tobytes()  # 8 packets of 160 octets


def test_same_law_passes_untouched_and_at_once(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone()
    a.join(b)
    studio.settle()
    sent = []
    for k in range(8):
        packet = alice.packet(np.zeros(160, np.int16))
        sent.append(ALL_CODES[160 * k : 160 * k + 160])
        alice.send_raw(packet.serialise()[:12] + sent[-1])
        studio.plane.step(studio.now)  # no tick passes
        assert [p.payload for p in bob.hear()] == sent[-1:]
    assert (a.stats().received, b.stats().sent) == (8, 8)


@pytest.mark.parametrize(
    ("first", "second", "table"),
    [
        (Encoding.PCMU, Encoding.PCMA, g711.ULAW_TO_ALAW),
        (Encoding.PCMA, Encoding.PCMU, g711.ALAW_TO_ULAW),
    ],
)
def test_law_to_law_goes_by_the_tables_of_g711(
    studio: Studio, first: Encoding, second: Encoding, table: np.ndarray
) -> None:
    (a, alice), (b, bob) = studio.telephone(first, 0), studio.telephone(second, 8)
    a.join(b)
    every_code = bytes(range(256)) + bytes(64)
    alice.say(np.zeros(320, np.int16))
    for start in (0, 160):
        alice.send_raw(alice.packet(np.zeros(160, np.int16)).serialise()[:12] + every_code[start : start + 160])
    studio.settle()
    assert b"".join(packet.payload for packet in bob.hear()[2:])[:256] == table[np.arange(256)].tobytes()


@pytest.mark.parametrize("encoding", [Encoding.PCMU, Encoding.PCMA])
def test_l16_travels_in_network_order_both_ways(studio: Studio, encoding: Encoding) -> None:
    (a, alice), (b, bob) = studio.telephone(Encoding.L16, 97), studio.telephone(encoding, 8)
    a.join(b)
    samples = speech(0.02)
    alice.say(samples)
    studio.settle()
    assert bob.hear()[0].payload == g711.encode(samples, encoding)
    bob.say(samples)
    studio.settle()
    assert alice.hear()[0].payload == coded(g711.decode(g711.encode(samples, encoding), encoding), Encoding.L16)


def test_the_far_side_sees_one_source_with_spacing_and_markers_kept(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(sequence=65533, timestamp=0xFFFF_FF00), studio.telephone()
    a.join(b)
    for _ in range(6):
        alice.say(np.zeros(160, np.int16))
        studio.tick()
    got = bob.hear()
    assert {packet.ssrc for packet in got} != {alice.next.ssrc}
    assert len({packet.ssrc for packet in got}) == 1
    assert [(p.sequence - got[0].sequence) & 0xFFFF for p in got] == [0, 1, 2, 3, 4, 5]
    assert [(p.timestamp - got[0].timestamp) & 0xFFFFFFFF for p in got] == [0, 160, 320, 480, 640, 800]
    assert [p.marker for p in got] == [True, False, False, False, False, False]


def test_losses_and_reordering_are_left_for_the_far_side_to_see(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone()
    a.join(b)
    packets = [alice.packet(np.zeros(160, np.int16)) for _ in range(7)]
    for k in (0, 1, 4, 3, 6, 6):  # 2 and 5 are lost, 3 is late, 6 comes twice
        alice.send(packets[k])
    studio.settle()
    got = bob.hear()
    assert [(p.sequence - got[0].sequence) & 0xFFFF for p in got] == [0, 1, 4, 3, 6, 6]
    assert a.stats().lost == 2


def test_a_held_peer_is_sent_nothing(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone()
    a.join(b)
    b.set_remote(bob.address, bob.port, Codec(Encoding.PCMU, 0), 101, send=False)
    alice.say(speech(0.02))
    studio.settle()
    assert bob.hear() == []


@pytest.mark.parametrize("how", ["held", "parted"])
def test_rfc_3550_6_4_1_what_was_not_meant_for_a_peer_is_no_loss_to_it(studio: Studio, how: str) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone()

    def let(hear: bool) -> None:
        if how == "held":
            b.set_remote(bob.address, bob.port, Codec(Encoding.PCMU, 0), 101, send=hear)
        elif hear:
            b.join(a)
        else:
            b.part()

    a.join(b)
    for hears in (True, False, True):
        let(hears)
        for _ in range(5):
            alice.say(np.zeros(160, np.int16))
            studio.tick()
    got = bob.hear()
    assert [(p.sequence - got[0].sequence) & 0xFFFF for p in got] == list(range(10))
    assert (got[5].timestamp - got[4].timestamp) & 0xFFFFFFFF == 6 * 160
    assert [p.marker for p in got] == [True, *[False] * 4] * 2


def test_parted_legs_hear_nothing_of_each_other(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone()
    a.join(b)
    studio.settle()
    b.part()
    alice.say(speech(0.02))
    bob.say(speech(0.02))
    studio.settle()
    assert alice.hear() == bob.hear() == []


def test_a_new_join_ends_the_old_one_on_both_sides(studio: Studio) -> None:
    (a, alice), (b, bob), (c, carol) = studio.telephone(), studio.telephone(), studio.telephone()
    a.join(b)
    c.join(a)
    alice.say(speech(0.02))
    bob.say(speech(0.02))
    studio.settle()
    assert (len(carol.hear()), len(bob.hear()), len(alice.hear())) == (1, 0, 0)


def test_echo_returns_each_packet_at_once(studio: Studio) -> None:
    a, alice = studio.telephone(Encoding.PCMA, 8)
    a.echo()
    samples = speech(0.06)
    alice.say(samples)
    studio.settle()
    assert b"".join(p.payload for p in alice.hear()) == g711.encode(samples, Encoding.PCMA)


def test_the_stream_goes_on_without_a_break_when_its_feed_changes(studio: Studio) -> None:
    (a, alice), (b, bob), (c, carol) = studio.telephone(), studio.telephone(), studio.telephone(ssrc=77)
    a.join(b)
    for _ in range(5):
        alice.say(np.zeros(160, np.int16))
        studio.tick()
    b.play(Sound("beep", np.full(800, 1000, np.int16)))
    for _ in range(5):
        alice.say(np.zeros(160, np.int16))
        studio.tick()
    b.join(c)
    for _ in range(5):
        carol.say(np.zeros(160, np.int16))
        studio.tick()
    got = bob.hear()
    assert len({p.ssrc for p in got}) == 1
    assert [(p.sequence - got[0].sequence) & 0xFFFF for p in got] == list(range(15))
    steps = [(second.timestamp - first.timestamp) & 0xFFFFFFFF for first, second in itertools.pairwise(got)]
    assert steps == [160] * 14


def test_a_pause_shows_in_the_timestamps_when_talk_begins_again(studio: Studio) -> None:
    a, alice = studio.telephone()
    a.play(Sound("beep", np.full(320, 1000, np.int16)))
    studio.tick(102)
    a.play(Sound("beep", np.full(320, 1000, np.int16)))
    studio.tick(2)
    first, _, third, _ = alice.hear()
    assert third.timestamp - first.timestamp == 102 * 160
    assert third.marker


def test_a_relay_follows_a_source_through_half_an_hour_of_sequence_numbers(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(sequence=3), studio.telephone()
    a.join(b)
    silence = np.zeros(160, np.int16)
    for _ in range(900):
        for _ in range(100):
            alice.send(alice.packet(silence))
            studio.now += 0.0004
            if alice.next.sequence % 8 == 0:
                studio.plane.step(studio.now)
        studio.settle()
        bob.hear()
        bob.received = bob.received[-2:]
    assert b.stats().sent == 90_000
    assert (bob.received[1].sequence - bob.received[0].sequence) & 0xFFFF == 1


def test_a_straggler_from_before_the_join_does_not_repeat_a_number(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone()
    b.play(Sound("beep", np.full(480, 1000, np.int16)))
    studio.tick(3)
    early = alice.packet(np.zeros(160, np.int16))
    a.join(b)
    alice.say(np.zeros(320, np.int16))
    alice.send(early)
    studio.tick()
    got = bob.hear()
    assert [(p.sequence - got[0].sequence) & 0xFFFF for p in got] == [0, 1, 2, 3, 4]
