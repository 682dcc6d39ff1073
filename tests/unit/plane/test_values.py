"""The plain parts: RTP and telephone events as values, and the plan of a row."""

from __future__ import annotations

import inspect
import itertools
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import LocalError, MalformedError
from gateway.plane import plan
from gateway.plane.rtp import RtpPacket
from gateway.plane.telephone_event import TelephoneEvent

packets = st.builds(
    RtpPacket,
    payload_type=st.integers(0, 127),
    sequence=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 0xFFFFFFFF),
    ssrc=st.integers(0, 0xFFFFFFFF),
    payload=st.binary(max_size=500),
    marker=st.booleans(),
    csrcs=st.lists(st.integers(0, 0xFFFFFFFF), max_size=15).map(tuple),
    extension=st.none() | st.tuples(st.integers(0, 0xFFFF), st.integers(0, 20).map(lambda words: bytes(4 * words))),
)


@given(packet=packets, padding=st.integers(0, 255))
def test_a_packet_serialised_parses_to_itself(packet: RtpPacket, padding: int) -> None:
    assert RtpPacket.parse(packet.serialise(padding)) == packet


@given(data=st.binary(max_size=200))
def test_any_octets_are_a_packet_or_malformed(data: bytes) -> None:
    try:
        packet = RtpPacket.parse(data)
    except MalformedError:
        return
    again = packet.serialise()
    assert RtpPacket.parse(again) == packet


def test_a_packet_is_written_as_rfc_3550_draws_it() -> None:
    packet = RtpPacket(101, 0x1234, 0x56789ABC, 0xDEF01234, b"\x05\x8a\x03\x20", marker=True)
    assert packet.serialise().hex() == "80e5123456789abcdef01234058a0320"


@pytest.mark.parametrize(
    "packet",
    [
        RtpPacket(128, 0, 0, 0),
        RtpPacket(0, 65536, 0, 0),
        RtpPacket(0, 0, -1, 0),
        RtpPacket(0, 0, 0, 0, csrcs=(0,) * 16),
        RtpPacket(0, 0, 0, 0, extension=(0, b"odd")),
    ],
)
def test_a_packet_out_of_range_is_not_written(packet: RtpPacket) -> None:
    with pytest.raises(LocalError):
        packet.serialise()


@given(
    event=st.builds(
        TelephoneEvent, st.integers(0, 255), st.integers(0, 0xFFFF), end=st.booleans(), volume=st.integers(0, 63)
    )
)
def test_an_event_serialised_parses_to_itself(event: TelephoneEvent) -> None:
    assert TelephoneEvent.parse(event.serialise()) == event


@pytest.mark.parametrize(
    "event", [TelephoneEvent(256, 0), TelephoneEvent(1, 70000), TelephoneEvent(1, 1, volume=64)]
)
def test_an_event_out_of_range_is_not_written(event: TelephoneEvent) -> None:
    with pytest.raises(LocalError):
        event.serialise()


def test_an_event_cut_off_is_malformed() -> None:
    with pytest.raises(MalformedError):
        TelephoneEvent.parse(b"\5\x8a\3")


FACTS = tuple(inspect.signature(plan.plan.py_func).parameters)


def planned(**facts: bool) -> int:
    return plan.plan.py_func(*(facts.get(name, name == "alike") for name in FACTS))


def test_a_relayed_rtp_row_does_one_thing_only() -> None:
    assert plan.describe(planned(peer=True)) == "send on to an RTP peer at once"


def test_a_row_joined_to_a_line_decodes_into_its_queue() -> None:
    assert plan.describe(planned(peer=True, peer_frames=True)) == "decode, queue for another clock"


def test_a_line_joined_to_rtp_sends_at_once_and_takes_from_the_queue() -> None:
    assert (
        plan.describe(planned(frames=True, peer=True))
        == "send on to an RTP peer at once, take from a queue at its own clock"
    )


def test_tones_are_kept_only_from_a_peer_that_gets_events() -> None:
    assert (
        plan.describe(planned(peer=True, detecting=True)) == "decode, detect DTMF, send on to an RTP peer at once"
    )
    muted = plan.describe(planned(peer=True, detecting=True, peer_events=True))
    assert muted.endswith("send on to an RTP peer at once, keep DTMF tones from the peer")
    assert "keep" not in plan.describe(planned(peer=True, peer_frames=True, detecting=True, peer_events=True))


def test_a_peer_coded_otherwise_is_decoded_for() -> None:
    told = plan.describe(planned(peer=True, alike=False))
    assert told == "decode, send on to an RTP peer, coded anew"


def test_echo_goes_before_a_peer() -> None:
    assert plan.describe(planned(frames=True, peer=True, echo=True)) == "echo"


def test_a_row_of_its_own_does_nothing() -> None:
    assert plan.describe(planned()) == "nothing"


def test_a_relayed_row_that_is_tapped_goes_on_being_relayed_at_once() -> None:
    tapped = (
        "decode, send on to an RTP peer at once, queue for another clock, take in and put out a frame on each tick"
    )
    assert plan.describe(planned(peer=True, clocked=True)) == tapped
    assert "at once" not in plan.describe(planned(peer=True, clocked=True, peer_mixed=True))


def test_the_compiled_plan_is_the_plain_one() -> None:
    random = Random(4733)
    some = (tuple(random.random() < 0.5 for _ in FACTS) for _ in range(20_000))
    one_or_two = (
        [name in chosen for name in FACTS] for chosen in itertools.combinations_with_replacement(FACTS, 2)
    )
    for facts in itertools.chain(some, one_or_two):
        assert plan.plan(*facts) == plan.plan.py_func(*facts)
