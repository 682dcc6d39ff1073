"""Ways to telephones behind NAT are held open (RFC 4787 4.3: only what goes out renews a mapping everywhere)."""

from __future__ import annotations

import pytest

from gateway.core.messages import Answer
from gateway.sip.config import SipConfig
from gateway.sip.message import Request
from gateway.sip.open_ways import WayTold, is_hidden
from gateway.sip.transport import Flow
from gateway.sip.uri import parse_uri
from tests.support.sip import SERVER, Office, Phone, session_description

HOME = ("Contact", "<sip:6001@192.168.1.5:5060>")


def registered(office: Office, contact: tuple[str, str] = HOME, host: str = "8.8.8.8", **more: object) -> Phone:
    phone = Phone(office, host=host, **more)  # type: ignore[arg-type]  # passed on
    phone.proved(phone.request("REGISTER", headers=(contact, ("Expires", "3600"))))
    phone.messages()
    return phone


def questions(phone: Phone) -> list[Request]:
    """Those that have come since the last look, without repetitions."""
    found = [message for message in phone.messages() if isinstance(message, Request)]
    return list({message.call_id: message for message in found if message.method == "OPTIONS"}.values())


def told(office: Office) -> list[str]:
    return [event.text for event in office.changes() if isinstance(event, WayTold)]


@pytest.mark.parametrize("more", ["", ";method=BYE?Subject=x"])
def test_a_telephone_behind_nat_is_asked_before_30_s_are_over_again_and_again(more: str) -> None:
    """What its Contact has besides is none of a request's (RFC 3261 19.1.1 table 1)."""
    office = Office()
    phone = registered(office, ("Contact", f"<sip:6001@192.168.1.5:5060{more}>"))
    for _ in range(5):
        office.wait(25)
        (question,) = questions(phone)
        assert str(question.uri) == str(question.to.uri) == "sip:6001@192.168.1.5:5060"
        phone.reply(question, 200)
    assert told(office) == []


@pytest.mark.parametrize(
    ("flow", "contact", "hidden"),
    [
        (("udp", "8.8.8.8", 1024), "sip:1@192.168.1.5:5060", True),
        (("udp", "8.8.8.8", 5060), "sip:1@8.8.8.8", True),  # as an ALG writes it
        (("udp", "10.0.0.1", 5060), "sip:1@192.168.1.5:5060", True),
        (("udp", "192.168.1.5", 5062), "sip:1@192.168.1.5:5060", True),
        (("udp", "192.168.1.5", 5060), "sip:1@192.168.1.5", False),
        (("tcp", "8.8.8.8", 1024), "sip:1@192.168.1.5:5060", False),
        (("udp", "8.8.8.8", 1024), "tel:+1", False),
    ],
)
def test_who_has_a_nat_before_him(flow: tuple[str, str, int], contact: str, hidden: bool) -> None:
    kind, *remote = flow
    assert is_hidden(Flow(kind, SERVER, tuple(remote)), parse_uri(contact)) is hidden  # type: ignore[arg-type]


def test_one_that_does_not_answer_is_told_of_once_and_so_is_its_return() -> None:
    office = Office()
    phone = registered(office)
    office.wait(25 + 32)
    (text,) = told(office)
    assert text == (
        "the telephone of 6001 does not answer at udp:8.8.8.8:5070, where it was heard last as "
        "sip:6001@192.168.1.5:5060: it is off, or the NAT before it has forgotten the way; calls reach it when it "
        "registers again"
    )
    (binding,) = office.stack.bindings
    assert office.stack.trouble(binding) == text
    office.wait(100)
    assert told(office) == []
    phone.reply(questions(phone)[-1], 481)
    assert told(office) == ["the telephone of 6001 answers again at udp:8.8.8.8:5070"]
    assert office.stack.trouble(binding) == ""


