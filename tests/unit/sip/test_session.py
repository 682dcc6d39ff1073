"""Calls that come in, as conversations on a hand-moved clock: RFC 3665 section 3, and what goes wrong."""

from __future__ import annotations

import pytest

from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import (
    INFO,
    Alert,
    Answer,
    Dial,
    Digit,
    EarlyMedia,
    Flash,
    Hangup,
    Held,
    Hold,
    Offered,
    Released,
    Resume,
    Resumed,
    SendFlash,
)
from gateway.core.number import Party
from gateway.sip.channel import SipChannel
from gateway.sip.message import Request, Response
from gateway.sip.session import ALLOW
from gateway.sip.transaction.timers import TimerConfig
from gateway.sip.transport import Flow
from tests.support.sip import SERVER, Office, Phone, session_description

BUSY = Ending(Cause.USER_BUSY, "telephone 101", Act.REFUSED, "off-hook")
CALLER = Party("6001", "Name 6001")
HOPS = {"HOPS_LEFT": "70"}
CLEAR = Ending(Cause.NORMAL_CLEARING, "telephone 101", Act.HUNG_UP, "ONHOOK")


def offered(office: Office) -> SipChannel:
    """The leg that has just been offered."""
    (found,) = office.heard()
    assert isinstance(found[1], Offered)
    return found[0]


def ended(office: Office) -> Ending:
    """The ending of the leg that has just been released."""
    (event,) = office.events()
    assert isinstance(event, Released)
    return event.ending


def answered(
    office: Office, phone: Phone, called: str = "101", call_id: str | None = None
) -> tuple[SipChannel, Request, Response]:
    """A call from `phone` that is up: its leg, the INVITE and the 200."""
    invite = phone.invite(called, call_id=call_id)
    channel = offered(office)
    assert phone.statuses() == [100]
    office.command(channel, Answer())
    ok = phone.response()
    phone.send(phone.ack(invite, ok))
    return channel, invite, ok


def test_a_call_is_offered_rings_is_answered_and_ends_with_bye() -> None:
    office = Office()
    phone = Phone(office)
    invite = phone.invite("101")
    ((channel, event),) = office.heard()
    assert isinstance(event, Offered) and event == Offered("101", CALLER, "office", variables=HOPS)
    assert dict(event.headers)["Call-ID"] == invite.call_id
    assert channel.name.startswith("SIP/6001-") and channel.peer == "account 6001"
    assert phone.statuses() == [100]
    office.command(channel, Alert())
    ringing = phone.response()
    assert ringing.status == 180 and not ringing.body
    office.command(channel, Answer())
    ok = phone.response()
    assert ok.status == 200 and ok.to.tag == ringing.to.tag and b"m=audio 20000 RTP/AVP 0 101" in ok.body
    phone.send(phone.ack(invite, ok))
    phone.send(phone.within(invite, ok, "BYE", 3))
    assert phone.response().status == 200
    assert ended(office) == Ending(Cause.NORMAL_CLEARING, "account 6001", Act.HUNG_UP, "BYE")
    office.quiet()


@pytest.mark.parametrize("method", ALLOW.split(", "))
def test_every_method_that_we_allow_has_its_answer_within_a_call(method: str) -> None:
    office = Office()
    phone = Phone(office)
    invite = phone.invite("101")
    ((channel, _),) = office.heard()
    office.command(channel, Answer())
    ok = phone.messages()[-1]
    assert isinstance(ok, Response)
    phone.send(phone.ack(invite, ok))
    phone.messages()
    phone.send(phone.within(invite, ok, method, 3))
    if method != "ACK":
        answers = [answer for answer in phone.messages() if isinstance(answer, Response)]
        assert answers and 200 <= answers[-1].status < 700
        assert (answers[-1].status == 405) is (method in ("REGISTER", "PUBLISH"))
        if answers[-1].status == 405:
            allowed = (answers[-1].headers.get("Allow") or "").split(", ")
            assert method not in allowed and "INVITE" in allowed, "RFC 3261 section 21.4.6"


def test_what_from_claims_is_not_believed() -> None:
    office = Office()
    phone = Phone(office)
    invite = phone.request("INVITE", "sip:101@192.0.2.1", body=session_description())
    invite.headers.set("From", '"The Boss" <sip:1000@elsewhere>;tag=x')
    phone.proved(invite)
    (event,) = office.events()
    assert isinstance(event, Offered) and event.caller == Party("6001", "Name 6001")


def test_early_media_carries_the_answer_and_the_200_repeats_it() -> None:
    office = Office()
    phone = Phone(office)
    invite = phone.invite("101")
    channel = offered(office)
    phone.messages()
    office.command(channel, EarlyMedia())
    progress = phone.response()
    office.command(channel, Alert())
    ringing = phone.response()
    office.command(channel, Answer())
    ok = phone.response()
    assert (progress.status, ringing.status, ok.status) == (183, 180, 200)
    assert progress.body == ringing.body == ok.body
    phone.send(phone.ack(invite, ok))
    assert office.desk.rows[0].remotes[0][:2] == ("192.0.2.60", 40000)


def test_ringing_that_is_heard_carries_the_answer() -> None:
    office = Office()
    phone = Phone(office)
    phone.invite("101")
    channel = offered(office)
    phone.messages()
    office.command(channel, Alert(audio=True))
    ringing = phone.response()
    assert ringing.status == 180 and b"m=audio" in ringing.body
    office.command(channel, Hangup(CLEAR))


