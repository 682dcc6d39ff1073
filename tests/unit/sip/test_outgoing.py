"""Calls that go out to a registered telephone, as conversations."""

from __future__ import annotations

import pytest

from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import IllegalInput, RemoteError
from gateway.core.messages import (
    Alert,
    Alerting,
    Answer,
    Answered,
    Dial,
    Hangup,
    Hold,
    Proceeding,
    Progress,
    Released,
)
from gateway.core.number import Party, Presentation
from gateway.sip.channel import SipChannel
from gateway.sip.config import SipConfig
from gateway.sip.message import Request
from gateway.sip.strays import FORKS
from tests.support.sip import SERVER, Office, Phone, session_description

TIME_UP = Ending(Cause.NO_ANSWER, "Copperline", Act.CANCELLED, "the dial's time was up")
CALLER = Party("101", "Reception")


def called(office: Office, phone: Phone) -> tuple[SipChannel, Request]:
    """A call to the registered `phone`: the leg, and the INVITE that arrived."""
    phone.register()
    channel = office.stack.technology.channel(phone.user, office.clock.now)
    office.heard()
    office.command(channel, Dial(phone.user, CALLER))
    return channel, phone.arrived()


def ended(office: Office) -> Ending:
    """The ending of the leg that has just been released."""
    (event,) = office.events()
    assert isinstance(event, Released)
    return event.ending


def test_the_invite_goes_where_the_telephone_registered_from() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite = called(office, phone)
    assert str(invite.uri) == "sip:6001@192.0.2.60:5070"
    assert invite.from_.display == "Reception" and str(invite.from_.uri) == "sip:101@192.0.2.1"
    assert invite.from_.tag and invite.to.tag is None
    assert b"m=audio 20000 RTP/AVP 0 8 96 101" in invite.body
    assert channel.name.startswith("SIP/6001-") and channel.audio is not None


def test_a_dialplan_adds_headers_and_none_that_would_change_the_call() -> None:
    office = Office()
    phone = Phone(office)
    phone.register()
    channel = office.stack.technology.channel(phone.user, office.clock.now)
    office.heard()
    told = {"SIPADDHEADER01": "X-Colour: red", "__SIPADDHEADER02": "Via: SIP/2.0/UDP evil", "OTHER": "X-No: 1"}
    office.command(channel, Dial(phone.user, CALLER, told))
    invite = phone.arrived()
    assert invite.headers.get("X-Colour") == "red"
    assert len(invite.headers.all("Via")) == 1 and invite.headers.get("X-No") is None


def test_a_withheld_caller_is_anonymous() -> None:
    office = Office()
    phone = Phone(office)
    phone.register()
    channel = office.stack.channel("6001", office.clock.now)
    office.command(channel, Dial("6001", Party("101", "Reception", Presentation.RESTRICTED)))
    invite = phone.arrived()
    assert str(invite.from_.uri) == "sip:anonymous@anonymous.invalid" and invite.headers.get("Privacy") == "id"
    assert b"Reception" not in invite.serialise() and b"sip:101@" not in invite.serialise()


def test_it_rings_is_answered_and_the_telephone_hangs_up() -> None:
    office = Office()
    phone = Phone(office)
    _, invite = called(office, phone)
    phone.reply(invite, 100)
    phone.reply(invite, 180)
    phone.reply(invite, 200, body=session_description())
    ack = phone.arrived()
    assert ack.method == "ACK" and str(ack.uri) == "sip:6001@192.0.2.60:5070" and ack.to.tag == "below"
    assert office.events() == [Proceeding(), Alerting(audio=False), Answered("200 OK")]
    assert office.desk.rows[0].remotes[-1][:2] == ("192.0.2.60", 40000)
    phone.send(phone.from_below(invite, "below", "BYE"))
    assert phone.response().status == 200
    assert ended(office) == Ending(Cause.NORMAL_CLEARING, "account 6001", Act.HUNG_UP, "BYE")
    office.quiet()


