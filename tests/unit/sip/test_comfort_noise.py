"""Comfort noise (RFC 3389) of calls by accounts that may have it, and of those that may not."""

from __future__ import annotations

import pytest

from gateway.core.messages import Answer, Dial, Offered
from gateway.core.number import Party
from tests.support.sip import Office, Phone, session_description


@pytest.mark.parametrize("allowed", [True, False])
def test_it_is_agreed_to_with_accounts_that_may_have_it(allowed: bool) -> None:
    office = Office(comfort_noise=allowed)
    phone = Phone(office)
    invite = phone.invite("101", body=session_description(formats="0 101 13"))
    channel = next(leg for leg, event in office.heard() if isinstance(event, Offered))
    phone.messages()
    office.command(channel, Answer())
    answer = phone.response()
    assert (b"a=rtpmap:13 CN/8000" in answer.body) is allowed
    phone.send(phone.ack(invite, answer))
    assert office.desk.rows[0].noise == ((13, 13) if allowed else None)


@pytest.mark.parametrize("allowed", [True, False])
def test_it_is_offered_to_accounts_that_may_have_it(allowed: bool) -> None:
    office = Office(comfort_noise=allowed)
    phone = Phone(office)
    phone.register()
    office.command(office.stack.channel("6001", office.clock.now), Dial("6001", Party("101")))
    invite = phone.arrived()
    assert (b"a=rtpmap:13 CN/8000" in invite.body) is allowed
    phone.reply(invite, 200, body=session_description(formats="0 101 13"))
    assert office.desk.rows[0].noise == ((13, 13) if allowed else None)
