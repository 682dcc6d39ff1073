"""Transfer (RFC 3515, 3891, 3892, 3911, 4488, 5589, 7614) at the stack's edge, as conversations."""

from __future__ import annotations

import pytest

from gateway.core.carried import SECURED
from gateway.core.cause import Cause
from gateway.core.messages import (
    Alert,
    Answer,
    Answered,
    Confer,
    Dial,
    Hangup,
    Identified,
    Identify,
    Offered,
    Redirect,
    Released,
    SendText,
    TextReceived,
    TransferAsked,
    TransferTold,
)
from gateway.core.number import Party, Presentation
from gateway.sip.channel import SipChannel
from gateway.sip.config import SipConfig
from gateway.sip.events.dialog_info import Seal
from gateway.sip.events.header import SubscriptionState
from gateway.sip.message import Request, Response
from gateway.sip.session import Intervals, description_of
from tests.support.sip import Office, Phone, session_description
from tests.unit.sip.test_stack import CLEAR


class Talk:
    """A call that a telephone has placed and the office has answered."""

    def __init__(
        self,
        office: Office,
        user: str = "6001",
        *,
        call_id: str = "talk",
        port: int = 5070,
        answer: bool = True,
        transport: str = "udp",
    ) -> None:
        self.office = office
        self.phone = Phone(office, user, port=port, transport=transport)
        self.invite = self.phone.invite("6002", call_id=call_id)
        self.channel: SipChannel
        [(self.channel, self.offered)] = office.heard()
        assert isinstance(self.offered, Offered)
        self.numbers = 10
        self.waiting: list[Request | Response] = []
        self.phone.messages()
        if answer:
            office.command(self.channel, Answer())
            self.ok = self.phone.response()
            self.phone.send(self.phone.ack(self.invite, self.ok))
        else:
            office.command(self.channel, Alert())
            self.ok = self.phone.response()

    def request(self, method: str, *headers: tuple[str, str], body: bytes = b"") -> Request:
        """A request of the telephone within the call, sent."""
        self.numbers += 1
        request = self.phone.within(self.invite, self.ok, method, self.numbers, headers=headers, body=body)
        self.phone.send(request)
        return request

    def refer(self, to: str, *headers: tuple[str, str]) -> Response:
        """The response to a REFER; its NOTIFYs are left in `waiting`."""
        self.request("REFER", ("Refer-To", to), *headers)
        self.waiting = self.phone.messages()
        response = self.waiting.pop(0)
        assert isinstance(response, Response)
        return response

    def notified(self, status: int = 200) -> tuple[str, str]:
        """The only NOTIFY: its fragment and its Subscription-State; it is answered."""
        waiting, self.waiting = [*self.waiting, *self.phone.messages()], []
        assert len(waiting) == 1, [message.summary for message in waiting]
        notify = waiting[0]
        assert isinstance(notify, Request) and notify.method == "NOTIFY", notify.summary
        assert notify.headers.get("Content-Type") == "message/sipfrag;version=2.0"
        self.event = notify.headers.get("Event")
        self.phone.reply(notify, status, contact=False)
        return notify.body.decode().strip(), notify.headers.get("Subscription-State") or ""


def asked(office: Office) -> TransferAsked:
    [event] = office.events()
    assert isinstance(event, TransferAsked)
    return event


def test_rfc_3515_section_4_1_a_blind_transfer_is_asked_for_and_told_to_its_end() -> None:
    office = Office()
    talk = Talk(office)
    response = talk.refer("<sip:101@192.0.2.1>", ("Referred-By", '"Ada" <sip:6001@192.0.2.1>'))
    assert response.status == 202 and response.contacts
    assert asked(office) == TransferAsked("101"), "RFC 3892 section 5: what it claims is not vouched for"
    assert talk.notified() == ("SIP/2.0 100 Trying", "active;expires=180")
    assert talk.event == "refer"
    office.command(talk.channel, TransferTold(final=False))
    assert talk.notified() == ("SIP/2.0 180 Ringing", "active;expires=180")
    office.command(talk.channel, TransferTold())
    assert talk.notified() == ("SIP/2.0 200 OK", "terminated;reason=noresource")
    office.command(talk.channel, Hangup(CLEAR))
    bye = talk.phone.arrived()
    assert bye.method == "BYE"
    talk.phone.reply(bye, 200, contact=False)
    office.quiet()


def test_rfc_3515_section_2_2_a_refer_moves_the_target_of_the_dialog() -> None:
    talk = Talk(Office())
    talk.refer("<sip:101@192.0.2.1>", ("Contact", "<sip:moved@192.0.2.60:5070>"))
    (notify,) = talk.waiting
    assert isinstance(notify, Request) and str(notify.uri) == "sip:moved@192.0.2.60:5070"


def test_rfc_3892_section_2_2_a_referrer_is_believed_of_a_trusted_peer() -> None:
    office = Office()
    talk = Talk(office, "trunk")
    talk.refer("<sip:101@192.0.2.1>", ("Referred-By", '"Ada" <sip:5550100@x>;cid="2@x"'))
    assert asked(office) == TransferAsked("101", referred_by=Party("5550100", "Ada"))


