"""Peers that dribble, flood or never finish: over any connection they are dropped, and the log says why."""

from __future__ import annotations

import asyncio
import gc
import select
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import Ping, Request, TextMessage

from gateway.net.sip import SipSockets
from gateway.net.stream import BACKLOG, KEEP_ALIVES, PATIENCE, SILENCE
from gateway.net.streams import NO_ROOM, StreamLimits
from gateway.net.tls import TlsContexts
from gateway.sip.framing import MAX_HEADER
from gateway.sip.parser import MAX_MESSAGE
from gateway.sip.transport import Datagram, Flow
from gateway.testing.loop import ManualLoop
from tests.support.tls import Authority, TlsPeer

KINDS = ("tcp", "tls", "ws", "wss")
OPTIONS = b"OPTIONS sip:x SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n"
IDLE = 600.0


class Visitor:
    """A peer over one kind of connection, which says what it likes.

    Args:
        loop: the office's.
        kind, address: where the office listens.
        authority: whom it believes about TLS.
    """

    def __init__(self, loop: ManualLoop, kind: str, address: tuple[str, int], authority: Authority) -> None:
        self._loop = loop
        raw = socket.create_connection(address)
        self.name = f"{kind}:127.0.0.1:{raw.getsockname()[1]}"
        raw.setblocking(False)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else the second of two small pieces waits
        self._socket: socket.socket = raw
        loop.settle()
        if kind in ("tls", "wss"):
            peer = TlsPeer(raw, authority.client(), loop.settle, "office.test")
            peer.shake_hands()
            self._socket = peer.socket
            loop.settle()
        self._web = WSConnection(ConnectionType.CLIENT) if kind in ("ws", "wss") else None
        self.opening = self._web.send(Request("office.test", "/", subprotocols=["sip"])) if self._web else b""

    def enter(self) -> None:
        """Do what comes before the first message."""
        if self._web is not None:
            self.octets(self.opening)
            self._web.receive_data(self._socket.recv(65536))
            assert list(self._web.events())

    def say(self, text: bytes, *, finished: bool = True) -> None:
        """Say `text` as the connection has it; not `finished`, it is the beginning of a message."""
        self.octets(self._web.send(TextMessage(text.decode(), message_finished=finished)) if self._web else text)

    def ping(self) -> None:
        """Ask whether the office is there."""
        self.octets(self._web.send(Ping()) if self._web else b"\r\n\r\n")

    def octets(self, data: bytes) -> None:
        """Send `data` as it is, as far as somebody takes it."""
        try:
            self._socket.sendall(data)
        except (BlockingIOError, BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass
        self._loop.settle()

    def close(self) -> None:
        self._socket.close()
        self._loop.settle()


class Street:
    """An office with one port of every kind."""

    def __init__(self, folder: Path, connections: int = 100) -> None:
        self.loop = ManualLoop()
        self.authority = Authority(folder)
        self.heard: list[tuple[bytes, Flow]] = []
        self.closed = False
        self.on_message = lambda data, flow: self.heard.append((data, flow))
        self.sockets = SipSockets(
            self.loop,
            lambda came: [self.on_message(*each) for each in came],
            lambda flow: None,
            limits=StreamLimits(connections, idle=IDLE),
            admits=lambda flow: not self.closed,
            tls=TlsContexts(self.authority.config("office.test")),
        )
        listen = self.sockets.listen([(kind, ("127.0.0.1", 0)) for kind in KINDS])
        self.addresses = dict(self.loop.run_until_complete(listen))
        self.visitors: list[Visitor] = []

    def visitor(self, kind: str) -> Visitor:
        self.visitors.append(Visitor(self.loop, kind, self.addresses[kind], self.authority))
        return self.visitors[-1]

    def close(self) -> None:
        for visitor in self.visitors:
            visitor.close()
        self.loop.run_until_complete(self.sockets.close())
        self.loop.settle()
        self.loop.close()


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    street = Street(tmp_path)
    yield street
    street.close()


def dribbles(street: Street, visitor: Visitor) -> str:
    """A message octet by octet, one each second."""
    visitor.enter()
    for octet in OPTIONS[: int(PATIENCE) + 2]:
        visitor.say(bytes([octet]), finished=False) if not visitor.opening else visitor.say(b"O", finished=False)
        street.loop.advance(1, tick=1)
    return f"a message was not complete within {PATIENCE:g} s"


def dribbles_its_handshake(street: Street, visitor: Visitor) -> str:
    """The same before there is a message at all."""
    for octet in (visitor.opening or OPTIONS)[: int(PATIENCE) + 2]:
        visitor.octets(bytes([octet]))
        street.loop.advance(1, tick=1)
    return f"a message was not complete within {PATIENCE:g} s"


def never_ends_a_header(street: Street, visitor: Visitor) -> str:
    """As many header lines as anybody takes."""
    visitor.enter()
    most = MAX_MESSAGE if visitor.opening else MAX_HEADER
    visitor.say(b"OPTIONS sip:x SIP/2.0\r\n", finished=False)
    for _ in range(most // 1000 + 1):
        visitor.say(b"X: " + b"y" * 995 + b"\r\n", finished=False)
    return (
        f"a message of more than {MAX_MESSAGE} octets"
        if visitor.opening
        else f"no end of the header in {MAX_HEADER}"
    )


def never_ends_a_body(street: Street, visitor: Visitor) -> str:
    """The body that it has promised does not come."""
    visitor.enter()
    visitor.say(OPTIONS.replace(b"Length: 0", b"Length: 9000") + b"x" * 100, finished=False)
    street.loop.advance(PATIENCE + 1, tick=1)
    return f"a message was not complete within {PATIENCE:g} s"


def says_nothing(street: Street, visitor: Visitor) -> str:
    """It is there, and pings, and says nothing."""
    visitor.enter()
    for _ in range(5):
        visitor.ping()
        street.loop.advance(SILENCE / 4, tick=1)
    return f"no message came for {SILENCE:g} s"


def floods_with_keep_alives(street: Street, visitor: Visitor) -> str:
    """It pings, and never says anything between."""
    visitor.enter()
    visitor.say(OPTIONS)
    for _ in range(KEEP_ALIVES + 1):
        visitor.ping()
    return f"it floods: more than {KEEP_ALIVES} keep-alives within {PATIENCE:g} s"


def never_reads(street: Street, visitor: Visitor) -> str:
    """What it is sent stays under way."""
    visitor.enter()
    visitor.say(OPTIONS)
    flow = street.heard[-1][1]
    for _ in range(600):
        street.sockets.send([Datagram(b"x" * 16000, flow)])
        street.loop.settle(2)
        if not street.sockets.usage():
            break
    return f"it does not read: {BACKLOG} octets wait for it"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "abuse",
    [
        dribbles,
        dribbles_its_handshake,
        never_ends_a_header,
        never_ends_a_body,
        says_nothing,
        floods_with_keep_alives,
        never_reads,
    ],
)
def test_it_is_dropped_and_the_log_says_why(
    street: Street, caplog: pytest.LogCaptureFixture, kind: str, abuse: Callable[[Street, Visitor], str]
) -> None:
    visitor = street.visitor(kind)
    why = abuse(street, visitor)
    street.loop.settle()
    street.loop.advance(2, tick=1)
    assert f"{visitor.name} disconnected: {why}" in caplog.text
    assert street.sockets.usage() == 0, "and nothing of it is left"


@pytest.mark.parametrize("kind", KINDS)
def test_the_others_notice_nothing_and_an_idle_one_is_closed_after_a_while(
    street: Street, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    guest, rude = street.visitor(kind), street.visitor(kind)
    guest.enter()
    guest.say(OPTIONS)
    never_ends_a_header(street, rude)
    street.loop.advance(2, tick=1)
    assert street.sockets.usage() == 1
    guest.say(OPTIONS)
    assert [data for data, _ in street.heard] == [OPTIONS, OPTIONS]
    caplog.clear()
    if kind in ("tcp", "tls"):
        street.loop.advance(IDLE + 60, tick=30)
        assert "disconnected" not in caplog.text, "that is nobody's fault"
    else:
        street.loop.advance(200, tick=5)
        assert f"{guest.name} disconnected: it does not answer pings" in caplog.text
    assert street.sockets.usage() == 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_stranger_that_is_here_for_longest_makes_way_and_who_has_proved_himself_does_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    street = Street(tmp_path, connections=3)
    try:
        guests = [street.visitor(kind) for _ in range(3)]
        for guest in guests:
            guest.enter()
            guest.say(OPTIONS)
        street.sockets.proved(street.heard[0][1])
        last = street.visitor(kind)
        last.enter()
        street.loop.advance(2, tick=1)
        assert street.sockets.usage() == 3
        assert f"{guests[1].name} disconnected: {NO_ROOM}" in caplog.text
        for guest in (guests[0], guests[2], last):
            guest.say(OPTIONS)
        assert len(street.heard) == 6
        for _, flow in street.heard:
            street.sockets.proved(flow)
        with socket.create_connection(street.addresses[kind]):
            street.loop.settle()
        assert "refused: too many connections" in caplog.text and street.sockets.usage() == 3
    finally:
        street.close()


def test_who_shakes_hands_for_ever_makes_way(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    street = Street(tmp_path, connections=2)
    half = [socket.create_connection(street.addresses["tls"]) for _ in range(2)]
    try:
        street.loop.settle()
        visitor = street.visitor("tls")
        visitor.say(OPTIONS)
        assert [data for data, _ in street.heard] == [OPTIONS] and caplog.text.count(NO_ROOM) == 1
        street.loop.settle()
        assert street.sockets.usage() == 2
    finally:
        for raw in half:
            raw.close()
        street.close()


@pytest.mark.parametrize("kind", ["tcp", "tls"])
def test_of_a_rush_of_strangers_nothing_stays_counted(tmp_path: Path, kind: str) -> None:
    """They come in one turn of the loop, so that some make way before anything has been done about them."""
    street = Street(tmp_path, connections=2)
    rush = [socket.create_connection(street.addresses[kind]) for _ in range(8)]
    try:
        street.loop.settle()
        assert street.sockets.usage() == 2
    finally:
        for raw in rush:
            raw.close()
    street.loop.settle()
    assert street.sockets.usage() == 0
    visitor = street.visitor(kind)
    visitor.say(OPTIONS)
    assert [data for data, _ in street.heard] == [OPTIONS]
    street.close()


def test_nor_does_any_on_the_loop_that_offices_run_on() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def until(done: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not done():
                await asyncio.sleep(0.01)

    async def rush() -> list[int]:
        loop = asyncio.get_running_loop()
        sockets = SipSockets(loop, lambda came: None, lambda flow: None, limits=StreamLimits(2))
        ((_, address),) = await sockets.listen([("tcp", ("127.0.0.1", 0))])
        visitors = [socket.create_connection(address) for _ in range(8)]
        await until(lambda: len(select.select(visitors, [], [], 0)[0]) == 6)  # they are disconnected
        held = [sockets.usage()]
        for visitor in visitors:
            visitor.close()
        await until(lambda: sockets.usage() == 0)
        held.append(sockets.usage())
        async with asyncio.timeout(20):
            await sockets.close()
        return held

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(rush()) == [2, 0]


def test_a_handshake_that_fails_leaves_no_garbage(tmp_path: Path) -> None:
    street = Street(tmp_path)
    street.visitor("tcp").close()
    try:
        gc.collect()
        gc.disable()
        for _ in range(3):
            with socket.create_connection(street.addresses["tls"]) as raw:
                raw.send(b"what is no handshake")
                street.loop.settle()
            street.loop.settle()
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        left = {type(found).__name__ for found in gc.garbage}
        assert not left & {"traceback", "SSLObject", "MemoryBIO", "StreamConnection"}
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
        street.close()


def test_who_is_not_let_in_is_disconnected_before_it_says_anything(street: Street) -> None:
    street.closed = True
    with socket.create_connection(street.addresses["tls"]) as raw:
        street.loop.settle()
        raw.settimeout(20)
        assert raw.recv(1) == b"" and street.sockets.usage() == 0


def test_nothing_more_is_heard_on_a_connection_that_is_dropped(street: Street) -> None:
    visitor = street.visitor("tcp")
    visitor.say(OPTIONS)
    flow = street.heard[0][1]
    street.heard.clear()

    def drop(data: bytes, flow: Flow) -> None:
        street.heard.append((data, flow))
        street.sockets.drop(flow)

    street.on_message = drop
    visitor.say(OPTIONS * 100)
    assert street.heard == [(OPTIONS, flow)]
    street.loop.settle()
    assert street.sockets.usage() == 0
