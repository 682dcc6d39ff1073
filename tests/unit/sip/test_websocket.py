"""SIP over WebSocket (RFC 7118) as octets: the handshake, messages in any frames, pings, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    Pong,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)
from wsproto.frame_protocol import CloseReason

from gateway.sip.framing import Answer, Broken, Framed, KeepAlive
from gateway.sip.parser import MAX_MESSAGE
from gateway.sip.websocket import MAX_FRAMES, WebSocketFramer

REGISTER = b"REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bK1\r\n\r\n"


class Browser:
    """The other end."""

    def __init__(self, framer: WebSocketFramer | None = None) -> None:
        self.framer = framer or WebSocketFramer()
        self.connection = WSConnection(ConnectionType.CLIENT)
        self.reason: str | None = None

    def says(self, *events: Event) -> list[Framed]:
        """Send; what the office makes of it but for answers, which are taken in here."""
        framed = self.framer.feed(b"".join(self.connection.send(event) for event in events))
        for answer in framed:
            if isinstance(answer, Answer):
                self.connection.receive_data(answer.data)
            elif isinstance(answer, Broken):
                self.reason = answer.reason
        return [each for each in framed if not isinstance(each, Answer)]

    def hears(self) -> list[Event]:
        return list(self.connection.events())

    def connects(self, origin: str = "", protocols: list[str] | None = None) -> Event:
        headers = [(b"Origin", origin.encode())] if origin else []
        self.says(Request("pbx.example.com:8443", "/", subprotocols=protocols or ["sip"], extra_headers=headers))
        event, *_ = self.hears()
        return event


@pytest.fixture
def browser() -> Browser:
    browser = Browser()
    browser.connects()
    return browser


def test_section_4_1_the_subprotocol_sip_is_agreed_on() -> None:
    accepted = Browser().connects(protocols=["chat", "sip"])
    assert isinstance(accepted, AcceptConnection) and accepted.subprotocol == "sip"
    assert accepted.extensions == []


@pytest.mark.parametrize("header", [b"Host: \x96\x8d", b"Host: a\r\nSec-WebSocket-Protocol: s\xcdp"])
def test_rfc_6455_4_1_a_handshake_that_is_not_ascii_is_refused(header: bytes) -> None:
    framer = WebSocketFramer()
    lines = (
        b"GET / HTTP/1.1", header, b"Upgrade: websocket", b"Connection: Upgrade",
        b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", b"\r\n",
    )  # fmt: skip
    answer, *_, broken = framer.feed(b"\r\n".join(lines))
    assert isinstance(answer, Answer) and answer.data.startswith(b"HTTP/1.1 400 ")
    assert broken == Broken("a header of the handshake is not ASCII")
    assert framer.feed(b"GET") == []


def test_section_4_1_without_it_the_handshake_fails() -> None:
    browser = Browser()
    refused = browser.connects(protocols=["chat"])
    assert isinstance(refused, RejectConnection) and refused.status_code == 400
    assert browser.reason == 'the subprotocol "sip" was not asked for'


@pytest.mark.parametrize(
    ("origin", "let_in"),
    [
        ("", True),
        ("https://pbx.example.com", True),
        ("http://PBX.example.com:8080", True),
        ("https://Phones.example.com", True),
        ("https://evil.example.net", False),
        ("null", False),
        ("https://[", False),
    ],
)
def test_rfc_6455_10_2_pages_of_strangers_are_kept_out(origin: str, let_in: bool) -> None:
    browser = Browser(WebSocketFramer(["https://phones.example.com"]))
    event = browser.connects(origin)
    assert isinstance(event, AcceptConnection) is let_in
    if not let_in:
        assert isinstance(event, RejectConnection) and event.status_code == 403
        assert browser.reason is not None and "sip.origins" in browser.reason


def test_any_origin_may_be_let_in() -> None:
    assert isinstance(Browser(WebSocketFramer(["*"])).connects("https://evil.example.net"), AcceptConnection)


@pytest.mark.parametrize("octet", [True, False], ids=["by the octet", "at once"])
def test_a_handshake_and_a_message_in_any_pieces(octet: bool) -> None:
    browser = Browser()
    request = browser.connection.send(Request("x", "/", subprotocols=["sip"]))
    pieces = [bytes([each]) for each in request] if octet else [request]
    answers = [framed for piece in pieces for framed in browser.framer.feed(piece)]
    (answer,) = answers
    assert isinstance(answer, Answer) and answer.data.startswith(b"HTTP/1.1 101 ")
    browser.connection.receive_data(answer.data)
    frame = browser.connection.send(TextMessage(REGISTER.decode()))
    pieces = [bytes([each]) for each in frame] if octet else [frame]
    assert [framed for piece in pieces for framed in browser.framer.feed(piece)] == [REGISTER]


def test_section_5_messages_are_text_or_binary_in_one_frame_or_many(browser: Browser) -> None:
    assert browser.says(TextMessage(REGISTER.decode())) == [REGISTER]
    assert browser.says(BytesMessage(REGISTER)) == [REGISTER]
    half = len(REGISTER) // 2
    assert browser.says(BytesMessage(REGISTER[:half], message_finished=False)) == []
    assert browser.framer.is_waiting
    assert browser.says(Ping(b"between frames"), BytesMessage(REGISTER[half:])) == [REGISTER]
    assert not browser.framer.is_waiting
    assert browser.hears() == [Pong(b"between frames")]


def test_section_5_what_is_utf_8_goes_out_as_text_and_anything_else_as_binary(browser: Browser) -> None:
    for message, kind in (("Grüße".encode(), TextMessage), (b"\xff\xfe", BytesMessage)):
        browser.connection.receive_data(browser.framer.frame(message))
        (event,) = browser.hears()
        assert isinstance(event, kind)


def test_section_6_keep_alives_of_both_kinds(browser: Browser) -> None:
    assert browser.says(TextMessage("\r\n\r\n")) == [KeepAlive.PING]
    assert browser.says(TextMessage("\r\n")) == [KeepAlive.PONG]
    browser.connection.receive_data(browser.framer.ping())
    (ping,) = browser.hears()
    assert isinstance(ping, Ping)
    assert browser.says(ping.response()) == [KeepAlive.PONG]


def test_a_message_without_end_is_cut_off(browser: Browser) -> None:
    part = BytesMessage(b"x" * 40_000, message_finished=False)
    while browser.reason is None:
        browser.says(part)
    assert browser.reason == f"a message of more than {MAX_MESSAGE} octets or {MAX_FRAMES} frames"
    (closed,) = browser.hears()
    assert isinstance(closed, CloseConnection) and closed.code == CloseReason.MESSAGE_TOO_BIG
    assert browser.framer.feed(b"more") == [] and not browser.framer.is_waiting


@pytest.mark.parametrize("piece", ["", "x"])
def test_a_message_of_frames_without_end_is_cut_off_and_waited_for_meanwhile(browser: Browser, piece: str) -> None:
    assert browser.says(TextMessage(piece, message_finished=False)) == []
    assert browser.framer.is_waiting, "also where nothing was in it"
    browser.says(*[TextMessage(piece, message_finished=False)] * MAX_FRAMES)
    assert browser.reason == f"a message of more than {MAX_MESSAGE} octets or {MAX_FRAMES} frames"


def test_a_message_of_as_many_frames_as_there_may_be_is_one_and_so_is_the_next(browser: Browser) -> None:
    for _ in range(2):
        pieces = [TextMessage("x", message_finished=False)] * (MAX_FRAMES - 1)
        assert browser.says(*pieces, TextMessage("x")) == [b"x" * MAX_FRAMES]
        assert not browser.framer.is_waiting


def test_a_goodbye_is_answered_and_is_no_fault(browser: Browser) -> None:
    assert browser.says(CloseConnection(CloseReason.NORMAL_CLOSURE)) == [Broken("")]
    assert browser.framer.frame(b"late") == b""


@pytest.mark.parametrize(
    "octets",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"OPTIONS sip:x SIP/2.0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01",
        b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000,
    ],
    ids=["plain HTTP", "plain SIP", "TLS", "no end"],
)
def test_what_is_no_websocket_is_refused_with_an_http_status_where_it_is_http(octets: bytes) -> None:
    framed = WebSocketFramer().feed(octets)
    assert isinstance(framed[-1], Broken) and framed[-1].reason.startswith("no WebSocket")
    if octets.startswith(b"GET / HTTP/1.1\r\nH"):
        assert isinstance(framed[0], Answer) and framed[0].data.startswith(b"HTTP/1.1 4")


def test_frames_against_the_rules_end_it(browser: Browser) -> None:
    framed = browser.framer.feed(b"\x81\x05hello")  # not masked: RFC 6455 section 5.1
    assert isinstance(framed[-1], Broken)
    assert isinstance(framed[0], Answer)


def test_refusals_have_a_body_that_says_why() -> None:
    browser = Browser()
    browser.says(Request("x", "/", subprotocols=["chat"]))
    bodies = [event.data for event in browser.hears() if isinstance(event, RejectData)]
    assert b"".join(bodies) == b'the subprotocol "sip" was not asked for\n'


@given(st.lists(st.binary(max_size=200), max_size=8), st.booleans())
def test_octets_of_any_kind_raise_nothing_and_are_not_kept(pieces: list[bytes], connected: bool) -> None:
    browser = Browser()
    if connected:
        browser.connects()
    for piece in pieces:
        framed = browser.framer.feed(piece)
        if framed and isinstance(framed[-1], Broken):
            assert browser.framer.feed(b"more") == []
            break
    assert len(browser.framer._message) <= MAX_MESSAGE