def test_a_provisional_response_is_repeated_each_minute() -> None:
    office = Office()
    phone = Phone(office)
    phone.invite("101")
    channel = offered(office)
    office.command(channel, Alert())
    office.wait(150)
    assert phone.statuses() == [100, 180, 180, 180]
    office.command(channel, Hangup(CLEAR))
    office.wait(130)
    assert set(phone.statuses()) == {480}


def test_a_busy_far_side_gives_486_with_its_cause() -> None:
    office = Office()
    phone = Phone(office)
    invite = phone.invite("101")
    channel = offered(office)
    phone.messages()
    office.command(channel, Hangup(BUSY))
    refusal = phone.response()
    assert refusal.status == 486
    assert refusal.headers.get("Reason") == 'Q.850;cause=17;text="user busy"'
    phone.send(phone.ack(invite, refusal))
    assert office.events() == []
    office.quiet()


@pytest.mark.parametrize(
    ("cause", "status"),
    [(1, 404), (20, 480), (21, 603), (34, 503), (19, 480), (28, 484), (88, 503), (42, 503), (47, 503)],
)
def test_each_cause_refuses_with_its_status(cause: int, status: int) -> None:
    office = Office()
    phone = Phone(office)
    phone.invite("101")
    channel = offered(office)
    phone.messages()
    office.command(channel, Hangup(Ending(Cause(cause), "x", Act.FAILED, "test")))
    refusal = phone.response()
    assert refusal.status == status
    assert "Retry-After" not in refusal.headers, "RFC 3261 21.5.4: no other call would be sent to us meanwhile"
    office.quiet()


def test_a_caller_who_gives_up_is_answered_487() -> None:
    office = Office()
    phone = Phone(office)
    invite = phone.invite("101")
    channel = offered(office)
    office.command(channel, Alert())
    phone.messages()
    cancel = phone.request(
        "CANCEL", str(invite.uri), to=str(invite.to), number=invite.cseq.number, branch=invite.via.branch
    )
    cancel.headers.set("Reason", "Q.850;cause=16")
    phone.send(cancel)
    to_cancel, to_invite = phone.messages()
    assert isinstance(to_cancel, Response) and isinstance(to_invite, Response)
    assert (to_cancel.status, to_cancel.cseq.method) == (200, "CANCEL")
    assert (to_invite.status, to_invite.cseq.method) == (487, "INVITE")
    assert to_cancel.to.tag == to_invite.to.tag, "section 9.2"
    phone.send(phone.ack(invite, to_invite))
    assert ended(office) == Ending(Cause.NORMAL_CLEARING, "account 6001", Act.CANCELLED, "CANCEL")
    assert channel.audio is None
    office.command(channel, Answer())  # too late: ignored
    assert phone.messages() == []
    office.quiet()


def test_section_9_2_a_cancel_is_for_the_invite_of_its_branch() -> None:
    office = Office()
    phone = Phone(office)
    phone.invite("101", call_id="101")
    phone.messages()
    second = phone.invite("102", call_id="102")
    legs = [channel for channel, _ in office.heard()]
    phone.messages()
    phone.send(
        phone.request("CANCEL", str(second.uri), call_id="102", number=second.cseq.number, branch=second.via.branch)
    )
    refused = [message for message in phone.messages() if isinstance(message, Response) and message.status == 487]
    assert [message.call_id for message in refused] == ["102"]
    assert [channel for channel, event in office.heard() if isinstance(event, Released)] == legs[1:]
    assert legs[0].audio is not None


def test_section_13_3_1_an_invitation_holds_as_long_as_its_expires_says() -> None:
    office = Office()
    phone = Phone(office)
    invite = phone.invite("101", headers=(("Expires", "20"),))
    channel = offered(office)
    office.command(channel, Alert())
    office.wait(19)
    assert phone.statuses() == [100, 180] and office.heard() == []
    office.wait(1.2)
    refused = phone.response()
    assert refused.status == 487
    phone.send(phone.ack(invite, refused))
    ending = ended(office)
    assert (ending.cause, ending.evidence) == (Cause.NO_ANSWER, "its Expires of 20 s is over")
    office.quiet()


@pytest.mark.parametrize("expires", ["20", "soon"])
def test_section_13_3_1_an_answer_in_time_stops_it(expires: str) -> None:
    office = Office()
    phone = Phone(office)
    invite = phone.invite("101", headers=(("Expires", expires),))
    channel = offered(office)
    phone.messages()
    office.wait(19)
    office.command(channel, Answer())
    phone.send(phone.ack(invite, phone.response()))
    office.wait(60)
    assert phone.statuses() == [] and office.heard() == []


def test_a_cancel_for_nothing_is_answered_481_and_one_after_the_answer_changes_nothing() -> None:
    office = Office()
    phone = Phone(office)
    phone.send(phone.request("CANCEL"))
    assert phone.response().status == 481
    channel, invite, _ = answered(office, phone)
    phone.send(
        phone.request(
            "CANCEL", str(invite.uri), to=str(invite.to), number=invite.cseq.number, branch=invite.via.branch
        )
    )
    assert phone.response().status == 200
    assert office.events() == [] and channel.audio is not None


def test_bye_before_the_answer_ends_the_call_as_a_cancel_does() -> None:
    office = Office()
    phone = Phone(office)
    invite = phone.invite("101")
    channel = offered(office)
    phone.messages()
    office.command(channel, Alert())
    ringing = phone.response()
    phone.send(phone.within(invite, ringing, "BYE", 3))
    assert phone.statuses() == [200, 487]
    assert ended(office).act is Act.CANCELLED
    office.quiet()


