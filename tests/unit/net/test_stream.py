"""SIP over TCP: whole messages come out of pieces, misuse is cut off, nothing is left behind."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator

import pytest

from gateway.core.errors import OpenFailed
from gateway.net.sip import SipSockets
from gateway.net.stream import PATIENCE, SILENCE
from gateway.net.streams import StreamLimits, _network
from gateway.sip.transport import Datagram, Flow, Loss
from gateway.testing.loop import ManualLoop
from gateway.testing.sip_wire import StreamWire

OPTIONS = b"OPTIONS sip:x SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 4\r\n\r\nbody"


class Port:
    """A TCP port of ours, and peers that connect to it by plain sockets."""

    def __init__(self, loop: ManualLoop, transport: str = "tcp") -> None:
        self.loop = loop
        self.heard: list[tuple[bytes, Flow]] = []
        self.losses: list[Loss] = []
        self.sockets = SipSockets(loop, self.heard.extend, self.losses.append)
        listen = self.sockets.listen([(transport, ("127.0.0.1", 0)), ("udp", ("127.0.0.1", 0))])
        (_, self.tcp), (_, self.udp) = loop.run_until_complete(listen)
        self.peers: list[socket.socket] = []
        self.listening = [self.tcp]

    def connect(self, address: tuple[str, int] | None = None) -> socket.socket:
        peer = socket.create_connection(address or self.tcp)
        peer.settimeout(20)
        self.peers.append(peer)
        self.loop.settle()
        return peer

    def hears(self, peer: socket.socket, data: bytes) -> None:
        peer.sendall(data)
        self.loop.settle()

    @property
    def lost(self) -> list[Flow]:
        """The flows that are lost."""
        return [loss.flow for loss in self.losses]

    def close(self) -> None:
        for peer in self.peers:
            peer.close()
        self.loop.settle()
        self.loop.run_until_complete(self.sockets.close())
        assert self.sockets.usage() == 0


@pytest.fixture
def port() -> Iterator[Port]:
    loop = ManualLoop()
    port = Port(loop)
    yield port
    port.close()
    loop.close()


def test_a_message_in_pieces_is_heard_once_whole_and_answered_on_its_flow(port: Port) -> None:
    peer = port.connect()
    for octet in OPTIONS[:-1]:
        port.hears(peer, bytes([octet]))
    assert port.heard == []
    port.hears(peer, OPTIONS[-1:])
    ((data, flow),) = port.heard
    assert data == OPTIONS
    assert (flow.transport, flow.remote) == ("tcp", peer.getsockname())
    port.sockets.send([Datagram(b"answer", flow)])
    port.loop.settle()
    assert peer.recv(100) == b"answer"


def waits_for_acknowledgements(remote: tuple[str, int]) -> list[bool]:
    """Whether each socket of this process that is connected to `remote` holds small messages back."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(int(name))) as end:
            if end.type == socket.SOCK_STREAM and end.getpeername() == remote:
                found.append(end.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 0)
    return found


def test_small_messages_do_not_wait_for_each_others_acknowledgement(port: Port) -> None:
    """Nagle's algorithm and delayed acknowledgements together take 40 ms (RFC 1122 4.2.3.2, 4.2.3.4)."""
    peer = port.connect()
    assert waits_for_acknowledgements(peer.getsockname()) == [False]
    with socket.create_server(("127.0.0.1", 0)) as server:
        port.sockets.send([Datagram(OPTIONS, Flow("tcp", port.tcp, server.getsockname()))])
        port.loop.settle()
        assert waits_for_acknowledgements(server.getsockname()) == [False]


def test_two_messages_at_once_are_two(port: Port) -> None:
    port.hears(port.connect(), OPTIONS + OPTIONS)
    assert [data for data, _ in port.heard] == [OPTIONS, OPTIONS]


def test_a_ping_is_ponged(port: Port) -> None:
    peer = port.connect()
    port.hears(peer, b"\r\n\r\n")
    assert peer.recv(100) == b"\r\n"
    assert port.heard == []


def test_a_peer_that_dribbles_is_disconnected(port: Port, caplog: pytest.LogCaptureFixture) -> None:
    peer = port.connect()
    port.hears(peer, OPTIONS[:20])
    port.loop.advance(PATIENCE / 2, tick=1)
    port.hears(peer, OPTIONS[20:22])
    port.loop.advance(PATIENCE / 2 + 1, tick=1)
    assert peer.recv(100) == b""
    assert "not complete within" in caplog.text
    assert len(port.lost) == 1 and port.sockets.usage() == 0


def test_a_peer_that_sends_no_sip_is_disconnected(port: Port, caplog: pytest.LogCaptureFixture) -> None:
    peer = port.connect()
    port.hears(peer, b"EHLO office.test\r\nHELP: x\r\n\r\n")
    assert peer.recv(100) == b""
    assert "no usable Content-Length on a stream" in caplog.text


def test_rfc_3261_18_3_a_request_whose_end_cannot_be_told_gets_400_before_it_is_disconnected(port: Port) -> None:
    peer = port.connect()
    port.hears(
        peer,
        b"OPTIONS sip:a SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nTo: <sip:a@x>\r\nFrom: <sip:b@x>;tag=1\r\n"
        b"Call-ID: c\r\nCSeq: 1 OPTIONS\r\nContent-Length: many\r\n\r\n",
    )
    assert peer.recv(1000).startswith(b"SIP/2.0 400 No Usable Content-Length\r\n")
    assert peer.recv(100) == b""


