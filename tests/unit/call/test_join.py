"""A third in a talk of two (RFC 3911 section 4): who hears whom, and who is left when one goes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.call.join import ONE, THIRD
from gateway.core.messages import Answer, Answered, Hangup, Released, TransferAsked
from tests.support.channel import ScriptedChannel
from tests.unit.call.exchange import BYE, ON_HOOK, Exchange

OFFICE = """
[office]
exten => 101,1,Dial(FXS/101,30)
exten => 102,1,Dial(FXS/102,30)
exten => 600,1,Answer()
 same => n,Wait(600)
"""


@pytest.fixture
def office(exchange: Exchange) -> Iterator[Exchange]:
    exchange.dialplan(OFFICE)
    yield exchange
    for channel in list(exchange.manager.floor.legs):
        exchange.says(channel, Released(BYE))  # type: ignore[arg-type]  # all are scripted here


def joined(office: Exchange) -> tuple[ScriptedChannel, ScriptedChannel, ScriptedChannel]:
    """A caller, the telephone that it talks with, and a third who has joined the caller."""
    caller = office.offer()
    phone = office.telephone("101")
    office.says(phone, Answered("off-hook"))
    third = office.offer("SIP/6003-00000009", "6001", joins=caller.name)
    assert third.last == Answer()
    return caller, phone, third


def ended(channel: ScriptedChannel) -> bool:
    return isinstance(channel.last, Hangup)


def test_section_4_all_three_hear_one_another_and_the_talk_goes_on_as_it_was(office: Exchange) -> None:
    caller, phone, third = joined(office)
    assert office.talks(caller, phone)
    (room,) = office.rooms
    assert room.seats == {caller.audio: ONE, third.audio: THIRD}


def test_when_the_third_goes_the_two_talk_on(office: Exchange) -> None:
    caller, phone, third = joined(office)
    office.says(third, Released(BYE))
    assert office.talks(caller, phone) and office.rooms[0].closed
    office.says(phone, Released(ON_HOOK))
    assert ended(caller), "and their call ends as ever"


@pytest.mark.parametrize("who", ["caller", "phone"])
def test_when_one_of_the_two_goes_the_other_talks_with_the_third(office: Exchange, who: str) -> None:
    caller, phone, third = joined(office)
    gone, left = (caller, phone) if who == "caller" else (phone, caller)
    office.says(gone, Released(BYE))
    assert office.talks(left, third) and office.rooms[0].closed
    assert not ended(left) and not ended(third)
    office.says(third, Released(BYE))
    assert ended(left)
    assert not office.manager.floor.legs


def test_when_the_two_are_sent_elsewhere_the_third_is_hung_up(office: Exchange) -> None:
    caller, phone, third = joined(office)
    office.says(phone, TransferAsked("102"))
    office.wait(1)
    assert ended(third) and office.rooms[0].closed
    assert not ended(caller)


def test_when_one_is_connected_anew_the_third_is_hung_up(office: Exchange) -> None:
    caller, phone, third = joined(office)
    other = office.offer("SIP/6002-00000007", "102")
    second = office.telephone("102")
    office.says(second, Answered("off-hook"))
    office.says(caller, TransferAsked(other=other.name))
    office.wait(1)
    assert office.talks(phone, second)
    assert ended(third) and office.rooms[0].closed


@pytest.mark.parametrize("state", ["gone", "ringing", "in a script"])
def test_section_4_what_is_no_talk_cannot_be_joined(office: Exchange, state: str) -> None:
    name = "SIP/6009-000000ff"
    if state == "ringing":
        name = office.offer().name
    elif state == "in a script":
        name = office.offer(called="600").name
    third = office.offer("SIP/6003-00000009", "6001", joins=name)
    assert ended(third) and not office.rooms