def test_it_is_left_alone_once_it_has_gone_and_where_it_was_before() -> None:
    office = Office()
    phone = registered(office)
    phone.proved(phone.request("REGISTER", headers=(HOME, ("Expires", "3600")), call_id="again", number=10))
    phone.messages()
    office.wait(25)
    (question,) = questions(phone)  # one way is asked once
    phone.reply(question, 200)
    moved = Phone(office, host="9.9.9.9")
    moved.proved(moved.request("REGISTER", headers=(HOME, ("Expires", "3600")), call_id="moved"))
    moved.messages()
    office.wait(50)
    assert not questions(phone)
    asked = questions(moved)
    assert asked
    moved.reply(asked[-1], 200)
    moved.proved(moved.request("REGISTER", headers=(HOME, ("Expires", "0")), call_id="gone"))
    moved.messages()
    office.wait(100)
    assert not questions(moved)
    office.quiet()


def test_one_that_writes_its_contact_otherwise_is_held_once() -> None:
    """RFC 3261 19.1.4: the two are the same."""
    office = Office()
    phone = registered(office)
    again = ("Contact", "<sip:%36001@192.168.1.5:5060>")
    phone.proved(phone.request("REGISTER", headers=(again, ("Expires", "3600")), call_id="again", number=10))
    assert phone.response().status == 200
    phone.proved(phone.request("REGISTER", headers=(again, ("Expires", "0")), call_id="again", number=12))
    phone.messages()
    assert office.stack.bindings == []
    office.wait(100)
    assert not questions(phone)
    office.quiet()


def test_a_call_of_a_telephone_that_is_not_registered_holds_its_way_while_it_lasts() -> None:
    office = Office()
    phone = Phone(office, host="8.8.8.8")
    invite = phone.request("INVITE", "sip:6002@192.0.2.1", headers=(HOME,), body=session_description())
    invite = phone.proved(invite)
    ((channel, _),) = office.heard()
    office.command(channel, Answer())
    *_, ok = phone.messages()
    phone.send(phone.ack(invite, ok))  # type: ignore[arg-type]  # the 200
    office.wait(25)
    (question,) = questions(phone)
    phone.reply(question, 200)
    phone.send(phone.within(invite, ok, "BYE", 3))  # type: ignore[arg-type]  # the 200
    office.wait(100)
    assert not questions(phone)


def test_where_it_is_switched_off_nobody_is_asked() -> None:
    office = Office(SipConfig(keep_alive=0))
    phone = registered(office)
    office.wait(100)
    assert not questions(phone)


def test_a_telephone_that_keeps_its_own_flow_is_not_asked() -> None:
    """RFC 5626 section 4.4: it pings itself."""
    office = Office()
    contact = ("Contact", '<sip:6001@192.168.1.5:5060>;reg-id=1;+sip.instance="<urn:uuid:1>"')
    phone = Phone(office, host="8.8.8.8")
    phone.proved(phone.request("REGISTER", headers=(contact, ("Supported", "path, outbound"), ("Expires", "3600"))))
    phone.messages()
    office.wait(100)
    assert not questions(phone)


def test_what_was_registered_before_a_restart_is_held_as_well() -> None:
    before = Office()
    registered(before)
    office = Office()
    office.stack.restore(before.stack.bindings)
    phone = Phone(office, host="8.8.8.8")
    office.wait(25)
    assert len(questions(phone)) == 1


def test_what_is_registered_twice_at_once_as_the_old_is_taken_back_is_held_once() -> None:
    office = Office()
    phone = registered(office)
    new = ("Contact", "<sip:6001@192.168.1.6:5060>")
    rows = (("Contact", "<sip:6001@192.168.1.5:5060>;expires=0"), new, new)
    phone.proved(phone.request("REGISTER", headers=(*rows, ("Expires", "3600")), number=10))
    assert phone.response().status == 200 and len(office.stack.bindings) == 1
    phone.proved(phone.request("REGISTER", headers=(new, ("Expires", "0")), number=20))
    assert phone.response().status == 200 and office.stack.bindings == []
    office.wait(60)
    assert questions(phone) == []
