"""Who offers and who answers where: the patterns of RFC 6337 table 1, each with its agreement in force.

    1  INVITE offers, its 2xx answers            RFC 3261
    2  2xx offers, the ACK answers               RFC 3261
    3  INVITE offers, a reliable 1xx answers     RFC 3262
    4  a reliable 1xx offers, its PRACK answers  RFC 3262
    5  PRACK offers, its 2xx answers             RFC 3262
    6  UPDATE offers, its 2xx answers            RFC 3311

As the one who is called the office knows all of them. As the one who calls it always offers in its INVITE, so that
1 and 3 are its own; whoever is called may offer again by 6, and by re-INVITE (1 and 2 again).
"""

from __future__ import annotations

import pytest

from gateway.core.messages import Alert, Answer, Dial, EarlyMedia, Hangup, Offered
from gateway.core.number import Party
from gateway.sip.channel import SipChannel
from gateway.sip.message import Request, Response
from tests.support.sip import Office, Phone, session_description
from tests.unit.sip.test_stack import CLEAR

RELIABLE = (("Supported", "100rel"),)


def offered(phone: Phone, body: bytes | None = None, **more: object) -> tuple[Request, SipChannel]:
    """A call that has come in, with or without an offer."""
    invite = phone.invite("101", body=body, **more)
    channel = next(leg for leg, event in phone.office.heard() if isinstance(event, Offered))
    phone.messages()
    return invite, channel


def in_force(office: Office) -> int:
    """The port to which audio goes now."""
    return office.desk.rows[0].remotes[-1][1]


def last(phone: Phone) -> Response:
    return [message for message in phone.messages() if isinstance(message, Response)][-1]


def pracked(phone: Phone, invite: Request, response: Response, number: int, body: bytes = b"") -> Response:
    rack = (("RAck", f"{response.headers.get('RSeq')} {response.cseq}"),)
    phone.send(phone.within(invite, response, "PRACK", number, body, headers=rack))
    return next(
        message for message in phone.messages() if isinstance(message, Response) and message.cseq.method == "PRACK"
    )


# The office is called.


def test_table_1_pattern_1_the_2xx_answers_the_invite() -> None:
    office = Office()
    phone = Phone(office)
    _, channel = offered(phone, session_description(41000))
    assert channel.reached and in_force(office) == 41000
    office.command(channel, Answer())
    assert b"m=audio" in last(phone).body


def test_table_1_pattern_2_the_ack_answers_the_2xx_and_nothing_can_be_heard_before() -> None:
    office = Office()
    phone = Phone(office)
    invite, channel = offered(phone, b"")
    office.command(channel, Answer())
    answer = last(phone)
    assert b"m=audio" in answer.body and not channel.reached and office.desk.rows[0].remotes == []
    phone.send(phone.ack(invite, answer, session_description(42000)))
    assert channel.reached and in_force(office) == 42000


def test_table_1_pattern_3_a_reliable_183_answers_the_invite() -> None:
    office = Office()
    phone = Phone(office)
    invite, channel = offered(phone, session_description(43000), headers=RELIABLE)
    office.command(channel, EarlyMedia())
    early = last(phone)
    assert b"m=audio" in early.body and in_force(office) == 43000
    pracked(phone, invite, early, 3)
    office.command(channel, Answer())
    assert last(phone).body == b"", "the answer is given once"


def test_table_1_pattern_4_the_prack_answers_a_reliable_183() -> None:
    office = Office()
    phone = Phone(office)
    invite, channel = offered(phone, b"", headers=RELIABLE)
    office.command(channel, EarlyMedia())
    early = last(phone)
    assert b"m=audio" in early.body and not channel.reached
    assert pracked(phone, invite, early, 3, session_description(44000)).status == 200
    assert channel.reached and in_force(office) == 44000


def test_rfc_3261_13_2_1_the_first_reliable_response_brings_the_offer_also_where_it_only_rings() -> None:
    office = Office()
    phone = Phone(office)
    invite, channel = offered(phone, b"", headers=(("Require", "100rel"),))
    office.command(channel, Alert())
    ringing = last(phone)
    assert ringing.status == 180 and b"m=audio" in ringing.body
    assert pracked(phone, invite, ringing, 3, session_description(44000)).status == 200
    assert channel.reached and in_force(office) == 44000
    office.command(channel, Answer())
    assert last(phone).body == b"", "the answer is given once"


def test_table_1_pattern_5_an_offer_that_cannot_be_taken_is_488_and_the_183_is_acknowledged_all_the_same() -> None:
    office = Office()
    phone = Phone(office)
    invite, channel = offered(phone, session_description(43000), headers=RELIABLE)
    office.command(channel, EarlyMedia())
    strange = session_description(45000, formats="126")
    assert pracked(phone, invite, last(phone), 3, strange).status == 488
    office.wait(10)
    assert phone.messages() == [] and in_force(office) == 43000
    office.command(channel, Answer())
    assert last(phone).status == 200


