"""Session timers (RFC 4028), both roles, as conversations."""

from __future__ import annotations

import gc
from collections import deque

import pytest

from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import Answer, Dial, Offered, Released
from gateway.core.number import Party
from gateway.sip.channel import SipChannel
from gateway.sip.config import SipConfig
from gateway.sip.message import Request, Response
from gateway.sip.session import Intervals
from tests.support.sip import Office, Phone, session_description

TIMER = ("Supported", "timer")
UPDATES = ("Allow", "INVITE, ACK, BYE, UPDATE")


def asked(*headers: tuple[str, str]) -> tuple[Office, Phone, Request, Response]:
    """A call of a telephone with these headers that is up."""
    office = Office()
    phone = Phone(office)
    invite = phone.invite("101", headers=headers)
    ((channel, event),) = office.heard()
    assert isinstance(event, Offered)
    phone.messages()
    office.command(channel, Answer())
    ok = phone.response()
    phone.send(phone.ack(invite, ok))
    return office, phone, invite, ok


def dialled(*headers: tuple[str, str]) -> tuple[Office, Phone, Request, SipChannel]:
    """A call to a telephone that answers with these headers."""
    office = Office()
    phone = Phone(office)
    phone.register()
    channel = office.stack.channel("6001", office.clock.now)
    office.command(channel, Dial("6001", Party("101")))
    invite = phone.arrived()
    ok = invite.reply(200, to_tag="below")
    ok.headers.set("Contact", "<sip:6001@192.0.2.60:5070>")
    ok.headers.set("Content-Type", "application/sdp")
    for name, value in headers:
        ok.headers.set(name, value)
    ok.body = session_description()
    phone.send(ok)
    assert phone.arrived().method == "ACK"
    office.heard()
    return office, phone, invite, channel


def ended(office: Office) -> Ending:
    (event,) = office.events()
    assert isinstance(event, Released)
    return event.ending


# Section 7: we ask.


def test_section_7_1_our_invite_asks_for_a_timer() -> None:
    _, _, invite, _ = dialled()
    assert "timer" in invite.tokens("Supported")
    assert (invite.headers.get("Session-Expires"), invite.headers.get("Min-SE")) == ("1800", "90")
    assert "Min-SE: 90\r\n" in invite.headers.written(0)


def test_section_7_2_a_peer_that_grants_none_is_left_alone() -> None:
    office, phone, _, _ = dialled()
    office.wait(4000)
    assert phone.messages() == [] and not any(isinstance(e, Released) for e in office.events())


@pytest.mark.parametrize(("granted", "refreshes"), [("1;refresher=uac", 4), ("30;refresher=uac", 3), ("0", 0)])
def test_section_4_an_interval_shorter_than_there_may_be_ends_no_call(granted: str, refreshes: int) -> None:
    office, phone, _, channel = dialled(("Session-Expires", granted), ("Require", "timer"), UPDATES)
    asked = 0
    for _ in range(49):
        office.wait(1)
        for update in phone.messages():
            assert isinstance(update, Request) and update.method == "UPDATE"
            asked += 1
            ok = update.reply(200)
            ok.headers.set("Session-Expires", granted)
            phone.send(ok)
    assert asked == refreshes
    assert office.events() == [] and channel.audio is not None


def test_section_4_one_that_the_far_side_refreshes_is_waited_for_as_long_as_any() -> None:
    office, phone, _, _ = dialled(("Session-Expires", "1;refresher=uas"), ("Require", "timer"))
    office.wait(59.9)
    assert phone.messages() == []
    office.wait(0.2)
    assert phone.arrived().method == "BYE"


def test_section_7_3_a_422_is_met_with_the_interval_that_it_names_once() -> None:
    office = Office()
    phone = Phone(office)
    phone.register()
    channel = office.stack.channel("6001", office.clock.now)
    office.heard()
    office.command(channel, Dial("6001", Party("101")))
    invite = phone.arrived()
    refusal = invite.reply(422, to_tag="below")
    refusal.headers.set("Min-SE", "3600")
    phone.send(refusal)
    ack, again = phone.messages()
    assert isinstance(ack, Request) and isinstance(again, Request)
    assert (ack.method, again.method) == ("ACK", "INVITE")
    assert (again.headers.get("Session-Expires"), again.headers.get("Min-SE")) == ("3600", "3600")
    assert (again.call_id, again.cseq.number) == (invite.call_id, invite.cseq.number + 1)
    refusal = again.reply(422, to_tag="below")
    refusal.headers.set("Min-SE", "3600")
    phone.send(refusal)
    assert ended(office).evidence == "422 Session Interval Too Small"
    office.quiet()


