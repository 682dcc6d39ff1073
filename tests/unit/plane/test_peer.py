"""Who may speak to a row: symmetric RTP, what it sends and says, and hostile packets (thieves: test_latch.py)."""

from __future__ import annotations

from dataclasses import replace
from errno import EACCES

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.audio import AudioLost, Ceased, Silent
from gateway.core.codec import Codec, Encoding
from gateway.core.errors import LocalError, MalformedError
from gateway.core.hindrances import UNHINDERED, Hindrances
from gateway.plane.rtp import RtpPacket
from tests.support.rtp import RtpEndpoint
from tests.unit.plane.conftest import Studio, speech


def stranger(studio: Studio, row_port: int, **stream: int) -> RtpEndpoint:
    endpoint = RtpEndpoint(**stream)
    endpoint.connect("127.0.0.1", row_port)
    studio._opened.append(endpoint)
    return endpoint


def test_a_peer_behind_nat_is_found_by_its_first_packet(studio: Studio) -> None:
    a, alice = studio.telephone()
    mapped = stranger(studio, a.port, ssrc=alice.next.ssrc)
    a.echo()
    mapped.say(speech(0.02))
    studio.settle()
    assert (len(mapped.hear()), len(alice.hear())) == (1, 0)


def test_once_found_the_peer_is_not_displaced_by_another_address(studio: Studio) -> None:
    a, alice = studio.telephone()
    mallory = stranger(studio, a.port, ssrc=alice.next.ssrc)
    a.echo()
    for _ in range(20):
        alice.say(speech(0.02))
        mallory.say(speech(0.02))
        studio.tick()
    assert (len(alice.hear()), len(mallory.hear())) == (20, 0)
    # What came before alice was known as the peer is refused; the rest the kernel drops.
    assert a.stats().refused == 1


def test_another_address_takes_over_when_signalling_says_so(studio: Studio) -> None:
    a, alice = studio.telephone()
    moved = stranger(studio, a.port)
    a.echo()
    alice.say(speech(0.02))
    studio.tick()
    a.set_remote(moved.address, moved.port, Codec(Encoding.PCMU, 0), 101)
    studio.settle()
    moved.say(speech(0.02))
    studio.tick()
    assert len(moved.hear()) == 1


