"""The contract of a Channel (gateway.core.channel, gateway.core.messages), for every technology that there is.

Each technology is driven through the whole office, since a leg is its engine, its row and its device together. A
technology that is added gets a row in LEGS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.core.cause import Cause
from gateway.core.channel import Channel
from gateway.core.ending import Act, Ending
from gateway.core.errors import RemoteError
from gateway.core.messages import Alerting, Answered, Dial, Event, Hangup, Progress, Released, SendDigits
from gateway.core.number import Party
from tests.support.office import OfficeUnderTest

OFFICE = """
[cards.main]
backend = "emulated"
modules = ["fxs", "fxo"]
[phones.101]
port = 1
[lines.copper1]
port = 2
[isdn.adapter1]
backend = "emulated"
numbers = ["2565551100"]
[spans.e1]
backend = "emulated"
[sip]
listen = ["udp:127.0.0.1:0"]
[web]
listen = "127.0.0.1:0"
[accounts.6001]
secret = "one"
"""
CLEAR = Ending(Cause.NORMAL_CLEARING, "the test", Act.HUNG_UP, "hang-up")
CALLER = Party("102", "Workshop")


@dataclass(frozen=True)
class Kind:
    """How the far side of a technology's leg is played."""

    target: str
    answer: Callable[[Stage], None]
    hang_up: Callable[[Stage], None]
    early: type[Event]


class Stage:
    """An office in which one leg after another is placed by hand."""

    def __init__(self, folder: Path) -> None:
        self.office = OfficeUnderTest(folder, OFFICE)
        self.office.until(lambda: all(line.in_service for line in self.office.app.hardware.isdn.status()))
        self.ada = self.office.sip("6001")
        self.phone = self.office.phone("101")
        self.said: list[Event] = []
        self.office.app.manager.deliver = lambda channel, event: self.said.append(event)

    def reserve(self, target: str) -> Channel:
        technology, _, address = target.partition("/")
        return self.office.app.manager.technologies[technology].channel(address, self.office.loop.now)

    def command(self, channel: Channel, command: object) -> None:
        channel.command(command, self.office.loop.now)
        self.office.app.runner.wake()
        self.office.run(0.1)

    def ada_answers(self) -> None:
        self.ada.ring()
        self.office.run(0.1)
        self.ada.answer()

    def hears(self, kind: type[Event], within: float = 15.0) -> Event:
        self.office.until(lambda: any(isinstance(event, kind) for event in self.said), within)
        return next(event for event in self.said if isinstance(event, kind))


KINDS = {
    "SIP": Kind(
        "SIP/6001",
        answer=lambda stage: stage.ada_answers(),
        hang_up=lambda stage: stage.ada.hang_up(),
        early=Alerting,
    ),
    "FXS": Kind(
        "FXS/101",
        answer=lambda stage: stage.phone.lift(),
        hang_up=lambda stage: stage.phone.hang_up(),
        early=Alerting,
    ),
    "FXO": Kind(
        "FXO/copper1/5550106",
        answer=lambda stage: None,  # the number answers by itself
        hang_up=lambda stage: stage.office.exchange("copper1").hang_up(),
        early=Progress,
    ),
    "SPAN": Kind(
        "SPAN/e1/5550106",
        answer=lambda stage: None,  # the number answers by itself
        hang_up=lambda stage: stage.office.app.hardware.span_cards.worlds["e1"].exchange.latest.hang_up(),
        early=Alerting,
    ),
    "ISDN": Kind(
        "ISDN/adapter1/5550106",
        answer=lambda stage: None,  # the number answers by itself
        hang_up=lambda stage: stage.office.app.hardware.adapters.accesses["adapter1"].hang_up(),
        early=Alerting,
    ),
}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    try:
        yield stage
        stage.phone.hang_up()
        stage.office.settle_down()
    finally:
        stage.office.close()


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


def placed(stage: Stage, kind: Kind) -> Channel:
    channel = stage.reserve(kind.target)
    stage.command(channel, Dial("", CALLER))
    return channel


def answered(stage: Stage, kind: Kind) -> Channel:
    channel = placed(stage, kind)
    stage.office.run(0.5)
    kind.answer(stage)
    stage.hears(Answered)
    stage.office.run(5)
    return channel


def test_a_leg_is_named_for_its_technology_and_each_name_is_new(stage: Stage, kind: Kind) -> None:
    names = set()
    for _ in range(2):
        channel = placed(stage, kind)
        assert channel.name.startswith(f"{kind.target.partition('/')[0]}/")
        assert channel.peer and channel.audio is not None
        names.add(channel.name)
        stage.command(channel, Hangup(CLEAR))
        stage.office.run(4)
    assert len(names) == 2


def test_it_tells_of_progress_then_of_the_answer_and_how(stage: Stage, kind: Kind) -> None:
    channel = answered(stage, kind)
    kinds = [type(event) for event in stage.said]
    assert kinds.index(kind.early) < kinds.index(Answered)
    answer = next(event for event in stage.said if isinstance(event, Answered))
    assert answer.how
    stage.command(channel, Hangup(CLEAR))


def test_the_far_side_hangs_up_and_it_is_released_once_with_evidence(stage: Stage, kind: Kind) -> None:
    channel = answered(stage, kind)
    kind.hang_up(stage)
    released = stage.hears(Released)
    assert isinstance(released, Released)
    assert released.ending.cause is Cause.NORMAL_CLEARING and released.ending.act is Act.HUNG_UP
    assert released.ending.evidence and released.ending.by != "Copperline"
    assert channel.audio is None
    stage.office.run(5)
    assert [event for event in stage.said if isinstance(event, Released)] == [released]


def test_after_a_hang_up_that_was_commanded_it_says_nothing_more(stage: Stage, kind: Kind) -> None:
    channel = answered(stage, kind)
    stage.command(channel, Hangup(CLEAR))
    assert channel.audio is None
    stage.said.clear()
    stage.office.run(5)
    assert stage.said == []


def test_it_can_be_given_up_before_an_answer(stage: Stage, kind: Kind) -> None:
    channel = placed(stage, kind)
    stage.command(channel, Hangup(CLEAR))
    assert channel.audio is None
    stage.office.run(5)
    assert not any(isinstance(event, Released | Answered) for event in stage.said)


def test_a_command_after_the_end_is_ignored(stage: Stage, kind: Kind) -> None:
    channel = answered(stage, kind)
    kind.hang_up(stage)
    stage.hears(Released)
    stage.command(channel, SendDigits("1"))
    stage.command(channel, Hangup(CLEAR))


def test_what_is_not_there_is_refused_with_a_cause_before_anything_is_placed(stage: Stage, kind: Kind) -> None:
    technology = kind.target.partition("/")[0]
    with pytest.raises(RemoteError) as caught:
        stage.reserve(f"{technology}/nobody")
    assert caught.value.cause is Cause.UNALLOCATED_NUMBER
    assert "nobody" in str(caught.value)
