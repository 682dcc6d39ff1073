"""Who is shown as the one talked with, after transfers and pickups (RFC 4916, connected line identification)."""

from __future__ import annotations

import pytest

from gateway.core.messages import Answer, Answered, Identified, Identify, Released, TransferAsked
from gateway.core.number import Party
from tests.support.channel import ScriptedChannel
from tests.unit.call.exchange import ANN, BYE, ON_HOOK, Exchange

OFFICE = """
[office]
exten => 101,1,Dial(FXS/101,30)
exten => 102,1,Dial(FXS/102,30)
exten => 103,1,Dial(FXS/101,30,I)
exten => 8,1,Pickup(101)
exten => 600,1,Set(CONNECTEDLINE(num,i)=600)
 same => n,Answer()
 same => n,Set(CONNECTEDLINE(name,i)=Echo)
 same => n,Set(CONNECTEDLINE(num)=601)
 same => n,Wait(600)
"""


@pytest.fixture
def office(exchange: Exchange) -> Exchange:
    exchange.dialplan(OFFICE)
    return exchange


def shown(channel: ScriptedChannel) -> list[Party]:
    return [command.party for command in channel.commands if isinstance(command, Identify)]


def test_nobody_is_told_of_the_one_whom_they_called(office: Exchange) -> None:
    caller = office.offer()
    office.says(office.phone, Answered("off-hook"))
    assert shown(caller) == shown(office.phone) == []
    office.says(caller, Released(BYE))


def test_who_says_with_the_answer_that_it_is_somebody_else_is_shown_by_ours(office: Exchange) -> None:
    caller = office.offer()
    office.says(office.phone, Identified(Party("177", "Workshop")))
    office.says(office.phone, Answered("200 OK"))
    told, answered = (
        next(place for place, command in enumerate(caller.commands) if isinstance(command, kind))
        for kind in (Identify, Answer)
    )
    assert shown(caller) == [Party("177", "Workshop")] and told < answered
    office.says(caller, Released(BYE))


def test_after_a_transfer_each_is_shown_the_other(office: Exchange) -> None:
    caller = office.offer()
    phone = office.phone
    office.says(phone, Answered("off-hook"))
    office.says(phone, TransferAsked("102"))
    other = office.telephone("102")
    office.says(other, Answered("off-hook"))
    assert shown(caller) == [Party("102")]
    assert shown(other) == [], "it was called by Ann, as its ringing has shown"
    office.says(other, Identified(Party("102", "Workshop")))
    assert shown(caller)[-1] == Party("102", "Workshop")
    office.says(other, Released(ON_HOOK))


def test_who_picks_up_is_shown_who_calls(office: Exchange) -> None:
    caller = office.offer()
    picker = office.offer("SIP/6002-00000002", "8")
    assert office.talks(caller, picker)
    assert shown(picker) == [ANN]
    office.says(caller, Released(BYE))


def test_an_option_of_dial_keeps_it_to_itself(office: Exchange) -> None:
    caller = office.offer(called="103")
    phone = office.phone
    office.says(phone, Answered("off-hook"))
    office.says(phone, TransferAsked("102"))
    office.says(office.telephone("102"), Answered("off-hook"))
    assert shown(caller) == []
    office.says(caller, Released(BYE))


def test_an_option_of_dial_keeps_to_itself_who_has_answered(office: Exchange) -> None:
    caller = office.offer(called="103")
    office.says(office.phone, Identified(Party("177")))
    office.says(office.phone, Answered("200 OK"))
    assert shown(caller) == []
    office.says(caller, Released(BYE))


def test_what_a_script_says_of_the_connected_line_is_shown_once_answered(office: Exchange) -> None:
    caller = office.offer(called="600")
    assert shown(caller) == [Party("601", "Echo")]
    office.says(caller, Released(BYE))
