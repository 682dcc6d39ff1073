"""One leg that calls several telephones (RFC 3261 sections 16.6, 16.7, 8.1.3.4), as conversations."""

from __future__ import annotations

import pytest

from gateway.core.carried import PREFERENCES
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import Alerting, Answered, Dial, Diverted, Hangup, Progress, Released
from gateway.core.number import Party
from gateway.sip.channel import SipChannel
from gateway.sip.config import SipConfig
from gateway.sip.message import Request
from gateway.sip.names import AddressRecord, Kind, Question, Reply
from gateway.sip.outfit import LegsConfig
from gateway.sip.redirection import Redirects
from gateway.sip.transport import Flow
from tests.support.sip import SERVER, Office, Phone, session_description

CLEAR = Ending(Cause.NORMAL_CLEARING, "telephone 101", Act.HUNG_UP, "ONHOOK")


def registered(office: Office, host: str, q: str = "1", user: str = "6001", transport: str = "udp") -> Phone:
    phone = Phone(office, user, host=host, transport=transport)
    contact = ("Contact", f"<sip:{user}@{host}:5070>;q={q}")
    phone.proved(
        phone.request(
            "REGISTER", "sip:192.0.2.1", headers=(("Expires", "3600"), contact), call_id=f"register-{host}"
        )
    )
    assert phone.response().status == 200
    return phone


def dial(office: Office, user: str = "6001") -> SipChannel:
    office.heard()
    channel = office.stack.channel(user, office.clock.now)
    office.command(channel, Dial(user, Party("101", "Reception")))
    return channel


def methods(phone: Phone) -> list[str]:
    return [message.method for message in phone.messages() if isinstance(message, Request)]


def ended(office: Office) -> Ending:
    (event,) = office.events()
    assert isinstance(event, Released)
    return event.ending


def test_section_16_6_equals_ring_together_as_calls_of_their_own() -> None:
    office = Office()
    desk, hall = registered(office, "192.0.2.60"), registered(office, "192.0.2.61")
    dial(office)
    one, two = desk.arrived(), hall.arrived()
    assert one.call_id != two.call_id and one.from_.tag != two.from_.tag
    assert (str(one.uri), str(two.uri)) == ("sip:6001@192.0.2.60:5070", "sip:6001@192.0.2.61:5070")
    assert office.desk.open == 1
    desk.reply(one, 180)
    hall.reply(two, 180)
    assert office.events() == [Alerting()]


def test_section_16_7_the_first_answer_wins_and_the_other_is_told_that_it_was_completed_elsewhere() -> None:
    office = Office()
    desk, hall = registered(office, "192.0.2.60"), registered(office, "192.0.2.61")
    channel = dial(office)
    one, two = desk.arrived(), hall.arrived()
    desk.reply(one, 180)
    hall.reply(two, 180)
    hall.reply(two, 200, body=session_description(42000))
    assert methods(hall) == ["ACK"]
    cancel = desk.arrived()
    assert cancel.method == "CANCEL" and (cancel.headers.get("Reason") or "").startswith("SIP;cause=200")
    desk.reply(cancel, 200)
    desk.reply(one, 487)
    assert methods(desk) == ["ACK"]
    assert office.events() == [Alerting(), Answered("200 OK")]
    assert office.desk.rows[0].remotes[-1][1] == 42000
    office.command(channel, Hangup(CLEAR))
    assert methods(hall) == ["BYE"] and methods(desk) == []
    office.quiet()


def test_section_16_7_an_answer_that_crosses_our_cancel_is_acknowledged_and_ended() -> None:
    office = Office()
    desk, hall = registered(office, "192.0.2.60"), registered(office, "192.0.2.61")
    channel = dial(office)
    one, two = desk.arrived(), hall.arrived()
    desk.reply(one, 180)
    hall.reply(two, 200, body=session_description(42000))
    desk.reply(one, 200, body=session_description(41000))
    assert methods(desk) == ["CANCEL", "ACK", "BYE"] and methods(hall) == ["ACK"]
    assert office.desk.rows[0].remotes[-1][1] == 42000 and channel.audio is not None
    office.command(channel, Hangup(CLEAR))
    office.quiet()


def test_early_media_is_that_of_the_first_and_the_answers_is_that_of_the_winner() -> None:
    office = Office()
    desk, hall = registered(office, "192.0.2.60"), registered(office, "192.0.2.61")
    dial(office)
    one, two = desk.arrived(), hall.arrived()
    desk.reply(one, 183, body=session_description(41000))
    hall.reply(two, 183, body=session_description(42000))
    assert [remote[1] for remote in office.desk.rows[0].remotes] == [41000]
    hall.reply(two, 200)
    assert [remote[1] for remote in office.desk.rows[0].remotes] == [41000, 42000]
    assert office.events()[0] == Progress()