def test_a_repeated_200_is_acknowledged_each_time() -> None:
    office = Office()
    phone = Phone(office)
    _, invite = called(office, phone)
    for _ in range(3):
        phone.reply(invite, 200, body=session_description())
    acks = [message.serialise() for message in phone.messages()]
    assert len(acks) == 3 and len(set(acks)) == 1
    assert len(office.events()) == 1


def test_early_media_is_told_and_heard_before_the_answer() -> None:
    office = Office()
    phone = Phone(office)
    _, invite = called(office, phone)
    phone.reply(invite, 183, body=session_description(41000))
    phone.reply(invite, 180)
    assert office.events() == [Progress(), Alerting(audio=True)]
    assert office.desk.rows[0].remotes[-1][1] == 41000
    phone.reply(invite, 200)
    assert office.events() == [Answered("200 OK")]


def test_unusable_early_media_is_passed_over() -> None:
    office = Office()
    phone = Phone(office)
    _, invite = called(office, phone)
    phone.reply(invite, 183, body=b"nonsense")
    assert office.events() == [Proceeding()]


@pytest.mark.parametrize(
    ("status", "cause", "act"),
    [
        (486, Cause.USER_BUSY, Act.REFUSED),
        (603, Cause.CALL_REJECTED, Act.REFUSED),
        (480, Cause.NO_USER_RESPONDING, Act.DID_NOT_ANSWER),
        (404, Cause.UNALLOCATED_NUMBER, Act.REFUSED),
        (488, Cause.BEARER_CAPABILITY_NOT_IMPLEMENTED, Act.FAILED),
        (500, Cause.TEMPORARY_FAILURE, Act.FAILED),
        (302, Cause.REDIRECTION_TO_NEW_DESTINATION, Act.FAILED),
    ],
)
def test_a_refusal_says_by_whom_and_why(status: int, cause: Cause, act: Act) -> None:
    office = Office()
    phone = Phone(office)
    _, invite = called(office, phone)
    refusal = phone.reply(invite, status)
    assert phone.arrived().method == "ACK"
    ending = ended(office)
    assert (ending.cause, ending.by, ending.act, ending.evidence) == (cause, "account 6001", act, refusal.summary)
    office.quiet()


def test_a_reason_header_knows_better_than_the_status() -> None:
    office = Office()
    phone = Phone(office)
    _, invite = called(office, phone)
    response = invite.reply(480, to_tag="below")
    response.headers.set("Reason", "Q.850;cause=21")
    phone.send(response)
    assert ended(office).cause is Cause.CALL_REJECTED


def test_a_challenge_that_we_cannot_answer_ends_the_call() -> None:
    office = Office()
    phone = Phone(office)
    _, invite = called(office, phone)
    response = invite.reply(401, to_tag="below")
    response.headers.set("WWW-Authenticate", 'Digest realm="x", nonce="n"')
    phone.send(response)
    assert ended(office).evidence == "401 Unauthorized"
    office.quiet()


def test_a_telephone_that_is_silent_is_given_up_after_32_s() -> None:
    office = Office()
    phone = Phone(office)
    called(office, phone)
    office.wait(32)
    ending = ended(office)
    assert ending.cause is Cause.DESTINATION_OUT_OF_ORDER and ending.act is Act.VANISHED
    assert ending.evidence.startswith("no response to INVITE: timer B") and ending.advice
    assert len(phone.messages()) == 6  # timer A: 0.5, 1.5, 3.5, 7.5, 15.5 and 31.5 s
    office.quiet()


def test_a_call_given_up_before_any_response_is_cancelled_after_the_first() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite = called(office, phone)
    office.command(channel, Hangup(TIME_UP))
    assert phone.messages() == []  # RFC 3261 9.1
    phone.reply(invite, 180)
    cancel = phone.arrived()
    assert (cancel.method, cancel.via.branch, cancel.cseq.number) == (
        "CANCEL",
        invite.via.branch,
        invite.cseq.number,
    )
    phone.reply(cancel, 200)
    phone.reply(invite, 487)
    assert phone.arrived().method == "ACK"
    assert office.events() == []
    office.quiet()