def test_one_address_cannot_take_all_connections(port: Port, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(StreamLimits().from_one + 1):
        last = port.connect()
    assert port.sockets.usage() == StreamLimits().from_one
    assert last.recv(1) == b""
    assert "too many connections" in caplog.text


def test_telephones_that_have_proved_themselves_leave_their_address_room_for_more(port: Port) -> None:
    most = StreamLimits().from_one
    for _ in range(most + 20):
        port.hears(port.connect(), OPTIONS)
        port.sockets.proved(port.heard[-1][1])
    assert port.sockets.usage() == most + 20
    for _ in range(most + 5):
        port.connect()
    assert port.sockets.usage() == 2 * most + 20, "strangers are bounded as ever"


def test_a_connection_is_made_where_there_is_none_and_used_again(port: Port) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        flow = Flow("tcp", port.tcp, server.getsockname())
        port.sockets.send([Datagram(b"one,", flow), Datagram(b"two", flow)])
        port.loop.settle()
        peer, _ = server.accept()
        port.peers.append(peer)
        port.loop.settle()
        assert peer.recv(100) == b"one,two"
        assert port.sockets.usage() == 1


def test_a_peer_that_refuses_is_told_as_lost(port: Port) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
    flow = Flow("tcp", port.tcp, address)
    port.sockets.send([Datagram(b"hello", flow)])
    port.loop.settle()
    assert port.lost == [flow] and port.sockets.usage() == 0


def test_a_port_in_use_is_told_by_name(port: Port) -> None:
    other = SipSockets(port.loop, lambda came: None, lambda flow: None)
    with pytest.raises(OpenFailed, match=rf"udp:127.0.0.1:{port.udp[1]}: Address already in use"):
        port.loop.run_until_complete(other.listen([("udp", port.udp)]))


def test_an_address_of_another_machine_is_told_as_such(port: Port) -> None:
    with pytest.raises(OpenFailed, match=r"192\.0\.2\.77:5060: .*; write an address that this machine has in sip"):
        port.loop.run_until_complete(port.sockets.listen([("udp", ("192.0.2.77", 5060))]))


def test_keep_alives_over_udp_are_not_messages(port: Port) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.sendto(b"\r\n\r\n", port.udp)
        peer.sendto(OPTIONS, port.udp)
        port.loop.settle()
        assert port.heard == [(OPTIONS, Flow("udp", port.udp, ("127.0.0.1", peer.getsockname()[1])))]


def test_of_two_ports_on_one_address_each_answers_its_own_connections(loop_with_two_ports: Port) -> None:
    port = loop_with_two_ports
    for address in port.listening:
        peer = port.connect(address)
        port.hears(peer, OPTIONS)
        _, flow = port.heard[-1]
        port.sockets.send([Datagram(b"answer", flow)])
        port.loop.settle()
        assert peer.recv(100) == b"answer"
    assert port.sockets.usage() == 2


@pytest.fixture
def loop_with_two_ports() -> Iterator[Port]:
    loop = ManualLoop()
    port = Port(loop)
    more = loop.run_until_complete(port.sockets.listen([("tcp", ("127.0.0.1", 0))]))
    port.listening = [port.tcp, more[0][1]]
    yield port
    port.close()
    loop.close()


def test_who_connects_and_says_nothing_is_disconnected(port: Port, caplog: pytest.LogCaptureFixture) -> None:
    peer = port.connect()
    port.hears(peer, b"\r\n\r\n")
    assert peer.recv(10) == b"\r\n"
    port.loop.advance(SILENCE + 1, tick=1)
    assert peer.recv(10) == b"" and port.sockets.usage() == 0
    assert f"no message came for {SILENCE:g} s" in caplog.text


def test_a_connection_that_nobody_uses_is_closed_after_a_while_and_not_before(
    port: Port, caplog: pytest.LogCaptureFixture
) -> None:
    peer = port.connect()
    port.hears(peer, OPTIONS)
    for _ in range(3):
        port.loop.advance(StreamLimits().idle - 60, tick=200)
        port.hears(peer, b"\r\n\r\n")
        assert peer.recv(10) == b"\r\n"
    port.loop.advance(StreamLimits().idle + 200, tick=200)
    assert peer.recv(10) == b"" and port.sockets.usage() == 0
    assert "disconnected" not in caplog.text, "that is nobody's fault"


def test_a_browser_that_answers_pings_stays_and_one_that_is_gone_does_not(caplog: pytest.LogCaptureFixture) -> None:
    loop = ManualLoop()
    port = Port(loop, "ws")
    wires = [StreamWire(port.tcp, "ws") for _ in range(2)]
    for wire in wires:
        wire.send(OPTIONS)
        loop.settle()
        wire.take()
        loop.settle()
    assert [data for data, _ in port.heard] == [OPTIONS, OPTIONS]
    for _ in range(10):
        loop.advance(30, tick=1)
        wires[0].take()
        loop.settle()
    assert port.sockets.usage() == 1 and "it does not answer pings" in caplog.text
    port.sockets.send([Datagram(b"answer", port.heard[0][1])])
    loop.settle()
    assert wires[0].take() == b"answer"
    port.sockets.send([Datagram(b"answer", port.lost[0])])  # nobody can connect to a browser
    loop.settle()
    assert len(port.lost) == 2
    for wire in wires:
        wire.close()
    port.close()
    loop.close()


def test_of_ipv6_a_whole_network_counts_as_one() -> None:
    assert _network("2001:db8::1") == _network("2001:db8::ffff:1") != _network("2001:db8:0:1::1")
    assert _network("192.0.2.1") == "192.0.2.1"
    assert _network("fe80::1%eth0") == "fe80::/64"