def test_a_refreshed_session_keeps_the_path_through_nat(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone()
    mapped = stranger(studio, a.port)
    a.join(b)
    mapped.say(speech(0.02))
    studio.tick()
    a.set_remote(alice.address, alice.port, Codec(Encoding.PCMU, 0), 101)
    bob.say(speech(0.02))
    studio.tick()
    assert (len(mapped.hear()), len(alice.hear())) == (1, 0)


def test_another_ssrc_at_the_same_address_waits_for_a_pause(studio: Studio) -> None:
    a, alice = studio.telephone()
    a.echo()
    alice.say(speech(0.02))
    studio.tick()
    alice.next = replace(alice.next, ssrc=99, sequence=4, timestamp=5)
    alice.say(speech(0.02))
    studio.tick()
    assert a.stats().refused == 1
    studio.tick(5)
    alice.say(speech(0.02))
    studio.tick()
    got = alice.hear()
    assert [(p.sequence - got[0].sequence) & 0xFFFF for p in got] == [0, 1]
    assert a.stats().lost == 0


def test_a_payload_type_that_was_not_agreed_is_refused(studio: Studio) -> None:
    a, alice = studio.telephone(event_type=None)
    a.echo()
    for payload_type in (8, 101, 127):
        alice.send(replace(alice.packet(speech(0.02)), payload_type=payload_type))
    studio.settle()
    assert alice.hear() == []
    assert a.stats().refused == 3
    assert a.hindrances() == Hindrances(refused=3, misfits=3, payload_type=127, source=("127.0.0.1", alice.port))


def test_who_is_refused_for_another_address_is_known_by_it(studio: Studio) -> None:
    a, alice = studio.telephone()
    assert a.hindrances() == UNHINDERED
    alice.say(speech(0.02))
    mallory = stranger(studio, a.port, ssrc=alice.next.ssrc)
    mallory.say(speech(0.04))  # before the socket takes packets of alice alone
    studio.settle()
    hindered = a.hindrances()
    assert (hindered.strangers, hindered.misfits, hindered.source) == (2, 0, ("127.0.0.1", mallory.port))
    a.close()
    studio.settle()
    assert a.hindrances() == UNHINDERED


def test_what_the_system_does_not_send_is_counted_with_its_reason(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone()
    b.set_remote("255.255.255.255", bob.port, Codec(Encoding.PCMU, 0), 101)  # EACCES: not without SO_BROADCAST
    a.join(b)
    alice.say(speech(0.06))
    studio.settle()
    assert (b.hindrances().unsent, b.hindrances().error, b.stats().sent) == (3, EACCES, 0)


def test_before_the_peer_is_known_nothing_is_taken(studio: Studio) -> None:
    row = studio.row()
    early = stranger(studio, row.port)
    early.say(speech(0.06))
    studio.settle()
    assert (row.stats().received, row.stats().refused) == (0, 3)


def test_headers_with_csrcs_extension_and_padding_are_read(studio: Studio) -> None:
    a, alice = studio.telephone()
    a.echo()
    payload = bytes(range(160))
    packet = replace(alice.next, payload=payload, csrcs=(1, 2, 3), extension=(0xBEDE, bytes(8)))
    alice.send_raw(packet.serialise(padding=7))
    studio.settle()
    (got,) = alice.hear()
    assert (got.payload, got.csrcs, got.extension) == (payload, (), None)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80",
        bytes(11),
        bytes(172),  # version 0
        b"\x80\x00" + bytes(10),  # no payload
        b"\x8f\x00" + bytes(40),  # CSRCs beyond the end
        b"\x90\x00" + bytes(12),  # an extension cut off
        b"\x90\x00" + bytes(10) + b"\x00\x00\xff\xff" + bytes(160),  # an extension longer than the packet
        b"\xa0\x00" + bytes(10) + bytes(160),  # padding of nothing
        b"\xa0\x00" + bytes(10) + bytes(9) + b"\xff",  # padding beyond the beginning
        b"\x80\x00" + bytes(10) + bytes(481),  # more than 60 ms
        b"\x80\x00" + bytes(10) + bytes(60000),  # longer than any frame
        b"\x80\x65" + bytes(10) + b"\x05\x8a\x00",  # an event cut off
    ],
)
def test_what_is_malformed_is_refused_and_goes_nowhere(studio: Studio, data: bytes) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone()
    a.join(b)
    alice.send_raw(data)
    studio.settle()
    assert bob.hear() == []
    assert (a.stats().received, a.stats().refused) == (0, 1)
    assert studio.events == []


def test_an_odd_octet_of_l16_is_refused(studio: Studio) -> None:
    a, alice = studio.telephone(Encoding.L16, 97)
    alice.send_raw(replace(alice.next, payload=bytes(321)).serialise())
    studio.settle()
    assert a.stats().refused == 1


def expected(data: bytes) -> bool:
    """Whether a row of PCMU (0) with events (101) should take `data` (the plain parser as oracle)."""
    try:
        packet = RtpPacket.parse(data)
    except MalformedError:
        return False
    if packet.payload_type == 101:
        return len(packet.payload) >= 4
    return packet.payload_type in (0, 13) and 0 < len(packet.payload) <= 480


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    head=st.sampled_from(
        [b"", b"\x80\x00", b"\x80\x80", b"\x80\x65", b"\x80\x0d", b"\x90\x00", b"\xa0\x00", b"\xb2\x00"]
    ),
    tail=st.binary(max_size=600),
)
def test_the_loop_and_the_plain_parser_agree_on_any_octets(studio: Studio, head: bytes, tail: bytes) -> None:
    row, alice = studio.telephone()
    alice.send_raw(head + tail)
    studio.settle()
    assert row.stats().received == expected(head + tail)
    assert row.stats().refused == (not expected(head + tail))
    row.close()
    alice.close()
    studio._opened.remove(alice)
    studio.settle()


def test_ipv6_works_like_ipv4(studio: Studio) -> None:
    a, alice = studio.telephone(host="::1")
    a.echo()
    alice.say(speech(0.1))
    studio.settle()
    assert len(alice.hear()) == 5


