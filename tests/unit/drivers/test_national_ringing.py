"""Ringing in the cadences of many countries, at both ends of a line; and dials and keys mixed in one number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from gateway.core.messages import Alerting, Offered, Released
from gateway.core.number import Party
from gateway.media.tone import zone as zone_of
from tests.support.copper import Copper

COUNTRIES = ["us", "uk", "de", "fr", "jp", "au", "se", "it", "za", "in"]

Build = Callable[[str], Copper]


@pytest.fixture
def build() -> Iterator[Build]:
    made: list[Copper] = []

    def make(country: str) -> Copper:
        made.append(Copper(zone=country))
        return made[-1]

    yield make
    for copper in made:
        copper.close()


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_telephone_rings_in_its_country_s_cadence(build: Build, country: str) -> None:
    copper = build(country)
    copper.call("FXS", "101", Party("6001", "Ada"))
    copper.run(14.0)
    on, off = zone_of(country).ring[0::2], zone_of(country).ring[1::2]
    bursts = list(copper.first.rings)
    for place, (burst, after) in enumerate(pairwise(bursts)):
        assert abs(burst.ms - on[place % len(on)]) <= 20
        assert abs(after.at - burst.at - burst.ms - off[place % len(off)]) <= 20
    assert len(bursts) >= 3 and Alerting() in copper.said()


@pytest.mark.parametrize("country", COUNTRIES)
def test_an_exchange_of_any_country_rings_for_one_call_until_it_gives_up(build: Build, country: str) -> None:
    copper = build(country)
    copper.world.office.call(3, "2565557777")
    copper.run(20.0)
    assert [type(event) for event in copper.said()] == [Offered]
    copper.exchange.hang_up()
    copper.run(9.0)
    [gone] = copper.said()
    assert isinstance(gone, Released) and gone.ending.evidence == "no further ring for 8 s"
    assert copper.state(3) == "idle" and copper.lines.usage() == 0


def test_a_number_may_be_dialled_half_by_the_dial_and_half_by_keys(build: Build) -> None:
    copper = build("us")
    copper.first.lift()
    copper.run(1.0)
    copper.first.pulse("1")
    copper.run(2.0)
    copper.first.dial("0")
    copper.run(0.5)
    copper.first.pulse("2")
    copper.run(2.0)
    [offer] = copper.said()
    assert isinstance(offer, Offered) and offer.called == "102"
    copper.first.hang_up()
    copper.run(2.0)
