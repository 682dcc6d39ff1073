"""RFC 5630: what asks for TLS on the whole way gets it, or a refusal, and never less."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.messages import Answer, Dial
from gateway.core.number import Party
from gateway.sip.message import Request
from gateway.sip.transport import Flow
from tests.support.sip import SERVER, Office, Phone

BODY = b"v=0\r\no=- 1 1 IN IP4 192.0.2.60\r\ns=-\r\nc=IN IP4 192.0.2.60\r\nt=0 0\r\nm=audio 30000 RTP/AVP 0\r\n"
SDP = (("Content-Type", "application/sdp"),)


def secure(phone: Phone) -> Phone:
    phone.flow = Flow("tls", SERVER, ("192.0.2.60", 40000))
    return phone


@pytest.mark.parametrize("method", ["OPTIONS", "REGISTER", "INVITE"])
def test_section_3_1_3_a_sips_request_that_came_without_tls_is_refused(method: str) -> None:
    office = Office()
    phone = Phone(office)
    phone.send(phone.request(method, f"sips:6002@{SERVER[0]}", number=1))
    response = phone.response()
    assert (response.status, response.reason) == (403, "SIPS Needs TLS")


def test_over_tls_it_is_served() -> None:
    office = Office()
    phone = secure(Phone(office))
    phone.send(phone.request("OPTIONS", f"sips:{SERVER[0]}", number=1))
    assert phone.response().status == 200


def test_section_5_2_a_sips_contact_needs_tls_too() -> None:
    office = Office()
    phone = Phone(office)
    headers = (("Contact", "<sips:6001@192.0.2.60:5071>"),)
    phone.proved(phone.request("REGISTER", f"sip:{SERVER[0]}", number=1, headers=headers))
    assert phone.response().status == 403
    assert office.stack.bindings == []


def test_rfc_3261_12_1_1_a_dialog_begun_with_sips_shows_a_sips_contact() -> None:
    office = Office()
    phone = secure(Phone(office))
    phone.proved(phone.request("INVITE", f"sips:6002@{SERVER[0]}", number=1, headers=SDP, body=BODY))
    assert phone.response().status == 100
    ((channel, _),) = office.heard()
    office.command(channel, Answer())
    answered = phone.response()
    assert answered.status == 200
    assert str(answered.contacts[0]) == f"<sips:copperline@{SERVER[0]}:{SERVER[1]}>"


def test_rfc_3261_8_1_1_8_a_call_to_a_sips_contact_shows_one() -> None:
    office = Office()
    phone = secure(Phone(office))
    headers = (("Contact", "<sips:6001@192.0.2.60:5071>"),)
    phone.proved(phone.request("REGISTER", f"sip:{SERVER[0]}", number=1, headers=headers))
    assert phone.response().status == 200
    channel = office.stack.channel("6001", office.clock.now)
    office.command(channel, Dial("6001", Party("101")))
    invite = phone.message()
    assert isinstance(invite, Request)
    assert str(invite.uri).startswith("sips:6001@")
    assert str(invite.contacts[0].uri).startswith("sips:copperline@")
    assert invite.via.transport == "TLS"
    assert replace(phone.flow, transport="tcp") != office.sent[-1].flow == phone.flow
