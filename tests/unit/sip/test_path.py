"""Telephones behind proxies: Path (RFC 3327) and Service-Route (RFC 3608), as conversations."""

from __future__ import annotations

import pytest

from gateway.core.messages import Dial
from gateway.core.number import Party
from gateway.core.watch import MailboxStatus
from gateway.sip.config import SipConfig
from gateway.sip.headers import NameAddr
from gateway.sip.message import Request, Response
from gateway.sip.registrar import RegistrarConfig
from tests.support.sip import SERVER, Office, Phone, session_description
from tests.unit.sip.events.watcher import office_to_watch

EDGE = "<sip:edge.example.com;lr>"
INNER = "<sip:inner.example.com;lr;ob>"


def register(phone: Phone, *path: str, number: int = 1, **headers: str) -> Response:
    rows = (*(("Path", row) for row in path), ("Supported", "path"), ("Expires", "600"), *headers.items())
    phone.proved(phone.request("REGISTER", f"sip:{SERVER[0]}", number=number, headers=rows))
    return phone.response()


def invited(office: Office, phone: Phone) -> Request:
    office.command(office.stack.channel("6001", office.clock.now), Dial("6001", Party("101")))
    return phone.arrived()


def test_rfc_3327_section_5_3_the_path_is_kept_told_back_and_taken() -> None:
    office = Office()
    phone = Phone(office)
    ok = register(phone, INNER, EDGE)
    assert (ok.status, ok.headers.all("Path")) == (200, (INNER, EDGE))
    invite = invited(office, phone)
    assert invite.headers.all("Route") == (INNER, EDGE)
    assert str(invite.uri) == "sip:6001@192.0.2.60:5070"


def test_section_5_3_the_next_register_replaces_it() -> None:
    office = Office()
    phone = Phone(office)
    register(phone, INNER, EDGE)
    register(phone, EDGE, number=3)
    assert invited(office, phone).headers.all("Route") == (EDGE,)
    register(phone, number=5)
    phone.messages()
    assert invited(office, phone).headers.all("Route") == ()


def test_a_dialog_goes_by_what_the_answer_has_recorded_and_not_by_the_path() -> None:
    office = Office()
    phone = Phone(office)
    register(phone, EDGE)
    invite = invited(office, phone)
    answer = invite.reply(200, to_tag="below")
    answer.headers.set("Contact", "<sip:6001@192.0.2.60:5070>")
    answer.headers.set("Content-Type", "application/sdp")
    answer.body = session_description()
    phone.send(answer)
    assert phone.arrived().headers.all("Route") == ()


def test_section_5_1_it_may_be_required() -> None:
    assert register(Phone(Office()), EDGE, Require="path").status == 200


@pytest.mark.parametrize("path", ["<sip:strict.example.com>", "<tel:+1555>", "nonsense", ", ".join([EDGE] * 11)])
def test_a_path_that_cannot_be_taken_is_400_and_changes_nothing(path: str) -> None:
    office = Office()
    assert register(Phone(office), path).status == 400
    assert office.stack.bindings == []


def test_a_text_takes_the_path_as_well() -> None:
    office = Office()
    phone, other = Phone(office), Phone(office, "6002", host="192.0.2.62")
    register(phone, EDGE)
    other.proved(
        other.request("MESSAGE", "sip:6001@192.0.2.1", headers=(("Content-Type", "text/plain"),), body=b"hello")
    )
    assert phone.arrived().headers.all("Route") == (EDGE,)


def test_a_message_lamp_takes_the_path_as_well() -> None:
    office, watchable = office_to_watch()
    watchable.mailboxes["8004"] = MailboxStatus(1)
    phone = Phone(office, "6004")
    request = phone.request("REGISTER", f"sip:{SERVER[0]}", headers=(("Path", EDGE), ("Supported", "path")))
    phone.proved(request)
    (notify,) = [message for message in phone.messages() if isinstance(message, Request)]
    assert notify.headers.all("Route") == (EDGE,)


def test_a_lost_connection_is_made_anew_to_the_first_proxy() -> None:
    office = Office()
    phone = Phone(office, transport="tcp")
    register(phone, "<sip:192.0.2.99:5080;lr>")
    office.stack.lost(phone.flow, office.clock.now)
    (binding,) = office.stack.bindings
    assert binding.flow.remote == ("192.0.2.99", 5080)


def test_rfc_3608_section_6_3_the_registrar_tells_which_way_calls_are_to_go() -> None:
    office = Office(SipConfig(registrar=RegistrarConfig(service_route=[NameAddr.parse(EDGE)])))
    phone = Phone(office)
    assert register(phone).headers.all("Service-Route") == (EDGE,)
    phone.send(phone.request("REGISTER", f"sip:{SERVER[0]}", call_id="stranger"))
    assert phone.response().headers.get("Service-Route") is None