def test_section_16_6_the_less_preferred_are_tried_when_the_others_have_failed() -> None:
    office = Office()
    first = registered(office, "192.0.2.60", "1", transport="tcp")
    second = registered(office, "192.0.2.61", "0.5")
    dial(office)
    invite = first.arrived()
    assert second.messages() == []
    first.reply(invite, 503)
    assert methods(first) == ["ACK"]
    second.reply(second.arrived(), 486)
    assert ended(office).cause is Cause.USER_BUSY
    office.quiet()


def test_a_telephone_that_is_gone_gives_way_to_the_next() -> None:
    office = Office()
    first = registered(office, "192.0.2.60", "1", transport="tcp")
    second = registered(office, "192.0.2.61", "0.5")
    dial(office)
    assert methods(first) == ["INVITE"]
    office.stack.lost(first.flow, office.clock.now)
    office.drain()
    assert methods(second) == ["INVITE"]


def test_the_less_preferred_have_their_turn_after_20_s_of_ringing() -> None:
    office = Office()
    first, second = registered(office, "192.0.2.60", "1"), registered(office, "192.0.2.61", "0.5")
    channel = dial(office)
    first.reply(first.arrived(), 180)
    office.wait(20.1)
    cancel = first.arrived()
    assert cancel.method == "CANCEL"
    first.reply(cancel, 200)
    second.reply(second.arrived(), 200, body=session_description())
    assert office.events() == [Alerting(), Answered("200 OK")]
    office.command(channel, Hangup(CLEAR))
    office.quiet()


@pytest.mark.parametrize(
    ("statuses", "cause"),
    [
        ((486, 408), Cause.USER_BUSY),
        ((503, 480), Cause.NO_USER_RESPONDING),
        ((503, 404), Cause.UNALLOCATED_NUMBER),
        ((500, 486), Cause.USER_BUSY),
        ((488, 486), Cause.USER_BUSY),  # one telephone is busy: that another one lacks a codec says less
    ],
)
def test_section_16_7_the_failure_that_says_most_is_told(statuses: tuple[int, int], cause: Cause) -> None:
    office = Office()
    phones = registered(office, "192.0.2.60"), registered(office, "192.0.2.61")
    dial(office)
    for phone, status in zip(phones, statuses, strict=True):
        phone.reply(phone.arrived(), status)
    assert ended(office).cause is cause
    office.quiet()


def test_section_16_7_step_5_a_6xx_ends_it_for_all() -> None:
    office = Office()
    desk, hall = registered(office, "192.0.2.60"), registered(office, "192.0.2.61")
    third = registered(office, "192.0.2.62", "0.1")
    dial(office)
    one, two = desk.arrived(), hall.arrived()
    hall.reply(two, 180)
    desk.reply(one, 603)
    assert methods(hall) == ["CANCEL"] and methods(third) == []
    assert office.events()[-1] == Released(Ending(Cause.CALL_REJECTED, "account 6001", Act.REFUSED, "603 Decline"))


def test_giving_up_cancels_every_telephone() -> None:
    office = Office()
    desk, hall = registered(office, "192.0.2.60"), registered(office, "192.0.2.61")
    later = registered(office, "192.0.2.62", "0.1")
    channel = dial(office)
    for phone in (desk, hall):
        phone.reply(phone.arrived(), 180)
    office.command(channel, Hangup(CLEAR))
    assert methods(desk) == methods(hall) == ["CANCEL"]
    office.wait(60)
    assert methods(later) == [] and not any(isinstance(event, Released) for event in office.events())
    office.quiet()


# Redirections.


def redirect(phone: Phone, contact: str, status: int = 302) -> None:
    response = phone.arrived().reply(status, to_tag="below")
    response.headers.set("Contact", contact)
    phone.send(response)


def test_section_8_1_3_4_a_redirection_to_an_account_is_followed() -> None:
    office = Office()
    phone, colleague = registered(office, "192.0.2.60"), registered(office, "192.0.2.70", user="6002")
    dial(office)
    redirect(phone, "<sip:6002@192.0.2.1>")
    invite = colleague.arrived()
    assert str(invite.uri) == "sip:6002@192.0.2.70:5070"
    assert invite.headers.get("Diversion") == "<sip:6001@192.0.2.1>;reason=deflection"
    colleague.reply(invite, 200, body=session_description())
    assert office.events() == [Answered("200 OK")]