def test_a_cancel_that_ends_nothing_is_given_up() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite = called(office, phone)
    phone.reply(invite, 180)
    office.heard()
    office.command(channel, Hangup(TIME_UP))
    assert phone.arrived().method == "CANCEL"
    office.quiet()
    assert office.events() == []


def test_a_200_that_crosses_our_cancel_is_acknowledged_and_ended() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite = called(office, phone)
    phone.reply(invite, 180)
    office.heard()
    office.command(channel, Hangup(TIME_UP))
    assert phone.arrived().method == "CANCEL"
    phone.reply(invite, 200, body=session_description())
    assert [message.method for message in phone.messages() if isinstance(message, Request)] == ["ACK", "BYE"]
    assert office.events() == []
    office.quiet()


def test_rfc_3261_14_1_in_glare_who_chose_the_call_id_waits_longer() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite = called(office, phone)
    phone.reply(invite, 200, body=session_description())
    assert phone.arrived().method == "ACK"
    office.command(channel, Hold())
    phone.reply(phone.arrived(), 491)
    assert phone.arrived().method == "ACK"
    office.wait(2.05)
    assert phone.messages() == []
    office.wait(1.95)  # 2.1 to 4 s
    assert {message.method for message in phone.messages() if isinstance(message, Request)} == {"INVITE"}


def test_a_second_fork_that_answers_is_acknowledged_and_ended() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite = called(office, phone)
    phone.reply(invite, 180, tag="one")
    phone.reply(invite, 180, tag="two")
    phone.reply(invite, 200, tag="two", body=session_description(42000))
    phone.reply(invite, 200, tag="one", body=session_description(41000))
    requests = [message for message in phone.messages() if isinstance(message, Request)]
    assert [(message.method, message.to.tag) for message in requests] == [
        ("ACK", "two"),
        ("ACK", "one"),
        ("BYE", "one"),
    ]
    assert office.desk.rows[0].remotes[-1][1] == 42000 and channel.audio is not None
    office.command(channel, Hangup(TIME_UP))
    assert phone.arrived().to.tag == "two"


def test_section_13_2_2_4_forks_are_not_ended_without_end() -> None:
    """A BYE always finds room, and so whoever answers must not have us send as many of them as it likes."""
    office = Office()
    phone = Phone(office)
    _, invite = called(office, phone)
    for number in range(50):
        phone.reply(invite, 200, tag=f"fork{number}", body=session_description())
    sent = [message.method for message in phone.messages() if isinstance(message, Request)]
    assert sent.count("ACK") == 16 and sent.count("BYE") == 15
    phone.reply(invite, 200, tag="fork0", body=session_description())
    assert phone.arrived().method == "ACK"


@pytest.mark.parametrize("body", [b"", b"nonsense", session_description(formats="18")])
def test_an_answer_without_usable_audio_is_acknowledged_and_ended(body: bytes) -> None:
    office = Office()
    phone = Phone(office)
    _, invite = called(office, phone)
    phone.reply(invite, 200, body=body)
    assert [message.method for message in phone.messages() if isinstance(message, Request)] == ["ACK", "BYE"]
    assert ended(office).act is Act.FAILED
    office.quiet()


def test_an_answer_without_contact_keeps_the_call() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite = called(office, phone)
    phone.reply(invite, 200, body=session_description(), contact=False)
    assert str(phone.arrived().uri) == "sip:6001@192.0.2.60:5070"
    assert channel.audio is not None


def test_requests_go_by_the_route_that_the_answer_recorded() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite = called(office, phone)
    response = invite.reply(200, to_tag="below")
    response.headers.set("Record-Route", "<sip:far.example;lr>, <sip:near.example;lr>")
    response.headers.set("Contact", "<sip:6001@10.0.0.9>")
    response.headers.set("Content-Type", "application/sdp")
    response.body = session_description()
    phone.send(response)
    ack = phone.arrived()  # it cannot wait for name servers
    assert str(ack.uri) == "sip:6001@10.0.0.9"
    assert [str(route.uri) for route in ack.route] == ["sip:near.example;lr", "sip:far.example;lr"]
    office.command(channel, Hold())
    office.named("near.example", phone.host)
    near = Phone(office, host=phone.host, port=5060)
    assert [str(route.uri) for route in near.arrived().route] == ["sip:near.example;lr", "sip:far.example;lr"]