def test_section_2_4_5_a_failed_transfer_tells_why_and_the_call_goes_on() -> None:
    office = Office()
    talk = Talk(office)
    talk.refer("<sip:101@192.0.2.1>")
    talk.notified()
    office.command(talk.channel, TransferTold(Cause.USER_BUSY))
    assert talk.notified() == ("SIP/2.0 486 Busy Here", "terminated;reason=noresource")
    office.events()
    assert talk.refer("<sip:102@192.0.2.1>").status == 202
    assert asked(office).called == "102"
    talk.notified()
    # Section 2.4.6: the second one is told apart by its number.
    assert talk.event == f"refer;id={talk.numbers}"


def test_the_last_notify_goes_out_after_the_bye_that_follows_at_once() -> None:
    office = Office()
    talk = Talk(office)
    talk.refer("<sip:101@192.0.2.1>")
    talk.notified()
    office.command(talk.channel, TransferTold())
    office.command(talk.channel, Hangup(CLEAR))
    assert [message.summary.split()[0] for message in talk.phone.messages()] == ["NOTIFY", "BYE"]
    office.quiet()


def test_rfc_5589_section_6_a_transferor_that_hangs_up_first_gets_an_end_of_its_subscription() -> None:
    office = Office()
    talk = Talk(office)
    talk.refer("<sip:101@192.0.2.1>")
    talk.notified()
    office.events()
    talk.request("BYE")
    [ok, notify] = talk.phone.messages()
    assert ok.summary == "200 OK" and isinstance(notify, Request)
    state = SubscriptionState.parse(notify.headers.get("Subscription-State") or "")
    assert state.is_over and notify.body == b"SIP/2.0 100 Trying\r\n"
    assert isinstance(office.events()[0], Released)
    talk.phone.reply(notify, 200, contact=False)
    office.quiet()


@pytest.mark.parametrize("header", [("Refer-Sub", "false"), ("Require", "nosub")])
def test_rfc_4488_and_7614_no_subscription_where_none_is_wanted(header: tuple[str, str]) -> None:
    office = Office()
    talk = Talk(office)
    response = talk.refer("<sip:101@192.0.2.1>", header)
    assert response.status == 202 and talk.waiting == []
    assert response.headers.get("Refer-Sub") == ("false" if header[0] == "Refer-Sub" else None)
    assert asked(office).called == "101"
    office.command(talk.channel, TransferTold())
    assert talk.phone.messages() == []


@pytest.mark.parametrize(
    ("to", "status"),
    [
        ("sip:101@192.0.2.1, sip:102@192.0.2.1", 400),
        ("<sip:101", 400),
        ("<mailto:a@b>", 416),
        ("<sip:192.0.2.1>", 404),
        ("<sip:101@192.0.2.1;method=BYE>", 603),
        ("<sip:101@192.0.2.1?Replaces=nonsense>", 400),
        ("<sip:101@192.0.2.1?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2>", 403),
    ],
)
def test_section_2_4_2_refers_that_cannot_be_obeyed(to: str, status: int) -> None:
    office = Office()
    talk = Talk(office)
    assert talk.refer(to).status == status
    assert office.events() == [] and talk.waiting == []


def test_a_refer_without_refer_to_is_400() -> None:
    talk = Talk(Office())
    talk.request("REFER")
    assert talk.phone.response().status == 400


def test_one_transfer_at_a_time() -> None:
    office = Office()
    talk = Talk(office)
    talk.refer("<sip:101@192.0.2.1>")
    talk.notified()
    assert talk.refer("<sip:102@192.0.2.1>").status == 491


def test_a_tel_uri_is_a_number_too() -> None:
    office = Office()
    Talk(office).refer("<tel:+1-555-0100>")
    assert asked(office).called == "+15550100"


@pytest.mark.parametrize(("scheme", "variables"), [("sip", {}), ("sips", {SECURED: "yes"})])
def test_rfc_5630_a_refer_to_a_sips_uri_is_for_a_call_on_tls(scheme: str, variables: dict[str, str]) -> None:
    office = Office()
    Talk(office).refer(f"<{scheme}:101@192.0.2.1>")
    assert asked(office) == TransferAsked("101", variables=variables)


def test_a_refer_outside_of_calls_is_403() -> None:
    office = Office()
    phone = Phone(office)
    phone.proved(phone.request("REFER", "sip:6002@192.0.2.1", headers=(("Refer-To", "<sip:101@192.0.2.1>"),)))
    assert phone.response().status == 403


def refer_from_outside(talk: Talk, target: str, number: int = 1) -> list[Request | Response]:
    """What a REFER in no dialog brings, that names `target`."""
    headers = (("Refer-To", "<sip:101@192.0.2.1>"), ("Target-Dialog", target), ("Require", "tdialog"))
    talk.phone.proved(
        talk.phone.request(
            "REFER", "sip:6002@192.0.2.1", headers=headers, call_id=f"outside-{number}", number=number
        )
    )
    return talk.phone.messages()


