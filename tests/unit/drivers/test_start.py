"""Loop, kewl and ground start: how a line is seized and how a release is told, at both kinds of port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from drivers.channel import LineChannel
from drivers.fxo.config import FxoConfig
from drivers.fxs.config import FxsConfig
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import Alerting, Answer, Answered, Hangup, Offered, Progress, Released
from gateway.core.number import Party
from hardware.analog.pair import Change
from hardware.dahdi.abi import SigType
from hardware.world.office_line import CallState
from tests.support.copper import Copper

BYE = Hangup(Ending(Cause.NORMAL_CLEARING, "account 6001", Act.HUNG_UP, "BYE"))
GROUND = {1: SigType.FXOGS, 3: SigType.FXSGS}
PBX = FxsConfig(1, "101", ground_start=True)
TRUNK = FxoConfig(3, "copper1", did="2565551100", caller_id=None)

Build = Callable[..., Copper]


@pytest.fixture
def build() -> Iterator[Build]:
    made: list[Copper] = []

    def make(**how: Any) -> Copper:
        made.append(Copper(**{"phone": PBX, "line": TRUNK, "signalling": GROUND, **how}))
        return made[-1]

    yield make
    for copper in made:
        copper.close()


def calls(copper: Copper) -> LineChannel:
    """The first telephone calls 102, and is answered."""
    copper.first.lift()
    copper.run(1.0)
    assert copper.first.hears == "dial"
    copper.first.dial("102")
    copper.run(1.0)
    [(leg, offer)] = copper.events()
    assert isinstance(offer, Offered)
    leg.command(Answer(), copper.clock())
    copper.settle()
    copper.run(0.5)
    return leg


# At a port that feeds a telephone, or the trunk of a small PBX.


def test_a_ground_seizes_the_line_and_an_open_tip_tells_of_the_release(build: Build) -> None:
    copper = build()
    pair = copper.card.pair(1)
    assert not pair.battery, "the tip is open while nobody calls"
    leg = calls(copper)
    assert pair.battery and not pair.grounded, "fed, it lets go of the ground"
    leg.command(BYE, copper.clock())
    copper.settle()
    copper.run(0.1)
    assert not pair.battery
    copper.run(2.0)
    assert copper.state(1) == "on-hook" and copper.first.hears is None
    copper.first.hang_up()
    copper.run(2.0)
    calls(copper)
    copper.first.hang_up()
    copper.run(2.0)
    [released] = [event for event in copper.said() if isinstance(event, Released)]
    assert released.ending.act is Act.HUNG_UP and not pair.battery


def test_a_loop_without_a_ground_seizes_nothing(build: Build) -> None:
    copper = build()
    copper.card.pair(1).close_loop()
    copper.run(3.0)
    assert copper.state(1) == "on-hook" and copper.said() == []
    copper.card.pair(1).open_loop()
    copper.run(1.0)


def test_it_is_rung_with_its_tip_to_ground_and_answers_by_the_loop(build: Build) -> None:
    copper = build()
    leg = copper.call("FXS", "101", Party("6001", "Ada"))
    copper.run(4.0)
    assert copper.first.rings and copper.card.pair(1).battery, "also in the pause of the ringing"
    copper.first.lift()
    copper.run(0.5)
    assert [type(event) for event in copper.said()] == [Alerting, Answered]
    leg.command(BYE, copper.clock())
    copper.settle()
    copper.run(3.0)
    copper.first.hang_up()
    copper.run(2.0)
    assert copper.state(1) == "on-hook" and copper.lines.usage() == 0


@pytest.mark.parametrize(("start", "gaps"), [(SigType.FXOKS, 1), (SigType.FXOLS, 0)])
def test_kewl_start_tells_a_release_by_battery_and_loop_start_does_not(
    build: Build, start: SigType, gaps: int
) -> None:
    copper = build(phone=FxsConfig(1, "101", release_battery=True), signalling={1: start})
    leg = calls(copper)
    changes: list[Change] = []
    copper.card.pair(1).terminal = changes.append
    leg.command(BYE, copper.clock())
    copper.settle()
    copper.run(3.0)
    assert changes.count(Change.BATTERY_OFF) == changes.count(Change.BATTERY_ON) == gaps
    copper.first.hang_up()
    copper.run(2.0)


# At a port that hangs on an exchange.


def test_a_ground_start_exchange_is_seized_called_and_releases_by_its_tip(build: Build) -> None:
    copper = build()
    copper.run(3.0)
    assert copper.state(3) == "idle", "no battery between calls is no alarm"
    copper.call("FXO", "g1/5550105", Party("101"))
    copper.run(1.0)
    assert copper.card.pair(3).grounded and copper.exchange.state is CallState.DIAL_TONE
    copper.run(5.0)
    assert copper.exchange.dialled == "5550105" and not copper.card.pair(3).grounded
    copper.run(6.0)
    progress, answered, released = copper.said()
    assert isinstance(progress, Progress) and isinstance(answered, Answered) and isinstance(released, Released)
    assert released.ending.evidence == "ONHOOK event on port 3"
    copper.run(4.0)
    assert copper.state(3) == "idle" and copper.exchange.state is CallState.IDLE
    assert not copper.card.pair(3).battery and copper.lines.usage() == 0


def test_a_call_from_a_ground_start_exchange_is_answered_and_ended_by_us(build: Build) -> None:
    copper = build()
    copper.run(1.0)
    copper.world.office.call(3)
    copper.run(1.0)
    [(leg, offer)] = copper.events()
    assert isinstance(offer, Offered)
    leg.command(Answer(), copper.clock())
    copper.settle()
    copper.run(2.0)
    assert copper.exchange.state is CallState.TALKING
    leg.command(BYE, copper.clock())
    copper.settle()
    copper.run(4.0)
    assert copper.exchange.state is CallState.IDLE and copper.state(3) == "idle"
    assert not copper.card.pair(3).battery
