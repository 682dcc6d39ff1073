"""Framing of streams, and the way of a response back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.sip.framing import MAX_HEADER, Answer, Broken, KeepAlive, StreamFramer
from gateway.sip.message import Request, Response
from gateway.sip.parser import MAX_MESSAGE, parse
from gateway.sip.transport import Flow, response_flow, response_flow_anew, stamp

UDP = Flow("udp", ("192.0.2.1", 5060), ("203.0.113.9", 33333))
TCP = Flow("tcp", ("192.0.2.1", 5060), ("203.0.113.9", 44444))


def request(via: str = "SIP/2.0/UDP h;branch=z9hG4bK1", body: bytes = b"", length: str | None = None) -> bytes:
    return (
        f"OPTIONS sip:a@x SIP/2.0\r\nVia: {via}\r\nTo: <sip:a@x>\r\nFrom: <sip:b@x>;tag=1\r\nCall-ID: c\r\n"
        f"CSeq: 1 OPTIONS\r\n{length or f'Content-Length: {len(body)}'}\r\n\r\n"
    ).encode() + body


def arrived(via: str, flow: Flow = UDP, method: str = "OPTIONS") -> Request:
    message = parse(request(via).replace(b"OPTIONS", method.encode()))
    assert isinstance(message, Request)
    stamp(message, flow)
    return message


# 18.3: framing


def test_messages_are_cut_where_they_end() -> None:
    one, two = request(body=b"abc"), request(body=b"\r\n\r\nOPTIONS")
    assert StreamFramer().feed(one + two + one[:20]) == [one, two]


def test_a_message_may_come_octet_by_octet() -> None:
    framer = StreamFramer()
    one, two = request(body=b"abc"), request()
    assert [frame for octet in one + two for frame in framer.feed(bytes([octet]))] == [one, two]


@given(
    st.lists(st.sampled_from([request(body=b"abc"), request(), request(body=b"x" * 300)]), max_size=5), st.data()
)
@settings(max_examples=60)
def test_pieces_make_no_difference(messages: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    framer = StreamFramer()
    framed = [
        frame
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)
        for frame in framer.feed(stream[start:end])
    ]
    assert framed == messages


def test_a_compact_or_folded_length_counts_too() -> None:
    for length in ("l:3", "CONTENT-LENGTH :\r\n 3", "L : \t 3 "):
        framed = StreamFramer().feed(request(length=length) + b"abcOPTIONS")
        assert len(framed) == 1 and isinstance(framed[0], bytes) and framed[0].endswith(b"\r\n\r\nabc")


def test_a_body_that_looks_like_a_length_is_none() -> None:
    message = request(body=b"\r\nContent-Length: 999\r\n\r\n")
    assert StreamFramer().feed(message) == [message]


@pytest.mark.parametrize(
    "length", ["X: y", "Content-Length: -1", "Content-Length: x", "Content-Length: 1\r\nl: 2", "Content-Length:",
               "Content-Length: 70000", "Content-Length: 9999999999999999999999"],
)  # fmt: skip
def test_a_length_that_cannot_be_used_breaks_the_stream(length: str) -> None:
    framer = StreamFramer()
    good, bad = request(), request(length=length)
    framed = framer.feed(good + bad + good)
    assert framed[0] == good and len(framed) == 3
    refusal, broken = framed[1:]
    assert isinstance(refusal, Answer), "RFC 3261 18.3: a request whose end cannot be told is a bad one"
    response = parse(refusal.data)
    assert isinstance(response, Response) and response.status == 400 and response.to.tag
    assert isinstance(broken, Broken) and "Content-Length" in broken.reason
    assert framer.feed(good) == []


def test_noise_breaks_the_stream_before_it_fills_memory() -> None:
    framer = StreamFramer()
    fed = 0
    while not (framed := framer.feed(b"x" * 1000)):
        fed += 1000
        assert fed <= MAX_HEADER
    assert isinstance(framed[0], Broken)
    assert isinstance(StreamFramer().feed(b"\0" * (3 * MAX_MESSAGE))[0], Broken)


@pytest.mark.parametrize("piece", [1000, 100_000])
def test_a_header_that_is_too_long_is_so_in_any_pieces(piece: int) -> None:
    message = b"OPTIONS sip:a SIP/2.0\r\nSubject: " + b"x" * MAX_HEADER + b"\r\nContent-Length: 0\r\n\r\n"
    framer = StreamFramer()
    framed = [each for at in range(0, len(message), piece) for each in framer.feed(message[at : at + piece])]
    assert framed == [Broken(f"no end of the header in {MAX_HEADER} octets")]


# RFC 5626 4.4.1: keep-alives


def test_a_double_line_break_is_a_ping_and_a_single_one_a_pong() -> None:
    framer = StreamFramer()
    assert framer.feed(b"\r\n") == [KeepAlive.PONG]
    assert framer.feed(request()) == [request()]
    assert framer.feed(b"\r\n\r\n") == [KeepAlive.PONG, KeepAlive.PING]
    assert framer.feed(b"\r") == []
    assert framer.feed(b"\n\r") == [KeepAlive.PONG]
    assert framer.feed(b"\n" + request()) == [KeepAlive.PING, request()]


def test_line_breaks_around_a_message_are_no_ping() -> None:
    framer = StreamFramer()
    assert KeepAlive.PING not in framer.feed(b"\r\n" + request() + b"\r\n" + request() + b"\r\n")


# 18.2.1 and RFC 3581: where a request came from


def test_a_via_that_tells_the_truth_is_left_alone() -> None:
    assert arrived("SIP/2.0/UDP 203.0.113.9;branch=z9hG4bK1").headers.get("via") == (
        "SIP/2.0/UDP 203.0.113.9;branch=z9hG4bK1"
    )


@pytest.mark.parametrize("host", ["h.example", "10.0.0.5", "[2001:db8::1]"])
def test_a_via_with_a_name_or_another_address_gets_the_real_one(host: str) -> None:
    assert arrived(f"SIP/2.0/UDP {host};branch=z9hG4bK1").via.received == "203.0.113.9"


def test_one_address_written_in_two_ways_is_one() -> None:
    flow = Flow("udp", ("::", 5060), ("2001:db8::1", 5060))
    assert arrived("SIP/2.0/UDP [2001:DB8:0:0::1];branch=z9hG4bK1", flow).via.received is None


def test_rport_is_filled_in_where_it_is_asked_for() -> None:
    via = arrived("SIP/2.0/UDP 203.0.113.9;rport;branch=z9hG4bK1").via
    assert str(via) == "SIP/2.0/UDP 203.0.113.9;rport=33333;branch=z9hG4bK1;received=203.0.113.9"


@pytest.mark.parametrize(("method", "value"), [("REGISTER", "30"), ("INVITE", "30"), ("OPTIONS", None)])
def test_rfc_6223_keep_alives_that_are_offered_are_asked_for(method: str, value: str | None) -> None:
    message = arrived("SIP/2.0/UDP 203.0.113.9;branch=z9hG4bK1;keep", method=method)
    assert (message.via.parameters.get("keep") or None) == value


@pytest.mark.parametrize(
    ("transport", "host", "port", "way"),
    [
        ("tcp", "192.0.2.60", 5080, ("192.0.2.60", 5080, "")),
        ("tcp", "192.0.2.60", None, ("192.0.2.60", 5060, "")),
        ("tcp", "pbx.example.com", 5080, ("192.0.2.60", 5080, "")),
        ("tls", "PBX.example.com", None, ("192.0.2.60", 5061, "pbx.example.com")),
        ("tls", "192.0.2.60", 5071, ("192.0.2.60", 5071, "")),
        ("tcp", "198.51.100.7", 5060, None),  # somebody else, or the inner side of a NAT
        ("tcp", "10.0.0.9", 5060, None),
        ("tcp", "df7jal23ls0d.invalid", None, None),
        ("wss", "192.0.2.60", 443, None),
        ("udp", "192.0.2.60", 5060, None),
    ],
)
def test_section_18_2_2_where_responses_go_once_their_connection_is_lost(
    transport: str, host: str, port: int | None, way: tuple[str, int, str] | None
) -> None:
    """To who has sent the request, at the port of sent-by; by TLS, to whom it proves to be."""
    lost = Flow(transport, ("203.0.113.5", 5060), ("192.0.2.60", 40123))
    anew = response_flow_anew(host, port, lost)
    assert (anew and (*anew.remote, anew.name)) == way


def test_a_sender_cannot_have_our_response_sent_elsewhere() -> None:
    message = arrived("SIP/2.0/UDP 203.0.113.9:33333;received=198.51.100.7;branch=z9hG4bK1")
    assert response_flow(message.reply(200), UDP).remote == ("203.0.113.9", 33333)
    message = arrived("SIP/2.0/UDP h;received=198.51.100.7;rport=9;branch=z9hG4bK1")
    assert response_flow(message.reply(200), UDP) == UDP
    message = arrived("SIP/2.0/UDP h;maddr=198.51.100.7;rport;branch=z9hG4bK1")
    assert response_flow(message.reply(200), UDP) == UDP
    public = Flow("udp", ("192.0.2.1", 5060), ("8.8.4.4", 5070))  # no address of a network behind NAT
    for lie in ("received=9.9.9.9", "maddr=9.9.9.9", "received=9.9.9.9;rport=9", "received=9.9.9.9;maddr=9.9.9.9"):
        message = arrived(f"SIP/2.0/UDP 8.8.4.4:5070;{lie};branch=z9hG4bK1", public)
        assert response_flow(message.reply(200), public) == public, lie


# 18.2.2: where its response goes


@pytest.mark.parametrize(
    ("via", "remote"),
    [
        ("SIP/2.0/UDP 203.0.113.9:5070;branch=z9hG4bK1", ("203.0.113.9", 5070)),
        ("SIP/2.0/UDP 203.0.113.9;branch=z9hG4bK1", ("203.0.113.9", 5060)),
        ("SIP/2.0/UDP h.example:5070;branch=z9hG4bK1", ("203.0.113.9", 5070)),
        ("SIP/2.0/UDP h.example;rport;branch=z9hG4bK1", ("203.0.113.9", 33333)),
    ],
)
def test_a_response_goes_to_where_the_via_says(via: str, remote: tuple[str, int]) -> None:
    assert response_flow(arrived(via).reply(200), UDP) == Flow("udp", UDP.local, remote)


def test_a_sender_behind_nat_that_does_not_ask_for_rport_hears_us_all_the_same() -> None:
    """Section 18.2.2 would answer to port 5070 of its router."""
    message = arrived("SIP/2.0/UDP 192.168.1.5:5070;branch=z9hG4bK1")
    assert response_flow(message.reply(200), UDP) == UDP


def test_a_response_on_a_stream_stays_on_it() -> None:
    assert response_flow(arrived("SIP/2.0/TCP h:5070;branch=z9hG4bK1", TCP).reply(200), TCP) is TCP
    assert str(TCP) == "tcp:203.0.113.9:44444"


def test_a_via_that_tells_no_address_sends_the_response_to_the_source() -> None:
    for via in ("SIP/2.0/UDP h.example;branch=z9hG4bK1", "nonsense"):
        response = Request("OPTIONS", parse(request()).to.uri).reply(400)
        response.headers.set("via", via)
        assert response_flow(response, UDP) == UDP