def dialog_of(talk: Talk) -> str:
    return f"{talk.invite.call_id};local-tag={talk.invite.from_.tag};remote-tag={talk.ok.to.tag}"


def test_rfc_4538_section_6_a_refer_from_outside_is_for_the_call_that_it_names() -> None:
    office = Office()
    talk = Talk(office)
    accepted, trying = refer_from_outside(talk, dialog_of(talk))
    assert isinstance(accepted, Response) and isinstance(trying, Request)
    assert accepted.status == 202 and accepted.to.tag and accepted.to.tag != talk.ok.to.tag
    assert asked(office).called == "101"
    assert (trying.call_id, trying.body) == ("outside-1", b"SIP/2.0 100 Trying\r\n")
    talk.phone.reply(trying, 200, contact=False)
    (busy, *_) = refer_from_outside(talk, dialog_of(talk), 5)
    assert isinstance(busy, Response) and busy.status == 491
    office.command(talk.channel, TransferTold(None))
    last = talk.phone.arrived()
    assert last.call_id == "outside-1" and last.body.startswith(b"SIP/2.0 200")
    assert SubscriptionState.parse(last.headers.get("Subscription-State") or "").is_over
    talk.phone.reply(last, 200, contact=False)
    office.command(talk.channel, Hangup(CLEAR))
    talk.phone.reply(talk.phone.arrived(), 200)
    office.quiet()


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("talk;local-tag=phone;remote-tag=guessed", 481),
        ("talk;local-tag=phone", 400),
        (";local-tag=a;remote-tag=b", 400),
    ],
)
def test_rfc_4538_section_6_what_names_no_call_is_refused(target: str, status: int) -> None:
    office = Office()
    talk = Talk(office)
    (response,) = refer_from_outside(talk, target)
    assert isinstance(response, Response) and response.status == status
    assert office.events() == []


def test_rfc_6665_the_refer_subscription_can_be_refreshed_and_ended_within_the_call() -> None:
    office = Office()
    talk = Talk(office)
    talk.refer("<sip:101@192.0.2.1>")
    talk.notified()
    talk.request("SUBSCRIBE", ("Event", "refer"), ("Expires", "60"), ("Contact", "<sip:6001@192.0.2.60:5070>"))
    talk.waiting = talk.phone.messages()
    assert talk.waiting.pop(0).summary == "200 OK"
    assert talk.notified()[1] == "active;expires=60"
    talk.request("SUBSCRIBE", ("Event", "refer"), ("Expires", "0"), ("Contact", "<sip:6001@192.0.2.60:5070>"))
    talk.waiting = talk.phone.messages()
    assert talk.waiting.pop(0).summary == "200 OK"
    assert talk.notified()[1] == "terminated;reason=timeout"
    talk.request("SUBSCRIBE", ("Event", "refer"), ("Contact", "<sip:6001@192.0.2.60:5070>"))
    assert talk.phone.response().status == 481


@pytest.mark.parametrize("referred", [True, False])
@pytest.mark.parametrize("event", [("Event", "dialog"), ("Event", "x-strange"), ("Event", ";"), ("X", "no event")])
def test_rfc_6665_section_4_2_1_1_another_package_is_none_to_subscribe_to_within_a_call(
    referred: bool, event: tuple[str, str]
) -> None:
    office = Office()
    talk = Talk(office)
    if referred:
        talk.refer("<sip:101@192.0.2.1>")
        talk.notified()
    talk.request("SUBSCRIBE", event, ("Contact", "<sip:6001@192.0.2.60:5070>"))
    refusal = talk.phone.response()
    assert (refusal.status, refusal.headers.get("Allow-Events")) == (489, "refer")


def replaces(talk: Talk, more: str = "") -> str:
    """A Replaces for the telephone's dialog, as the one that takes its place writes it."""
    return f"{talk.invite.call_id};to-tag={talk.ok.to.tag};from-tag={talk.invite.from_.tag}{more}"


@pytest.mark.parametrize("answered", [True, False])
def test_rfc_5589_section_7_an_attended_transfer_names_the_other_call(answered: bool) -> None:
    office = Office()
    talk = Talk(office)
    other = Talk(office, call_id="other", port=5071, answer=answered)
    escaped = replaces(other).replace(";", "%3B").replace("=", "%3D")
    assert talk.refer(f"<sip:6002@192.0.2.1?Replaces={escaped}>").status == 202
    assert asked(office) == TransferAsked("6002", other=other.channel.name)


@pytest.mark.parametrize(("scheme", "transport", "status"), [("sips", "udp", 480), ("sips", "tls", 202)])
def test_rfc_5630_section_5_3_a_sips_uri_names_no_call_that_is_not_on_tls(
    scheme: str, transport: str, status: int
) -> None:
    office = Office(listening=("tls",))
    talk = Talk(office)
    other = Talk(office, call_id="other", port=5071, transport=transport)
    escaped = replaces(other).replace(";", "%3B").replace("=", "%3D")
    response = talk.refer(f"<{scheme}:6002@192.0.2.1?Replaces={escaped}>")
    assert response.status == status
    if status == 480:
        assert response.headers.get("Warning") == '380 copperline "SIPS Not Allowed"' and office.events() == []