def test_table_1_pattern_5_the_2xx_to_a_prack_answers_its_offer() -> None:
    office = Office()
    phone = Phone(office)
    invite, channel = offered(phone, session_description(43000), headers=RELIABLE)
    office.command(channel, EarlyMedia())
    answer = pracked(phone, invite, last(phone), 3, session_description(45000))
    assert answer.status == 200 and b"m=audio" in answer.body and in_force(office) == 45000


@pytest.mark.parametrize("answered", [False, True])
def test_table_1_pattern_6_the_2xx_to_an_update_answers_its_offer(answered: bool) -> None:
    office = Office()
    phone = Phone(office)
    invite, channel = offered(phone, session_description(43000), headers=RELIABLE)
    office.command(channel, EarlyMedia())
    early = last(phone)
    pracked(phone, invite, early, 3)
    if answered:
        office.command(channel, Answer())
        phone.send(phone.ack(invite, last(phone)))
    phone.send(phone.within(invite, early, "UPDATE", 4, session_description(46000)))
    assert b"m=audio" in last(phone).body and in_force(office) == 46000


@pytest.mark.parametrize("late", [False, True])
def test_in_a_call_a_reinvite_offers_or_has_an_offer_made(late: bool) -> None:
    office = Office()
    phone = Phone(office)
    invite, channel = offered(phone, session_description(43000))
    office.command(channel, Answer())
    answer = last(phone)
    phone.send(phone.ack(invite, answer))
    description = session_description(47000)
    again = phone.within(
        invite,
        answer,
        "INVITE",
        5,
        b"" if late else description,
        headers=(("Contact", "<sip:6001@192.0.2.60:5070>"),),
    )
    phone.send(again)
    second = last(phone)
    assert b"m=audio" in second.body and in_force(office) == (43000 if late else 47000)
    phone.send(phone.ack(again, second, description if late else b""))
    assert in_force(office) == 47000
    office.command(channel, Hangup(CLEAR))
    assert phone.arrived().method == "BYE"


# The office calls.


def called(office: Office) -> tuple[Phone, Request]:
    phone = Phone(office)
    phone.register()
    office.command(office.stack.channel("6001", office.clock.now), Dial("6001", Party("101")))
    invite = phone.arrived()
    assert b"m=audio" in invite.body
    return phone, invite


def test_table_1_pattern_1_our_invite_is_answered_by_the_2xx() -> None:
    office = Office()
    phone, invite = called(office)
    phone.reply(invite, 200, body=session_description(41000))
    assert phone.arrived().body == b"" and in_force(office) == 41000


def test_table_1_pattern_3_our_invite_is_answered_by_a_reliable_183() -> None:
    office = Office()
    phone, invite = called(office)
    early = invite.reply(183, to_tag="below")
    for name, value in (("Require", "100rel"), ("RSeq", "1"), ("Contact", "<sip:6001@192.0.2.60:5070>")):
        early.headers.set(name, value)
    early.headers.set("Content-Type", "application/sdp")
    early.body = session_description(43000)
    phone.send(early)
    prack = phone.arrived()
    assert (prack.method, prack.body) == ("PRACK", b"") and in_force(office) == 43000
    phone.reply(prack, 200)
    phone.reply(invite, 200)
    assert phone.arrived().method == "ACK" and in_force(office) == 43000


def test_a_2xx_without_any_answer_ends_the_call() -> None:
    office = Office()
    phone, invite = called(office)
    phone.reply(invite, 200)
    assert [message.method for message in phone.messages() if isinstance(message, Request)] == ["ACK", "BYE"]


# Several dialogs of one INVITE, as a proxy that forks makes them.


@pytest.mark.parametrize(("winner", "port"), [("desk", 41000), ("hall", 42000)])
def test_rfc_3960_section_3_2_of_several_early_dialogs_the_answers_own_audio_is_in_force(
    winner: str, port: int
) -> None:
    office = Office()
    phone, invite = called(office)
    phone.reply(invite, 183, tag="desk", body=session_description(41000))
    phone.reply(invite, 183, tag="hall", body=session_description(42000))
    phone.reply(invite, 180, tag="porch")
    phone.reply(invite, 200, tag=winner, body=session_description(port))
    assert in_force(office) == port
    ack = phone.arrived()
    assert (ack.method, ack.to.tag) == ("ACK", winner)


def test_rfc_3960_section_3_2_a_later_fork_is_heard_when_it_sends_something() -> None:
    office = Office()
    phone, invite = called(office)
    phone.reply(invite, 180, tag="desk")
    phone.reply(invite, 183, tag="hall", body=session_description(42000))
    assert in_force(office) == 42000
    phone.reply(invite, 180, tag="desk")
    assert in_force(office) == 42000
