"""Exchange lines on which other telephones hang: in use elsewhere, they are passed over."""

from __future__ import annotations

import errno
from collections.abc import Iterator

import pytest

from drivers.fxo.config import FxoConfig
from gateway.core.cause import Cause
from gateway.core.errors import RemoteError
from gateway.core.messages import Offered
from gateway.core.number import Party
from hardware.analog.line import LineEvent, LineEventKind, MeasureVoltage
from tests.support.copper import Copper
from tests.unit.drivers.office import COPPER1, COPPER2, Office

LINE = FxoConfig(3, "copper1", did="2565551100", caller_id=None, shared=True)
SHARED = "in use by another telephone on the line"


@pytest.fixture
def copper() -> Iterator[Copper]:
    made = Copper(line=LINE)
    yield made
    made.close()


def test_a_line_on_which_somebody_else_talks_is_not_taken(copper: Copper) -> None:
    copper.run(3.0)
    assert copper.state(3) == "idle" and copper.lines.usage() == 0
    copper.exchange.share(True)
    copper.run(3.0)
    assert copper.state(3) == SHARED
    with pytest.raises(RemoteError) as refused:
        copper.call("FXO", "g1/5550100", Party("101"))
    assert refused.value.cause is Cause.NO_CIRCUIT_AVAILABLE and f"copper1 {SHARED}" in str(refused.value)
    copper.exchange.share(False)
    copper.run(3.0)
    assert copper.state(3) == "idle"
    copper.call("FXO", "g1/5550100", Party("101"))
    copper.run(6.0)
    assert copper.exchange.dialled == "5550100", "its own current is not somebody else's"


def test_a_call_that_comes_in_is_a_call_whatever_the_meter_said_last(copper: Copper) -> None:
    copper.exchange.share(True)
    copper.run(3.0)
    copper.exchange.share(False)
    copper.world.office.call(3)
    copper.run(1.0)
    assert [type(event) for event in copper.said()] == [Offered]
    copper.exchange.hang_up()
    copper.run(12.0)
    assert copper.state(3) == "idle"


def volts(office: Office, measured: float, port: int = COPPER1) -> None:
    office.lines.receive(LineEvent(LineEventKind.VOLTAGE, volts=measured), port, office.clock())


def two_lines() -> Office:
    return Office(trunks=(LINE, FxoConfig(4, "copper2", caller_id=None)))


def test_hunting_passes_it_over_and_only_shared_lines_are_looked_at() -> None:
    office = two_lines()
    office.wait(2.0)
    assert office.commands(COPPER1) == [MeasureVoltage()]
    volts(office, 9.0)
    leg = office.call("FXO/g1/5550100")
    assert leg.name.startswith("FXO/copper2-")
    office.hang_up(leg)
    office.wait(2.0)
    assert office.commands(COPPER1) == [MeasureVoltage()]
    volts(office, 47.0)
    assert office.call("FXO/g1/5550100").name.startswith("FXO/copper1-")
    assert office.state(COPPER2) == "idle"


@pytest.mark.parametrize("measured", [0.0, 2.0, 24.0, 48.0, 60.0])
def test_a_dead_line_and_a_fed_one_are_not_in_use(measured: float) -> None:
    office = two_lines()
    office.wait(2.0)
    volts(office, measured)
    assert office.state(COPPER1) == "idle"


def test_a_card_without_a_meter_is_asked_once() -> None:
    office = two_lines()
    office.wait(2.0)
    [asked] = office.commands(COPPER1)
    office.fail(asked, errno.ENOTTY, COPPER1)
    office.wait(60.0)
    assert office.lines.outgoing() == [] and office.state(COPPER1) == "idle"
    story = [note.text for note in office.recorder.story("FXO/copper1")]
    assert story[-1] == "the card of port 3 does not tell whether its line is in use elsewhere"
