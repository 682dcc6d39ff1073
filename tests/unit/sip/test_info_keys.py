"""Keys as INFO both ways, for equipment that takes them in no other way (RFC 6086 section 4.2, RFC 2976)."""

from __future__ import annotations

import pytest

from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import Answer, Dial, Digit, EarlyMedia, Hangup, Offered, SendDigits
from gateway.core.number import Party
from gateway.sip.channel import SipChannel
from gateway.sip.diagnosis import Troubled
from gateway.sip.message import Request, Response
from tests.support.sip import Office, Phone, session_description


def talking() -> tuple[Office, Phone, Request, SipChannel]:
    """A call from an account whose keys pass as INFO, answered."""
    office = Office(info_keys=True)
    phone = Phone(office)
    invite = phone.invite("101")
    channel = next(leg for leg, event in office.heard() if isinstance(event, Offered))
    phone.messages()
    office.command(channel, Answer())
    answer = phone.response()
    assert b"telephone-event" not in answer.body
    phone.send(phone.ack(invite, answer))
    return office, phone, invite, channel


def keys(phone: Phone) -> list[tuple[str, bytes]]:
    infos = [message for message in phone.messages() if isinstance(message, Request)]
    assert all(info.method == "INFO" for info in infos)
    for info in infos:
        phone.reply(info, 200)
    return [(info.headers.get("Content-Type") or "", info.body) for info in infos]


def relayed(key: str, milliseconds: int = 100) -> tuple[str, bytes]:
    return "application/dtmf-relay", f"Signal={key}\r\nDuration={milliseconds}\r\n".encode()


def test_each_key_is_an_info_of_its_own_after_the_one_before() -> None:
    office, phone, _, channel = talking()
    office.command(channel, SendDigits("5#", 0.1, 0.1))
    assert keys(phone) == [relayed("5")]
    office.wait(0.19)
    assert keys(phone) == []
    office.wait(0.02)
    assert keys(phone) == [relayed("#")]
    assert office.desk.rows[0].heard == []


def test_a_key_that_is_not_answered_holds_back_the_next_and_a_lost_one_does_not_for_ever() -> None:
    office, phone, _, channel = talking()
    office.command(channel, SendDigits("12", 0.1, 0.1))
    first = phone.arrived()
    office.wait(0.4)
    assert phone.messages() == []
    office.wait(33)
    assert {message.body for message in phone.messages() if isinstance(message, Request)} == {
        first.body,
        relayed("2")[1],
    }


def test_what_the_far_side_keys_is_heard_and_no_tone_is_looked_for() -> None:
    office, phone, invite, _ = talking()
    office.events()
    row = office.desk.rows[0]
    assert (row.detecting, row.remotes[-1][3]) == (False, 127), "tones are muted toward it, and no event is sent"
    phone.send(
        phone.request(
            "INFO",
            "sip:copperline@192.0.2.1",
            to=f"<sip:101@192.0.2.1>;tag={_tag(office)}",
            call_id=invite.call_id,
            number=9,
            headers=(("Content-Type", "application/dtmf-relay"),),
            body=b"Signal=7\r\nDuration=160\r\n",
        )
    )
    assert office.events() == [Digit("7", 0.16, "INFO")]


def _tag(office: Office) -> str:
    return next(
        str(message.to.tag)
        for message in (Phone(office).messages())
        if not isinstance(message, Request) and message.status == 200
    )


@pytest.mark.parametrize(("status", "told"), [(415, True), (501, True), (200, False), (481, False)])
def test_a_far_side_that_knows_no_such_info_is_named_once(status: int, told: bool) -> None:
    office, phone, _, channel = talking()
    office.command(channel, SendDigits("12", 0.1, 0.1))
    for _ in range(2):
        phone.reply(phone.arrived(), status)
        office.wait(0.3)
    troubles = [event.text for event in office.changes() if isinstance(event, Troubled)]
    assert len(troubles) == told
    assert not told or "set its dtmf to auto" in troubles[0]


def test_hanging_up_forgets_the_keys_that_wait() -> None:
    office, phone, invite, channel = talking()
    office.command(channel, SendDigits("123"))
    phone.reply(phone.arrived(), 200)
    phone.send(
        phone.request(
            "BYE",
            "sip:copperline@192.0.2.1",
            to=f"<sip:101@192.0.2.1>;tag={_tag(office)}",
            call_id=invite.call_id,
            number=9,
        )
    )
    assert [message.status for message in phone.messages() if not isinstance(message, Request)] == [200]
    office.wait(5)
    assert phone.messages() == []
    office.quiet()