def test_the_200_is_repeated_until_its_ack_comes() -> None:
    office = Office()
    phone = Phone(office)
    invite = phone.invite("101")
    channel = offered(office)
    phone.messages()
    office.command(channel, Answer())
    office.wait(4)
    repeated = phone.messages()
    assert [message.summary for message in repeated] == ["200 OK"] * 4  # at 0, 0.5, 1.5 and 3.5 s
    assert isinstance(repeated[0], Response)
    phone.send(phone.ack(invite, repeated[0]))
    office.wait(30)
    assert phone.messages() == []
    assert channel.audio is not None


def test_without_an_ack_the_call_ends_after_32_s_with_a_bye() -> None:
    office = Office()
    phone = Phone(office)
    phone.invite("101")
    office.command(offered(office), Answer())
    phone.messages()
    office.wait(32)
    last = phone.messages()[-1]
    assert isinstance(last, Request) and last.method == "BYE"
    ending = ended(office)
    assert (ending.cause, ending.act) == (Cause.RECOVERY_ON_TIMER_EXPIRY, Act.VANISHED)
    assert ending.evidence == "no ACK for 32 s" and "NAT" in ending.advice
    office.quiet()


def test_hanging_up_before_the_ack_waits_for_it_with_the_bye() -> None:
    office = Office()
    phone = Phone(office)
    invite = phone.invite("101")
    channel = offered(office)
    phone.messages()
    office.command(channel, Answer())
    ok = phone.response()
    office.command(channel, Hangup(CLEAR))
    assert phone.messages() == []  # RFC 3261 15
    phone.send(phone.ack(invite, ok))
    bye = phone.arrived()
    assert bye.method == "BYE" and bye.headers.get("Reason") == 'Q.850;cause=16;text="normal clearing"'
    phone.reply(bye, 200)
    assert office.events() == []
    office.quiet()


def test_we_hang_up_with_a_bye_to_the_callers_contact() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite, ok = answered(office, phone)
    office.command(channel, Hangup(CLEAR))
    bye = phone.arrived()
    assert (bye.method, str(bye.uri)) == ("BYE", "sip:6001@192.0.2.60:5070")
    assert (bye.from_.tag, bye.to.tag, bye.call_id) == (ok.to.tag, invite.from_.tag, invite.call_id)
    phone.reply(bye, 200)
    phone.send(phone.within(invite, ok, "BYE", 4))
    assert phone.response().status == 481
    office.quiet()


def test_a_bye_that_nobody_answers_leaves_nothing_behind() -> None:
    office = Office()
    channel, _, _ = answered(office, Phone(office))
    office.command(channel, Hangup(CLEAR))
    office.quiet()


def test_an_invite_without_offer_gets_one_and_its_ack_brings_the_answer() -> None:
    office = Office()
    phone = Phone(office)
    invite = phone.invite("101", body=b"")
    channel = offered(office)
    phone.messages()
    office.command(channel, EarlyMedia())
    assert phone.response().body == b""
    office.command(channel, Answer())
    ok = phone.response()
    assert b"m=audio 20000 RTP/AVP 0 8 96 101" in ok.body
    assert office.desk.rows[0].remotes == []
    phone.send(phone.ack(invite, ok, session_description(41000, formats="8")))
    address, port, codec, events, send = office.desk.rows[0].remotes[0]
    assert (address, port, codec.payload_type, events, send) == ("192.0.2.60", 41000, 8, None, True)
    assert office.desk.rows[0].detecting


def test_an_ack_without_the_answer_it_owes_ends_the_call() -> None:
    office = Office()
    phone = Phone(office)
    invite = phone.invite("101", body=b"")
    channel = offered(office)
    phone.messages()
    office.command(channel, Answer())
    phone.send(phone.ack(invite, phone.response()))
    assert phone.arrived().method == "BYE"
    assert ended(office).evidence == "no answer to our offer"
    office.quiet()


def test_no_common_codec_is_488_and_no_leg() -> None:
    office = Office()
    phone = Phone(office)
    phone.invite("101", body=session_description(formats="18"))
    refusal = phone.response()
    assert refusal.status == 488
    assert (refusal.headers.get("Warning") or "").startswith('305 copperline "no common codec')
    assert office.events() == []
    office.quiet()


def test_a_broken_session_description_is_400_and_no_leg() -> None:
    office = Office()
    phone = Phone(office)
    phone.invite("101", body=b"v=0\r\nnonsense")
    assert phone.response().status == 400
    office.quiet()


def test_hold_and_resume_by_the_caller() -> None:
    office = Office()
    phone = Phone(office)
    _, invite, ok = answered(office, phone)
    hold = phone.within(invite, ok, "INVITE", 3, session_description(lines=("a=sendonly",)))
    phone.send(hold)
    held = phone.response()
    assert held.status == 200 and b"a=recvonly" in held.body
    phone.send(phone.ack(hold, held))
    assert office.events() == [Held()]
    assert office.desk.rows[0].remotes[-1][4] is False
    resume = phone.within(invite, ok, "INVITE", 4, session_description(42000))
    phone.send(resume)
    resumed = phone.response()
    phone.send(phone.ack(resume, resumed))
    assert office.events() == [Resumed()]
    assert office.desk.rows[0].remotes[-1][1] == 42000 and office.desk.rows[0].remotes[-1][4] is True


def test_a_session_refresh_changes_the_address_and_nothing_else() -> None:
    office = Office()
    phone = Phone(office)
    _, invite, ok = answered(office, phone)
    again = phone.within(invite, ok, "INVITE", 3, session_description())
    phone.send(again)
    refreshed = phone.response()
    assert refreshed.status == 200 and refreshed.body == ok.body
    phone.send(phone.ack(again, refreshed))
    assert office.events() == []
    office.wait(60)
    assert phone.messages() == []