def test_a_call_cannot_be_joined_with_itself() -> None:
    talk = Talk(Office())
    escaped = replaces(talk).replace(";", "%3B").replace("=", "%3D")
    assert talk.refer(f"<sip:6002@192.0.2.1?Replaces={escaped}>").status == 403


def test_rfc_3891_section_3_an_invite_takes_the_place_of_a_dialog() -> None:
    office = Office()
    talk = Talk(office)
    heir = Phone(office, "6003", host="192.0.2.63")
    heir.invite("6002", call_id="heir", headers=(("Replaces", replaces(talk)), ("Require", "replaces")))
    [(_, offered)] = office.heard()
    assert isinstance(offered, Offered) and offered.replaces == talk.channel.name and not offered.early_only


def test_rfc_3911_section_4_an_invite_joins_a_dialog() -> None:
    office = Office()
    talk = Talk(office)
    third = Phone(office, "6003", host="192.0.2.63")
    third.invite("6002", call_id="third", headers=(("Join", replaces(talk)),))
    [(_, offered)] = office.heard()
    assert isinstance(offered, Offered) and offered.joins == talk.channel.name and not offered.replaces


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ((("Replaces", "nobody;to-tag=1;from-tag=2"),), 481),
        ((("Join", "nobody;to-tag=1;from-tag=2"),), 481),
        ((("Replaces", "nobody;to-tag=1"),), 400),
        ((("Replaces", "a;to-tag=1;from-tag=2"), ("Replaces", "b;to-tag=1;from-tag=2")), 400),
        ((("Replaces", "a;to-tag=1;from-tag=2"), ("Join", "b;to-tag=1;from-tag=2")), 400),
    ],
)
def test_rfc_3891_section_3_dialogs_that_there_are_not(headers: tuple[tuple[str, str], ...], status: int) -> None:
    office = Office()
    phone = Phone(office)
    phone.invite("6002", headers=headers)
    assert phone.response().status == status
    assert office.events() == [] and office.desk.open == 0


def test_rfc_3891_section_3_a_dialog_that_has_ended_is_603() -> None:
    office = Office()
    talk = Talk(office)
    office.command(talk.channel, Hangup(CLEAR))
    talk.phone.reply(talk.phone.arrived(), 200)
    other = Phone(office, "6003", host="192.0.2.63")
    named = f"{talk.invite.call_id};to-tag={talk.ok.to.tag};from-tag={talk.invite.from_.tag}"
    other.invite("6001", headers=(("Replaces", named),))
    assert other.response().status == 603


def test_rfc_3891_section_3_early_only_is_486_once_it_was_answered() -> None:
    office = Office()
    talk = Talk(office)
    heir = Phone(office, "6003", host="192.0.2.63")
    heir.invite("6002", call_id="heir", headers=(("Replaces", replaces(talk, ";early-only")),))
    assert heir.response().status == 486


def test_rfc_3891_section_3_an_early_dialog_that_its_peer_began_is_481() -> None:
    office = Office()
    talk = Talk(office, answer=False)
    heir = Phone(office, "6003", host="192.0.2.63")
    heir.invite("6002", call_id="heir", headers=(("Replaces", replaces(talk)),))
    assert heir.response().status == 481


@pytest.mark.parametrize("body", [b"", session_description()])
def test_rfc_3891_section_3_an_early_dialog_that_we_began_is_picked_up(body: bytes) -> None:
    """As a telephone does it that was told of the dialog by the one that rings."""
    office = Office()
    bert = Phone(office, "6002", host="192.0.2.61")
    bert.register()
    channel = office.stack.channel("6002", office.clock.now)
    office.command(channel, Dial("6002", Party("101")))
    invite = bert.arrived()
    bert.reply(invite, 180, tag="ringing", body=body)
    office.events()
    named = f"{invite.call_id};to-tag={invite.from_.tag};from-tag="
    attempts = (("192.0.2.64", "Replaces", f"{named}other"), ("192.0.2.65", "Join", f"{named}ringing"))
    for host, header, value in attempts:
        guesser = Phone(office, "6001", host=host)
        guesser.invite("6002", headers=((header, value),), call_id=header)
        assert guesser.response().status == 481
    picker = Phone(office, "6003", host="192.0.2.63")
    picker.invite("6002", call_id="picker", headers=(("Replaces", f"{named}ringing;early-only"),))
    ((_, offered),) = office.heard()
    assert isinstance(offered, Offered)
    assert (offered.replaces, offered.early_only) == (channel.name, True)


