"""UPDATE (RFC 3311), as conversations."""

from __future__ import annotations

from gateway.core.ending import Ending
from gateway.core.messages import Answer, Dial, EarlyMedia, Held, Hold, Offered, SendDigits
from gateway.core.number import Party
from gateway.sip.channel import SipChannel
from gateway.sip.message import Request, Response
from tests.support.sip import Office, Phone, session_description
from tests.unit.sip.test_reliable import called, offered, prack, reliably

SUPPORTED = (("Supported", "100rel"),)


def answered(office: Office, phone: Phone) -> tuple[SipChannel, Request, Response]:
    invite = phone.invite("101")
    ((channel, event),) = office.heard()
    assert isinstance(event, Offered) and phone.statuses() == [100]
    office.command(channel, Answer())
    ok = phone.response()
    phone.send(phone.ack(invite, ok))
    return channel, invite, ok


def test_section_5_2_an_offer_in_a_call_is_answered_and_the_contact_taken() -> None:
    office = Office()
    phone, elsewhere = Phone(office), Phone(office, host="192.0.2.99", port=5099)
    channel, invite, ok = answered(office, phone)
    update = phone.within(invite, ok, "UPDATE", 3, session_description(43000, lines=("a=sendonly",)))
    update.headers.set("Contact", "<sip:6001@192.0.2.99:5099>")
    phone.send(update)
    response = phone.response()
    assert response.status == 200 and b"a=recvonly" in response.body and len(response.contacts) == 1
    assert office.desk.rows[0].remotes[-1][1] == 43000 and office.events() == [Held()]
    office.command(channel, Hold())
    assert str(elsewhere.arrived().uri) == "sip:6001@192.0.2.99:5099"


def test_an_update_without_an_offer_changes_nothing_and_is_answered_without_a_description() -> None:
    office = Office()
    phone = Phone(office)
    _, invite, ok = answered(office, phone)
    phone.send(phone.within(invite, ok, "UPDATE", 3))
    response = phone.response()
    assert response.status == 200 and not response.body


def test_section_5_2_an_offer_that_crosses_ours_is_491() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite, ok = answered(office, phone)
    office.command(channel, Hold())
    hold = phone.arrived()
    phone.send(phone.within(invite, ok, "UPDATE", 3, session_description()))
    assert phone.response().status == 491
    phone.send(phone.within(invite, ok, "UPDATE", 4))  # no offer, no glare
    assert phone.response().status == 200
    phone.reply(hold, 200, body=session_description(lines=("a=recvonly",)))
    assert phone.arrived().method == "ACK"


def test_section_5_2_an_offer_that_cannot_be_taken_is_488_and_the_call_goes_on() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite, ok = answered(office, phone)
    phone.send(phone.within(invite, ok, "UPDATE", 3, session_description(formats="18")))
    assert phone.response().status == 488
    phone.send(phone.within(invite, ok, "UPDATE", 4, b"nonsense"))
    assert phone.response().status == 400
    assert channel.audio is not None and len(office.desk.rows[0].remotes) == 1


def test_an_update_in_no_dialog_is_481() -> None:
    office = Office()
    phone = Phone(office)
    phone.send(phone.request("UPDATE", to="<sip:101@192.0.2.1>;tag=none"))
    assert phone.response().status == 481


def test_section_5_2_before_the_answer_an_offer_waits_until_the_first_is_settled() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite = offered(office, phone, SUPPORTED)
    office.command(channel, EarlyMedia())
    progress = phone.response()
    phone.send(phone.within(invite, progress, "UPDATE", 3, session_description(44000)))
    early = phone.response()
    assert early.status == 500 and 0 <= int(early.headers.get("Retry-After") or -1) <= 10
    phone.send(prack(phone, invite, progress, 4))
    assert phone.response().status == 200
    phone.send(phone.within(invite, progress, "UPDATE", 5, session_description(44000)))
    ok = phone.response()
    assert ok.status == 200 and b"m=audio" in ok.body
    assert office.desk.rows[0].remotes[-1][1] == 44000


