"""SIP over TLS: certificates by name, peers that prove who they are (RFC 5922), and handshakes that go wrong."""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest

from gateway.core.errors import OpenFailed
from gateway.net.sip import SipSockets
from gateway.net.stream import HANDSHAKE
from gateway.net.streams import HANDSHAKES
from gateway.net.tls import Certificate, Clients, TlsConfig, TlsContexts
from gateway.sip.transport import Datagram, Flow, Loss
from gateway.testing.loop import ManualLoop
from tests.support.tls import Authority, TlsPeer

OPTIONS = b"OPTIONS sip:x SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 4\r\n\r\nbody"


class Port:
    """A TLS port of ours, and peers around it."""

    def __init__(self, config: TlsConfig) -> None:
        self.loop = ManualLoop()
        self.heard: list[tuple[bytes, Flow]] = []
        self.losses: list[Loss] = []
        self.contexts = TlsContexts(config)
        self.sockets = SipSockets(self.loop, self.heard.extend, self.losses.append, tls=self.contexts)
        ((_, self.address),) = self.loop.run_until_complete(self.sockets.listen([("tls", ("127.0.0.1", 0))]))
        self.peers: list[TlsPeer | socket.socket] = []

    def plain(self) -> socket.socket:
        peer = socket.create_connection(self.address)
        peer.settimeout(20)
        self.peers.append(peer)
        self.loop.settle()
        return peer

    def connect(self, context: ssl.SSLContext, name: str = "office.test") -> TlsPeer:
        peer = self.connected(context, name)
        peer.shake_hands()
        self.loop.settle()
        return peer

    def connected(self, context: ssl.SSLContext, name: str = "office.test") -> TlsPeer:
        """Somebody who has said nothing yet."""
        peer = TlsPeer(socket.create_connection(self.address), context, self.loop.settle, name)
        self.peers.append(peer)
        self.loop.settle()
        return peer

    def call(self, server: socket.socket, name: str, context: ssl.SSLContext) -> TlsPeer:
        """Send a message to a server known as `name`, which takes the connection and shakes hands."""
        flow = Flow("tls", self.address, server.getsockname(), name)
        self.sockets.send([Datagram(b"hello", flow)])
        self.loop.settle()
        raw, _ = server.accept()
        peer = TlsPeer(raw, context, self.loop.settle)
        self.peers.append(peer)
        peer.shake_hands()
        self.loop.settle()
        return peer

    @property
    def lost(self) -> list[Flow]:
        """The flows that are lost."""
        return [loss.flow for loss in self.losses]

    def close(self) -> None:
        for peer in self.peers:
            peer.close()
        self.loop.settle()
        self.loop.run_until_complete(self.sockets.close())
        self.loop.settle()
        assert self.sockets.usage() == 0
        self.loop.close()


Opened = Callable[[TlsConfig], Port]


@pytest.fixture
def opened() -> Iterator[Opened]:
    ports: list[Port] = []

    def make(config: TlsConfig) -> Port:
        ports.append(Port(config))
        return ports[-1]

    yield make
    for port in ports:
        port.close()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def certified(peer: TlsPeer) -> set[str]:
    names = (peer.socket.getpeercert() or {}).get("subjectAltName", ())
    return {value for _, value in names}


def is_refused(attempt: Callable[[], bytes]) -> bool:
    """Whether a connection is ended in its handshake or, as TLS 1.3 has it, right after it."""
    try:
        return attempt() == b""
    except OSError:
        return True


# Those who connect to us.


def test_messages_come_and_go_encrypted_on_their_flow(opened: Opened, authority: Authority) -> None:
    port = opened(authority.config("office.test"))
    peer = port.connect(authority.client())
    peer.send(OPTIONS[:30])
    peer.send(OPTIONS[30:])
    ((data, flow),) = port.heard
    assert data == OPTIONS and flow == Flow("tls", port.address, peer.socket.getsockname())
    port.sockets.send([Datagram(b"answer", flow)])
    assert peer.receive() == b"answer"
    assert peer.socket.version() in ("TLSv1.2", "TLSv1.3")
    peer.send(b"\r\n\r\n")
    assert peer.receive() == b"\r\n"


def test_tls_1_1_is_refused(opened: Opened, authority: Authority) -> None:
    port = opened(authority.config("office.test"))
    old = authority.client()
    with pytest.warns(DeprecationWarning):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError):
        port.connect(old)


def test_who_asks_for_a_name_gets_its_certificate(opened: Opened, authority: Authority) -> None:
    port = opened(authority.config("office.test", shop_test=authority.certificate("shop.test")))
    assert certified(port.connect(authority.client(), "shop.test")) == {"shop.test"}
    assert certified(port.connect(authority.client(), "office.test")) == {"office.test"}
    nameless = authority.client()
    nameless.check_hostname = False
    assert certified(port.connect(nameless, "127.0.0.1")) == {"office.test"}