def test_a_reinvite_that_cannot_be_taken_leaves_the_call_as_it_is() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite, ok = answered(office, phone)
    bad = phone.within(invite, ok, "INVITE", 3, session_description(formats="18"))
    phone.send(bad)
    refusal = phone.response()
    assert refusal.status == 488
    phone.send(phone.ack(bad, refusal))
    assert office.events() == [] and channel.audio is not None
    assert len(office.desk.rows[0].remotes) == 1


def test_a_reinvite_whose_ack_is_lost_is_repeated_and_ends_the_call_at_last() -> None:
    office = Office()
    phone = Phone(office)
    _, invite, ok = answered(office, phone)
    phone.send(phone.within(invite, ok, "INVITE", 3, session_description()))
    office.wait(32)
    messages = phone.messages()
    assert [message.summary for message in messages[:3]] == ["200 OK"] * 3
    assert isinstance(messages[-1], Request) and messages[-1].method == "BYE"
    assert ended(office).evidence == "no ACK for 32 s"
    office.quiet()


def test_rfc_3261_12_2_1_2_the_2xx_to_our_reinvite_moves_the_target() -> None:
    office = Office()
    phone, elsewhere = Phone(office), Phone(office, host="192.0.2.99", port=5099)
    channel, _, _ = answered(office, phone)
    office.command(channel, Hold())
    ok = phone.arrived().reply(200)
    ok.headers.set("Contact", "<sip:6001@192.0.2.99:5099>")
    ok.headers.set("Content-Type", "application/sdp")
    ok.body = session_description(lines=("a=recvonly",))
    phone.send(ok)
    assert str(elsewhere.arrived().uri) == "sip:6001@192.0.2.99:5099", "the ACK"
    office.command(channel, Hangup(CLEAR))
    assert str(elsewhere.arrived().uri) == "sip:6001@192.0.2.99:5099"


def test_rfc_3261_12_2_2_their_reinvite_moves_the_target() -> None:
    office = Office()
    phone, elsewhere = Phone(office), Phone(office, host="192.0.2.99", port=5099)
    channel, invite, ok = answered(office, phone)
    again = phone.within(invite, ok, "INVITE", 3, session_description())
    again.headers.set("Contact", "<sip:6001@192.0.2.99:5099>")
    phone.send(again)
    phone.send(phone.ack(again, phone.response()))
    office.command(channel, Hangup(CLEAR))
    assert str(elsewhere.arrived().uri) == "sip:6001@192.0.2.99:5099"


def test_a_second_reinvite_before_the_ack_to_the_first_must_wait() -> None:
    office = Office()
    phone = Phone(office)
    _, invite, ok = answered(office, phone)
    phone.send(phone.within(invite, ok, "INVITE", 3, session_description()))
    phone.messages()
    phone.send(phone.within(invite, ok, "INVITE", 4, session_description()))
    refusal = phone.response()
    assert refusal.status == 500 and refusal.headers.get("Retry-After") is not None


def test_hold_by_us_is_offered_and_acknowledged() -> None:
    office = Office()
    phone = Phone(office)
    channel, _, _ = answered(office, phone)
    office.command(channel, Hold())
    hold = phone.arrived()
    assert hold.method == "INVITE" and b"a=sendonly" in hold.body
    phone.reply(hold, 200, body=session_description(lines=("a=recvonly",)))
    ack = phone.arrived()
    assert (ack.method, ack.cseq.number) == ("ACK", hold.cseq.number)
    office.command(channel, Resume())
    resume = phone.arrived()
    assert b"a=sendrecv" in resume.body and resume.cseq.number == hold.cseq.number + 1
    phone.reply(resume, 200, body=session_description())
    assert phone.arrived().method == "ACK"
    assert office.events() == []


def test_section_17_1_1_a_reinvite_that_is_never_answered_is_cancelled_when_the_call_ends() -> None:
    office = Office()
    phone = Phone(office)
    channel, _, _ = answered(office, phone)
    office.command(channel, Hold())
    phone.reply(phone.arrived(), 100)
    office.command(channel, Hangup(CLEAR))
    assert sorted(message.method for message in phone.messages() if isinstance(message, Request)) == [
        "BYE",
        "CANCEL",
    ]
    office.quiet()


def test_section_17_1_1_one_that_was_asked_again_after_a_422_is_cancelled_as_well() -> None:
    office = Office()
    phone = Phone(office)
    channel, _, _ = answered(office, phone)
    office.command(channel, Hold())
    brief = phone.arrived().reply(422)
    brief.headers.set("Min-SE", "7200")
    phone.send(brief)
    ack, again = phone.messages()
    assert isinstance(ack, Request) and isinstance(again, Request)
    assert (ack.method, again.method, again.headers.get("Min-SE")) == ("ACK", "INVITE", "7200")
    phone.reply(again, 100)
    office.command(channel, Hangup(CLEAR))
    assert {message.method for message in phone.messages() if isinstance(message, Request)} == {"BYE", "CANCEL"}


def test_where_there_is_no_room_for_a_reinvite_it_waits_and_the_call_goes_on() -> None:
    office = Office()
    phone = Phone(office)
    channel, _, _ = answered(office, phone)
    layer = office.stack._carrier._layer
    limit, layer._limit = layer._limit, 0
    office.command(channel, Hold())
    assert phone.messages() == [] and office.events() == []
    layer._limit = limit
    office.wait(4.1)
    hold = phone.messages()[0]
    assert isinstance(hold, Request) and hold.method == "INVITE" and b"a=sendonly" in hold.body


