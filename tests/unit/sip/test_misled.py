"""Which of transport and port was wrong is told to the operator, and nothing to the stranger."""

from __future__ import annotations

import pytest

from gateway.sip.misled import Misled, misled, nobody_here, user_of
from gateway.sip.refusals import AccessRefused
from gateway.sip.transport import Flow
from tests.support.sip import SERVER, Office, Phone, session_description

REGISTER = b"REGISTER sip:office.test SIP/2.0\r\nVia: SIP/2.0/TCP h\r\nTo: <sip:6001@office.test>\r\n\r\n"
HELLO = b"\x16\x03\x01\x02\x00\x01\x00"
UPGRADE = b"GET /ws HTTP/1.1\r\nHost: office.test\r\nUpgrade: websocket\r\n\r\n"
POINTS = [("udp", SERVER), ("tls", ("192.0.2.1", 5061)), ("udp", ("192.0.2.9", 5060))]


def flow(transport: str, port: int = 5060) -> Flow:
    return Flow(transport, ("192.0.2.1", port), ("192.0.2.60", 40000))


@pytest.mark.parametrize(
    ("transport", "first", "said"),
    [
        ("tcp", HELLO, "it speaks TLS, and this port is for SIP over TCP"),
        ("ws", HELLO, "it speaks TLS, and this port is for WebSockets"),
        ("tcp", UPGRADE, "it speaks HTTP, as browsers do, and this port is for SIP over TCP"),
        ("tls", UPGRADE, "it speaks HTTP, as browsers do, and this port is for SIP over TLS"),
        ("ws", REGISTER, "it speaks SIP with no WebSocket around it, and this port is for WebSockets"),
        ("wss", REGISTER, "it speaks SIP with no WebSocket around it, and this port is for secure WebSockets"),
    ],
)
def test_another_protocol_than_the_port_is_for(transport: str, first: bytes, said: str) -> None:
    found = misled(flow(transport), first)
    assert found is not None and found.why == f"{said}: its transport or its port is wrong"
    assert found.user == ("6001" if first is REGISTER else "")


@pytest.mark.parametrize(
    ("transport", "first"),
    [
        ("tcp", REGISTER),
        ("tls", b"SIP/2.0 200 OK\r\n"),
        ("ws", UPGRADE),
        ("tcp", b"RE"),
        ("tcp", b"\r\n\r\n"),
        ("ws", b""),
    ],
)
def test_what_is_right_or_cannot_be_told_is_left_to_the_framers(transport: str, first: bytes) -> None:
    assert misled(flow(transport), first) is None


@pytest.mark.parametrize(
    ("transport", "port", "first", "said"),
    [
        (
            "tcp",
            5060,
            REGISTER,
            "it comes by tcp to port 5060, where nobody listens for that: its transport is wrong",
        ),
        ("udp", 5080, REGISTER, "it comes by udp to port 5080, where nobody listens for that: its port is wrong"),
        ("tcp", 5060, HELLO, "it comes by tls to port 5060, where nobody listens for that: its port is wrong"),
    ],
)
def test_where_nobody_listens(transport: str, port: int, first: bytes, said: str) -> None:
    found = nobody_here(flow(transport, port), first, POINTS)
    assert found is not None
    assert found.why == f"{said}; SIP is at tls:192.0.2.1:5061, udp:192.0.2.1:5060"


def test_what_is_neither_sip_nor_tls_is_not_told_of() -> None:
    assert nobody_here(flow("udp", 5080), b"\x00\x01\x02", POINTS) is None


@pytest.mark.parametrize(
    ("message", "user"),
    [
        (REGISTER, "6001"),
        (b'REGISTER x\r\nt: "A" <sips:ada@x>\r\n', "ada"),
        (b"REGISTER x\r\nTo: <sip:x>\r\n", ""),
        (b"REGISTER x\r\nTo: <sip:" + b"a" * 65 + b"@x>\r\n", ""),
        (b"REGISTER x\r\nTo: <sip:a\x1b[31m@x>\r\n", ""),
    ],
)
def test_whose_telephone_it_is_as_far_as_that_can_be_shown(message: bytes, user: str) -> None:
    assert user_of(message) == user


def test_it_stands_among_those_who_were_refused_and_is_no_attack() -> None:
    office = Office()
    office.stack.misled(Misled(flow("tcp"), "6001", "its port is wrong"), office.clock.now)
    office.drain()
    (refusal,) = office.stack.refusals.all()
    assert (refusal.refused.user, refusal.refused.method, refusal.refused.why) == (
        "6001",
        "connection",
        "its port is wrong",
    )
    assert [event for event in office.changes() if isinstance(event, AccessRefused)] == [refusal.refused]
    assert office.sent == [] and office.stack.doorman.bans.all(office.clock.now) == []


@pytest.mark.parametrize(
    ("uri", "contact"), [("sips:192.0.2.1", "<sip:6001@192.0.2.60>"), ("sip:192.0.2.1", "<sips:6001@192.0.2.60>")]
)
def test_rfc_5630_a_sips_address_that_comes_by_udp_has_the_wrong_transport(uri: str, contact: str) -> None:
    office = Office()
    phone = Phone(office)
    request = phone.request("REGISTER", uri, headers=(("Contact", contact),))
    if uri.startswith("sips"):
        phone.send(request)
    else:
        phone.proved(request)
    assert phone.response().summary == "403 SIPS Needs TLS"
    (refusal,) = office.stack.refusals.all()
    assert refusal.refused.user == "6001"
    assert refusal.refused.why == "its transport is wrong: it registers a sips address by udp, and that takes TLS"


def test_a_call_of_a_browser_is_refused_with_the_reason_for_both_sides() -> None:
    """RFC 3261 21.4.26: 488, with a Warning; the operator reads the same."""
    office = Office()
    phone = Phone(office)
    offer = session_description().replace(b"RTP/AVP", b"UDP/TLS/RTP/SAVPF")
    phone.invite("6002", body=offer)
    refused = phone.response()
    why = (
        "the peer wants audio as browsers have it (UDP/TLS/RTP/SAVPF: DTLS-SRTP over ICE), which is not spoken here"
    )
    assert refused.status == 488 and why in (refused.headers.get("Warning") or "")
    (refusal,) = office.stack.refusals.all()
    assert (refusal.refused.user, refusal.refused.method) == ("6001", "INVITE")
    assert refusal.refused.why.startswith(f"its call has no audio: {why}")


def test_a_flood_of_forged_sources_does_not_fill_the_log() -> None:
    office = Office()
    for number in range(500):
        stranger = Flow("udp", SERVER, (f"10.0.{number // 250}.{number % 250}", 5060))
        office.stack.misled(Misled(stranger, "6001", "its port is wrong"), office.clock.now)
    office.drain()
    assert len([event for event in office.changes() if isinstance(event, AccessRefused)]) == 20
    office.wait(10)
    office.stack.misled(Misled(flow("udp"), "6001", "its port is wrong"), office.clock.now)
    office.drain()
    assert len(office.changes()) == 1
