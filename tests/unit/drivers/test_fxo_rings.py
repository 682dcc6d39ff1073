"""Distinctive ringing on exchange lines: several numbers on one line, told by their cadences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from drivers.fxo.config import FxoConfig
from drivers.fxo.rings import DistinctiveRing, RingMeter
from gateway.core.messages import Offered
from gateway.media.delivery import Delivery
from hardware.analog.line import LineEventKind
from hardware.world.office_config import OfficeConfig
from tests.support.copper import Copper
from tests.unit.drivers.office import COPPER1, Office

RINGS = (
    DistinctiveRing("teen", (800, 400, 800, 4000), did="teen"),
    DistinctiveRing("shop", (400, 200, 400, 200, 800, 4000), context="shop"),
    DistinctiveRing("fax", (300, 200, 1000, 200, 300, 4000), context="fax", did="2565551199"),
)
LINE = FxoConfig(3, "copper1", did="2565551100", context="from-pstn", rings=RINGS)

Build = Callable[..., Copper]


@pytest.fixture
def build() -> Iterator[Build]:
    made: list[Copper] = []

    def make(line: FxoConfig = LINE, **how: Any) -> Copper:
        made.append(Copper(line=line, **how))
        return made[-1]

    yield make
    for copper in made:
        copper.close()


def measured(cadence: tuple[int, ...], cycles: int = 1, late: float = 0.05) -> RingMeter:
    """What a line tells of a cadence: the ends of its bursts late."""
    meter, now = RingMeter(), 0.0
    for place, length in enumerate(cadence * cycles):
        if place % 2 == 0:
            meter.began(now)
        else:
            meter.ended(now + late)
        now += length / 1000
    return meter


@pytest.mark.parametrize("cycles", [1, 2])
@pytest.mark.parametrize("ring", RINGS, ids=lambda ring: ring.name)
def test_each_ring_is_known_by_its_first_cycle(ring: DistinctiveRing, cycles: int) -> None:
    assert measured(ring.cadence, cycles).which(RINGS) is ring


@pytest.mark.parametrize("off", [-90, 60, 120])
def test_a_ring_may_be_off_by_a_tenth_of_a_second_and_a_tenth(off: int) -> None:
    assert measured((800 + off, 400 - off, 800, 4000)).which(RINGS) is RINGS[0]
    assert measured((800 + 3 * off, 400, 800, 4000)).which(RINGS) in (None, RINGS[0])


@pytest.mark.parametrize("cadence", [(2000, 4000), (400, 200, 400, 2000), (800, 400, 1200, 4000), (800, 4000), ()])
def test_other_rings_are_none_of_them(cadence: tuple[int, ...]) -> None:
    assert measured(cadence).which(RINGS) is None
    assert measured(cadence).which(()) is None


def test_a_line_that_chatters_for_ever_fills_nothing() -> None:
    meter = RingMeter()
    for ms in range(0, 60_000, 5):
        meter.began(ms / 1000)
        meter.ended(ms / 1000 + 0.002)
    assert meter.which(RINGS) is None and len(meter._lengths) <= 16


@pytest.mark.parametrize("told", [Delivery.BELL_202, None, Delivery.DTMF])
@pytest.mark.parametrize(("ring", "called", "context"), [
    (RINGS[0], "teen", "from-pstn"), (RINGS[1], "2565551100", "shop"), (RINGS[2], "2565551199", "fax"),
])  # fmt: skip
def test_a_call_comes_in_where_its_ring_says(
    build: Build, ring: DistinctiveRing, called: str, context: str, told: Delivery | None
) -> None:
    from_exchange = told or Delivery.BELL_202
    copper = build(replace(LINE, caller_id=told), exchange=replace(OfficeConfig(), caller_id=from_exchange))
    copper.world.office.call(3, "2565557777", "ANN", cadence=ring.cadence)
    copper.run(7.0)
    [offer] = [event for event in copper.said() if isinstance(event, Offered)]
    assert (offer.called, offer.context, offer.variables) == (called, context, {"RING": ring.name})
    assert offer.caller.number == ("2565557777" if told else "")
    copper.exchange.hang_up()
    copper.run(12.0)
    assert copper.state(3) == "idle"


def test_a_ring_whose_beginning_was_not_seen_comes_in_by_the_line_s_own_rule() -> None:
    office = Office(trunks=(replace(LINE, caller_id=None),))
    office.line(LineEventKind.RINGOFFHOOK, COPPER1)
    office.wait(1.3)
    [offer] = office.events()
    assert isinstance(offer, Offered) and offer.context == "from-pstn"
    office = Office(trunks=(replace(LINE, caller_id=None, rings=()),))
    office.line(LineEventKind.RINGOFFHOOK, COPPER1)
    office.wait(5.0)
    assert len(office.events()) == 1


@pytest.mark.parametrize("zone", ["us", "uk", "de", "fr", "jp", "au"])
def test_a_country_s_own_ring_is_none_of_them(build: Build, zone: str) -> None:
    copper = build(zone=zone)
    copper.world.office.call(3)
    copper.run(8.0)
    [offer] = [event for event in copper.said() if isinstance(event, Offered)]
    assert (offer.called, offer.context, offer.variables) == ("2565551100", "from-pstn", {})
    copper.exchange.hang_up()
    copper.run(12.0)
