"""Reliable provisional responses (RFC 3262), ours and the peer's, as conversations."""

from __future__ import annotations

import pytest

from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import (
    Alert,
    Alerting,
    Answer,
    Answered,
    Dial,
    EarlyMedia,
    Hangup,
    Hold,
    Offered,
    Proceeding,
    Progress,
    Released,
    Resume,
)
from gateway.core.number import Party
from gateway.sip.channel import SipChannel
from gateway.sip.config import SipConfig
from gateway.sip.early import MAX_FORKS
from gateway.sip.message import Request, Response
from tests.support.sip import Office, Phone, session_description

SUPPORTED = (("Supported", "100rel"),)
REQUIRED = (("Require", "100rel"),)
BUSY = Ending(Cause.USER_BUSY, "telephone 101", Act.REFUSED, "off-hook")


def offered(
    office: Office, phone: Phone, headers: tuple[tuple[str, str], ...], body: bytes | None = None
) -> tuple[SipChannel, Request]:
    """A call that has come in from a caller with these headers."""
    invite = phone.invite("101", headers=headers, body=body)
    ((channel, event),) = office.heard()
    assert isinstance(event, Offered)
    phone.messages()
    return channel, invite


def prack(phone: Phone, invite: Request, response: Response, number: int = 3, body: bytes = b"") -> Request:
    rack = f"{response.headers.get('RSeq')} {response.cseq}"
    return phone.within(invite, response, "PRACK", number, body, headers=(("RAck", rack),))


def ended(office: Office) -> Ending:
    (event,) = office.events()
    assert isinstance(event, Released)
    return event.ending


# Section 3: our responses.


def test_section_3_early_media_goes_reliably_and_is_repeated_until_its_prack() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite = offered(office, phone, SUPPORTED)
    office.command(channel, EarlyMedia())
    progress = phone.response()
    assert progress.status == 183 and progress.tokens("Require") == ("100rel",)
    assert 1 <= int(progress.headers.get("RSeq") or 0) < 2**31
    office.wait(4)
    assert phone.statuses() == [183, 183, 183]  # after 0.5, 1.5 and 3.5 s
    phone.send(prack(phone, invite, progress))
    assert phone.response().status == 200
    office.wait(20)
    assert phone.messages() == []


def test_section_3_ringing_without_a_description_stays_unreliable_unless_required() -> None:
    office = Office()
    phone = Phone(office)
    channel, _ = offered(office, phone, SUPPORTED)
    office.command(channel, Alert())
    assert phone.response().headers.get("RSeq") is None
    other = Phone(office, "6002", host="192.0.2.61")
    channel, _ = offered(office, other, REQUIRED)
    office.command(channel, Alert())
    assert other.response().headers.get("RSeq") is not None


def test_section_3_ringing_that_is_heard_is_reliable_and_has_our_offer_where_none_came() -> None:
    office = Office()
    phone = Phone(office)
    channel, _ = offered(office, phone, SUPPORTED, b"")
    office.command(channel, Alert(audio=True))
    ringing = phone.response()
    assert ringing.status == 180 and ringing.tokens("Require") == ("100rel",) and b"m=audio" in ringing.body


def test_section_3_a_second_response_waits_for_the_prack_of_the_first_and_counts_on() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite = offered(office, phone, REQUIRED)
    office.command(channel, Alert())
    first = phone.response()
    office.command(channel, EarlyMedia())
    assert phone.messages() == []
    phone.send(prack(phone, invite, first))
    ok, second = (message for message in phone.messages() if isinstance(message, Response))
    assert (ok.status, ok.cseq.method, second.status) == (200, "PRACK", 183)
    assert int(second.headers.get("RSeq") or 0) == int(first.headers.get("RSeq") or 0) + 1


def test_section_3_an_answer_waits_for_the_prack_and_does_not_repeat_the_description() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite = offered(office, phone, SUPPORTED)
    office.command(channel, EarlyMedia())
    progress = phone.response()
    office.command(channel, Answer())
    assert phone.messages() == []
    phone.send(prack(phone, invite, progress))
    to_prack, ok = (message for message in phone.messages() if isinstance(message, Response))
    assert (to_prack.cseq.method, ok.cseq.method, ok.status, ok.body) == ("PRACK", "INVITE", 200, b"")
    phone.send(phone.ack(invite, ok))
    phone.send(phone.within(invite, ok, "BYE", 4))
    assert phone.response().status == 200
    assert ended(office).evidence == "BYE"
    office.quiet()


