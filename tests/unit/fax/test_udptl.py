"""UDPTL (ITU-T T.38 section 9, Annex A): what is lost on the way is made good, and what is wrong does no harm."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import MalformedError
from gateway.core.fax import Correction
from gateway.fax.udptl import REDUNDANT, WINDOW, Parity, UdptlPacket, UdptlReceiver, UdptlSender

LARGE = 1400

fields = st.binary(min_size=1, max_size=300)
packets = st.one_of(
    st.builds(UdptlPacket, st.integers(0, 65535), fields, st.lists(fields, max_size=5).map(tuple)),
    st.builds(
        UdptlPacket,
        st.integers(0, 65535),
        fields,
        parity=st.builds(Parity, st.integers(1, 5), st.lists(fields, min_size=1, max_size=5).map(tuple)),
    ),
)


def ifp(number: int) -> bytes:
    """An IFP packet unlike any other: a field of HDLC data."""
    data = number.to_bytes(2) + bytes(number % 7)
    return b"\xc0\x01\x80" + (len(data) - 1).to_bytes(2) + data


def carry(sender: UdptlSender, receiver: UdptlReceiver, count: int, lost: set[int]) -> list[tuple[int, bytes]]:
    """Send `count` packets, of which those in `lost` go astray; what comes out."""
    came = []
    for number in range(count):
        datagram = sender.send(ifp(number))
        if number not in lost:
            came += receiver.receive(datagram)
    return came


@given(packets)
def test_what_is_written_is_read_again(packet: UdptlPacket) -> None:
    assert UdptlPacket.parse(packet.serialise()) == packet


def test_octets_are_those_of_annex_a() -> None:
    """T.38 Annex A, aligned PER: number, IFP packet, choice of correction, its packets, each with its length."""
    indicator, before = bytes.fromhex("06"), bytes.fromhex("0c")
    assert UdptlPacket(5, indicator).serialise().hex() == "000501060000"
    assert UdptlPacket(5, indicator, (before, before)).serialise().hex() == "000501060002010c010c"
    parity = UdptlPacket(5, indicator, parity=Parity(3, (b"\x0a",)))
    assert parity.serialise().hex() == "0005010680010301010a"
    for octets, length in ((127, "7f"), (128, "8080"), (200, "80c8"), (255, "80ff"), (256, "8100"), (300, "812c")):
        long = UdptlPacket(5, bytes(octets), (bytes(octets),))
        assert long.serialise().hex().startswith(f"0005{length}00")
        assert UdptlPacket.parse(long.serialise()) == long


def test_all_comes_in_order_where_nothing_is_lost() -> None:
    for correction in Correction:
        receiver = UdptlReceiver()
        assert carry(UdptlSender(correction, LARGE), receiver, 200, set()) == [(n, ifp(n)) for n in range(200)]
        assert (receiver.lost, receiver.recovered, receiver.refused) == (0, 0, 0)


@pytest.mark.parametrize("correction", [Correction.REDUNDANCY, Correction.FEC])
@pytest.mark.parametrize("burst", [1, 2, 3])
def test_a_burst_of_three_is_made_good(correction: Correction, burst: int) -> None:
    receiver = UdptlReceiver()
    lost = {20 + k for k in range(burst)}
    came = carry(UdptlSender(correction, LARGE), receiver, 50, lost)
    assert came == [(n, ifp(n)) for n in range(50)]
    assert (receiver.recovered, receiver.lost) == (burst, 0)


def test_a_longer_burst_is_counted() -> None:
    receiver = UdptlReceiver()
    came = carry(UdptlSender(Correction.REDUNDANCY, LARGE), receiver, 50, {20, 21, 22, 23, 24})
    assert [number for number, _ in came] == [n for n in range(50) if n not in (20, 21)]
    assert (receiver.recovered, receiver.lost) == (REDUNDANT, 2)


def test_five_percent_of_loss_leaves_hardly_a_gap() -> None:
    chance = random.Random(7)
    for correction, most in ((Correction.REDUNDANCY, 2), (Correction.FEC, 8), (Correction.NONE, 10000)):
        receiver = UdptlReceiver()
        carry(UdptlSender(correction, LARGE), receiver, 4000, {n for n in range(4000) if chance.random() < 0.05})
        assert receiver.lost <= most
    assert receiver.lost > 100  # without correction


@pytest.mark.parametrize("correction", [Correction.REDUNDANCY, Correction.FEC])
def test_the_first_packets_may_be_lost(correction: Correction) -> None:
    for lost in ({0}, {0, 1}, {1}, {2, 3}, {4, 5, 6}):
        receiver = UdptlReceiver()
        came = carry(UdptlSender(correction, LARGE), receiver, 12, lost)
        assert came == [(n, ifp(n)) for n in range(12)]


def test_copies_and_late_ones_are_passed_over() -> None:
    sender, receiver = UdptlSender(Correction.REDUNDANCY, LARGE), UdptlReceiver()
    one, two, three = (sender.send(ifp(n)) for n in range(3))
    assert [n for n, _ in receiver.receive(one)] == [0]
    assert receiver.receive(one) == []
    assert [n for n, _ in receiver.receive(three)] == [1, 2]
    assert receiver.receive(two) == []


def test_numbers_go_round() -> None:
    receiver = UdptlReceiver()
    for number in (65533, 65534, 65535, 0, 1):
        assert [n for n, _ in receiver.receive(UdptlPacket(number, b"\x06").serialise())] == [number]
    assert receiver.lost == 0


def test_a_sender_that_begins_anew_is_heard_again() -> None:
    receiver = UdptlReceiver()
    carry(UdptlSender(Correction.REDUNDANCY, LARGE), receiver, 500, set())
    came = carry(UdptlSender(Correction.REDUNDANCY, LARGE), receiver, 20, set())
    assert [n for n, _ in came] == list(range(9, 20))


def test_correction_that_does_not_fit_is_left_out() -> None:
    """T38FaxMaxDatagram: some gateways take 72 octets, and no more."""
    for correction in (Correction.REDUNDANCY, Correction.FEC):
        sender = UdptlSender(correction, 72)
        sizes = [len(sender.send(bytes([n] * 30))) for n in range(40)]
        assert max(sizes) <= 72
    assert UdptlPacket.parse(UdptlSender(Correction.REDUNDANCY, 20).send(bytes(40))).secondary == ()


@pytest.mark.parametrize(
    "octets",
    [
        "",
        "00",
        "0001",
        "000100",  # an empty packet
        "00010506",  # shorter than it says
        "000101060005",  # five packets announced, none there
        "0001010600ff",  # cut into pieces
        "000101068002",  # a span of two octets
        "00010106800100010106",  # a span of none
        "000101068001ff01010a",  # a span out of all bounds
        "000101060015" + "0106" * 21,  # more packets than anybody sends
    ],
)
def test_what_is_wrong_is_refused(octets: str) -> None:
    with pytest.raises(MalformedError):
        UdptlPacket.parse(bytes.fromhex(octets))
    receiver = UdptlReceiver()
    assert receiver.receive(bytes.fromhex(octets)) == []
    assert receiver.refused == 1


@given(st.lists(st.binary(max_size=60), max_size=50))
def test_no_octets_do_harm(datagrams: list[bytes]) -> None:
    receiver = UdptlReceiver()
    for data in datagrams:
        assert len(receiver.receive(data)) <= WINDOW + 1
    assert len(receiver._kept) <= WINDOW
