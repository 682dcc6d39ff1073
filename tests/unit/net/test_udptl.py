"""T.38 streams on real sockets: who is heard, who is not, and what a hostile network can do."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from gateway.core.fax import T38, Correction
from gateway.fax.udptl import UdptlPacket
from gateway.net.udptl import KEPT, LARGEST, MOST, UdptlStream
from gateway.testing.loop import ManualLoop
from gateway.testing.sip_wire import bound_socket

IFP = b"\x06"


class Wire:
    """A stream, and sockets around it."""

    def __init__(self) -> None:
        self.loop = ManualLoop()
        self.closed = 0
        with bound_socket("127.0.0.1") as scout:
            port = scout.getsockname()[1]
        self.stream = UdptlStream(self.loop, ("127.0.0.1", port), self._closed)
        self.heard: list[tuple[int, bytes]] = []
        self.stream.listener = lambda number, packet: self.heard.append((number, packet))
        self.peer, self.stranger = bound_socket("127.0.0.1"), bound_socket("127.0.0.1", "127.0.0.2")
        self._numbers = {id(self.peer): 0, id(self.stranger): 0}

    def _closed(self) -> None:
        self.closed += 1

    def agree(self, by: socket.socket | None = None, **theirs: object) -> None:
        host, port = (by or self.peer).getsockname()
        self.stream.set_remote(host, port, T38(**theirs))  # type: ignore[arg-type]  # passed on

    def says(self, by: socket.socket, data: bytes | None = None) -> None:
        number = self._numbers[id(by)]
        self._numbers[id(by)] += 1
        datagram = UdptlPacket(number, IFP).serialise() if data is None else data
        by.sendto(datagram, ("127.0.0.1", self.stream.port))
        self.loop.settle()

    def got(self, by: socket.socket) -> list[bytes]:
        found = []
        while True:
            try:
                found.append(by.recv(2000))
            except BlockingIOError:
                return found

    def close(self) -> None:
        self.stream.close()
        self.stream.close()
        assert self.closed == 1
        self.peer.close()
        self.stranger.close()
        self.loop.close()


@pytest.fixture
def wire() -> Iterator[Wire]:
    before = len(os.listdir("/proc/self/fd"))
    made = Wire()
    yield made
    made.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_packets_pass_both_ways(wire: Wire) -> None:
    wire.agree()
    wire.says(wire.peer)
    assert wire.heard == [(0, IFP)]
    wire.stream.send(IFP)
    wire.stream.send(b"\x00", 3)
    one, *copies = wire.got(wire.peer)
    assert UdptlPacket.parse(one) == UdptlPacket(0, IFP)
    assert [UdptlPacket.parse(copy) for copy in copies] == [UdptlPacket(1, b"\x00", (IFP,))] * 3


def test_nothing_goes_out_before_anybody_is_known(wire: Wire) -> None:
    wire.stream.send(IFP)
    wire.says(wire.peer)
    assert wire.heard == [] and wire.stream.refused == 1


def test_a_stranger_is_not_heard(wire: Wire) -> None:
    wire.agree()
    wire.says(wire.stranger)
    wire.says(wire.peer)
    wire.says(wire.stranger)
    wire.stream.send(IFP)
    assert len(wire.heard) == 1 and wire.stream.refused == 2
    assert wire.got(wire.stranger) == [] and len(wire.got(wire.peer)) == 1


def test_a_peer_behind_nat_is_found_by_its_packets_and_then_kept(wire: Wire) -> None:
    """Its SDP names a port that nothing comes from; RFC 7362 4 has packets go where they come from."""
    wire.stream.set_remote("127.0.0.1", 9, T38())
    wire.says(wire.peer)
    assert wire.heard == [(0, IFP)]
    wire.stream.send(IFP)
    assert len(wire.got(wire.peer)) == 1
    with bound_socket("127.0.0.1") as thief:
        wire._numbers[id(thief)] = 5
        wire.says(thief)
        wire.stream.send(IFP)
        assert wire.got(thief) == []
    assert len(wire.heard) == 1


def test_where_nothing_is_to_be_learned_the_address_in_sdp_alone_is_heard(wire: Wire) -> None:
    wire.stream.set_remote("127.0.0.1", 9, T38(), via="127.0.0.2", strict=True)
    wire.says(wire.peer)
    wire.says(wire.stranger)
    assert wire.heard == [] and wire.stream.refused == 2
    wire.agree()
    wire.says(wire.peer)
    assert len(wire.heard) == 1


def test_a_private_address_in_sdp_is_made_good_by_that_of_the_signalling(wire: Wire) -> None:
    wire.stream.set_remote("127.0.0.9", 4000, T38(), via="127.0.0.2")
    wire.says(wire.peer)
    assert wire.heard == []
    wire.says(wire.stranger)
    assert wire.heard == [(0, IFP)]


def test_a_peer_that_moves_is_followed_where_sdp_says_so(wire: Wire) -> None:
    wire.agree()
    for _ in range(5):
        wire.says(wire.peer)
    wire.agree(wire.stranger)
    wire.says(wire.stranger)  # whose numbers begin anew
    assert len(wire.heard) == 6
    wire.agree(wire.stranger)  # a refresh changes nothing
    wire.says(wire.stranger)
    assert len(wire.heard) == 7


def test_what_comes_before_anybody_listens_is_kept_within_bounds(wire: Wire) -> None:
    wire.stream.listener = None
    wire.agree()
    for _ in range(KEPT + 50):
        wire.says(wire.peer)
    wire.stream.listener = lambda number, packet: wire.heard.append((number, packet))
    assert [number for number, _ in wire.heard] == list(range(50, KEPT + 50))


def test_what_is_no_udptl_is_counted_and_does_not_take_the_stream_over(wire: Wire) -> None:
    wire.stream.set_remote("127.0.0.1", 9, T38())
    for data in (b"", b"\x80\x00" + bytes(170), b"\xff" * 40, bytes(LARGEST + 1)):
        wire.says(wire.peer, data)
    wire.stream.send(IFP)
    assert wire.stream.refused == 4 and wire.heard == [] and wire.got(wire.peer) == []


def test_correction_is_as_agreed(wire: Wire) -> None:
    wire.agree(correction=Correction.NONE)
    wire.stream.send(IFP)
    wire.stream.send(IFP)
    assert [UdptlPacket.parse(data).secondary for data in wire.got(wire.peer)] == [(), ()]
    wire.agree(correction=Correction.FEC)
    wire.stream.send(IFP)
    (data,) = wire.got(wire.peer)
    assert UdptlPacket.parse(data).parity is not None


def test_a_closed_stream_takes_every_call(wire: Wire) -> None:
    wire.agree()
    wire.stream.close()
    wire.closed = 0
    wire.stream.send(IFP)
    wire.closed = 1


def test_what_two_streams_pass_on_to_each_other_does_not_go_round_for_ever(wire: Wire) -> None:
    """Each one's session description names the other's port here."""
    with bound_socket("127.0.0.1") as scout:
        port = scout.getsockname()[1]
    other = UdptlStream(wire.loop, ("127.0.0.1", port), lambda: None)
    wire.stream.set_remote("127.0.0.1", other.port, T38())
    other.set_remote("127.0.0.1", wire.stream.port, T38())
    wire.stream.listener = lambda number, packet: other.send(packet)
    other.send(IFP)
    for _ in range(200):  # each of which carries a bounded number of packets
        wire.loop.settle()
    assert wire.stream.received == MOST and wire.stream.refused == 1
    wire.loop.advance(1.0, 0.5)
    other.send(IFP)
    wire.stream.listener = None
    wire.loop.settle()
    assert wire.stream.received == MOST + 2, "it is heard again, and what was passed over is made good"
    other.close()


def test_a_stranger_who_floods_takes_nothing_from_the_peer(wire: Wire) -> None:
    wire.agree()
    for _ in range(MOST // 50 + 1):
        for _ in range(50):
            wire.stranger.sendto(b"\x00", ("127.0.0.1", wire.stream.port))
        wire.loop.settle()
    assert wire.stream.refused > MOST
    wire.says(wire.peer)
    assert wire.heard == [(0, IFP)]