def test_a_lost_connection_ends_the_attempt() -> None:
    office = Office()
    phone = Phone(office, transport="tcp")
    _, invite = called(office, phone)
    assert invite.via.transport == "TCP" and str(invite.contacts[0].uri).endswith(";transport=tcp")
    office.stack.lost(phone.flow, office.clock.now)
    office.drain()
    assert ended(office).evidence == "no response to INVITE: the connection was lost"


def test_nobody_is_dialled_who_has_no_account_or_no_telephone() -> None:
    office = Office()
    for address, cause, said in (
        ("6009", Cause.UNALLOCATED_NUMBER, "no SIP account 6009"),
        ("sip:x@192.0.2.99", Cause.UNALLOCATED_NUMBER, "no SIP account"),
        ("6001", Cause.SUBSCRIBER_ABSENT, "6001 is not registered"),
    ):
        with pytest.raises(RemoteError, match=said) as refusal:
            office.stack.channel(address, office.clock.now)
        assert refusal.value.cause is cause


def test_that_no_row_is_free_is_told_before_the_call() -> None:
    office = Office(rows=1)
    Phone(office).register()
    office.stack.channel("6001", office.clock.now)
    with pytest.raises(RemoteError) as no_row:
        office.stack.channel("6001", office.clock.now)
    assert no_row.value.cause is Cause.RESOURCE_UNAVAILABLE


def test_a_leg_that_is_hung_up_before_it_dials_leaves_nothing() -> None:
    office = Office()
    Phone(office).register()
    channel = office.stack.channel("6001", office.clock.now)
    office.command(channel, Hangup(TIME_UP))
    office.heard()
    office.quiet()


def test_commands_that_make_no_sense_are_refused() -> None:
    office = Office()
    phone = Phone(office)
    channel, _ = called(office, phone)
    for command in (Answer(), Alert(), Dial("6001", CALLER)):
        with pytest.raises(IllegalInput):
            office.command(channel, command)


def test_no_room_for_a_transaction_ends_the_attempt() -> None:
    office = Office(SipConfig(transactions=2))
    phone = Phone(office)
    phone.register()
    channels = [office.stack.channel("6001", office.clock.now) for _ in range(2)]
    for channel in channels:
        office.command(channel, Dial("6001", CALLER))
    (released,) = [event for event in office.events() if isinstance(event, Released)]
    assert released.ending.cause is Cause.SWITCHING_EQUIPMENT_CONGESTION
    assert channels[1].audio is None


def test_rfc_3326_a_leg_that_lost_to_another_is_told_so_in_its_cancel() -> None:
    office = Office()
    phone = Phone(office)
    channel, invite = called(office, phone)
    phone.reply(invite, 180)
    office.heard()
    elsewhere = Ending(Cause.NON_SELECTED_USER_CLEARING, "Copperline", Act.CANCELLED, "another target answered")
    office.command(channel, Hangup(elsewhere))
    reason = phone.arrived().headers.get("Reason") or ""
    assert reason.startswith('SIP;cause=200;text="Call completed elsewhere", Q.850;cause=26')


def test_section_16_7_timer_c_ends_a_call_that_rings_without_a_word_for_three_minutes() -> None:
    office = Office()
    phone = Phone(office)
    _, invite = called(office, phone)
    phone.reply(invite, 180)
    office.wait(170)
    phone.reply(invite, 180)  # said again each minute: the wait begins anew
    office.wait(180)
    assert not any(isinstance(event, Released) for event in office.events())
    office.wait(5.2)
    ending = ended(office)
    assert (ending.cause, ending.act) == (Cause.NO_ANSWER, Act.DID_NOT_ANSWER)
    assert ending.evidence == "timer C after 185 s"
    cancel = phone.arrived()
    assert cancel.method == "CANCEL" and "cause=19" in (cancel.headers.get("Reason") or "")
    phone.reply(cancel, 200)
    phone.reply(invite, 487)
    assert phone.arrived().method == "ACK"
    office.quiet()