def test_section_8_1_3_4_a_contact_that_cannot_be_read_takes_no_other_along() -> None:
    office = Office()
    phone, colleague = registered(office, "192.0.2.60"), registered(office, "192.0.2.70", user="6002")
    dial(office)
    redirect(phone, "<sip:6002@>;q=1, nowhere, <sip:6002@192.0.2.1>;q=0.5")
    assert str(colleague.arrived().uri) == "sip:6002@192.0.2.70:5070"


def test_where_one_telephone_redirects_the_others_ring_on_and_it_is_called_beside_them() -> None:
    office = Office()
    desk, hall = registered(office, "192.0.2.60"), registered(office, "192.0.2.61")
    last, colleague = registered(office, "192.0.2.62", "0.1"), registered(office, "192.0.2.70", user="6002")
    dial(office)
    asked = desk.arrived()
    for phone, invite in ((desk, asked), (hall, hall.arrived())):
        phone.reply(invite, 180)
    office.wait(15)
    response = asked.reply(302, to_tag="below")
    response.headers.set("Contact", "<sip:6002@192.0.2.1>")
    desk.send(response)
    assert str(colleague.arrived().uri) == "sip:6002@192.0.2.70:5070"
    office.wait(19)
    assert methods(last) == methods(hall) == [], "it rings for as long as the others did"
    office.wait(1.1)
    assert methods(hall) == ["CANCEL"] and methods(last) == ["INVITE"]


@pytest.mark.parametrize(
    ("policy", "contact", "status"),
    [
        (Redirects.REFUSED, "<sip:6002@192.0.2.1>", 302),
        (Redirects.OFFICE, "<sip:6002@203.0.113.7>", 302),
        (Redirects.OFFICE, "<sip:192.0.2.1>", 302),
        (Redirects.REFUSED, "<tel:+12565550100>", 302),
        (Redirects.OFFICE, "<sip:6003@192.0.2.1>", 305),
        (Redirects.OFFICE, "<sip:x@name.example>", 302),
        (Redirects.ANYWHERE, "<sip:6002@192.0.2.1>", 305),
        (Redirects.ANYWHERE, "<sip:6002@192.0.2.1>", 380),
        (Redirects.ANYWHERE, "<sip:@192.0.2.1>", 302),  # nothing that can be read: it ends the attempt all the same
        (Redirects.ANYWHERE, "nowhere", 302),
    ],
)
def test_a_redirection_that_policy_or_sense_forbids_ends_the_attempt(
    policy: Redirects, contact: str, status: int
) -> None:
    office = Office(SipConfig(legs=LegsConfig(redirects=policy)))
    phone = registered(office, "192.0.2.60")
    registered(office, "192.0.2.70", user="6002")
    dial(office)
    redirect(phone, contact, status)
    assert ended(office).evidence.startswith(str(status))
    office.quiet()


@pytest.mark.parametrize(
    ("contact", "called"),
    [
        ("<sip:6003@192.0.2.1>", "6003"),  # an account without a telephone
        ("<sip:101@copperline>", "101"),  # the realm
        ("<sip:101@PBX.example.com:5060;transport=udp>", "101"),  # as it is written in the telephone
        ("<tel:+1-256-555-0100>", "+12565550100"),
        ("<sip:x@203.0.113.7>, <sip:*98@192.0.2.1>", "*98"),
    ],
)
@pytest.mark.parametrize("policy", [Redirects.OFFICE, Redirects.ANYWHERE])
def test_section_8_1_3_4_a_redirection_to_a_number_of_the_office_is_for_the_dialplan(
    contact: str, called: str, policy: Redirects
) -> None:
    """As telephones send it whose calls are diverted; RFC 5806 4.2.3 for the reason."""
    office = Office(SipConfig(legs=LegsConfig(redirects=policy)))
    phone = Phone(office, host="192.0.2.60")
    phone.proved(phone.request("REGISTER", "sip:pbx.example.com", headers=(("Expires", "600"),)))
    assert phone.response().status == 200
    dial(office)
    response = phone.arrived().reply(302, to_tag="below")
    response.headers.set(
        "Contact", contact if policy is Redirects.OFFICE else contact.replace("<sip:x@203.0.113.7>, ", "")
    )
    response.headers.set("Diversion", "<sip:6001@192.0.2.1>;reason=user-busy")
    phone.send(response)
    diverted, released = office.events()[-2:]
    assert diverted == Diverted(called, "office", "user-busy", outward=policy is Redirects.ANYWHERE)
    assert isinstance(released, Released)
    office.quiet()


