"""Calls that go on by the next line of a group where one is of no use."""

from __future__ import annotations

from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import Alerting, Answered, Dial, Diverted, Hangup, Released, Rerouted
from gateway.core.number import Party
from gateway.core.switch import DialStatus, Target
from tests.support.channel import ScriptedChannel, ScriptedTechnology
from tests.unit.call.exchange import BUSY, BYE, Exchange, dial_and_bridge

DEAD = Ending(Cause.NETWORK_OUT_OF_ORDER, "the exchange on line copper1", Act.FAILED, "no dial tone within 5 s")
OUTSIDE = Target("FXO", "g1/5550100")


class Group(ScriptedTechnology):
    """A group of lines of which each call gets the next one."""

    def __init__(self, *lines: str) -> None:
        super().__init__("FXO")
        self.lines = list(lines)
        self.taken: list[ScriptedChannel] = []

    def channel(self, address: str, now: float) -> ScriptedChannel:
        line = self.lines.pop(0)
        self.lines.append(line)
        self.taken.append(ScriptedChannel(f"FXO/{line}-{len(self.taken):08x}", f"line {line}"))
        return self.taken[-1]


def outside(exchange: Exchange, *lines: str) -> Group:
    group = Group(*lines)
    exchange.manager.technologies = {"FXO": group}
    return group


def test_the_next_line_is_tried_and_what_it_says_is_heard(exchange: Exchange) -> None:
    group = outside(exchange, "copper1", "copper2")
    dial_and_bridge(exchange, OUTSIDE)
    caller = exchange.offer(called="95550100")
    [first] = group.taken
    exchange.says(first, Rerouted("g1/5550100"))
    exchange.says(first, Released(DEAD))
    second = group.taken[-1]
    assert second.name.startswith("FXO/copper2-") and isinstance(second.commands[0], Dial)
    exchange.says(second, Alerting())
    exchange.says(second, Answered("off-hook"))
    assert exchange.talks(caller, second)
    exchange.says(caller, Released(BYE))
    assert isinstance(second.last, Hangup)


def test_each_line_is_tried_once_and_then_the_caller_is_told_why(exchange: Exchange) -> None:
    group = outside(exchange, "copper1", "copper2")
    outcomes = dial_and_bridge(exchange, OUTSIDE)
    exchange.offer(called="95550100")
    for _ in range(2):
        failing = group.taken[-1]
        exchange.says(failing, Rerouted("g1/5550100"))
        exchange.says(failing, Released(DEAD))
    exchange.loop.settle()
    assert [channel.name.partition("-")[0] for channel in group.taken] == [
        "FXO/copper1",
        "FXO/copper2",
        "FXO/copper1",
    ]
    assert isinstance(group.taken[-1].last, Hangup), "given back: it has been tried"
    assert not any(isinstance(command, Dial) for command in group.taken[-1].commands)
    [outcome] = outcomes
    assert outcome.status is DialStatus.CONGESTION and outcome.ending == DEAD


def test_a_caller_who_gives_up_meanwhile_ends_the_second_attempt_too(exchange: Exchange) -> None:
    group = outside(exchange, "copper1", "copper2")
    dial_and_bridge(exchange, OUTSIDE)
    caller = exchange.offer(called="95550100")
    exchange.says(group.taken[0], Rerouted("g1/5550100"))
    exchange.says(group.taken[0], Released(DEAD))
    exchange.says(caller, Released(BYE))
    assert isinstance(group.taken[1].last, Hangup)


def test_a_dial_that_is_taken_over_goes_on_by_the_next_line(exchange: Exchange) -> None:
    exchange.dialplan("[office]\nexten => _9.,1,Dial(FXO/g1/${EXTEN:1})")
    group = outside(exchange, "copper1", "copper2")
    caller = exchange.offer(called="95550100")
    [first] = group.taken
    exchange.says(first, Rerouted("g1/5550100"))
    heir = exchange.offer("SIP/6003-00000009", "", replaces=caller.name)
    exchange.says(first, Released(DEAD))
    second = group.taken[-1]
    assert second.name.startswith("FXO/copper2-")
    [dialled] = [command for command in second.commands if isinstance(command, Dial)]
    assert dialled.caller == Party("6003"), "who calls now"
    exchange.says(second, Rerouted("g1/5550100"))
    exchange.says(second, Released(DEAD))
    assert isinstance(group.taken[-1].last, Hangup), "each line once"
    assert isinstance(heir.last, Hangup) and heir.last.ending == DEAD


def test_a_dial_that_was_diverted_without_a_limit_has_none_when_it_is_taken_over(exchange: Exchange) -> None:
    exchange.dialplan("[office]\nexten => 101,1,Dial(FXS/101,10,z)\nexten => 102,1,Dial(FXS/102)")
    caller = exchange.offer(called="101")
    exchange.says(exchange.telephone("101"), Diverted("102"))
    exchange.says(exchange.telephone("101"), Released(BUSY))
    heir = exchange.offer("SIP/6003-00000009", "", replaces=caller.name)
    exchange.wait(60)
    exchange.says(exchange.telephone("102"), Answered("off-hook"))
    assert not isinstance(heir.last, Hangup)
    exchange.says(heir, Released(BYE))