def test_an_invite_of_ours_offers_no_events() -> None:
    office = Office(info_keys=True)
    phone = Phone(office)
    phone.register()
    office.command(office.stack.channel("6001", office.clock.now), Dial("6001", Party("101")))
    invite = phone.arrived()
    assert b"telephone-event" not in invite.body
    phone.reply(invite, 200, body=session_description())
    assert office.desk.rows[0].remotes[-1][3] == 127


# Before the answer: an announcement may ask for keys that nobody has answered yet (RFC 6086 section 4.1).


def invited() -> tuple[Office, Phone, Request, SipChannel, Response]:
    """A call from an account whose keys pass as INFO, which hears something and has not been answered."""
    office = Office(info_keys=True)
    phone = Phone(office)
    invite = phone.invite("101")
    channel = next(leg for leg, event in office.heard() if isinstance(event, Offered))
    office.command(channel, EarlyMedia())
    progress = phone.messages()[-1]
    assert isinstance(progress, Response) and progress.status == 183
    return office, phone, invite, channel, progress


def info(body: bytes, kind: str = "application/dtmf-relay") -> dict[str, object]:
    return {"headers": (("Content-Type", kind),), "body": body}


def test_rfc_6086_section_4_1_keys_of_a_caller_are_heard_before_the_answer() -> None:
    office, phone, invite, _, progress = invited()
    for number, (kind, body) in enumerate(
        [("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n"), ("application/dtmf", b"#")], 3
    ):
        phone.send(phone.within(invite, progress, "INFO", number, **info(body, kind)))
        assert phone.statuses() == [200]
    assert [event for _, event in office.heard()] == [Digit("5", 0.16, "INFO"), Digit("#", 0.0, "INFO")]
    phone.send(phone.within(invite, progress, "INFO", 5, **info(b"x", "application/what")))
    assert phone.statuses() == [415]
    phone.send(phone.within(invite, progress, "INFO", 6, headers=(("Info-Package", "foo"),)))
    assert phone.statuses() == [469]
    phone.send(phone.within(invite, progress, "INFO", 5, **info(b"Signal=1")))
    assert phone.statuses() == [500], "out of order"
    assert office.heard() == []


def test_keys_for_a_caller_go_as_info_before_the_answer_and_those_that_wait_after_it() -> None:
    office, phone, invite, channel, _ = invited()
    office.command(channel, SendDigits("12", 0.1, 0.1))
    assert keys(phone) == [relayed("1")]
    office.command(channel, Answer())
    phone.send(phone.ack(invite, phone.response()))
    office.command(channel, SendDigits("3", 0.1, 0.1))
    for key in ("2", "3"):
        office.wait(0.21)
        assert keys(phone) == [relayed(key)]


def test_keys_that_wait_are_forgotten_when_the_call_is_refused() -> None:
    office, phone, invite, channel, _ = invited()
    office.command(channel, SendDigits("12", 0.1, 0.1))
    assert keys(phone) == [relayed("1")]
    office.command(channel, Hangup(Ending(Cause.USER_BUSY, "somebody", Act.REFUSED, "")))
    refused = phone.response()
    assert refused.status == 486
    phone.send(phone.ack(invite, refused))
    office.wait(1)
    assert phone.messages() == []
    office.quiet()


@pytest.mark.parametrize("reliable", [False, True])
def test_keys_pass_both_ways_with_a_callee_that_is_heard_before_it_answers(reliable: bool) -> None:
    office = Office(info_keys=True)
    phone = Phone(office)
    phone.register()
    channel = office.stack.channel("6001", office.clock.now)
    office.command(channel, Dial("6001", Party("101")))
    invite = phone.arrived()
    office.command(channel, SendDigits("9"))
    assert phone.messages() == [], "nobody hears them yet"
    progress = invite.reply(183, to_tag="below")
    progress.headers.set("Contact", "<sip:6001@192.0.2.60:5070>")
    progress.headers.set("Content-Type", "application/sdp")
    progress.body = session_description()
    if reliable:
        progress.headers.set("Require", "100rel")
        progress.headers.set("RSeq", 7)
    phone.send(progress)
    if reliable:
        phone.reply(phone.arrived(), 200, contact=False)
    office.events()
    office.command(channel, SendDigits("12", 0.1, 0.1))
    assert keys(phone) == [relayed("1")]
    phone.send(phone.from_below(invite, progress.to.tag or "", "INFO", body=b"Signal=4"))
    assert phone.statuses() == [415], "a body without a type is none"
    key = phone.from_below(invite, progress.to.tag or "", "INFO", 2, body=b"Signal=4")
    key.headers.set("Content-Type", "application/dtmf-relay")
    phone.send(key)
    assert phone.statuses() == [200]
    assert office.events() == [Digit("4", 0.0, "INFO")]
    phone.reply(invite, 200, body=session_description())
    assert phone.arrived().method == "ACK"
    office.wait(0.21)
    assert keys(phone) == [relayed("2")]