@pytest.mark.parametrize(
    ("address", "port", "codec", "event_type"),
    [
        ("phone.example", 4000, Codec(Encoding.PCMU, 0), 101),
        ("::1", 4000, Codec(Encoding.PCMU, 0), 101),
        ("127.0.0.1", 0, Codec(Encoding.PCMU, 0), 101),
        ("127.0.0.1", 70000, Codec(Encoding.PCMU, 0), 101),
        ("127.0.0.1", 4000, Codec(Encoding.PCMU, 128), 101),
        ("127.0.0.1", 4000, Codec(Encoding.PCMU, 0), 0),
        ("127.0.0.1", 4000, Codec(Encoding.L16, 97, rate=22050), 101),
        ("127.0.0.1", 4000, Codec(Encoding.G723, 4, rate=16000), 101),
    ],
)
def test_a_remote_that_makes_no_sense_is_named(
    studio: Studio, address: str, port: int, codec: Codec, event_type: int
) -> None:
    with pytest.raises(LocalError):
        studio.row().set_remote(address, port, codec, event_type)


def test_a_silent_peer_is_reported_once_and_again_after_it_spoke(studio: Studio) -> None:
    a, alice = studio.telephone()
    studio.tick(1200)
    assert [type(event) for event in studio.happened(a)] == [Silent]
    alice.say(np.zeros(160, np.int16))
    studio.tick(1200)
    assert [type(event) for event in studio.happened(a)] == [Silent, Ceased, Silent]


def test_audio_that_stops_is_told_once_and_again_after_it_came(studio: Studio) -> None:
    a, alice = studio.telephone()
    alice.say(np.zeros(160, np.int16))
    studio.tick(199)
    assert studio.happened(a) == []
    studio.tick(20)
    (ceased,) = studio.happened(a)
    assert isinstance(ceased, Ceased) and 4.0 < ceased.seconds < 4.4
    assert (ceased.reported, ceased.rejected) == (None, False)
    studio.tick(200)
    assert studio.happened(a) == [ceased]
    alice.say(np.zeros(160, np.int16))
    studio.tick(230)
    assert [type(event) for event in studio.happened(a)] == [Ceased, Ceased]


def test_a_peer_that_never_spoke_has_not_stopped(studio: Studio) -> None:
    a, _ = studio.telephone()
    studio.tick(450)
    assert studio.happened(a) == []


def test_a_host_that_refuses_what_is_sent_is_told_with_the_silence(studio: Studio) -> None:
    """RFC 1122 4.1.3.3: a port unreachable (ICMP) is passed on to whoever sends."""
    (a, alice), (b, bob) = studio.telephone(), studio.telephone()
    a.join(b)
    bob.say(speech(0.02))
    studio.tick()
    bob.close()
    for _ in range(220):
        alice.say(speech(0.02))
        studio.tick()
    (ceased,) = studio.happened(b)
    assert isinstance(ceased, Ceased) and ceased.rejected