def test_rfc_4235_what_rings_is_picked_up_by_what_the_dialog_package_has_shown() -> None:
    office = Office()
    local, remote = Seal(b"k" * 32).tags("FXS/101-00000007")
    picker = Phone(office)
    shown = f"FXS/101-00000007;to-tag={local};from-tag={remote}"
    picker.invite("101", headers=(("Replaces", f"{shown};early-only"),))
    [(_, offered)] = office.heard()
    assert isinstance(offered, Offered)
    assert (offered.replaces, offered.early_only) == ("FXS/101-00000007", True)
    thief = Phone(office, "6003", host="192.0.2.63")
    thief.invite("101", headers=(("Replaces", shown),))
    [(_, offered)] = office.heard()
    assert isinstance(offered, Offered) and offered.early_only, "and nothing but what rings, whatever it asks for"
    listener = Phone(office, "6003", host="192.0.2.64")
    listener.invite("101", headers=(("Join", shown),))
    assert listener.response().status == 403
    guesser = Phone(office, "6002", host="192.0.2.62")
    guesser.invite("101", headers=(("Replaces", "FXS/101-00000007;to-tag=1;from-tag=2"),))
    assert guesser.response().status == 481


# We ask others.


def test_a_call_that_came_in_is_sent_elsewhere_by_302() -> None:
    office = Office()
    phone = Phone(office)
    phone.invite("6002")
    [(channel, _)] = office.heard()
    phone.messages()
    office.command(channel, Redirect("6003"))
    response = phone.response()
    assert (response.status, str(response.contacts[0].uri)) == (302, "sip:6003@192.0.2.1:5060")
    assert office.events() == [TransferTold()]
    office.command(channel, Hangup(CLEAR))
    assert phone.messages() == []
    office.quiet()


def sent_away(office: Office, to: str = "6003") -> tuple[Talk, Request]:
    """A call whose telephone has been sent a REFER."""
    talk = Talk(office)
    office.command(talk.channel, Redirect(to))
    return talk, talk.phone.arrived()


def progress(talk: Talk, refer: Request, line: str, state: str = "active;expires=60", event: str = "refer") -> int:
    """The telephone tells how it goes; the status of the answer."""
    talk.request(
        "NOTIFY",
        ("Event", event),
        ("Subscription-State", state),
        ("Content-Type", "message/sipfrag"),
        ("Contact", f"<sip:6001@192.0.2.60:{talk.phone.port}>"),
        body=line.encode(),
    )
    return talk.phone.response().status


def test_rfc_3515_an_answered_far_side_is_sent_elsewhere_by_refer_and_tells_how_it_goes() -> None:
    office = Office()
    talk, refer = sent_away(office)
    assert refer.method == "REFER" and refer.headers.get("Refer-To") == "<sip:6003@192.0.2.1:5060>"
    assert refer.contacts and refer.headers.get("Referred-By")
    talk.phone.reply(refer, 202)
    assert progress(talk, refer, "SIP/2.0 100 Trying\r\n") == 200 and office.events() == []
    assert progress(talk, refer, "SIP/2.0 200 OK\r\n", "terminated;reason=noresource") == 200
    assert office.events() == [TransferTold()]
    assert progress(talk, refer, "SIP/2.0 200 OK\r\n") == 481


def test_rfc_6665_4_4_1_a_notify_moves_the_target_of_the_dialog() -> None:
    office = Office()
    talk, refer = sent_away(office)
    talk.phone.reply(refer, 202)
    talk.phone.port = 5099
    assert progress(talk, refer, "SIP/2.0 100 Trying\r\n") == 200
    office.command(talk.channel, Hangup(CLEAR))
    assert str(office.sent[-1].data.split()[1], "ascii") == "sip:6001@192.0.2.60:5099"


@pytest.mark.parametrize(
    ("line", "state", "cause"),
    [
        ("SIP/2.0 486 Busy Here\r\n", "terminated;reason=noresource", Cause.USER_BUSY),
        ("SIP/2.0 404 Not Found", "active", Cause.UNALLOCATED_NUMBER),
        ("SIP/2.0 100 Trying\r\n", "terminated;reason=noresource", None),
        ("nonsense", "terminated", None),
    ],
)
def test_what_the_far_side_says_of_it(line: str, state: str, cause: Cause | None) -> None:
    office = Office()
    talk, refer = sent_away(office)
    talk.phone.reply(refer, 202)
    assert progress(talk, refer, line, state) == 200
    assert office.events() == [TransferTold(cause)]


@pytest.mark.parametrize(("status", "cause"), [(603, Cause.CALL_REJECTED), (501, Cause.SERVICE_NOT_IMPLEMENTED)])
def test_a_refusal_of_the_refer_is_told(status: int, cause: Cause) -> None:
    office = Office()
    talk, refer = sent_away(office)
    talk.phone.reply(refer, status)
    assert office.events() == [TransferTold(cause)]


def test_rfc_4488_a_far_side_that_will_say_no_more_has_done_it() -> None:
    office = Office()
    talk, refer = sent_away(office)
    response = refer.reply(202)
    response.headers.set("Refer-Sub", "false")
    talk.phone.send(response)
    assert office.events() == [TransferTold()]


def test_silence_about_it_ends_with_a_cause() -> None:
    office = Office()
    talk, refer = sent_away(office)
    talk.phone.reply(refer, 202)
    office.wait(181)
    assert office.events() == [TransferTold(Cause.RECOVERY_ON_TIMER_EXPIRY)]


def test_a_place_that_is_no_address_is_told_at_once() -> None:
    office = Office()
    talk = Talk(office)
    office.command(talk.channel, Redirect("sip:<>"))
    assert office.events() == [TransferTold(Cause.INVALID_NUMBER_FORMAT)]