@pytest.mark.parametrize(
    ("shows", "told"),
    [
        (False, "it shows no certificate, which sip.tls.clients asks of it"),
        (True, "its certificate goes back to no authority that is known here"),
    ],
)
def test_a_client_must_show_a_good_certificate_where_that_is_asked(
    opened: Opened, authority: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture, shows: bool, told: str
) -> None:
    port = opened(authority.config("office.test", clients=Clients.REQUIRED))
    peer = port.connect(authority.client(authority.certificate("phone.test")))
    peer.send(OPTIONS)
    assert len(port.heard) == 1
    stranger = authority.client(Authority(tmp_path).certificate("phone.test") if shows else None)
    assert is_refused(lambda: port.connect(stranger).receive())
    assert len(port.heard) == 1 and told in caplog.text


def test_who_does_not_take_our_certificate_is_told_as_that(
    opened: Opened, authority: Authority, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """RFC 8446 section 6.2: a telephone says why by an alert, and shows its owner nothing."""
    port = opened(authority.config("office.test"))
    for context, name in ((Authority(tmp_path).client(), "office.test"), (authority.client(), "other.test")):
        with pytest.raises(ssl.SSLCertVerificationError):
            port.connect(context, name)
        port.loop.settle()
    assert "it refuses our certificate (it does not know its authority)" in caplog.text
    assert port.heard == []


def test_new_certificates_are_taken_by_later_connections(opened: Opened, authority: Authority) -> None:
    port = opened(authority.config("office.test"))
    before = port.connect(authority.client())
    port.contexts.reload(authority.config("office.test", "new.test"))
    assert certified(port.connect(authority.client(), "new.test")) == {"office.test", "new.test"}
    before.send(OPTIONS)
    assert len(port.heard) == 1
    with pytest.raises(OpenFailed, match=r"the files of sip\.tls cannot be used"):
        port.contexts.reload(TlsConfig(Certificate(Path("/nonexistent"))))
    assert certified(port.connect(authority.client(), "new.test")) == {"office.test", "new.test"}


def test_a_handshake_that_is_not_finished_times_out(
    opened: Opened, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    port = opened(authority.config("office.test"))
    peer = port.plain()
    peer.sendall(b"\x16\x03\x01\x02\x00")
    port.loop.settle()
    assert port.sockets.usage() == 1
    port.loop.advance(HANDSHAKE + 1, tick=1)
    assert peer.recv(100) == b"" and port.sockets.usage() == 0
    assert "no TLS handshake" in caplog.text and port.lost == []


def test_of_many_handshakes_at_once_few_are_looked_at_before_others_have_their_turn(
    opened: Opened, authority: Authority
) -> None:
    port = opened(authority.config("office.test"))
    peers = [port.connected(authority.client()) for _ in range(40)]
    for peer in peers:
        peer.say_hello()
    greeted = [0]
    while greeted[-1] < len(peers):
        port.loop.settle(turns=1)
        greeted.append(len(select.select([peer.socket for peer in peers], [], [], 0)[0]))
    assert max(after - before for before, after in pairwise(greeted)) <= HANDSHAKES
    for peer in peers:
        peer.shake_hands()
    peers[0].send(OPTIONS)
    assert len(port.heard) == 1


def test_who_says_nothing_on_a_tls_port_has_nobody_wait_and_is_disconnected_in_time(
    opened: Opened, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    port = opened(authority.config("office.test"))
    silent = [port.plain() for _ in range(50)]
    port.connect(authority.client()).send(OPTIONS)
    assert len(port.heard) == 1 and port.sockets.usage() == 51
    port.loop.advance(HANDSHAKE + 1, tick=1)
    assert [peer.recv(100) for peer in silent] == [b""] * 50 and port.sockets.usage() == 1
    assert f"no TLS handshake: nothing came for {HANDSHAKE:g} s" in caplog.text


def test_who_waits_for_a_turn_and_makes_way_leaves_nothing(opened: Opened, authority: Authority) -> None:
    port = opened(authority.config("office.test"))
    streams = port.sockets._streams
    streams._limits = type(streams._limits)(connections=10)
    for peer in [port.connected(authority.client()) for _ in range(10)]:
        peer.say_hello()
    port.loop.settle(turns=2)
    assert len(streams._handshakes) > 5
    port.plain()
    assert port.sockets.usage() == 10 and len(streams._handshakes) == 0


def test_what_is_no_tls_is_disconnected_and_leaves_nothing(
    opened: Opened, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    port = opened(authority.config("office.test"))
    peer = port.plain()
    peer.sendall(OPTIONS)
    port.loop.settle()
    port.loop.settle()
    try:
        while peer.recv(100):
            pass
    except ConnectionResetError:
        pass
    port.loop.settle()
    assert port.heard == [] and port.sockets.usage() == 0
    assert (
        "it does not speak TLS, and this port is for nothing else: its transport or its port is wrong"
        in caplog.text
    )


def test_half_open_handshakes_count_as_connections(opened: Opened, authority: Authority) -> None:
    port = opened(authority.config("office.test"))
    port.sockets._streams._limits = type(port.sockets._streams._limits)(from_one=3)
    for _ in range(3):
        port.plain()
    refused = port.plain()
    port.loop.settle()
    assert refused.recv(100) == b"" and port.sockets.usage() == 3


# Those to whom we connect.


def test_a_server_that_proves_the_domain_is_talked_to_and_asked_for_its_name(
    opened: Opened, authority: Authority, server: socket.socket
) -> None:
    port = opened(authority.config("office.test"))
    asked: list[str | None] = []
    context = authority.server(authority.certificate("provider.test"))
    context.sni_callback = lambda tls, name, context: asked.append(name)
    peer = port.call(server, "provider.test", context)
    assert peer.receive() == b"hello" and asked == ["provider.test"]
    peer.send(OPTIONS)
    assert port.heard == [(OPTIONS, Flow("tls", port.address, server.getsockname(), "provider.test"))]
    peer.close()
    assert port.losses == [Loss(port.heard[0][1], again=True)]


def test_rfc_5922_a_server_that_is_somebody_else_is_told_nothing(
    opened: Opened, authority: Authority, server: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    port = opened(authority.config("office.test"))
    other = authority.server(authority.certificate("other.test"))
    assert is_refused(lambda: port.call(server, "provider.test", other).receive())
    port.loop.settle()
    (loss,) = port.losses
    assert loss.flow == Flow("tls", port.address, server.getsockname(), "provider.test") and not loss.again
    assert loss.why.startswith("its certificate is for other.test, and not for provider.test")
    assert "its certificate is for other.test, and not for provider.test" in caplog.text


def test_a_server_of_an_unknown_authority_is_refused(
    opened: Opened, authority: Authority, server: socket.socket, tmp_path: Path
) -> None:
    port = opened(authority.config("office.test"))
    stranger = Authority(tmp_path)
    context = stranger.server(stranger.certificate("provider.test"))
    assert is_refused(lambda: port.call(server, "provider.test", context).receive())
    port.loop.settle()
    (loss,) = port.losses
    assert "authority" in loss.why and "sip.tls.authorities" in loss.why and not loss.again
    assert port.sockets.usage() == 0


def test_a_server_whose_certificate_has_expired_is_told_as_that(
    opened: Opened, authority: Authority, server: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    port = opened(authority.config("office.test"))
    context = authority.server(authority.certificate("provider.test", days=-1, since=9))
    assert is_refused(lambda: port.call(server, "provider.test", context).receive())
    port.loop.settle()
    assert port.losses[0].why.startswith("its certificate has expired") and "has expired" in caplog.text


def test_a_server_that_does_not_take_our_certificate_is_told_as_that(
    opened: Opened, authority: Authority, server: socket.socket, tmp_path: Path
) -> None:
    """By TLS 1.3 (RFC 8446 section 4.4.2) it says so once the handshake is over for us."""
    port = opened(authority.config("office.test"))
    context = authority.server(authority.certificate("provider.test"))
    context.load_verify_locations(Authority(tmp_path).file)
    context.verify_mode = ssl.CERT_REQUIRED
    with suppress(OSError):
        port.call(server, "provider.test", context)
    port.loop.settle()
    (loss,) = port.losses
    assert "it refuses our certificate" in loss.why and not loss.again


def test_a_server_that_speaks_no_tls_is_told_as_that(
    opened: Opened, authority: Authority, server: socket.socket
) -> None:
    port = opened(authority.config("office.test"))
    flow = Flow("tls", port.address, server.getsockname(), "provider.test")
    port.sockets.send([Datagram(b"hello", flow)])
    port.loop.settle()
    raw, _ = server.accept()
    with raw:
        raw.sendall(b"SIP/2.0 400 Bad Request\r\n\r\n")
        port.loop.settle()
    assert [loss.why for loss in port.losses] == ["it does not speak TLS there: the port or the transport is wrong"]


def test_our_own_certificate_is_shown_to_a_server_that_asks(
    opened: Opened, authority: Authority, server: socket.socket
) -> None:
    port = opened(authority.config("office.test"))
    context = authority.server(authority.certificate("provider.test"))
    context.load_verify_locations(authority.file)
    context.verify_mode = ssl.CERT_REQUIRED
    peer = port.call(server, "provider.test", context)
    assert peer.receive() == b"hello" and certified(peer) == {"office.test"}


def test_a_server_that_never_shakes_hands_is_given_up(
    opened: Opened, authority: Authority, server: socket.socket
) -> None:
    port = opened(authority.config("office.test"))
    flow = Flow("tls", port.address, server.getsockname(), "provider.test")
    port.sockets.send([Datagram(b"hello", flow)])
    port.loop.advance(HANDSHAKE + 5, tick=1)
    assert port.lost == [flow] and port.sockets.usage() == 0


def test_without_tls_a_secure_flow_is_lost_at_once() -> None:
    loop = ManualLoop()
    lost: list[Loss] = []
    sockets = SipSockets(loop, lambda came: None, lost.append)
    flow = Flow("tls", ("127.0.0.1", 0), ("127.0.0.1", 5061), "provider.test")
    sockets.send([Datagram(b"hello", flow)])
    loop.settle()
    assert lost == [Loss(flow, "there is no TLS here; set sip.tls")]
    loop.run_until_complete(sockets.close())
    loop.close()


# Connections of others by which they are called (RFC 5923).


def asking(host: str, port: int, how: str = ";alias") -> bytes:
    via = f"Via: SIP/2.0/TLS {host}:{port};branch=z9hG4bK1{how}"
    return f"OPTIONS sip:x SIP/2.0\r\nMax-Forwards: 70\r\n{via}\r\nContent-Length: 0\r\n\r\n".encode()


def nobody_at() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def test_rfc_5923_section_8_who_asks_and_has_proved_its_name_is_called_over_its_own_connection(
    opened: Opened, authority: Authority
) -> None:
    port = opened(authority.config("office.test", clients=Clients.ASKED))
    peer = port.connect(authority.client(authority.certificate("trunk.test")))
    place = ("127.0.0.1", nobody_at())
    flow = Flow("tls", port.address, place, "trunk.test")
    peer.send(asking("trunk.test", place[1]))
    port.loop.settle()
    port.sockets.send([Datagram(b"INVITE sip:x SIP/2.0\r\n\r\n", flow)])
    assert peer.receive().startswith(b"INVITE")
    peer.close()
    port.loop.settle()
    assert flow in port.lost, "whoever waits on that way is told"


def test_rfc_5923_section_8_who_waits_on_a_connection_is_told_of_its_end_whoever_has_its_place_since(
    opened: Opened, authority: Authority
) -> None:
    port = opened(authority.config("office.test", clients=Clients.ASKED))
    peer = port.connect(authority.client(authority.certificate("trunk.test")))
    place = ("127.0.0.1", nobody_at())
    flow = Flow("tls", port.address, place, "trunk.test")
    peer.send(asking("trunk.test", place[1]))
    port.loop.settle()
    port.sockets.send([Datagram(b"INVITE sip:x SIP/2.0\r\n\r\n", flow)])
    assert peer.receive().startswith(b"INVITE")
    again = port.connect(authority.client(authority.certificate("trunk.test")))
    again.send(asking("trunk.test", place[1]))
    port.loop.settle()
    again.close()
    port.loop.settle()
    assert flow not in port.lost, "it went by the first"
    peer.close()
    port.loop.settle()
    assert flow in port.lost


@pytest.mark.parametrize(
    ("certificate", "via", "wanted"),
    [
        ("other.test", "trunk.test", "trunk.test"),  # it cannot prove what it says
        ("trunk.test", "trunk.test", "another.test"),  # somebody else is wanted
        ("trunk.test", "trunk.test", ""),  # its address is wanted, which it has not proved
    ],
)
def test_rfc_5923_section_9_nobody_gets_what_is_for_somebody_else(
    opened: Opened, authority: Authority, certificate: str, via: str, wanted: str
) -> None:
    port = opened(authority.config("office.test", clients=Clients.ASKED))
    peer = port.connect(authority.client(authority.certificate(certificate)))
    place = ("127.0.0.1", nobody_at())
    peer.send(asking(via, place[1]))
    port.loop.settle()
    flow = Flow("tls", port.address, place, wanted)
    port.sockets.send([Datagram(b"INVITE sip:x SIP/2.0\r\n\r\n", flow)])
    port.loop.settle()
    assert flow in port.lost, "a connection of our own is tried, and nobody takes it"


@pytest.mark.parametrize("how", ["", ";rport", ";x=alias", ";aliases"])
def test_rfc_5923_section_8_who_does_not_ask_is_not_called_so(
    opened: Opened, authority: Authority, how: str
) -> None:
    port = opened(authority.config("office.test", clients=Clients.ASKED))
    peer = port.connect(authority.client(authority.certificate("trunk.test")))
    place = ("127.0.0.1", nobody_at())
    peer.send(asking("trunk.test", place[1], how))
    port.loop.settle()
    flow = Flow("tls", port.address, place, "trunk.test")
    port.sockets.send([Datagram(b"INVITE sip:x SIP/2.0\r\n\r\n", flow)])
    port.loop.settle()
    assert flow in port.lost
