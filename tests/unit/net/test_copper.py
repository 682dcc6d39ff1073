"""Real lines on real rows: telephones and a central office behind the emulated card, the plane stepped by hand.

Only the call itself is a stand-in: the test joins two legs as a call would.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.core.messages import Alert, Alerting, Answer, Answered, Offered, Progress, Released
from gateway.core.number import Party
from tests.support.copper import Copper


@pytest.fixture
def copper() -> Iterator[Copper]:
    made = Copper()
    yield made
    made.close()


def test_one_telephone_calls_the_other(copper: Copper) -> None:
    first, second = copper.first, copper.second
    first.lift()
    copper.run(1.0)
    assert first.hears == "dial"
    first.dial("102", on=0.08, off=0.08)
    copper.run(1.0)
    assert first.hears is None
    [(caller, offered)] = copper.events()
    assert isinstance(offered, Offered) and offered.called == "102"
    called = copper.call("FXS", "102", offered.caller)
    caller.command(Alert(), copper.clock())
    copper.run(5.0)
    assert first.hears == "ring" and second.rings
    shown = second.caller_id
    assert shown is not None and (shown.number, shown.name) == ("101", "Front desk")
    second.lift()
    copper.run(0.1)
    assert [event for _, event in copper.events()] == [Alerting(), Answered("off-hook")]
    caller.command(Answer(), copper.clock())
    assert caller.audio is not None and called.audio is not None
    caller.audio.join(called.audio)
    second.dial("5")
    copper.run(0.5)
    assert first.digits == "5"
    second.hang_up()
    copper.run(2.0)
    assert isinstance(copper.events()[-1][1], Released)
    first.hang_up()
    copper.run(2.0)
    first.lift()
    copper.run(1.0)
    assert first.hears == "dial"


def test_a_number_is_pulsed(copper: Copper) -> None:
    copper.first.lift()
    copper.run(1.0)
    copper.first.pulse("102")
    copper.run(6.0)
    [(_, offered)] = copper.events()
    assert isinstance(offered, Offered) and offered.called == "102"


def test_a_call_goes_out_by_the_exchange_and_hears_its_answer(copper: Copper) -> None:
    leg = copper.call("FXO", "g1/5550100", Party("101"))
    copper.run(6.0)
    assert [event for _, event in copper.events()] == [
        Progress(),
        Answered("dialled; this line gives no answer signal"),
    ]
    assert copper.world.office.lines[3].dialled == "5550100"
    copper.run(20.0)
    assert leg.audio is not None and leg.audio.stats().received > 0 and copper.events() == []


def test_the_exchange_calls_in_and_shows_who(copper: Copper) -> None:
    copper.world.office.call(3, "2565557777", "ANN")
    copper.run(5.5)
    [(leg, offered)] = copper.events()
    assert offered == Offered("2565551100", Party("2565557777", "ANN"), "default")
    leg.command(Answer(), copper.clock())
    copper.run(2.0)
    copper.world.office.lines[3].hang_up()
    copper.run(2.0)
    [(_, released)] = copper.events()
    assert isinstance(released, Released) and released.ending.by == "the exchange on line copper1"
    copper.run(3.0)
    assert copper.lines.usage() == 0