# Text and identity within a call.


def test_rfc_3428_section_5_texts_pass_both_ways_within_a_call() -> None:
    office = Office()
    talk = Talk(office)
    talk.request("MESSAGE", ("Content-Type", "text/plain"), body="Grüße".encode())
    assert talk.phone.response().status == 200
    assert office.events() == [TextReceived("Grüße")]
    office.command(talk.channel, SendText("Danke"))
    message = talk.phone.arrived()
    assert (message.method, message.body) == ("MESSAGE", b"Danke")
    talk.request("MESSAGE", ("Content-Type", "text/html"), body=b"<p>")
    assert talk.phone.messages()[-1].summary.startswith("415")


def answered_by_bert(office: Office, *headers: tuple[str, str]) -> tuple[Phone, SipChannel, Request]:
    """A call to a telephone, which has answered."""
    bert = Phone(office, "6002", host="192.0.2.61")
    bert.register()
    channel = office.stack.channel("6002", office.clock.now)
    office.command(channel, Dial("6002", Party("6001")))
    invite = bert.arrived()
    ok = invite.reply(200, to_tag="below")
    ok.headers.set("Contact", "<sip:6002@192.0.2.61:5070>")
    ok.headers.set("Content-Type", "application/sdp")
    for name, value in headers:
        ok.headers.set(name, value)
    ok.body = session_description()
    bert.send(ok)
    assert bert.arrived().method == "ACK"
    return bert, channel, invite


def test_rfc_4916_section_4_who_is_talked_with_is_told_by_update() -> None:
    office = Office()
    bert, channel, _ = answered_by_bert(office, ("Allow", "INVITE, UPDATE"), ("Supported", "from-change"))
    office.command(channel, Identify(Party("101", "Cäsar")))
    update = bert.arrived()
    assert update.method == "UPDATE" and not update.body
    assert (update.from_.display, str(update.from_.uri)) == ("Cäsar", "sip:101@192.0.2.1")
    assert update.headers.get("P-Asserted-Identity") == '"Cäsar" <sip:101@192.0.2.1>'
    bert.reply(update, 200)
    office.command(channel, Identify(Party("101", "Cäsar", Presentation.RESTRICTED)))
    update = bert.arrived()
    assert update.headers.get("Privacy") == "id" and "P-Asserted-Identity" not in update.headers


@pytest.mark.parametrize(
    ("presentation", "asserted", "privacy"),
    [(Presentation.ALLOWED, '"Cäsar" <sip:177@192.0.2.1>', None), (Presentation.RESTRICTED, None, "id")],
)
def test_rfc_3325_section_9_1_who_answers_in_the_place_of_the_called_is_told_with_the_answer(
    presentation: Presentation, asserted: str | None, privacy: str | None
) -> None:
    office = Office()
    ada = Phone(office)
    ada.invite("101")
    ((channel, _),) = office.heard()
    ada.messages()
    office.command(channel, Identify(Party("177", "Cäsar", presentation)))
    office.command(channel, Answer())
    ok = ada.response()
    assert (ok.headers.get("P-Asserted-Identity"), ok.headers.get("Privacy")) == (asserted, privacy)


def test_rfc_3311_section_5_3_what_an_update_tells_is_told_again_after_491() -> None:
    office = Office()
    bert, channel, _ = answered_by_bert(office, ("Allow", "INVITE, UPDATE"), ("Supported", "from-change"))
    office.command(channel, Identify(Party("101", "Cäsar")))
    bert.reply(bert.arrived(), 491)
    assert bert.messages() == []
    office.command(channel, Identify(Party("102", "Dora")))
    bert.reply(bert.arrived(), 491)
    office.wait(10)
    update = bert.arrived()
    assert (update.method, update.from_.display) == ("UPDATE", "Dora"), "once, and what is true by now"
    bert.reply(update, 200)
    office.wait(30)
    assert bert.messages() == []


def test_rfc_4916_section_4_a_telephone_that_knows_no_update_is_told_by_a_reinvite() -> None:
    office = Office()
    bert, channel, invite = answered_by_bert(office, ("Allow", "INVITE, BYE"), ("Supported", "from-change"))
    office.command(channel, Identify(Party("101", "Cäsar")))
    again = bert.arrived()
    assert (again.method, again.to.tag, again.call_id) == ("INVITE", "below", invite.call_id)
    assert (again.from_.display, str(again.from_.uri)) == ("Cäsar", "sip:101@192.0.2.1")
    assert again.from_.tag == invite.from_.tag
    assert again.headers.get("P-Asserted-Identity") == '"Cäsar" <sip:101@192.0.2.1>'
    assert description_of(again) == description_of(invite), "nothing else changes"
    office.command(channel, Identify(Party("102", "Dora")))
    bert.reply(again, 200, body=session_description())
    ack, third = bert.messages()
    assert isinstance(ack, Request) and isinstance(third, Request)
    assert (ack.method, third.method, third.from_.display) == ("ACK", "INVITE", "Dora"), "one after the other"
    bert.reply(third, 488)
    assert [message.summary.partition(" ")[0] for message in bert.messages()] == ["ACK"]
    assert not any(isinstance(event, Released) for event in office.events()), "a refusal changes nothing"


