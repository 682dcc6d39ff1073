"""Our public address by STUN, from the socket that speaks SIP: RFC 5389 7 and 9, RFC 8489."""

from __future__ import annotations

from gateway.core.messages import Answer
from gateway.sip.config import SipConfig
from gateway.sip.open_ways import WayTold
from gateway.sip.stun import Attribute, Kind, Stun, xor_mapped
from gateway.sip.transport import Flow
from gateway.sip.uri import SipUri
from tests.support.sip import SERVER, Office, Phone

STUN = Flow("udp", SERVER, ("8.8.3.3", 3478))
OTHER = Flow("udp", SERVER, ("8.8.3.4", 3478))
CONFIG = SipConfig(stun=[SipUri("8.8.3.3", port=3478), SipUri("8.8.3.4", port=3478)])


def questions(office: Office, flow: Flow = STUN) -> list[Stun]:
    """Those that have gone to a server since the last look."""
    office.drain()
    found = [Stun.parse(sent.data) for sent in office.sent if sent.flow == flow]
    office.sent = [sent for sent in office.sent if sent.flow != flow]
    return found


def answer(office: Office, question: Stun, place: tuple[str, int], flow: Flow = STUN) -> None:
    mapped = {Attribute.XOR_MAPPED_ADDRESS: xor_mapped(place, question.transaction)}
    office.receive(Stun(Kind.SUCCESS, question.transaction, mapped).serialise(), flow)


def opened() -> Office:
    office = Office(CONFIG)
    office.stack.opened(office.clock.now)
    office.wait(0)
    return office


def told_to(office: Office, host: str) -> tuple[str, str]:
    """What a telephone at `host` is told of where we are: Contact and session description."""
    phone = Phone(office, host=host)
    phone.invite("6002", call_id=f"{host} {office.clock.now}")
    channel = office.heard()[-1][0]
    office.command(channel, Answer())
    *_, ok = phone.messages()
    return ok.headers.get("Contact") or "", ok.body.decode()


def test_where_the_server_sees_us_is_told_outside_and_our_own_address_inside() -> None:
    office = opened()
    (question,) = questions(office)
    answer(office, question, ("5.5.5.5", 40000))
    contact, description = told_to(office, "8.8.8.8")
    assert "@5.5.5.5:40000" in contact and "c=IN IP4 5.5.5.5\r\n" in description
    contact, description = told_to(office, "192.168.1.5")
    assert f"@{SERVER[0]}:5060" in contact and f"c=IN IP4 {SERVER[0]}\r\n" in description


def test_before_the_first_answer_our_own_address_is_all_that_is_known() -> None:
    assert f"c=IN IP4 {SERVER[0]}\r\n" in told_to(opened(), "8.8.8.8")[1]


def test_it_is_asked_again_within_25_s_and_a_new_address_is_taken_over() -> None:
    office = opened()
    (question,) = questions(office)
    answer(office, question, ("5.5.5.5", 40000))
    office.wait(25)
    *_, question = questions(office)  # said again until it is answered
    answer(office, question, ("6.6.6.6", 40000))  # the provider has reconnected the line
    office.wait(0.1)
    (question,) = questions(office)
    answer(office, question, ("6.6.6.6", 40000))
    assert "c=IN IP4 6.6.6.6\r\n" in told_to(office, "8.8.8.8")[1]
    assert not [event for event in office.changes() if isinstance(event, WayTold)], "that is no fault"


def test_a_server_that_does_not_answer_is_told_of_and_the_next_one_asked() -> None:
    office = opened()
    office.wait(16)
    assert len(questions(office)) == 5, "section 7.2.1"
    (told,) = [event for event in office.changes() if isinstance(event, WayTold)]
    assert told.text.startswith("the STUN server 8.8.3.3:3478 does not tell our public address: ")
    office.wait(61)
    question = questions(office, OTHER)[0]
    answer(office, question, ("5.5.5.5", 40000), OTHER)
    assert "c=IN IP4 5.5.5.5\r\n" in told_to(office, "8.8.8.8")[1]


def test_answers_to_what_was_not_asked_are_nothing() -> None:
    office = opened()
    (question,) = questions(office)
    answer(office, Stun(Kind.REQUEST, b"x" * 12), ("6.6.6.6", 1))
    answer(office, question, ("6.6.6.6", 1), OTHER)
    assert f"c=IN IP4 {SERVER[0]}\r\n" in told_to(office, "8.8.8.8")[1]
