"""The extension `fax`: whom a calling fax machine reaches, and who is let go for it."""

from __future__ import annotations

import pytest

from gateway.core.audio import FaxTone
from gateway.core.messages import Answer, Answered, Dial, FaxRecognised, Hangup, Held, Released, Resumed
from tests.support.channel import ScriptedChannel
from tests.unit.call.exchange import BYE, Exchange

CALLING = FaxRecognised(FaxTone.CALLING)
PLAN = """
[office]
exten => 100,1,Answer()
 same => n,Wait(30)
exten => 101,1,Dial(FXS/101,30)
 same => n,NoOp(went on)
exten => 105,1,Goto(quiet,s,1)
exten => fax,1,Set(GLOBAL(was)=${FAXEXTEN})
 same => n,Dial(FXS/102,30)
[quiet]
exten => s,1,Answer()
 same => n,Wait(30)
"""


def listened_to(channel: ScriptedChannel) -> bool:
    assert channel.audio is not None
    return "fax" in channel.audio.heard


def called(exchange: Exchange, number: str) -> ScriptedChannel:
    exchange.dialplan(PLAN)
    return exchange.offer("FXO/copper1-00000001", called=number)


def test_a_fax_machine_that_was_answered_goes_to_its_extension(exchange: Exchange) -> None:
    caller = called(exchange, "100")
    assert caller.last == Answer() and listened_to(caller)
    exchange.says(caller, CALLING)
    exchange.loop.settle()
    assert any(isinstance(command, Dial) for command in exchange.fxs.made["102"].commands)
    assert exchange.fxs.made["102"].name.startswith("FXS/102")
    exchange.says(caller, Released(BYE))


def test_whom_it_talks_with_is_let_go(exchange: Exchange) -> None:
    caller = called(exchange, "101")
    first = exchange.phone
    assert not listened_to(caller), "before the answer there is nothing to be heard"
    exchange.says(first, Answered("off-hook"))
    assert listened_to(caller)
    exchange.says(caller, CALLING)
    exchange.loop.settle()
    assert isinstance(first.last, Hangup) and first.last.ending.evidence == "it is a fax machine"
    second = exchange.fxs.made["102"]
    exchange.says(second, Answered("off-hook"))
    assert exchange.talks(caller, second)
    exchange.says(caller, Released(BYE))
    assert isinstance(second.last, Hangup)


def test_it_is_listened_to_once_and_sent_once(exchange: Exchange) -> None:
    caller = called(exchange, "100")
    assert caller.audio is not None
    for event in (Held(), Resumed(), CALLING, Held(), Resumed()):
        exchange.says(caller, event)
    assert caller.audio.heard.count("fax") == 1
    machine = exchange.fxs.made.pop("102")
    exchange.says(machine, Answered("off-hook"))
    exchange.says(caller, CALLING)
    exchange.loop.settle()
    assert exchange.fxs.made == {} and exchange.talks(caller, machine)
    exchange.says(caller, Released(BYE))


@pytest.mark.parametrize("tone", [FaxTone.ANSWER, FaxTone.PREAMBLE])
def test_other_tones_move_nobody(exchange: Exchange, tone: FaxTone) -> None:
    caller = called(exchange, "100")
    exchange.says(caller, FaxRecognised(tone))
    exchange.loop.settle()
    assert exchange.fxs.made == {}
    exchange.says(caller, Released(BYE))


def test_where_there_is_no_such_extension_nobody_listens(exchange: Exchange) -> None:
    caller = called(exchange, "105")
    assert caller.last == Answer() and not listened_to(caller)
    exchange.says(caller, CALLING)
    exchange.loop.settle()
    assert exchange.fxs.made == {} and not isinstance(caller.last, Hangup)
    exchange.says(caller, Released(BYE))
