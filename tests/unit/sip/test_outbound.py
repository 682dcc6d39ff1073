"""RFC 5626: telephones known by their instance and flow, however they come."""

from __future__ import annotations

import pytest

from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import Answer, Dial, Hangup
from gateway.core.number import Party
from gateway.sip.channel import SipChannel
from gateway.sip.message import Request, Response
from gateway.sip.outbound import Outbound, OutboundRefused, asked
from gateway.sip.parser import parse
from gateway.sip.transport import Flow
from tests.support.sip import SERVER, Office, Phone, session_description

INSTANCE = "<urn:uuid:00000000-0000-1000-8000-000A95A0E128>"
CONTACT = f'<sip:6001@192.0.2.60:5070;ob>;+sip.instance="{INSTANCE}";reg-id='


def register(phone: Phone, contact: str, number: int, **headers: str) -> Response:
    wanted = {"Supported": "path, outbound", "Expires": "600", **headers}
    rows = (("Contact", contact), *wanted.items())
    phone.proved(phone.request("REGISTER", f"sip:{SERVER[0]}", number=number, headers=rows))
    return phone.response()


def at(phone: Phone, port: int, transport: str = "tcp") -> Phone:
    """The same telephone at another end."""
    phone.flow = Flow(transport, SERVER, ("192.0.2.60", port))
    return phone


def test_section_6_a_flow_is_told_back_with_its_instance_and_a_flow_timer() -> None:
    ok = register(at(Phone(Office()), 40000), f"{CONTACT}1", 1)
    assert (ok.status, ok.headers.get("Require"), ok.headers.get("Flow-Timer")) == (200, "outbound", "120")
    (contact,) = ok.contacts
    assert (contact.parameters.get("+sip.instance"), contact.parameters.get("reg-id")) == (INSTANCE, "1")
    assert register(Phone(Office()), f"{CONTACT}1", 1).headers.get("Flow-Timer") == "30"


def test_section_6_a_telephone_that_comes_anew_takes_its_own_place() -> None:
    office = Office()
    phone = at(Phone(office), 40000)
    register(phone, f"{CONTACT}1", 1)
    register(at(phone, 41000), f"{CONTACT}1".replace("192.0.2.60:5070", "198.51.100.9:6060"), 3)
    (binding,) = office.stack.bindings
    assert binding.flow.remote[1] == 41000 and binding.contact.host == "198.51.100.9"


def test_section_5_1_of_several_flows_one_is_called_and_when_it_is_lost_the_other() -> None:
    office = Office()
    phone = at(Phone(office), 40000)
    register(phone, f"{CONTACT}1", 1)
    first = phone.flow
    office.wait(1)
    register(at(phone, 41000), f"{CONTACT}2", 3)
    assert len(office.stack.bindings) == 2
    assert [binding.flow for binding in office.stack._registrar.contacts("6001", office.clock.now)] == [phone.flow]
    office.stack.lost(phone.flow, office.clock.now)
    assert [binding.flow for binding in office.stack._registrar.contacts("6001", office.clock.now)] == [first]


def test_section_6_two_flows_of_one_contact_are_two_and_one_may_die() -> None:
    """Behind one NAT, or by two servers, a telephone may show the same address on both."""
    office = Office()
    phone = at(Phone(office), 40000)
    register(phone, f"{CONTACT}1", 1)
    first = phone.flow
    office.wait(1)
    ok = register(at(phone, 41000), f"{CONTACT}2", 3)
    assert [contact.parameters.get("reg-id") for contact in ok.contacts] == ["2", "1"]
    office.stack.lost(phone.flow, office.clock.now)
    (left,) = office.stack.bindings
    assert (left.outbound, left.flow) == (Outbound(INSTANCE, 1), first)
    register(at(phone, 42000), f"{CONTACT}1", 5, Expires="0")
    assert office.stack.bindings == []


def test_section_6_the_same_contact_of_another_telephone_is_another() -> None:
    office = Office()
    phone = at(Phone(office), 40000)
    register(phone, f"{CONTACT}1", 1)
    register(at(phone, 41000), f"{CONTACT}1".replace("95A0E128", "95A0E129"), 3)
    assert len({binding.outbound for binding in office.stack.bindings}) == 2


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_telephone_that_comes_another_way_takes_its_calls_along(transport: str) -> None:
    """Its NAT has given it another mapping, or it has connected anew: its flow is the same (section 6)."""
    office = Office()
    phone = at(Phone(office), 40000, transport)
    register(phone, f"{CONTACT}1", 1)
    invite = phone.invite("6002")
    channel, _ = office.heard()[-1]
    office.command(channel, Answer())
    *_, ok = phone.messages()
    assert isinstance(ok, Response)
    phone.send(phone.ack(invite, ok))
    register(at(phone, 41000, transport), f"{CONTACT}1", 3)
    office.command(channel, Hangup(Ending(Cause.NORMAL_CLEARING, "somebody", Act.HUNG_UP, "")))
    assert phone.arrived().method == "BYE"