def test_section_16_6_a_reinvite_that_is_never_answered_is_cancelled_by_timer_c_and_the_call_goes_on() -> None:
    office = Office()
    phone = Phone(office)
    channel, _, _ = answered(office, phone)
    office.command(channel, Hold())
    hold = phone.arrived()
    phone.reply(hold, 100)
    office.wait(TimerConfig().ringing + 0.2)
    cancel = phone.arrived()
    assert (cancel.method, cancel.cseq.number) == ("CANCEL", hold.cseq.number)
    phone.reply(cancel, 200)
    phone.reply(hold, 487)
    assert phone.arrived().method == "ACK"
    assert not any(isinstance(event, Released) for event in office.events())
    office.command(channel, Hold())
    assert phone.arrived().method == "INVITE"
    office.command(channel, Hangup(CLEAR))
    office.quiet()


def test_section_9_1_a_reinvite_whose_cancel_is_not_heeded_either_ends_the_call() -> None:
    office = Office()
    phone = Phone(office)
    channel, _, _ = answered(office, phone)
    office.command(channel, Hold())
    phone.reply(phone.arrived(), 100)
    office.wait(TimerConfig().ringing + 1 + TimerConfig().patience + 1)
    assert any(isinstance(event, Released) for event in office.events())
    office.quiet()


def test_a_repeated_200_to_our_reinvite_is_acknowledged_again() -> None:
    office = Office()
    phone = Phone(office)
    channel, _, _ = answered(office, phone)
    office.command(channel, Hold())
    hold = phone.arrived()
    for _ in range(3):
        phone.reply(hold, 200, body=session_description(lines=("a=recvonly",)))
    acks = phone.messages()
    assert [message.serialise() for message in acks] == [acks[0].serialise()] * 3


def test_hold_and_resume_at_once_send_one_invite_after_the_other() -> None:
    office = Office()
    phone = Phone(office)
    channel, _, _ = answered(office, phone)
    office.command(channel, Hold())
    office.command(channel, Resume())
    hold = phone.arrived()
    phone.reply(hold, 200, body=session_description(lines=("a=recvonly",)))
    ack, resume = phone.messages()
    assert isinstance(ack, Request) and ack.method == "ACK"
    assert isinstance(resume, Request) and b"a=sendrecv" in resume.body


@pytest.mark.parametrize("answer_waits", [True, False])
def test_section_14_1_a_hold_before_the_answer_is_offered_once_that_has_its_ack(answer_waits: bool) -> None:
    office = Office()
    phone = Phone(office)
    invite = phone.invite("101", headers=(("Supported", "100rel"),))
    channel = offered(office)
    if answer_waits:  # for the PRACK (RFC 3262 section 3)
        office.command(channel, EarlyMedia())
    progress = phone.messages()[-1]
    if answer_waits:
        office.command(channel, Answer())
    office.command(channel, Hold())
    if answer_waits:
        assert isinstance(progress, Response)
        rack = f"{progress.headers.get('RSeq')} {progress.cseq}"
        phone.send(phone.within(invite, progress, "PRACK", 3, headers=(("RAck", rack),)))
    else:
        office.command(channel, Answer())
    ok = phone.messages()[-1]
    assert isinstance(ok, Response) and ok.summary == "200 OK" and ok.cseq.method == "INVITE"
    phone.send(phone.ack(invite, ok))
    hold = phone.arrived()
    assert hold.method == "INVITE" and b"a=sendonly" in hold.body
    phone.reply(hold, 200, body=session_description(lines=("a=recvonly",)))
    assert phone.arrived().method == "ACK"


def test_section_14_1_a_hold_of_who_has_not_answered_yet_is_offered_then_and_one_taken_back_is_not() -> None:
    for taken_back in (False, True):
        office = Office()
        phone = Phone(office)
        phone.register()
        channel = office.stack.channel("6001", office.clock.now)
        office.command(channel, Dial("6001", Party("101")))
        invite = phone.arrived()
        office.command(channel, Hold())
        if taken_back:
            office.command(channel, Resume())
        assert phone.messages() == []
        phone.reply(invite, 200, body=session_description())
        assert [message.method for message in phone.messages() if isinstance(message, Request)] == (
            ["ACK"] if taken_back else ["ACK", "INVITE"]
        )


def test_glare_is_answered_491_and_met_with_a_wait() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite, ok = answered(office, phone)
    office.command(channel, Hold())
    ours = phone.arrived()
    theirs = phone.within(invite, ok, "INVITE", 3, session_description(lines=("a=sendonly",)))
    phone.send(theirs)
    clash = phone.response()
    assert clash.status == 491
    phone.send(phone.ack(theirs, clash))
    phone.reply(ours, 491)
    assert phone.arrived().method == "ACK"
    office.wait(2.01)  # we did not choose the Call-ID: up to 2 s
    again = phone.messages()[0]
    assert isinstance(again, Request) and again.method == "INVITE" and b"a=sendonly" in again.body
    phone.reply(again, 200, body=session_description(lines=("a=recvonly",)))
    assert phone.arrived().method == "ACK"


def test_a_refused_hold_leaves_the_call_up() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite, ok = answered(office, phone)
    office.command(channel, Hold())
    phone.reply(phone.arrived(), 488)
    assert phone.arrived().method == "ACK"
    assert office.events() == [] and channel.audio is not None
    again = phone.within(invite, ok, "INVITE", 3, session_description())
    phone.send(again)
    phone.send(phone.ack(again, phone.response()))
    assert phone.messages() == []  # what was refused is not offered again by itself
    office.command(channel, Hold())
    assert phone.arrived().method == "INVITE"  # may be asked for again