@pytest.mark.parametrize("rack", ["1 2 INVITE", "x", "", "99999999999999999999 2 INVITE"])
def test_section_3_a_prack_that_fits_nothing_is_481(rack: str) -> None:
    office = Office()
    phone = Phone(office)
    channel, invite = offered(office, phone, SUPPORTED)
    office.command(channel, EarlyMedia())
    progress = phone.response()
    phone.send(phone.within(invite, progress, "PRACK", 3, headers=(("RAck", rack),)))
    assert phone.response().status == 481
    phone.send(prack(phone, invite, progress, 4))
    assert phone.response().status == 200
    phone.send(prack(phone, invite, progress, 5))
    assert phone.response().status == 481  # acknowledged already


def test_section_3_without_any_prack_the_call_is_refused_after_64_t1() -> None:
    office = Office()
    phone = Phone(office)
    channel, _ = offered(office, phone, SUPPORTED)
    office.command(channel, EarlyMedia())
    office.wait(32.1)
    ending = ended(office)
    assert (ending.cause, ending.act, ending.evidence) == (
        Cause.RECOVERY_ON_TIMER_EXPIRY,
        Act.VANISHED,
        "no PRACK for 32 s",
    )
    assert phone.statuses()[-1] == 504
    office.quiet()


def test_section_3_a_refusal_does_not_wait_and_nothing_is_repeated_after_it() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite = offered(office, phone, SUPPORTED)
    office.command(channel, EarlyMedia())
    office.command(channel, Hangup(BUSY))
    _, refusal = phone.messages()
    assert isinstance(refusal, Response) and refusal.status == 486
    phone.send(phone.ack(invite, refusal))
    office.wait(6.0)  # timer I
    assert phone.messages() == []
    assert office.stack.usage()["timers"] == 1  # of the journal: nothing waits for a PRACK
    office.wait(40)
    assert phone.messages() == []
    office.quiet()


def test_section_5_an_invite_without_offer_gets_ours_in_the_183_and_its_prack_answers() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite = offered(office, phone, SUPPORTED, b"")
    office.command(channel, EarlyMedia())
    progress = phone.response()
    assert b"m=audio" in progress.body and office.desk.rows[0].remotes == []
    phone.send(prack(phone, invite, progress, body=session_description(41000)))
    assert phone.response().status == 200
    assert office.desk.rows[0].remotes[-1][1] == 41000
    office.command(channel, Answer())
    ok = phone.response()
    assert ok.status == 200 and not ok.body
    phone.send(phone.ack(invite, ok))
    assert office.events() == [] and channel.audio is not None


@pytest.mark.parametrize("offer", [b"", session_description()])
def test_section_5_what_has_waited_for_the_prack_does_not_describe_again_what_is_agreed(offer: bytes) -> None:
    """In a reliable response after offer and answer it would be an offer (RFC 6337 section 2.2)."""
    office = Office()
    phone = Phone(office)
    channel, invite = offered(office, phone, REQUIRED, offer)
    office.command(channel, EarlyMedia())
    first = phone.response()
    assert first.body
    office.command(channel, Alert())
    phone.send(prack(phone, invite, first, body=b"" if offer else session_description(41000)))
    later = next(message for message in phone.messages() if message.cseq.method == "INVITE")
    assert later.summary == "180 Ringing" and not later.body and "Content-Type" not in later.headers
    phone.send(prack(phone, invite, later, number=4))
    assert phone.response().status == 200
    office.command(channel, Answer())
    assert not phone.response().body


def test_section_5_a_prack_without_the_answer_that_it_owes_ends_the_call() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite = offered(office, phone, SUPPORTED, b"")
    office.command(channel, EarlyMedia())
    phone.send(prack(phone, invite, phone.response()))
    assert phone.statuses()[0] == 400
    assert ended(office).act is Act.FAILED
    office.quiet()


def test_section_5_a_prack_may_bring_another_offer() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite = offered(office, phone, SUPPORTED)
    office.command(channel, EarlyMedia())
    phone.send(prack(phone, invite, phone.response(), body=session_description(42000)))
    ok = phone.response()
    assert ok.status == 200 and b"m=audio" in ok.body
    assert office.desk.rows[0].remotes[-1][1] == 42000


def test_rfc_6337_2_2_an_offer_in_a_prack_has_to_wait_for_the_answer_to_the_one_before() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite = offered(office, phone, REQUIRED)
    office.command(channel, Alert())
    ringing = phone.response()
    assert not ringing.body
    phone.send(prack(phone, invite, ringing, body=session_description(42000)))
    early = phone.response()
    assert early.status == 500 and 0 <= int(early.headers.get("Retry-After") or -1) <= 10
    office.wait(10)
    assert phone.messages() == []  # it is acknowledged all the same
    office.command(channel, Answer())
    ok = phone.response()
    assert ok.status == 200 and b"m=audio" in ok.body
    assert [remote[1] for remote in office.desk.rows[0].remotes] == [40000]