def test_section_13_2_2_4_an_answer_long_after_the_end_is_acknowledged_each_time_and_released_once() -> None:
    office = Office()
    phone = Phone(office)
    _, invite = called(office, phone)
    office.wait(40)  # timer B
    assert ended(office).act is Act.VANISHED
    phone.messages()
    for _ in range(2):
        phone.reply(invite, 200, body=session_description())
    ack, bye, again = (message for message in phone.messages() if isinstance(message, Request))
    assert (ack.method, bye.method, again.method) == ("ACK", "BYE", "ACK")
    assert ack.cseq.number == invite.cseq.number and bye.cseq.number == invite.cseq.number + 1
    assert ack.to.tag == bye.to.tag == "below" and ack.from_.tag == invite.from_.tag
    phone.reply(bye, 200)
    office.quiet()


def test_of_many_answers_to_an_invite_given_up_long_ago_few_have_us_send_a_bye() -> None:
    office = Office()
    phone = Phone(office)
    _, invite = called(office, phone)
    office.wait(40)
    phone.messages()
    for number in range(2 * FORKS):
        phone.reply(invite, 200, tag=f"fork{number}", body=session_description())
    sent = [message.method for message in phone.messages() if isinstance(message, Request)]
    assert sent.count("BYE") == FORKS and sent.count("ACK") == 2 * FORKS


def test_an_answer_to_an_invite_that_was_never_ours_gets_nothing() -> None:
    office = Office()
    phone = Phone(office)
    _, invite = called(office, phone)
    office.wait(40)
    phone.messages()
    forged = invite.reply(200, to_tag="forged")
    forged.headers.set("Via", str(invite.via).replace(invite.via.branch or "", "z9hG4bKforged"))
    forged.headers.set("Contact", "<sip:victim@203.0.113.9>")
    phone.send(forged)
    assert phone.messages() == []


def test_section_19_1_5_neither_method_nor_headers_of_a_registered_contact_get_into_a_request() -> None:
    office = Office()
    phone = Phone(office)
    contact = ("Contact", "<sip:6001@192.0.2.60:5070;method=REFER?Refer-To=x>")
    phone.proved(phone.request("REGISTER", f"sip:{SERVER[0]}", headers=(contact, ("Expires", "600"))))
    assert "method=REFER" in str(phone.response().contacts[0]), "it is told back as it was said"
    channel = office.stack.channel("6001", office.clock.now)
    office.command(channel, Dial("6001", Party("101")))
    assert str(phone.arrived().uri) == "sip:6001@192.0.2.60:5070"


@pytest.mark.parametrize(
    ("method", "tag", "status"),
    [
        ("OPTIONS", "below", 200),
        ("INFO", "below", 200),
        ("UPDATE", "below", 200),
        ("REFER", "below", 500),
        ("OPTIONS", "nobody", 481),
    ],
)
def test_section_12_1_who_rings_has_an_early_dialog_in_which_it_may_ask(method: str, tag: str, status: int) -> None:
    """Also without media and 100rel; 481 would tell it that the call is gone (RFC 5057 section 5.1)."""
    office = Office()
    phone = Phone(office)
    phone.register()
    channel = office.stack.channel("6001", office.clock.now)
    office.command(channel, Dial("6001", Party("101")))
    invite = phone.arrived()
    phone.reply(invite, 180)
    for number in (5, 6):
        phone.send(phone.from_below(invite, tag, method, number))
        assert phone.response().status == status
    phone.reply(invite, 200, body=session_description())
    ack = phone.arrived()
    assert ack.method == "ACK" and ack.cseq.number == invite.cseq.number
    phone.send(phone.from_below(invite, "below", "BYE", 7))
    assert phone.response().status == 200
    phone.send(phone.from_below(invite, "below", method, 8))
    assert phone.response().status == 481, "it is over"
    office.quiet()