@pytest.mark.parametrize("status", [404, 408, 410, 416, 481, 482, 483, 484, 485, 502, 604])
def test_rfc_5057_section_5_1_a_hold_that_finds_no_dialog_ends_the_call(status: int) -> None:
    office = Office()
    phone = Phone(office)
    channel, _, _ = answered(office, phone)
    office.command(channel, Hold())
    phone.reply(phone.arrived(), status)
    assert [message.method for message in phone.messages() if isinstance(message, Request)] == ["ACK", "BYE"]
    ending = ended(office)
    assert ending.act is Act.VANISHED and ending.evidence.startswith(f"our re-INVITE was refused with {status} ")
    office.quiet()


@pytest.mark.parametrize("status", [400, 403, 405, 415, 420, 480, 486, 488, 500, 501, 503, 600, 603, 606])
def test_rfc_5057_section_5_1_any_other_refusal_leaves_the_call_as_it_is(status: int) -> None:
    """Of 405, 480 and 501 it says that they may end it; RFC 3261 section 14.1 has the call go on."""
    office = Office()
    phone = Phone(office)
    channel, invite, ok = answered(office, phone)
    office.command(channel, Hold())
    phone.reply(phone.arrived(), status)
    assert phone.arrived().method == "ACK"
    office.wait(40)
    assert office.events() == [] and channel.audio is not None and phone.messages() == []
    phone.send(phone.within(invite, ok, "BYE", 3))
    assert phone.response().status == 200


def test_bye_during_our_reinvite_ends_the_call() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite, ok = answered(office, phone)
    office.command(channel, Hold())
    hold = phone.arrived()
    phone.send(phone.within(invite, ok, "BYE", 3))
    assert phone.response().status == 200
    assert ended(office).evidence == "BYE"
    phone.reply(hold, 200, body=session_description())
    assert phone.arrived().method == "ACK"
    office.quiet()


def test_requests_out_of_order_are_refused() -> None:
    office = Office()
    phone = Phone(office)
    _, invite, ok = answered(office, phone)
    phone.send(phone.within(invite, ok, "BYE", 1))
    assert phone.response().status == 500
    assert office.events() == []


@pytest.mark.parametrize(
    ("kind", "body", "digit"),
    [
        ("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n", Digit("5", 0.16, INFO)),
        ("application/dtmf-relay", b"signal= # \nduration= 99999999", Digit("#", 0.0, INFO)),
        ("application/dtmf-relay", b"Signal=11", Digit("#", 0.0, INFO)),
        ("application/dtmf", b"a", Digit("A", 0.0, INFO)),
        ("application/dtmf-relay", b"Signal=hf\r\n", Flash()),
        ("application/dtmf", b"16", Flash()),
        ("application/hook-flash", b"", Flash()),
        ("application/hook-flash", b"whatever", Flash()),
    ],
)
def test_a_digit_or_flash_as_info_is_heard(kind: str, body: bytes, digit: Digit | Flash) -> None:
    office = Office()
    phone = Phone(office)
    _, invite, ok = answered(office, phone)
    phone.send(phone.within(invite, ok, "INFO", 3, body, headers=(("Content-Type", kind),)))
    assert phone.response().status == 200
    assert office.events() == [digit]


@pytest.mark.parametrize(
    ("kind", "body"), [("application/dtmf-relay", b"Signal=55"), ("application/xml", b"<x/>"), ("nothing", b"5")]
)
def test_an_info_that_is_no_digit_is_refused(kind: str, body: bytes) -> None:
    office = Office()
    phone = Phone(office)
    _, invite, ok = answered(office, phone)
    phone.send(phone.within(invite, ok, "INFO", 3, body, headers=(("Content-Type", kind),)))
    assert phone.response().status in (400, 415)
    assert office.events() == []


@pytest.mark.parametrize(
    ("events", "sent"), [("0-15", "INFO"), (None, "INFO"), ("0-16", "event"), ("0-11,16", "event")]
)
def test_a_flash_goes_as_an_event_where_the_telephone_takes_it_else_as_info(events: str | None, sent: str) -> None:
    """RFC 4733 section 2.4.1: what the list in a=fmtp leaves out is not sent."""
    office = Office()
    phone = Phone(office)
    fmtp = (f"a=fmtp:101 {events}",) if events else ()
    invite = phone.invite("101", body=session_description(lines=fmtp))
    leg = offered(office)
    office.command(leg, Answer())
    phone.send(phone.ack(invite, next(m for m in phone.messages() if isinstance(m, Response) and m.status == 200)))
    office.command(leg, SendFlash())
    [row] = office.desk.rows
    if sent == "event":
        assert row.heard == ["flash"] and phone.messages() == []
        return
    info = phone.arrived()
    assert (info.method, info.headers.get("Content-Type")) == ("INFO", "application/hook-flash")
    assert info.body == b"Signal=hf\r\n" and row.heard == []


def test_options_and_an_empty_info_in_a_call_are_answered() -> None:
    office = Office()
    phone = Phone(office)
    _, invite, ok = answered(office, phone)
    for number, method in ((3, "OPTIONS"), (4, "INFO")):
        phone.send(phone.within(invite, ok, method, number))
        assert phone.response().status == 200


def test_a_lost_connection_ends_the_calls_that_lived_on_it() -> None:
    office = Office()
    phone = Phone(office, transport="tcp")
    other = Phone(office, "6002", host="192.0.2.61")
    channel, _, _ = answered(office, phone)
    kept, _, _ = answered(office, other)
    lose(office, phone.flow)
    assert phone.arrived().method == "OPTIONS" and office.events() == []
    lose(office, phone.flow)  # nor can another be made
    ending = ended(office)
    assert ending.act is Act.VANISHED and "tcp:192.0.2.60:5070" in ending.evidence
    assert channel.audio is None and kept.audio is not None