def test_a_peer_that_is_not_there_yet_costs_nothing(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone()
    a.join(b)
    bob.close()
    for _ in range(10):
        alice.say(np.zeros(160, np.int16))
        studio.tick()
    assert studio.events == []
    assert a.stats().received == 10


def test_a_peer_that_comes_back_misses_nothing_for_having_been_away(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone()
    a.join(b)
    bob.say(speech(0.02))
    studio.tick()
    alice.hear()
    bob.close()
    for _ in range(5):  # refused by the peer's host, and told so
        alice.say(speech(0.02))
        studio.tick()
    # What a host says about one packet takes the place of no other that is sent meanwhile.
    alice.say(speech(0.06))
    studio.settle()
    assert b.stats().sent == 5 + 3
    again = RtpEndpoint(port=bob.port)
    studio._opened.append(again)
    for _ in range(10):
        alice.say(speech(0.02))
        studio.tick()
    assert len(again.hear()) == 10
    assert studio.events == []


def test_audio_from_a_peer_that_refuses_ours_is_not_held_up(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone()
    a.join(b)
    bob.say(speech(0.02))
    studio.tick()
    for _ in range(10):
        bob.close()
        alice.say(speech(0.02))
        studio.plane.step(studio.now)  # bob's host refuses it, which his row has not been told of yet
        packet = bob.packet(speech(0.02))
        bob = RtpEndpoint(port=bob.port)
        bob.next = replace(packet, sequence=packet.sequence + 1, timestamp=packet.timestamp + 160)
        bob.connect(b.address, b.port)
        alice.say(speech(0.02))
        bob.send(packet)
        studio.settle()  # no tick passes: nothing may wait for one
    studio._opened.append(bob)
    assert len(alice.hear()) == 11


def test_packets_that_two_legs_send_to_each_other_do_not_go_round_for_ever(studio: Studio) -> None:
    """Each one's session description names the other's port here: nothing else would end it (RFC 3550 8.2)."""
    (a, alice), (b, _) = studio.telephone(), studio.telephone()
    a.join(b)
    alice.say(speech(0.02))
    studio.tick()
    for row, other in ((a, b), (b, a)):
        row.set_remote(other.address, other.port, Codec(Encoding.PCMU, 0), 101)
    studio.tick()
    alice.send_raw(alice.packet(speech(0.02)).serialise())
    studio.tick(60)
    (lost,) = studio.happened(a)
    assert isinstance(lost, AudioLost) and "back to this machine in a circle" in lost.reason
    quiet = a.stats().received + b.stats().received
    studio.tick(50)
    assert a.stats().received + b.stats().received == quiet


def test_a_thousand_packets_a_second_are_taken(studio: Studio) -> None:
    a, alice = studio.telephone()
    for _ in range(100):
        alice.say(speech(0.4))
        studio.tick()
    assert a.stats().received == 2000
    assert studio.events == []


def test_another_ssrc_may_follow_at_once_when_the_address_is_signalled_again(studio: Studio) -> None:
    a, alice = studio.telephone()
    a.echo()
    alice.say(speech(0.02))
    studio.settle()
    a.set_remote(alice.address, alice.port, Codec(Encoding.PCMU, 0), 101)
    alice.next = replace(alice.next, ssrc=99)
    alice.say(speech(0.02))
    studio.settle()
    assert len(alice.hear()) == 2


def test_empty_datagrams_are_counted_and_nothing_else(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone()
    a.join(b)
    for _ in range(1000):
        alice.send_raw(b"")
        if alice.next.sequence % 100 == 0:
            studio.settle()
        alice.skip(0)
    alice.say(speech(0.02))
    studio.settle()
    assert (a.stats().refused, a.stats().received) == (1000, 1)
    assert len(bob.hear()) == 1


def test_a_thousand_packets_a_second_fill_no_more_than_the_queue(studio: Studio) -> None:
    (a, alice), (d, device) = studio.telephone(), studio.device()
    a.join(d)
    for _ in range(100):
        alice.say(speech(0.4))
        device.say(np.zeros(160, np.int16))
        studio.tick()
    assert a.stats().received == 2000
    assert len(device.hear()) == 100
    studio.tick(10)
    device.say(np.zeros(160, np.int16))
    studio.tick()
    assert len(device.hear()) == 1


def test_the_jitter_of_packets_received_is_measured(studio: Studio) -> None:
    a, alice = studio.telephone()
    for turn in range(200):
        studio.now += 0.025 if turn % 2 else 0.015
        alice.say(np.zeros(160, np.int16))
        studio.settle()
    # Every transit time differs from the one before by 5 ms, to which the estimate converges (RFC 3550 A.8).
    assert abs(a.stats().jitter - 0.005) < 0.0005


def test_an_even_stream_has_no_jitter_across_wraps_and_digits(studio: Studio) -> None:
    a, alice = studio.telephone(sequence=65530, timestamp=0xFFFF_FF00)
    for _ in range(20):
        alice.say(np.zeros(160, np.int16))
        studio.tick()
    alice.press("5")
    alice.pause(160 * 10 - 1200)
    studio.tick(10)
    for _ in range(20):
        alice.say(np.zeros(160, np.int16))
        studio.tick()
    assert a.stats().jitter == 0.0