def test_section_5_2_the_called_telephone_updates_its_early_dialog() -> None:
    office = Office()
    phone = Phone(office)
    _, invite = called(office, phone)
    reliably(phone, invite, 183, 1)
    phone.reply(phone.arrived(), 200)
    phone.send(phone.from_below(invite, "below", "UPDATE", 1, session_description(45000)))
    assert phone.response().status == 491  # our offer has no answer yet
    reliably(phone, invite, 183, 2, session_description(41000))
    phone.reply(phone.arrived(), 200)
    phone.send(phone.from_below(invite, "below", "UPDATE", 2, session_description(45000)))
    ok = phone.response()
    assert ok.status == 200 and b"m=audio" in ok.body
    assert office.desk.rows[0].remotes[-1][1] == 45000
    phone.reply(invite, 200)
    assert phone.arrived().method == "ACK"
    assert office.desk.rows[0].remotes[-1][1] == 45000
    phone.send(phone.from_below(invite, "below", "UPDATE", 3, session_description(46000)))
    assert phone.response().status == 200 and office.desk.rows[0].remotes[-1][1] == 46000


def test_section_5_1_an_update_of_the_caller_before_the_answer_moves_its_target() -> None:
    office = Office(info_keys=True)
    phone, elsewhere = Phone(office), Phone(office, host="192.0.2.99", port=5099)
    channel, invite = offered(office, phone, SUPPORTED)
    office.command(channel, EarlyMedia())
    update = phone.within(invite, phone.response(), "UPDATE", 3)
    update.headers.set("Contact", "<sip:6001@192.0.2.99:5099>")
    phone.send(update)
    assert phone.response().status == 200
    office.command(channel, SendDigits("5"))
    assert str(elsewhere.arrived().uri) == "sip:6001@192.0.2.99:5099"


def test_section_5_1_an_update_of_the_called_before_its_answer_moves_its_target() -> None:
    office = Office()
    phone, elsewhere = Phone(office), Phone(office, host="192.0.2.99", port=5099)
    _, invite = called(office, phone)
    reliably(phone, invite, 183, 1, session_description(41000))
    phone.reply(phone.arrived(), 200)
    update = phone.from_below(invite, "below", "UPDATE", 1)
    update.headers.set("Contact", "<sip:6001@192.0.2.99:5099>")
    phone.send(update)
    assert phone.response().status == 200
    reliably(phone, invite, 180, 2)
    assert (prack := elsewhere.arrived()).method == "PRACK"
    assert str(prack.uri) == "sip:6001@192.0.2.99:5099"


def test_rfc_3261_12_2_2_requests_out_of_order_are_refused_before_the_answer_too() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite = offered(office, phone, SUPPORTED)
    office.command(channel, EarlyMedia())
    phone.send(phone.within(invite, phone.response(), "UPDATE", invite.cseq.number))
    assert phone.response().status == 500
    other = Phone(office, "6002", host="192.0.2.61")
    _, ours = called(office, other)
    reliably(other, ours, 183, 1, session_description(41000))
    other.reply(other.arrived(), 200)
    for number, status in ((5, 200), (4, 500)):
        other.send(other.from_below(ours, "below", "UPDATE", number))
        assert other.response().status == status


def test_rfc_3312_preconditions_are_refused_in_both_directions() -> None:
    office = Office()
    phone = Phone(office)
    invite = phone.request("INVITE", headers=(("Require", "precondition"),), body=session_description())
    phone.send(invite)
    refusal = phone.response()
    assert (refusal.status, refusal.headers.get("Unsupported")) == (420, "precondition")
    phone.send(phone.ack(invite, refusal))
    phone.register(call_id="r")
    channel = office.stack.channel("6001", office.clock.now)
    office.heard()
    office.command(channel, Dial("6001", Party("101")))
    phone.reply(phone.arrived(), 580)
    (event,) = office.events()
    ending = getattr(event, "ending", None)
    assert isinstance(ending, Ending) and ending.cause == 49 and ending.evidence == "580 Precondition Failure"


def test_section_5_2_an_offer_while_ours_in_the_200_waits_for_its_answer_is_491() -> None:
    office = Office()
    phone = Phone(office)
    invite = phone.invite("101", body=b"")
    ((channel, _),) = office.heard()
    phone.messages()
    office.command(channel, Answer())
    ok = phone.response()
    phone.send(phone.within(invite, ok, "UPDATE", 3, session_description()))
    assert phone.response().status == 491
    phone.send(phone.ack(invite, ok, session_description(47000)))
    assert office.desk.rows[0].remotes[-1][1] == 47000