def ringing() -> tuple[Office, Phone, SipChannel, Request]:
    """A telephone that rings, and whose NAT gives it another mapping meanwhile."""
    office = Office()
    phone = at(Phone(office), 40000, "udp")
    register(phone, f"{CONTACT}1", 1)
    channel = office.stack.channel("6001", office.clock.now)
    office.heard()
    office.command(channel, Dial("6001", Party("101")))
    invite = phone.arrived()
    phone.send(below(invite, 180))
    at(phone, 41000, "udp")
    rows = (("Contact", f"{CONTACT}1"), ("Supported", "path, outbound"), ("Expires", "600"))
    phone.proved(phone.request("REGISTER", f"sip:{SERVER[0]}", number=3, headers=rows))
    registered, again = phone.messages()
    assert isinstance(registered, Response) and registered.status == 200
    assert isinstance(again, Request) and again.via.branch == invite.via.branch  # which it answers as before
    return office, phone, channel, again


def below(invite: Request, status: int) -> Response:
    response = invite.reply(status, to_tag="below")
    response.headers.set("Contact", "<sip:6001@192.0.2.60:5070>")
    if status == 200:
        response.headers.set("Content-Type", "application/sdp")
        response.body = session_description()
    return response


def test_a_telephone_that_rings_and_comes_another_way_lifts_off_there() -> None:
    office, phone, channel, invite = ringing()
    phone.send(below(invite, 200))
    assert phone.arrived().method == "ACK"
    office.command(channel, Hangup(Ending(Cause.NORMAL_CLEARING, "somebody", Act.HUNG_UP, "")))
    assert phone.arrived().method == "BYE"


def test_a_telephone_that_rings_and_comes_another_way_is_told_to_stop_there() -> None:
    office, phone, channel, invite = ringing()
    office.command(channel, Hangup(Ending(Cause.NORMAL_CLEARING, "somebody", Act.HUNG_UP, "")))
    cancel = phone.arrived()
    assert (cancel.method, cancel.via.branch) == ("CANCEL", invite.via.branch)
    phone.send(cancel.reply(200))
    phone.send(below(invite, 487))
    assert phone.arrived().method == "ACK"
    office.quiet()


def test_a_lost_flow_is_gone_and_its_address_is_not_called_instead() -> None:
    office = Office()
    phone = at(Phone(office), 40000)
    register(phone, f"{CONTACT}1", 1)
    office.stack.lost(phone.flow, office.clock.now)
    assert office.stack.bindings == []


def test_who_does_not_support_it_is_registered_as_ever() -> None:
    ok = register(at(Phone(Office()), 40000), f"{CONTACT}1", 1, Supported="path")
    assert ok.status == 200 and ok.headers.get("Require") is None and ok.headers.get("Flow-Timer") is None


def test_it_may_be_required() -> None:
    assert register(Phone(Office()), f"{CONTACT}1", 1, Require="outbound").status == 200


@pytest.mark.parametrize("reg_id", ["0", "x", "99999999999"])
def test_section_6_a_reg_id_that_is_none_is_refused(reg_id: str) -> None:
    assert register(Phone(Office()), f"{CONTACT}{reg_id}", 1).status == 400


@pytest.mark.parametrize(("path", "status"), [("", 439), ("Path: <sip:edge.example.com;lr>\r\n", 439),
                                              ("Path: <sip:edge.example.com;lr;ob>\r\n", 0)])  # fmt: skip
def test_section_6_a_hop_between_that_cannot_do_it_is_refused(path: str, status: int) -> None:
    request = parse(
        f"REGISTER sip:x SIP/2.0\r\nVia: SIP/2.0/UDP e;branch=z9hG4bK2\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n"
        f"{path}To: <sip:a@x>\r\nFrom: <sip:a@x>;tag=1\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\n"
        f"Contact: {CONTACT}1\r\nSupported: outbound\r\n\r\n".encode()
    )
    assert isinstance(request, Request)
    if status:
        with pytest.raises(OutboundRefused) as refused:
            asked(request, request.contacts[0])
        assert refused.value.status == status
    else:
        assert asked(request, request.contacts[0]) == Outbound(INSTANCE, 1)


def test_a_browsers_binding_ends_with_its_connection() -> None:
    """RFC 7118 section 5: nobody can connect to a browser, whatever its Contact says."""
    office = Office()
    phone = at(Phone(office), 40000, "ws")
    phone.register()
    office.stack.lost(phone.flow, office.clock.now)
    assert office.stack.bindings == []
    assert phone.flow._replace(transport="tcp") != phone.flow