# Section 4: the peer's responses.


def called(office: Office, phone: Phone) -> tuple[SipChannel, Request]:
    phone.register()
    channel = office.stack.channel(phone.user, office.clock.now)
    office.heard()
    office.command(channel, Dial(phone.user, Party("101", "Reception")))
    return channel, phone.arrived()


def reliably(
    phone: Phone, invite: Request, status: int, number: int, body: bytes = b"", tag: str = "below"
) -> Response:
    response = invite.reply(status, to_tag=tag)
    response.headers.set("Contact", f"<sip:{phone.user}@{phone.host}:{phone.port}>")
    response.headers.set("Require", "100rel")
    response.headers.set("RSeq", number)
    if body:
        response.headers.set("Content-Type", "application/sdp")
        response.body = body
    phone.send(response)
    return response


def test_section_4_the_invite_offers_100rel_and_a_reliable_response_gets_its_prack() -> None:
    office = Office()
    phone = Phone(office)
    _, invite = called(office, phone)
    assert "100rel" in invite.tokens("Supported") and "prack" in invite.tokens("Allow")
    reliably(phone, invite, 183, 700, session_description())
    prack = phone.arrived()
    assert (prack.method, prack.headers.get("RAck")) == ("PRACK", f"700 {invite.cseq}")
    assert prack.to.tag == "below" and prack.cseq.number == invite.cseq.number + 1
    assert office.events() == [Progress()]


def test_section_4_a_repeated_response_is_told_once_and_one_too_early_not_at_all() -> None:
    office = Office()
    phone = Phone(office)
    _, invite = called(office, phone)
    reliably(phone, invite, 183, 700)
    assert phone.reply(phone.arrived(), 200).status == 200
    reliably(phone, invite, 183, 700)
    reliably(phone, invite, 180, 702)
    assert phone.messages() == [] and office.events() == [Proceeding()]
    reliably(phone, invite, 180, 701)
    assert phone.arrived().headers.get("RAck") == f"701 {invite.cseq}"
    assert office.events() == [Alerting()]


def test_section_4_each_fork_counts_for_itself_and_the_winner_goes_on_counting() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite = called(office, phone)
    reliably(phone, invite, 183, 5, session_description(41000), tag="one")
    reliably(phone, invite, 183, 900, session_description(42000), tag="two")
    one, two = (message for message in phone.messages() if isinstance(message, Request))
    assert [one.to.tag, two.to.tag] == ["one", "two"] and one.cseq.number == two.cseq.number
    for prack in (one, two):
        phone.reply(prack, 200)
    phone.reply(invite, 200, tag="one")  # the answer was in the 183 already
    assert phone.arrived().method == "ACK"
    assert office.events()[-1] == Answered("200 OK")
    assert office.desk.rows[0].remotes[-1][1] == 41000
    phone.reply(invite, 200, tag="two")
    ack, bye = (message for message in phone.messages() if isinstance(message, Request))
    assert (ack.to.tag, bye.method, bye.cseq.number) == ("two", "BYE", invite.cseq.number + 2)
    phone.reply(bye, 200)
    office.command(channel, Hangup(BUSY))
    assert phone.arrived().cseq.number == invite.cseq.number + 2
    office.quiet()


def test_rfc_3261_13_2_2_4_the_2xx_brings_the_target_and_the_routes_that_count() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite = called(office, phone)
    reliably(phone, invite, 183, 5, session_description(41000))
    phone.reply(phone.arrived(), 200, contact=False)
    ok = invite.reply(200, to_tag="below")
    ok.headers.set("Contact", "<sip:6001@10.0.0.9>")
    ok.headers.set("Record-Route", "<sip:far.example;lr>, <sip:near.example;lr>")
    phone.send(ok)
    ack, near = phone.arrived(), Phone(office, host="192.0.2.70", port=5060)
    office.command(channel, Hangup(BUSY))
    office.named("near.example", near.host)
    for request in (ack, near.arrived()):
        assert str(request.uri) == "sip:6001@10.0.0.9"
        assert [str(route.uri) for route in request.route] == ["sip:near.example;lr", "sip:far.example;lr"]


def test_early_dialogs_of_one_invite_are_bounded() -> None:
    office = Office()
    phone = Phone(office)
    _, invite = called(office, phone)
    for fork in range(3 * MAX_FORKS):
        reliably(phone, invite, 183, 1, session_description(41000), tag=f"fork{fork}")
    assert office.stack.usage()["dialogs"] == MAX_FORKS
    assert sum(isinstance(message, Request) for message in phone.messages()) == MAX_FORKS
    phone.reply(invite, 200, tag="late", body=session_description(42000))
    assert isinstance(office.events()[-1], Answered)


