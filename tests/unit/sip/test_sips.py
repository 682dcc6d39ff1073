"""RFC 5630: what asks for TLS on the whole way gets it, or a refusal, and never less."""

from __future__ import annotations

import pytest

from gateway.core.carried import HOPS, SECURED
from gateway.core.messages import Answer, Dial, Hangup, Offered, Released
from gateway.core.number import Party
from gateway.sip.message import Request, Response
from gateway.sip.transport import PORTS, Flow
from tests.support.sip import SERVER, Office, Phone, session_description
from tests.unit.sip.test_trunk import trunk

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


@pytest.mark.parametrize(
    ("uri", "path", "status"),
    [
        (f"sip:{SERVER[0]}", "", 400),
        (f"sips:{SERVER[0]}", "<sip:edge.example.com;lr>", 400),
        (f"sips:{SERVER[0]}", "<sips:edge.example.com;lr>", 200),
    ],
)
def test_section_5_2_a_sips_contact_is_bound_by_a_request_that_is_sips_throughout(
    uri: str, path: str, status: int
) -> None:
    office = Office()
    phone = secure(Phone(office))
    headers = (
        ("Contact", "<sips:6001@192.0.2.60:5071>"),
        *((("Path", path), ("Supported", "path")) if path else ()),
    )
    phone.proved(phone.request("REGISTER", uri, number=1, headers=headers))
    assert phone.response().status == status
    assert len(office.stack.bindings) == (status == 200)


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
    phone.proved(phone.request("REGISTER", f"sips:{SERVER[0]}", number=1, headers=headers))
    assert phone.response().status == 200
    channel = office.stack.channel("6001", office.clock.now)
    office.command(channel, Dial("6001", Party("101")))
    invite = phone.message()
    assert isinstance(invite, Request)
    assert str(invite.uri).startswith("sips:6001@")
    assert str(invite.contacts[0].uri).startswith("sips:copperline@")
    assert invite.via.transport == "TLS"
    assert phone.flow._replace(transport="tcp") != office.sent[-1].flow == phone.flow


def called_by_sips(office: Office) -> tuple[Phone, Offered]:
    """A caller on TLS, whose INVITE to a sips URI has come in."""
    caller = Phone(office, "6003")
    caller.flow = Flow("tls", SERVER, ("192.0.2.63", 40000))
    caller.proved(caller.request("INVITE", f"sips:6001@{SERVER[0]}", headers=SDP, body=BODY))
    (offered,) = [event for event in office.events() if isinstance(event, Offered)]
    assert offered.variables == {HOPS: "70", SECURED: "yes"}
    return caller, offered


def test_section_5_4_a_call_by_sips_goes_on_over_tls_to_those_that_are_on_it() -> None:
    office = Office()
    clear, private = Phone(office, host="192.0.2.61"), secure(Phone(office))
    clear.register(call_id="clear")
    private.register(call_id="private")
    _, offered = called_by_sips(office)
    channel = office.stack.channel("6001", office.clock.now)
    clear.messages()
    office.command(channel, Dial("6001", Party("6003"), dict(offered.variables)))
    invite = private.arrived()
    assert (str(invite.uri), clear.messages()) == ("sips:6001@192.0.2.60:5070", [])
    assert str(invite.contacts[0].uri).startswith("sips:")


def test_section_5_4_where_nobody_is_on_tls_the_caller_gets_480() -> None:
    office = Office()
    clear = Phone(office, host="192.0.2.61")
    clear.register()
    caller, offered = called_by_sips(office)
    leg = office.stack._legs
    incoming = next(iter(leg._legs))
    channel = office.stack.channel("6001", office.clock.now)
    office.command(channel, Dial("6001", Party("6003"), dict(offered.variables)))
    (released,) = [event for event in office.events() if isinstance(event, Released)]
    assert "no contact on TLS" in released.ending.evidence
    assert not [message for message in clear.messages() if isinstance(message, Request)]
    office.command(incoming, Hangup(released.ending))
    refused = [message for message in caller.messages() if isinstance(message, Response)][-1]
    assert (refused.status, refused.headers.get("Warning")) == (480, '380 copperline "SIPS Not Allowed"')
    office.quiet()


@pytest.mark.parametrize(
    ("warning", "told", "advice"),
    [
        ('381 pc.example.com "SIPS Required"', '381 copperline "SIPS Required"', "Set SECURE_SIGNALLING=yes"),
        ('399 a "x", 380 b:5061 "No, not here"', '380 copperline "SIPS Not Allowed"', "Let it register"),
        ('370 a "Insufficient Bandwidth"', None, ""),
        ("381 broken", None, ""),
    ],
)
def test_section_5_3_a_refusal_for_the_scheme_is_told_on_and_not_mended_by_the_other_scheme(
    warning: str, told: str | None, advice: str
) -> None:
    office = Office()
    phone, caller = secure(Phone(office)), Phone(office, "6003", host="192.0.2.63")
    phone.register()
    phone.messages()
    caller.invite("6001", body=session_description())
    (offered,) = [event for event in office.events() if isinstance(event, Offered)]
    incoming = next(iter(office.stack._legs._legs))
    office.command(
        office.stack.channel("6001", office.clock.now), Dial("6001", Party("6003"), dict(offered.variables))
    )
    refused = phone.arrived().reply(480, to_tag="below")
    refused.headers.set("Warning", warning)
    phone.send(refused)
    assert [message.method for message in phone.messages() if isinstance(message, Request)] == ["ACK"]
    (released,) = [event for event in office.events() if isinstance(event, Released)]
    assert released.ending.advice.startswith(advice)
    office.command(incoming, Hangup(released.ending))
    response = [message for message in caller.messages() if isinstance(message, Response)][-1]
    assert (response.status, response.headers.get("Warning")) == (480, told)


def test_a_redirection_does_not_lead_such_a_call_off_tls() -> None:
    office = Office()
    private, clear = secure(Phone(office)), Phone(office, "6002", host="192.0.2.62")
    private.register()
    clear.register()
    clear.messages()
    office.command(office.stack.channel("6001", office.clock.now), Dial("6001", Party("101"), {SECURED: "yes"}))
    moved = private.arrived().reply(302, to_tag="below")
    moved.headers.set("Contact", f"<sip:6002@{SERVER[0]}>")
    private.send(moved)
    assert clear.messages() == []
    assert any(isinstance(event, Released) for event in office.events())


def test_section_4_a_trunk_is_asked_for_the_same_by_a_sips_uri() -> None:
    for transport, called in (("tls", "sips:5550100@pstn.example"), ("udp", "")):
        office = Office(listening=("tls",))
        office.stack.trunks.load([trunk(f"192.0.2.201;transport={transport}", register=False)], office.clock.now)
        provider = Phone(office, "provider", host="192.0.2.201", port=PORTS[transport], transport=transport)
        channel = office.stack.channel("5550100@pstn", office.clock.now)
        office.command(channel, Dial("5550100", Party("101"), {SECURED: "yes"}))
        invites = [message for message in provider.messages() if isinstance(message, Request)]
        assert [str(invite.uri) for invite in invites] == ([called] if called else [])
        assert all(str(invite.contacts[0].uri).startswith("sips:") for invite in invites)
        assert called or any(isinstance(event, Released) for event in office.events())