def test_section_7_3_who_wants_a_little_more_each_time_is_not_asked_for_ever() -> None:
    office, phone, _, _ = dialled(("Session-Expires", "600;refresher=uac"), UPDATES)
    office.wait(300.2)
    asked_for: list[str | None] = []
    while updates := [message for message in phone.messages() if isinstance(message, Request)]:
        (update,) = updates
        asked_for.append(update.headers.get("Min-SE"))
        refusal = update.reply(422)
        refusal.headers.set("Min-SE", str(600 + len(asked_for)))
        phone.send(refusal)
    assert asked_for == ["90", "601", "602", "603", "604", "605"]
    office.wait(10)
    phone.reply(phone.arrived(), 200, contact=False)  # the refresh itself is tried again


def test_section_10_we_refresh_at_half_time_by_update_and_keep_our_role() -> None:
    office, phone, _, _ = dialled(("Session-Expires", "600;refresher=uac"), UPDATES)
    office.wait(299)
    assert phone.messages() == []
    office.wait(1.2)
    update = phone.arrived()
    assert update.method == "UPDATE" and not update.body
    assert update.headers.get("Session-Expires") == "600;refresher=uac"
    ok = update.reply(200)
    ok.headers.set("Session-Expires", "600;refresher=uac")
    phone.send(ok)
    office.wait(299)
    assert phone.messages() == []
    office.wait(1.2)
    assert phone.arrived().method == "UPDATE"


def test_section_10_a_peer_without_update_is_refreshed_by_a_reinvite_that_changes_nothing() -> None:
    office, phone, invite, _ = dialled(("Session-Expires", "600;refresher=uac"), ("Allow", "INVITE, ACK, BYE"))
    office.wait(300.2)
    again = phone.arrived()
    assert again.method == "INVITE" and again.to.tag == "below"
    origin = next(line for line in invite.body.split(b"\r\n") if line.startswith(b"o="))
    assert origin in again.body and b"a=sendrecv" in again.body
    phone.reply(again, 200, body=session_description())
    assert phone.arrived().method == "ACK"
    office.wait(310)
    assert phone.messages() and office.events() == []  # nothing granted anew: we go on as we did


def test_an_update_that_the_peer_does_not_know_after_all_becomes_a_reinvite() -> None:
    office, phone, _, _ = dialled(("Session-Expires", "600;refresher=uac"), UPDATES)
    office.wait(300.2)
    phone.reply(phone.arrived(), 405, contact=False)
    invite = phone.arrived()
    assert invite.method == "INVITE"
    phone.reply(invite, 200, body=session_description())
    assert phone.arrived().method == "ACK"
    office.wait(300)
    assert phone.arrived().method == "INVITE"  # at once, the next time


@pytest.mark.parametrize("status", [404, 408, 410, 481, 502, 604])
def test_a_refresh_that_finds_no_dialog_ends_the_call(status: int) -> None:
    office, phone, _, _ = dialled(("Session-Expires", "600;refresher=uac"), UPDATES)
    office.wait(300.2)
    phone.reply(phone.arrived(), status, contact=False)
    assert phone.arrived().method == "BYE"
    assert ended(office).act is Act.VANISHED
    office.quiet()


def test_a_refresh_that_is_refused_is_tried_again_until_the_session_counts_as_dead() -> None:
    office, phone, _, _ = dialled(("Session-Expires", "600;refresher=uac"), UPDATES)
    office.wait(300.2)
    phone.reply(phone.arrived(), 500, contact=False)
    office.wait(10)
    phone.reply(phone.arrived(), 491, contact=False)
    office.wait(10)
    update = phone.arrived()
    refusal = update.reply(422)
    refusal.headers.set("Min-SE", "1200")
    phone.send(refusal)
    again = phone.arrived()
    assert (again.headers.get("Session-Expires"), again.headers.get("Min-SE")) == ("1200;refresher=uac", "1200")
    phone.reply(again, 500, contact=False)


def test_section_10_a_peer_that_does_not_refresh_is_sent_a_bye_in_time() -> None:
    office, phone, _, _ = dialled(("Session-Expires", "600;refresher=uas"))
    office.wait(567)
    assert phone.messages() == []
    office.wait(1.2)  # 600 s less 32
    bye = phone.arrived()
    assert bye.method == "BYE" and "cause=102" in (bye.headers.get("Reason") or "")
    ending = ended(office)
    assert (ending.cause, ending.act) == (Cause.RECOVERY_ON_TIMER_EXPIRY, Act.VANISHED)
    assert ending.evidence == "no session refresh in 600 s" and ending.advice
    office.quiet()


# Section 9: we are asked.


