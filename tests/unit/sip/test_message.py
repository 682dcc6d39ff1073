"""Requests and responses: what is read from them, how replies are made of them, and how they are written."""

from __future__ import annotations

import pytest

from gateway.core.errors import LocalError, MalformedError
from gateway.sip.fields import Headers
from gateway.sip.headers import Via
from gateway.sip.message import Request, Response
from gateway.sip.parser import MalformedMessage, parse
from gateway.sip.status import REASONS
from gateway.sip.uri import SipUri

INVITE = (
    b"INVITE sip:bob@biloxi.com SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds, SIP/2.0/TCP far.example;branch=z9hG4bKx\r\n"
    b"v: SIP/2.0/TLS farther.example;branch=z9hG4bKy\r\n"
    b"Max-Forwards: 70\r\n"
    b"To: Bob <sip:bob@biloxi.com>\r\n"
    b"From: Alice <sip:alice@atlanta.com>;tag=1928301774\r\n"
    b"Call-ID: a84b4c76e66710@pc33.atlanta.com\r\n"
    b"CSeq: 314159 INVITE\r\n"
    b"Record-Route: <sip:p1.example;lr>, <sip:p2.example;lr>\r\n"
    b"Route: <sip:p3.example;lr>\r\n"
    b"Timestamp: 54\r\n"
    b"Contact: <sip:alice@pc33.atlanta.com>\r\n"
    b"Supported: 100rel,\r\n  Timer\r\n"
    b"Expires: 120\r\n"
    b"Content-Type: text/plain\r\n"
    b"Content-Length: 4\r\n"
    b"\r\n"
    b"v=0\n"
)


def invite() -> Request:
    message = parse(INVITE)
    assert isinstance(message, Request)
    return message


def test_a_request_tells_what_it_holds() -> None:
    request = invite()
    assert request.summary == "INVITE sip:bob@biloxi.com"
    assert [via.transport for via in request.vias] == ["UDP", "TCP", "TLS"]
    assert request.via.branch == "z9hG4bK776asdhds"
    assert request.from_.tag == "1928301774" and request.to.tag is None
    assert request.call_id == "a84b4c76e66710@pc33.atlanta.com"
    assert (request.cseq.number, request.cseq.method) == (314159, "INVITE")
    assert request.max_forwards == 70
    assert [str(route.uri) for route in request.record_route] == ["sip:p1.example;lr", "sip:p2.example;lr"]
    assert [str(route.uri) for route in request.route] == ["sip:p3.example;lr"]
    assert [str(contact.uri) for contact in request.contacts] == ["sip:alice@pc33.atlanta.com"]
    assert not request.contact_is_wildcard
    assert request.tokens("supported") == ("100rel", "timer")
    assert request.expires == 120
    assert request.body == b"v=0\n"


def test_what_is_not_there_reads_as_none() -> None:
    bare = Request("OPTIONS", SipUri("x"))
    assert bare.max_forwards is None and bare.expires is None
    assert bare.contacts == () == bare.route == bare.record_route
    for absent in ("vias", "from_", "to", "call_id", "cseq"):
        with pytest.raises(MalformedError, match="there is no"):
            getattr(bare, absent)


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("4294967295", 2**32 - 1), ("9" * 40, 3600), ("soon", 3600)]
)
def test_an_expires_that_cannot_be_read_is_an_hour(text: str, seconds: int) -> None:
    assert Request("REGISTER", SipUri("x"), headers=Headers([("Expires", text)])).expires == seconds


def test_a_wildcard_contact_is_no_address() -> None:
    request = Request("REGISTER", SipUri("x"), headers=Headers([("m", "*")]))
    assert request.contact_is_wildcard and request.contacts == ()


def test_a_value_is_read_anew_once_its_header_has_changed() -> None:
    request = invite()
    assert request.cseq.number == 314159
    request.headers.set("CSeq", "2 INVITE")
    assert request.cseq.number == 2
    request.headers.insert("Via", "SIP/2.0/UDP new;branch=z9hG4bKn")
    assert request.via.host == "new" and len(request.vias) == 4


def test_the_top_via_is_replaced_alone() -> None:
    request = invite()
    request.set_top_via(Via("UDP", "new"))
    assert [via.host for via in request.vias] == ["new", "far.example", "farther.example"]


def test_a_reply_repeats_what_it_must() -> None:
    request = invite()
    ringing = request.reply(180, to_tag="314")
    assert (ringing.status, ringing.reason) == (180, "Ringing")
    assert ringing.vias == request.vias
    assert ringing.from_ == request.from_
    assert ringing.to.tag == "314"
    assert ringing.cseq == request.cseq and ringing.call_id == request.call_id
    assert ringing.record_route == request.record_route
    assert "contact" not in ringing.headers and ringing.body == b""
    assert not ringing.is_final and request.reply(200).is_final


def test_a_trying_carries_the_timestamp_and_a_refusal_no_record_route() -> None:
    request = invite()
    assert request.reply(100).headers.get("Timestamp") == "54"
    assert "record-route" not in request.reply(100).headers
    assert "record-route" not in request.reply(486, to_tag="1").headers


def test_a_reply_in_a_dialog_keeps_its_tag() -> None:
    request = invite()
    request.headers.set("To", "<sip:bob@biloxi.com>;tag=old")
    assert request.reply(200, to_tag="new").to.tag == "old"


def test_a_malformed_request_is_answered_with_what_it_has() -> None:
    with pytest.raises(MalformedMessage) as caught:
        parse(INVITE.replace(b"To: Bob <", b'To: "Bob <'))
    assert caught.value.status == 400 and caught.value.request is not None
    refusal = parse(caught.value.request.reply(400, to_tag="1").serialise().replace(b'"Bob', b"Bob"))
    assert isinstance(refusal, Response)
    assert refusal.to.tag is None  # it could not be read, so it went back as it came


def test_a_header_that_came_twice_goes_back_once() -> None:
    with pytest.raises(MalformedMessage) as caught:
        parse(INVITE.replace(b"Max-Forwards: 70", b"CSeq: 7 INVITE"))
    assert caught.value.request is not None
    assert caught.value.request.reply(400).headers.all("CSeq") == ("7 INVITE",)


def test_a_reason_phrase_cannot_smuggle_headers() -> None:
    with pytest.raises(LocalError):
        invite().reply(400, "Bad\r\nVia: evil")


def test_statuses_without_a_phrase_take_that_of_their_class() -> None:
    assert REASONS[486] == "Busy Here"
    assert REASONS[499] == "Bad Request"
    assert REASONS[999] == "Unknown"


def test_the_wire_form_says_how_long_the_body_is() -> None:
    response = Response(200, "OK", headers=Headers([("l", "999"), ("cseq", "1 INVITE")]), body="grün".encode())
    assert response.serialise() == b"SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\nContent-Length: 5\r\n\r\ngr\xc3\xbcn"
    assert response.summary == "200 OK"


def test_what_is_written_reads_back_the_same() -> None:
    request = invite()
    again = parse(request.serialise())
    assert again == request
    assert again.serialise() == request.serialise()


def test_octets_that_are_no_utf8_travel_unchanged() -> None:
    data = INVITE.replace(b"To: Bob", b'To: "B\xf6b\xff"')
    assert b'To: "B\xf6b\xff" <sip:bob@biloxi.com>' in parse(data).serialise()