@pytest.mark.parametrize("number", ["x", "", "-1", "99999999999"])
def test_a_reliable_response_without_a_usable_number_is_passed_over(number: str) -> None:
    office = Office()
    phone = Phone(office)
    _, invite = called(office, phone)
    response = invite.reply(183, to_tag="below")
    response.headers.set("Require", "100rel")
    response.headers.set("RSeq", number)
    phone.send(response)
    assert phone.messages() == [] and office.events() == []
    office.wait(190)  # timer C
    office.quiet()


# Of re-INVITEs.


def held(office: Office) -> tuple[Phone, SipChannel, Request]:
    """A call that is up and that we have just put on hold: the re-INVITE."""
    phone = Phone(office)
    channel, invite = offered(office, phone, ())
    office.command(channel, Answer())
    phone.send(phone.ack(invite, phone.response()))
    office.command(channel, Hold())
    return phone, channel, phone.arrived()


@pytest.mark.parametrize("early", [True, False])
def test_section_4_a_reliable_response_to_a_reinvite_has_its_prack_and_may_bring_the_answer(early: bool) -> None:
    office = Office()
    phone, channel, hold = held(office)
    assert "100rel" in hold.tokens("Supported")
    answer = session_description(43000, lines=("a=recvonly",))
    progress = hold.reply(183)
    progress.headers.set("Require", "100rel")
    progress.headers.set("RSeq", 7)
    if early:
        progress.headers.set("Content-Type", "application/sdp")
        progress.body = answer
    phone.send(progress)
    prack = phone.arrived()
    assert (prack.method, prack.headers.get("RAck")) == ("PRACK", f"7 {hold.cseq}")
    phone.reply(prack, 200, contact=False)
    phone.send(progress)
    assert phone.messages() == []  # repeated
    assert (office.desk.rows[0].remotes[-1][1] == 43000) is early
    phone.reply(hold, 200, body=b"" if early else answer)
    assert phone.arrived().method == "ACK" and office.desk.rows[0].remotes[-1][1] == 43000
    office.command(channel, Resume())
    assert b"a=sendrecv" in phone.arrived().body


@pytest.mark.parametrize("status", [480, 491])
def test_rfc_6141_3_4_what_a_reliable_response_has_agreed_on_can_be_changed_again(status: int) -> None:
    """Though the re-INVITE is refused: who is on hold by then is taken back from it."""
    office = Office()
    phone, channel, hold = held(office)
    progress = hold.reply(183)
    progress.headers.set("Require", "100rel")
    progress.headers.set("RSeq", 7)
    progress.headers.set("Content-Type", "application/sdp")
    progress.body = session_description(43000, lines=("a=recvonly",))
    phone.send(progress)
    phone.reply(phone.arrived(), 200, contact=False)
    phone.reply(hold, status)
    assert phone.arrived().method == "ACK"
    office.command(channel, Resume())
    office.wait(4.5)  # 491 has its pause
    asked = phone.messages()
    assert asked and all(b"a=sendrecv" in resume.body for resume in asked)


def test_section_5_an_answer_to_a_reinvite_that_is_none_ends_the_call() -> None:
    office = Office()
    phone, _, hold = held(office)
    progress = hold.reply(183)
    progress.headers.set("Require", "100rel")
    progress.headers.set("RSeq", 7)
    progress.headers.set("Content-Type", "application/sdp")
    progress.body = b"nonsense"
    phone.send(progress)
    assert [message.method for message in phone.messages() if isinstance(message, Request)] == [
        "PRACK",
        "BYE",
        "CANCEL",
    ]
    assert ended(office).act is Act.FAILED


def test_section_4_a_response_for_whose_prack_there_is_no_room_is_acknowledged_when_it_comes_again() -> None:
    office = Office(SipConfig(transactions=4))
    phone = Phone(office)
    _, invite = called(office, phone)
    crowd = [office.stack.channel("6001", office.clock.now) for _ in range(3)]
    for leg in crowd:
        office.command(leg, Dial("6001", Party("101")))
    phone.messages()
    progress = reliably(phone, invite, 183, 5, session_description(41000))
    assert not any(message.method == "PRACK" for message in phone.messages() if isinstance(message, Request))
    office.command(crowd[0], Hangup(BUSY))
    office.wait(40)
    phone.messages()
    phone.send(progress)
    assert [message.method for message in phone.messages() if isinstance(message, Request)] == ["PRACK"]