@pytest.mark.parametrize("status", [200, 401, 501, 408, 481])
def test_section_18_where_the_peer_listens_its_call_goes_on_by_another_connection(status: int) -> None:
    """RFC 5923 section 9.1: also where the port that it names is not the one from which it had connected."""
    office = Office()
    phone = Phone(office, transport="tcp", port=40123)
    there = Phone(office, transport="tcp", port=5060)
    headers = (("Contact", f"<sip:6001@{there.host};transport=tcp>"),)
    invite = phone.invite("101", headers=headers)
    channel = offered(office)
    phone.messages()
    office.command(channel, Answer())
    phone.send(phone.ack(invite, phone.response()))
    lose(office, phone.flow)
    there.reply(there.arrived(), status, contact=False)
    if status in (408, 481):
        assert ended(office).evidence == "the connection tcp:192.0.2.60:40123 was lost"
        office.quiet()
        return
    office.wait(40)
    assert office.events() == []
    office.command(channel, Hangup(CLEAR))
    assert there.arrived().method == "BYE" and phone.messages() == []


def test_section_18_a_proxy_that_closes_what_is_idle_keeps_the_calls_through_it() -> None:
    office = Office()
    proxy, there = (Phone(office, transport="tcp", port=port) for port in (40123, 5080))
    route = f"<sip:{proxy.host}:5080;transport=tcp;lr>"
    headers = (("Record-Route", route), ("Contact", "<sip:6001@198.51.100.7>"))
    invite = proxy.invite("101", headers=headers)
    channel = offered(office)
    proxy.messages()
    office.command(channel, Answer())
    proxy.send(proxy.ack(invite, proxy.response()))
    lose(office, proxy.flow)
    options = there.arrived()
    assert options.method == "OPTIONS" and [str(each) for each in options.route] == [route]
    there.reply(options, 200, contact=False)
    office.command(channel, Hold())
    assert there.arrived().method == "INVITE" and office.events() == []


def test_section_18_who_calls_again_by_a_connection_of_its_own_is_not_given_up() -> None:
    office = Office()
    phone, again = (Phone(office, transport="tcp", port=port) for port in (40123, 40124))
    channel, invite, ok = answered(office, phone)
    lose(office, phone.flow)
    again.send(again.within(invite, ok, "OPTIONS", 9))
    assert again.response().status == 200
    office.wait(40)  # no connection to where it says that it is
    assert office.events() == []
    office.command(channel, Hangup(CLEAR))
    assert again.arrived().method == "BYE"


@pytest.mark.parametrize(
    ("contact", "transport"),
    [
        ("sip:6001@10.0.0.9:5060;transport=tcp", "tcp"),
        ("sip:6001@192.0.2.60:5070;transport=ws", "ws"),
        ("sip:6001@df7jal23ls0d.invalid;transport=ws", "ws"),
        ("sip:6001@df7jal23ls0d.invalid;transport=tcp", "tcp"),
        ("sip:6001@telephone.example.com;transport=ws", "ws"),
    ],
)
def test_who_is_behind_nat_or_in_a_browser_is_gone_with_its_connection(contact: str, transport: str) -> None:
    office = Office(listening=("ws",))
    phone = Phone(office, transport=transport)
    invite = phone.invite("101", headers=(("Contact", f"<{contact}>"),))
    channel = offered(office)
    phone.messages()
    office.command(channel, Answer())
    phone.send(phone.ack(invite, phone.response()))
    lose(office, phone.flow)
    assert ended(office).act is Act.VANISHED
    assert phone.messages() == []


def lose(office: Office, flow: Flow) -> None:
    """The connection that `flow` is closes, or cannot be made."""
    office.stack.lost(flow, office.clock.now)
    office.drain()


def caller_and_where_it_listens(office: Office, transport: str = "tcp") -> tuple[Phone, Phone]:
    """One telephone, by the connection that it has made, and at the port that its Via names."""
    phone, there = (Phone(office, transport=transport, port=5070) for _ in range(2))
    phone.flow = phone.flow._replace(remote=(phone.host, 40123))
    return phone, there


def test_section_18_2_2_a_call_whose_connection_closes_is_answered_by_another() -> None:
    """What was said last goes there at once; so do the answer and what follows."""
    office = Office()
    phone, there = caller_and_where_it_listens(office)
    invite = phone.invite("101")
    channel = offered(office)
    office.command(channel, Alert())
    phone.messages()
    lose(office, phone.flow)
    assert there.response().status == 180 and office.events() == []
    office.command(channel, Answer())
    ok = there.response()
    assert (ok.status, ok.via.branch) == (200, invite.via.branch)
    there.send(there.ack(invite, ok))
    office.wait(40)
    assert office.events() == [] and phone.messages() == []
    office.command(channel, Hangup(CLEAR))
    there.reply(there.arrived(), 200, contact=False)
    office.quiet()


def test_section_18_2_2_a_refusal_goes_by_another_connection() -> None:
    office = Office()
    phone, there = caller_and_where_it_listens(office)
    invite = phone.invite("101")
    channel = offered(office)
    phone.messages()
    lose(office, phone.flow)
    assert there.response().status == 100
    office.command(channel, Hangup(Ending(Cause.USER_BUSY, "101", Act.REFUSED, "486")))
    busy = there.response()
    assert busy.status == 486
    there.send(there.ack(invite, busy))
    office.quiet()