def test_rfc_4579_section_5_1_who_is_put_into_a_conference_is_told_by_our_contact() -> None:
    office = Office()
    bert, channel, invite = answered_by_bert(office, ("Allow", "INVITE, UPDATE"))
    assert "isfocus" not in invite.contacts[0].parameters
    office.command(channel, Confer("8500"))
    update = bert.arrived()
    (contact,) = update.contacts
    assert (update.method, "isfocus" in contact.parameters) == ("UPDATE", True)
    assert str(contact.uri).startswith("sip:8500@192.0.2.1") and not update.body
    bert.reply(update, 200)
    office.command(channel, Confer(""))
    (contact,) = bert.arrived().contacts
    assert "isfocus" not in contact.parameters


def test_rfc_4579_section_5_1_who_calls_a_conference_is_told_in_the_answer() -> None:
    office = Office()
    talk = Talk(office, answer=False)
    office.command(talk.channel, Confer("8500"))
    office.command(talk.channel, Answer())
    (contact,) = talk.phone.response().contacts
    assert "isfocus" in contact.parameters and str(contact.uri).startswith("sip:8500@")


@pytest.mark.parametrize("focus", [True, False])
def test_rfc_4579_section_5_11_a_conference_may_be_asked_to_send_somebody_out(focus: bool) -> None:
    office = Office()
    talk = Talk(office, answer=False)
    if focus:
        office.command(talk.channel, Confer("8500"))
    office.command(talk.channel, Answer())
    talk.ok = talk.phone.response()
    talk.phone.send(talk.phone.ack(talk.invite, talk.ok))
    response = talk.refer("<sip:102@192.0.2.1;method=BYE>")
    if not focus:
        assert response.status == 603 and office.events() == []
        return
    assert response.status == 202 and office.events() == [TransferAsked("102", removes=True)]
    assert talk.notified()[0] == "SIP/2.0 100 Trying"
    office.command(talk.channel, TransferTold(None))
    assert talk.notified()[0] == "SIP/2.0 200 OK"


def in_conference(office: Office, user: str = "6001") -> Talk:
    """A call of `user` that is in the conference 8500."""
    talk = Talk(office, user, answer=False)
    office.command(talk.channel, Confer("8500"))
    office.command(talk.channel, Answer())
    talk.ok = talk.phone.response()
    talk.phone.send(talk.phone.ack(talk.invite, talk.ok))
    return talk


@pytest.mark.parametrize(("to", "removes"), [("<sip:102@192.0.2.1>", False), ("<sip:102@x;method=BYE>", True)])
def test_rfc_4579_sections_5_5_and_5_11_who_confers_may_ask_from_outside_of_its_call(
    to: str, removes: bool
) -> None:
    office = Office()
    talk = in_conference(office)
    phone = Phone(office, "6001", host="192.0.2.66")
    phone.proved(phone.request("REFER", "sip:8500@192.0.2.1", headers=(("Refer-To", to),), call_id="out"))
    accepted, trying = phone.messages()
    assert isinstance(accepted, Response) and isinstance(trying, Request)
    assert accepted.status == 202 and "isfocus" in accepted.contacts[0].parameters
    assert office.heard() == [(talk.channel, TransferAsked("102", removes=removes))]
    phone.reply(trying, 200, contact=False)
    office.command(talk.channel, TransferTold(None))
    assert (trying.body, phone.arrived().body) == (b"SIP/2.0 100 Trying\r\n", b"SIP/2.0 200 OK\r\n")
    assert talk.phone.messages() == []


@pytest.mark.parametrize(
    ("user", "uri"),
    [("6002", "sip:8500@192.0.2.1"), ("6001", "sip:8501@192.0.2.1"), ("6001", "sip:192.0.2.1")],
)
def test_rfc_4579_section_5_5_a_stranger_to_a_conference_asks_nothing_of_it(user: str, uri: str) -> None:
    """Closed to all but those who are in it; and what they ask is for their profile to allow."""
    office = Office()
    in_conference(office)
    phone = Phone(office, user, host="192.0.2.66")
    headers = (("Refer-To", "<sip:102@192.0.2.1>"),)
    phone.proved(phone.request("REFER", uri, headers=headers, call_id="out"))
    assert phone.response().status == 403
    assert office.events() == []


def test_rfc_4028_section_7_4_an_identity_is_told_by_a_refresh_of_the_session_with_its_timer() -> None:
    office = Office()
    timer = ("Session-Expires", "600;refresher=uas"), ("Supported", "timer")
    bert, channel, _ = answered_by_bert(office, ("Allow", "INVITE, UPDATE"), *timer)
    office.command(channel, Identify(Party("101", "Cäsar")))
    update = bert.arrived()
    assert update.headers.get("Session-Expires") == "600;refresher=uas", "without it there would be no timer left"
    ok = update.reply(200)
    ok.headers.set("Contact", "<sip:6002@192.0.2.62:5070>")
    ok.headers.set("Session-Expires", "300;refresher=uac")
    bert.send(ok)
    office.events()
    office.wait(150.1)
    refresh = Phone(office, "6002", host="192.0.2.62").arrived()
    assert refresh.headers.get("Session-Expires") == "300;refresher=uac", "what its answer says is in force"
    assert str(refresh.uri) == "sip:6002@192.0.2.62:5070", "RFC 3311 section 5.1: its Contact, too"
    assert refresh.headers.get("P-Asserted-Identity") == '"Cäsar" <sip:101@192.0.2.1>'