def test_rfc_3841_section_9_1_whose_caller_wants_no_recursion_is_not_diverted() -> None:
    office = Office()
    phone = registered(office, "192.0.2.60")
    office.events()
    channel = office.stack.channel("6001", office.clock.now)
    office.command(channel, Dial("6001", Party("101"), {PREFERENCES[2]: "no-recurse"}))
    redirect(phone, "<sip:101@192.0.2.1>")
    assert not [event for event in office.events() if isinstance(event, Diverted)]


def test_a_redirection_anywhere_goes_to_the_address_it_names() -> None:
    office = Office(SipConfig(legs=LegsConfig(redirects=Redirects.ANYWHERE)))
    phone = registered(office, "192.0.2.60")
    other = Phone(office, host="203.0.113.7", port=5066)
    dial(office)
    redirect(phone, "<sip:anna@203.0.113.7:5066>")
    assert str(other.arrived().uri) == "sip:anna@203.0.113.7:5066"


def test_a_redirection_keeps_to_the_transport_that_it_names() -> None:
    office = Office(SipConfig(legs=LegsConfig(redirects=Redirects.ANYWHERE)))
    phone = registered(office, "192.0.2.60")
    dial(office)
    redirect(phone, "<sip:anna@203.0.113.7:5066;transport=tcp>")
    assert office.sent[-1].flow == Flow("tcp", SERVER, ("203.0.113.7", 5066))


def test_a_redirection_to_sips_is_never_taken_off_tls() -> None:
    """RFC 5630 section 4: this office has no TLS, so that there is nowhere to go."""
    office = Office(SipConfig(legs=LegsConfig(redirects=Redirects.ANYWHERE)))
    phone = registered(office, "192.0.2.60")
    dial(office)
    redirect(phone, "<sips:anna@203.0.113.7>")
    assert ended(office).cause is Cause.REDIRECTION_TO_NEW_DESTINATION
    office.quiet()


def test_rfc_5806_section_5_who_redirects_is_told_above_those_who_did_before() -> None:
    office = Office()
    phone, colleague = registered(office, "192.0.2.60"), registered(office, "192.0.2.70", user="6002")
    office.heard()
    channel = office.stack.channel("6001", office.clock.now)
    office.command(channel, Dial("6001", Party("101"), {"REDIRECTING_NUMBER": "300"}))
    redirect(phone, "<sip:6002@192.0.2.1>")
    assert colleague.arrived().headers.all("Diversion") == (
        "<sip:6001@192.0.2.1>;reason=deflection",
        "<sip:300@192.0.2.1>;reason=unknown",
    )


def test_section_8_1_3_4_the_choices_of_a_300_have_their_turns_by_their_q_values() -> None:
    office = Office(SipConfig(legs=LegsConfig(redirects=Redirects.ANYWHERE)))
    phone = registered(office, "192.0.2.60")
    last, first, equal = (Phone(office, host=f"203.0.113.{host}") for host in (7, 8, 9))
    dial(office)
    choices = "<sip:a@203.0.113.7:5070>;q=0.2, <sip:b@203.0.113.8:5070>;q=0.9, <sip:c@203.0.113.9:5070>;q=0.9"
    redirect(phone, choices, 300)
    both = first.arrived(), equal.arrived()
    assert last.messages() == []
    first.reply(both[0], 486)
    assert methods(last) == []
    equal.reply(both[1], 486)
    assert str(last.arrived().uri) == "sip:a@203.0.113.7:5070"


def named(office: Office, *addresses: str) -> None:
    """The name servers answer the only question that is out."""
    question = office.asked.pop()
    assert question == Question("sip.example", Kind.A)
    records = tuple(AddressRecord(address) for address in addresses)
    office.names.receive(Reply(question, records, 60), None, office.clock.now)
    office.drain()


BY_NAME = "<sip:anna@sip.example:5070>"


def test_rfc_3263_a_redirection_to_a_name_is_looked_up_and_followed() -> None:
    office = Office(SipConfig(legs=LegsConfig(redirects=Redirects.ANYWHERE)))
    phone, other = registered(office, "192.0.2.60"), Phone(office, host="203.0.113.7")
    dial(office)
    redirect(phone, BY_NAME)
    assert office.events() == [], "the call waits for the name servers"
    named(office, "203.0.113.7", "203.0.113.8")
    invite = other.arrived()
    assert str(invite.uri) == "sip:anna@sip.example:5070"
    other.reply(invite, 200, body=session_description())
    assert office.events() == [Answered("200 OK")]


