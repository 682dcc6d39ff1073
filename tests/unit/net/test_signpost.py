"""Where SIP is not served, who comes is told of, and hears nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from gateway.net.signpost import MOST, PATIENCE, Signposts, unserved
from gateway.sip.misled import Misled
from gateway.testing.loop import ManualLoop

REGISTER = b"REGISTER sip:office.test SIP/2.0\r\nTo: <sip:6001@office.test>\r\n\r\n"


class Corner:
    """Signposts at a port of loopback, for both kinds of sockets."""

    def __init__(self) -> None:
        self.loop = ManualLoop()
        self.told: list[Misled] = []
        self.signposts = Signposts(self.loop, self.told.append)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.address: tuple[str, int] = free.getsockname()
        ears = [("udp", self.address), ("tcp", self.address)]
        self.loop.run_until_complete(self.signposts.open(ears, [("udp", ("127.0.0.1", 5060))]))

    def connect(self) -> socket.socket:
        peer = socket.create_connection(self.address)
        peer.settimeout(20)
        self.loop.settle()
        return peer

    def close(self) -> None:
        self.loop.run_until_complete(self.signposts.close())
        self.loop.settle()
        assert self.signposts.usage() == 0
        self.loop.close()


@pytest.fixture
def corner() -> Iterator[Corner]:
    corner = Corner()
    yield corner
    corner.close()


def gone(peer: socket.socket) -> bool:
    """Whether it was shown the door, without a word."""
    with peer:
        try:
            return peer.recv(100) == b""
        except ConnectionResetError:
            return True


def test_a_datagram_is_told_of_and_not_answered(corner: Corner) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.sendto(REGISTER, corner.address)
        peer.sendto(b"\0" * 20, corner.address)
        corner.loop.settle()
        ((user, why),) = [(found.user, found.why) for found in corner.told]
        assert user == "6001"
        assert f"by udp to port {corner.address[1]}" in why and why.endswith(
            "its port is wrong; SIP is at udp:127.0.0.1:5060"
        )
        peer.setblocking(False)
        with pytest.raises(BlockingIOError):
            peer.recv(100)


def test_a_connection_is_heard_once_and_closed(corner: Corner) -> None:
    peer = corner.connect()
    peer.sendall(REGISTER)
    corner.loop.settle()
    assert [found.user for found in corner.told] == ["6001"]
    assert "its transport is wrong" in corner.told[0].why
    assert gone(peer) and corner.signposts.usage() == 0


def test_one_that_says_nothing_is_shown_the_door(corner: Corner) -> None:
    peer = corner.connect()
    assert corner.signposts.usage() == 1
    corner.loop.advance(PATIENCE + 1, tick=1)
    assert gone(peer) and corner.signposts.usage() == 0 and corner.told == []


def test_a_crowd_is_bounded(corner: Corner) -> None:
    peers = [corner.connect() for _ in range(MOST + 1)]
    assert corner.signposts.usage() == MOST
    assert gone(peers[-1])
    for peer in peers[:-1]:
        peer.close()


def test_what_others_listen_at_is_left_alone(corner: Corner) -> None:
    other = Signposts(corner.loop, corner.told.append)
    corner.loop.run_until_complete(other.open([("tcp", corner.address), ("udp", corner.address)], []))
    corner.loop.run_until_complete(other.close())


def test_where_telephones_look_in_vain() -> None:
    points = [("udp", ("192.0.2.1", 5080)), ("tls", ("192.0.2.1", 5061)), ("udp", ("127.0.0.1", 5060))]
    assert unserved(points) == [
        ("tcp", ("192.0.2.1", 5080)),
        ("udp", ("192.0.2.1", 5061)),
        ("udp", ("192.0.2.1", 5060)),
        ("tcp", ("192.0.2.1", 5060)),
    ]