@pytest.mark.parametrize(
    ("status", "then"), [(405, ["INVITE"]), (501, ["INVITE"]), (500, []), (481, ["BYE"]), (408, ["BYE"])]
)
def test_rfc_4916_an_update_that_is_refused_is_met_as_rfc_3261_12_2_1_2_says(status: int, then: list[str]) -> None:
    office = Office(SipConfig(intervals=Intervals(expires=0)))
    bert, channel, _ = answered_by_bert(office, ("Allow", "INVITE, UPDATE"))
    office.command(channel, Identify(Party("101", "Cäsar")))
    bert.reply(bert.arrived(), status)
    office.wait(30)
    found = [message for message in bert.messages() if isinstance(message, Request)]
    assert list(dict.fromkeys(message.method for message in found)) == then
    assert any(isinstance(event, Released) for event in office.events()) is (then == ["BYE"])
    if then == ["INVITE"]:
        assert found[0].headers.get("P-Asserted-Identity") == '"Cäsar" <sip:101@192.0.2.1>'


@pytest.mark.parametrize(("user", "believed"), [("trunk", True), ("6001", False)])
def test_rfc_3325_a_connected_identity_is_believed_of_trusted_peers_alone(user: str, believed: bool) -> None:
    office = Office()
    talk = Talk(office, user)
    talk.request(
        "UPDATE", ("P-Asserted-Identity", '"Dora" <sip:5550100@x>'), ("Contact", "<sip:t@192.0.2.60:5070>")
    )
    assert talk.phone.response().status == 200
    expected = [Identified(Party("5550100", "Dora"))] if believed else []
    assert office.events() == expected


@pytest.mark.parametrize("privacy", ["id", "header; id", "critical; User"])
def test_rfc_3323_section_4_2_a_connected_identity_that_hides_is_not_shown(privacy: str) -> None:
    office = Office()
    talk = Talk(office, "trunk")
    asserted = ("P-Asserted-Identity", "<sip:5550100@x>"), ("Privacy", privacy)
    talk.request("UPDATE", *asserted, ("Contact", "<sip:t@192.0.2.60:5070>"))
    assert office.events() == [Identified(Party("5550100", "", Presentation.RESTRICTED))]


@pytest.mark.parametrize(("user", "told"), [("trunk", True), ("6001", False)])
def test_rfc_4916_section_4_4_a_changed_from_is_whom_we_talk_with_from_now_on(user: str, told: bool) -> None:
    office = Office()
    talk = Talk(office, user)
    assert "from-change" in talk.ok.tokens("Supported")
    headers = (("Contact", "<sip:t@192.0.2.60:5070>"), ("Supported", "from-change"))
    update = talk.phone.within(talk.invite, talk.ok, "UPDATE", 20, headers=headers)
    update.headers.set("From", f'"Dora" <sip:5550100@pstn.example>;tag={talk.invite.from_.tag}')
    talk.phone.send(update)
    assert talk.phone.response().status == 200
    assert office.events() == ([Identified(Party("5550100", "Dora"))] if told else [])
    office.command(talk.channel, Hangup(CLEAR))
    bye = talk.phone.arrived()
    assert (str(bye.to.uri), bye.to.tag) == ("sip:5550100@pstn.example", talk.invite.from_.tag)


def test_rfc_4916_section_4_4_another_from_of_a_peer_that_does_not_change_it_means_nothing() -> None:
    office = Office()
    talk = Talk(office, "trunk")
    update = talk.phone.within(talk.invite, talk.ok, "UPDATE", 20, headers=(("Supported", "timer"),))
    update.headers.set("From", f'"Dora" <sip:5550100@pstn.example>;tag={talk.invite.from_.tag}')
    talk.phone.send(update)
    assert talk.phone.response().status == 200
    assert office.events() == []


def test_the_identity_in_an_answer_is_told() -> None:
    office = Office()
    trunk = Phone(office, "trunk", host="192.0.2.64")
    trunk.register()
    channel = office.stack.channel("trunk", office.clock.now)
    office.command(channel, Dial("5550100", Party("6001")))
    invite = trunk.arrived()
    office.events()
    ok = invite.reply(200, to_tag="below")
    ok.headers.set("Contact", "<sip:x@192.0.2.64:5070>")
    ok.headers.set("Content-Type", "application/sdp")
    ok.headers.set("P-Asserted-Identity", "<tel:+15550199>")
    ok.body = session_description()
    trunk.send(ok)
    events = office.events()
    assert Identified(Party("+15550199")) in events and any(isinstance(event, Answered) for event in events)