def redirected_by_name(office: Office) -> tuple[SipChannel, list[Phone]]:
    """A call that is sent to a name of several servers."""
    phone = registered(office, "192.0.2.60")
    channel = dial(office)
    redirect(phone, BY_NAME)
    servers = [Phone(office, host=f"203.0.113.{host}") for host in range(7, 13)]
    named(office, *(server.host for server in servers))
    return channel, servers


@pytest.mark.parametrize("status", [503, 500, 408])
def test_rfc_3263_section_4_3_of_a_redirection_the_next_server_is_tried_at_once(status: int) -> None:
    office = Office(SipConfig(legs=LegsConfig(redirects=Redirects.ANYWHERE)))
    _, (first, second, *_) = redirected_by_name(office)
    first.reply(first.arrived(), status)
    invite = second.arrived()
    assert str(invite.uri) == "sip:anna@sip.example:5070"
    second.reply(invite, 200, body=session_description())
    assert office.events() == [Answered("200 OK")]


def test_rfc_3263_section_4_3_a_silent_server_of_a_redirection_costs_five_seconds() -> None:
    office = Office(SipConfig(legs=LegsConfig(redirects=Redirects.ANYWHERE)))
    channel, (first, second, *_) = redirected_by_name(office)
    office.wait(4.9)
    assert second.messages() == []
    office.wait(0.2)
    invite = second.arrived()
    second.reply(invite, 100)
    office.wait(10)
    first.messages()
    assert second.messages() == [], "who has said 100 is waited for"
    office.command(channel, Hangup(CLEAR))
    office.quiet()


def test_a_server_that_is_busy_or_at_work_on_the_call_leaves_no_other_to_be_asked() -> None:
    for early, final in ((None, 486), (180, 503)):
        office = Office(SipConfig(legs=LegsConfig(redirects=Redirects.ANYWHERE)))
        _, (first, second, *_) = redirected_by_name(office)
        invite = first.arrived()
        if early:
            first.reply(invite, early)
        first.reply(invite, final)
        assert second.messages() == [] and isinstance(office.events()[-1], Released)
        office.quiet()


def test_four_servers_of_a_redirection_are_enough() -> None:
    office = Office(SipConfig(legs=LegsConfig(redirects=Redirects.ANYWHERE)))
    _, servers = redirected_by_name(office)
    office.wait(200)
    assert [bool(server.messages()) for server in servers] == [True] * 4 + [False] * 2
    assert ended(office).cause is not Cause.NORMAL_CLEARING
    office.quiet()


def test_a_redirection_to_a_name_that_there_is_not_ends_the_attempt() -> None:
    office = Office(SipConfig(legs=LegsConfig(redirects=Redirects.ANYWHERE)))
    phone = registered(office, "192.0.2.60")
    dial(office)
    redirect(phone, BY_NAME)
    named(office)
    assert ended(office).cause is Cause.REDIRECTION_TO_NEW_DESTINATION
    office.quiet()


def test_a_name_that_is_found_too_late_is_called_no_more() -> None:
    office = Office(SipConfig(legs=LegsConfig(redirects=Redirects.ANYWHERE)))
    phone, other = registered(office, "192.0.2.60"), Phone(office, host="203.0.113.7")
    channel = dial(office)
    redirect(phone, BY_NAME)
    office.command(channel, Hangup(CLEAR))
    named(office, "203.0.113.7")
    assert other.messages() == []
    office.quiet()


def test_while_a_name_is_looked_up_another_telephone_may_answer() -> None:
    office = Office(SipConfig(legs=LegsConfig(redirects=Redirects.ANYWHERE)))
    phone, twin, other = (
        registered(office, "192.0.2.60"),
        registered(office, "192.0.2.70"),
        Phone(office, host="203.0.113.7"),
    )
    dial(office)
    redirect(phone, BY_NAME)
    twin.reply(twin.arrived(), 200, body=session_description())
    assert office.events() == [Answered("200 OK")]
    named(office, "203.0.113.7")
    assert other.messages() == []


def test_redirections_in_a_circle_end() -> None:
    office = Office()
    phone, colleague = registered(office, "192.0.2.60"), registered(office, "192.0.2.70", user="6002")
    dial(office)
    redirect(phone, "<sip:6002@192.0.2.1>")
    redirect(colleague, "<sip:6001@192.0.2.1>")
    assert ended(office).cause is Cause.REDIRECTION_TO_NEW_DESTINATION
    office.quiet()