@pytest.mark.parametrize(
    ("headers", "granted", "required"),
    [
        ((TIMER, ("Session-Expires", "600;refresher=uac")), "600;refresher=uac", True),
        ((TIMER, ("Session-Expires", "600;refresher=uas")), "600;refresher=uas", False),
        ((TIMER, ("Session-Expires", "600")), "600;refresher=uas", False),
        ((TIMER, ("Session-Expires", "9000"), ("Min-SE", "200")), "1800;refresher=uas", False),
        ((TIMER, ("Session-Expires", "9000"), ("Min-SE", "5000")), "5000;refresher=uas", False),
        ((TIMER,), "1800;refresher=uas", False),
        ((), "1800;refresher=uas", False),
        ((TIMER, ("x", "700")), "700;refresher=uas", False),
        ((TIMER, ("Session-Expires", "nonsense")), "1800;refresher=uas", False),
    ],
)
def test_section_9_what_is_granted(headers: tuple[tuple[str, str], ...], granted: str, required: bool) -> None:
    _, _, _, ok = asked(*headers)
    assert ok.headers.get("Session-Expires") == granted
    assert ("timer" in ok.tokens("Require")) is required


def test_section_9_too_short_an_interval_of_a_caller_that_knows_no_timer_is_taken() -> None:
    """A proxy has asked for it; the caller could do nothing with a 422."""
    _, _, _, ok = asked(("Session-Expires", "60"))
    assert ok.headers.get("Session-Expires") == "60;refresher=uas"


@pytest.mark.parametrize("wanted", ["1", "2", "20"])
def test_section_9_however_short_it_is_there_are_no_requests_without_end(wanted: str) -> None:
    office, phone, _, _ = asked(("Session-Expires", wanted), UPDATES)
    updates = 0
    for _ in range(45):
        office.wait(1)
        for update in phone.messages():
            assert isinstance(update, Request) and update.method == "UPDATE"
            updates += 1
            phone.send(update.reply(200))
    assert updates == 4
    assert office.events() == []


def test_section_9_too_short_an_interval_is_422_and_makes_no_leg() -> None:
    office = Office()
    phone = Phone(office)
    phone.invite("101", headers=(TIMER, ("Session-Expires", "30")))
    refusal = phone.response()
    assert (refusal.status, refusal.headers.get("Min-SE")) == (422, "90")
    assert office.events() == [] and office.desk.open == 0


def test_section_9_a_caller_that_refreshes_keeps_the_call_and_one_that_stops_loses_it() -> None:
    office, phone, invite, ok = asked(TIMER, ("Session-Expires", "600;refresher=uac"))
    office.wait(500)
    update = phone.within(invite, ok, "UPDATE", 3, headers=(TIMER, ("Session-Expires", "600;refresher=uac")))
    phone.send(update)
    refreshed = phone.response()
    assert refreshed.headers.get("Session-Expires") == "600;refresher=uac"
    office.wait(500)
    assert phone.messages() == []
    office.wait(70)
    assert isinstance(bye := phone.messages()[0], Request) and bye.method == "BYE"
    assert ended(office).act is Act.VANISHED
    office.quiet()


def test_section_9_an_update_that_asks_for_too_little_is_422() -> None:
    _, phone, invite, ok = asked(TIMER, ("Session-Expires", "600;refresher=uac"))
    phone.send(phone.within(invite, ok, "UPDATE", 3, headers=(TIMER, ("Session-Expires", "20"))))
    assert phone.response().status == 422


def test_an_office_that_wants_no_timers_asks_for_none_and_grants_what_is_asked() -> None:
    office = Office(SipConfig(intervals=Intervals(expires=0)))
    phone = Phone(office)
    phone.register()
    channel = office.stack.channel("6001", office.clock.now)
    office.command(channel, Dial("6001", Party("101")))
    assert phone.arrived().headers.get("Session-Expires") is None
    office.heard()
    phone.invite("101", headers=(TIMER, ("Session-Expires", "600;refresher=uac")), call_id="theirs")
    ((channel, _),) = office.heard()
    phone.messages()
    office.command(channel, Answer())
    assert phone.response().headers.get("Session-Expires") == "600;refresher=uac"


def test_intervals_that_peers_choose_have_no_queues_of_their_own() -> None:
    office = Office()
    phone = Phone(office)

    def call(seconds: int) -> None:
        expires = ("Session-Expires", str(seconds))
        invite = phone.invite("101", call_id=f"for {seconds} s", headers=(TIMER, expires))
        channel = office.heard()[0][0]
        phone.messages()
        office.command(channel, Answer())
        phone.send(phone.ack(invite, phone.response()))
        office.heard()

    def queues() -> int:
        gc.collect()
        return sum(type(held) is deque for held in gc.get_objects())

    call(1000)
    before = queues()
    for seconds in range(1001, 1009):
        call(seconds)
    assert queues() == before
