"""Who calls, told in every country's way: to a telephone, and by an exchange."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from drivers.fxo.config import FxoConfig
from drivers.fxs.config import FxsConfig
from gateway.core.messages import Alerting, Answered, Offered
from gateway.core.number import Party, Presentation
from gateway.media.caller_id import CallerId
from gateway.media.delivery import Delivery
from hardware.analog.pair import Change
from hardware.world.office_config import OfficeConfig
from tests.support.copper import LINE, PHONE, Copper
from tests.unit.drivers.test_fxo_signs import HANGUP

WAYS = [
    (Delivery.BELL_202, "us"),
    (Delivery.V23, "de"),
    (Delivery.BELL_202_SINGLE, "us"),
    (Delivery.V23_SINGLE, "de"),
    (Delivery.V23_ALERT, "uk"),
    (Delivery.DTMF, "se"),
    (Delivery.DTMF, "nl"),
    (Delivery.DTMF, "br"),
    (Delivery.DTMF_DENMARK, "dk"),
]
NAMING = (Delivery.BELL_202, Delivery.V23, Delivery.V23_ALERT)
EARLY = [(way, zone) for way, zone in WAYS if way.before_ringing]
ANN = Party("2565550199", "ANN")
HIDDEN = Party(presentation=Presentation.RESTRICTED)

Build = Callable[..., Copper]


@pytest.fixture
def build() -> Iterator[Build]:
    made: list[Copper] = []

    def make(way: Delivery, zone: str, **how: Any) -> Copper:
        exchange = OfficeConfig(caller_id=way, **how)
        phone: FxsConfig = replace(PHONE, caller_id=way)
        line: FxoConfig = replace(LINE, caller_id=way)
        made.append(Copper(zone=zone, phone=phone, line=line, exchange=exchange))
        return made[-1]

    yield make
    for copper in made:
        copper.close()


def offered(copper: Copper) -> Party:
    [(_, event)] = copper.events()
    assert isinstance(event, Offered)
    return event.caller


# To a telephone.


@pytest.mark.parametrize(("way", "zone"), WAYS)
@pytest.mark.parametrize("caller", [ANN, HIDDEN])
def test_a_telephone_shows_who_calls(build: Build, way: Delivery, zone: str, caller: Party) -> None:
    copper = build(way, zone)
    copper.call("FXS", "101", caller)
    copper.run(6.0)
    shown = copper.first.caller_id
    name = caller.name if way in NAMING else ""
    assert shown is not None
    assert (shown.number, shown.name, shown.presentation) == (caller.number, name, caller.presentation)
    assert copper.said() == [Alerting()]


@pytest.mark.parametrize(("way", "zone"), EARLY)
def test_it_is_shown_before_the_first_ring_and_the_polarity_is_put_back(
    build: Build, way: Delivery, zone: str
) -> None:
    copper = build(way, zone)
    seen: list[Change] = []
    pair = copper.card.pair(1)
    tell = pair.terminal
    pair.terminal = lambda change: (seen.append(change), tell(change))[1]
    copper.call("FXS", "101", ANN)
    copper.run(0.5)
    assert copper.state(1) == "being shown who calls" and copper.said() == []
    copper.run(4.5)
    assert seen[:3] == [Change.REVERSED, Change.NORMAL, Change.RING_ON]


@pytest.mark.parametrize(("way", "zone"), EARLY)
def test_a_receiver_lifted_while_it_is_shown_answers(build: Build, way: Delivery, zone: str) -> None:
    copper = build(way, zone)
    copper.call("FXS", "101", ANN)
    copper.run(0.5)
    copper.first.lift()
    copper.run(0.5)
    assert copper.said() == [Answered("off-hook")]
    assert not copper.card.pair(1).reversed and copper.first.hears is None


@pytest.mark.parametrize(("way", "zone"), EARLY)
def test_a_call_given_up_while_it_is_shown_never_rings(build: Build, way: Delivery, zone: str) -> None:
    copper = build(way, zone)
    leg = copper.call("FXS", "101", ANN)
    copper.run(0.5)
    leg.command(HANGUP, copper.clock())
    copper.run(6.0)
    assert not copper.first.rings and not copper.card.pair(1).reversed and copper.lines.usage() == 0


# By an exchange.


@pytest.mark.parametrize(("way", "zone"), WAYS)
@pytest.mark.parametrize("caller", [ANN, HIDDEN])
def test_an_exchange_tells_who_calls(build: Build, way: Delivery, zone: str, caller: Party) -> None:
    copper = build(way, zone)
    when = datetime(2026, 1, 2, 15, 30)
    copper.world.office.call(3, caller.number, caller.name, presentation=caller.presentation, when=when)
    copper.run(6.0)
    name = caller.name if way in NAMING else ""
    assert offered(copper) == replace(caller, name=name)


def test_keys_without_a_reversal_before_them_are_heard_too(build: Build) -> None:
    copper = build(Delivery.DTMF, "br", announce_by_reversal=False)
    for _ in range(2):
        copper.world.office.call(3, "2565550199")
        copper.run(5.0)
        [(leg, event)] = copper.events()
        assert isinstance(event, Offered) and event.caller.number == "2565550199"
        leg.command(HANGUP, copper.clock())
        copper.exchange.hang_up()
        copper.run(12.0)
    assert copper.state(3) == "idle"


def test_a_call_announced_by_nothing_is_offered_at_the_first_ring(build: Build) -> None:
    copper = build(Delivery.V23_ALERT, "uk")
    copper.world.office.call(3)
    copper.run(0.5)
    assert offered(copper) == Party(presentation=Presentation.UNAVAILABLE)


def test_a_reversal_that_nothing_follows_is_forgotten(build: Build) -> None:
    copper = build(Delivery.V23_ALERT, "uk")
    copper.card.pair(3).set_reversed(True)
    copper.run(1.0)
    assert copper.state(3) == "told who calls"
    copper.run(4.0)
    assert copper.state(3) == "idle" and copper.lines.usage() == 0 and copper.events() == []


def test_an_alert_is_longer_than_a_display_needs() -> None:
    assert Delivery.V23_ALERT.signal(CallerId("1")).nonzero()[0][0] >= 800, "100 ms of silence after the reversal"