def test_section_18_2_2_a_200_that_went_into_a_dead_connection_is_repeated_by_another() -> None:
    office = Office()
    phone, there = caller_and_where_it_listens(office)
    invite = phone.invite("101", headers=(("Contact", "<sip:6001@192.0.2.60:5070;transport=tcp>"),))
    channel = offered(office)
    office.command(channel, Answer())
    phone.messages()
    lose(office, phone.flow)
    office.wait(0.6)
    ok, options = sorted(there.messages(), key=lambda message: isinstance(message, Request))
    assert isinstance(options, Request) and options.method == "OPTIONS"
    assert isinstance(ok, Response) and ok.status == 200
    there.send(there.ack(invite, ok))
    there.reply(options, 200, contact=False)
    office.wait(40)
    assert office.events() == [] and channel.audio is not None


def test_section_9_2_a_caller_withdraws_by_another_connection() -> None:
    office = Office()
    phone, there = caller_and_where_it_listens(office)
    invite = phone.invite("101")
    offered(office)
    lose(office, phone.flow)
    there.messages()
    there.send(there.request("CANCEL", str(invite.uri), to=str(invite.to), number=2, branch=invite.via.branch))
    assert sorted(there.statuses()) == [200, 487]
    assert ended(office).act is Act.CANCELLED


def test_a_caller_to_whom_no_other_connection_can_be_made_has_left() -> None:
    office = Office()
    phone, there = caller_and_where_it_listens(office)
    phone.invite("101")
    offered(office)
    lose(office, phone.flow)
    assert there.response().status == 100 and office.events() == []
    lose(office, there.flow)
    ending = ended(office)
    assert ending.act is Act.VANISHED and ending.evidence == "the connection tcp:192.0.2.60:5070 was lost"
    office.quiet()


def test_a_caller_that_connected_from_where_it_listens_is_tried_there_once() -> None:
    office = Office()
    phone = Phone(office, transport="tcp")
    phone.invite("101")
    offered(office)
    phone.messages()
    lose(office, phone.flow)
    assert phone.response().status == 100 and office.events() == []
    lose(office, phone.flow)
    assert ended(office).act is Act.VANISHED and phone.messages() == []
    office.quiet()


@pytest.mark.parametrize(
    ("host", "transport"), [("10.0.0.9", "tcp"), ("192.0.2.60", "ws"), ("df7jal23ls0d.invalid", "tcp")]
)
def test_a_caller_behind_nat_or_in_a_browser_is_gone_before_the_answer_too(host: str, transport: str) -> None:
    office = Office(listening=("ws",))
    phone = Phone(office, transport=transport)
    phone.host = host
    phone.invite("101")
    offered(office)
    phone.messages()
    lose(office, phone.flow)
    assert ended(office).act is Act.VANISHED and phone.messages() == []
    office.quiet()


def test_section_17_1_1_neither_is_the_next_reinvite_left_that_the_answer_to_one_has_called_for() -> None:
    office = Office()
    phone = Phone(office)
    channel, _, _ = answered(office, phone)
    office.command(channel, Hold())
    hold = phone.arrived()
    office.command(channel, Resume())
    phone.reply(hold, 200, body=session_description(lines=("a=recvonly",)))
    (resume,) = [asked for asked in phone.messages() if isinstance(asked, Request) and asked.method == "INVITE"]
    phone.reply(resume, 180)
    office.command(channel, Hangup(CLEAR))
    methods = [message.method for message in phone.messages() if isinstance(message, Request)]
    assert sorted(methods) == ["BYE", "CANCEL"]
    office.quiet()


@pytest.mark.parametrize("together", [True, False])
def test_rfc_3261_10_2_2_who_takes_his_old_contact_back_as_he_registers_anew_takes_his_call_along(
    together: bool,
) -> None:
    """Its NAT has another public address, which the telephone, or the office behind it, writes into its Contact."""
    office = Office()
    old, new = Phone(office, host="203.0.113.60"), Phone(office, host="203.0.113.77")
    old.register(call_id="here")
    channel, _, _ = answered(office, old)
    gone = (f"<sip:6001@203.0.113.60:{old.port}>;expires=0",) if together else ()
    rows = (f"<sip:6001@203.0.113.77:{new.port}>", *gone)
    headers = tuple(("Contact", row) for row in rows)
    new.proved(new.request("REGISTER", f"sip:{SERVER[0]}", call_id="here", number=5, headers=headers))
    new.messages()
    old.messages()
    office.command(channel, Hangup(CLEAR))
    assert (new if together else old).arrived().method == "BYE", "another telephone of the account is another one"


@pytest.mark.parametrize("stays", [True, False])
def test_who_is_reached_elsewhere_takes_along_what_is_its_own(stays: bool) -> None:
    """Both come by one border controller, which one has left: the calls of the other are not sent after it."""
    office = Office()
    one, other = (Phone(office, user, host="203.0.113.60", port=5060) for user in ("6001", "6002"))
    calls = []
    for phone in (one, other):
        phone.messages()
        assert phone.register(call_id=phone.user).status == 200
        office.happened.clear()
        calls.append(answered(office, phone, call_id=f"{phone.user}-call")[0])
    if not stays:
        one.messages()
        assert one.register(call_id=one.user, expires=0, number=5).status == 200
    elsewhere = Phone(office, "6002", host="203.0.113.77")
    contact = (("Contact", "<sip:6002@203.0.113.60:5060>"),)
    elsewhere.proved(elsewhere.request("REGISTER", f"sip:{SERVER[0]}", call_id="6002", number=5, headers=contact))
    for phone in (one, elsewhere):
        phone.messages()
    office.command(calls[1], Hangup(CLEAR))
    assert elsewhere.arrived().method == "BYE"
    office.command(calls[0], Hangup(CLEAR))
    assert (one if stays else elsewhere).arrived().method == "BYE", "a telephone with two lines has one way"
