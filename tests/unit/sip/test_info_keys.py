"""Keys as INFO both ways, for equipment that takes them in no other way (RFC 6086 section 4.2, RFC 2976)."""

from __future__ import annotations

import pytest

from gateway.core.messages import Answer, Dial, Digit, Offered, SendDigits
from gateway.core.number import Party
from gateway.sip.channel import SipChannel
from gateway.sip.diagnosis import Troubled
from gateway.sip.message import Request
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
