"""`DAHDI/…` as dialplans for chan_dahdi write it: ports, groups, spans and their channels (chan_dahdi.c)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drivers.fxo.config import FxoConfig
from drivers.technology import LineTechnology
from gateway.core.cause import Cause
from gateway.core.errors import RemoteError
from gateway.core.messages import Dial
from gateway.core.switch import DeviceState
from tests.unit.drivers.office import Office
from tests.unit.drivers.span_bench import CALLER, E1, SpanBench

FIRST = replace(E1, name="first", span=1, first_channel=5, group=2)
SECOND = replace(E1, name="second", span=2, first_channel=36, group=2)


class Machine:
    """A card with two telephones and two exchange lines on ports 1 to 4, and two spans after it."""

    def __init__(self) -> None:
        self.analogue = Office()
        self.digital = SpanBench(FIRST, SECOND)
        self.dahdi: LineTechnology = self.analogue.lines.technologies["DAHDI"].joined(
            self.digital.spans.technologies["SPAN"]
        )

    def dial(self, address: str) -> str:
        """Whom a Dial takes."""
        leg = self.dahdi.channel(address, self.digital.now)
        leg.command(Dial("", CALLER), self.digital.now)
        self.digital.run(0.1)
        return leg.name.rpartition("-")[0]

    def refusal(self, address: str) -> RemoteError:
        with pytest.raises(RemoteError) as caught:
            self.dial(address)
        return caught.value


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("1", "FXS/101"),
        ("2r3", "FXS/102"),
        ("3/5550100", "FXO/copper1"),
        ("g1/5550100", "FXO/copper1"),
        ("G1/5550100", "FXO/copper2"),
        ("g2/5550100", "SPAN/first"),
        ("G2/5550100", "SPAN/second"),
        ("g2r1/5550100", "SPAN/first"),
        ("i1/5550100", "SPAN/first"),
        ("i2/5550100", "SPAN/second"),
        ("i2-g2/5550100", "SPAN/second"),
        ("second/5550100", "SPAN/second"),
    ],
)
def test_whatever_a_card_carries_is_reached(address: str, taken: str) -> None:
    assert Machine().dial(address) == taken


def test_a_group_of_spans_is_hunted_in_turn() -> None:
    machine = Machine()
    assert [machine.dial("r2/5550100") for _ in range(3)] == ["SPAN/first", "SPAN/second", "SPAN/first"]


def test_a_channel_is_taken_and_no_other_q931_4_5_13() -> None:
    machine = Machine()
    assert machine.dial("38/5550100") == "SPAN/second"
    assert machine.digital.setup().channel == 3
    refused = machine.refusal("38/5550101")
    assert refused.cause is Cause.REQUESTED_CIRCUIT_NOT_AVAILABLE
    assert str(refused) == "channel 38 of span second is in use or out of service"
    assert machine.dial("37/5550101") == "SPAN/second" and machine.digital.setup().channel == 2


@pytest.mark.parametrize(
    ("address", "sentence", "cause"),
    [
        (
            "i3/5550100",
            "there is no line DAHDI/i3; those that there are: 101, 102, copper1",
            Cause.UNALLOCATED_NUMBER,
        ),
        ("i1-g1/5550100", "span 1 is not in group 1", Cause.NO_ROUTE_TO_DESTINATION),
        ("i3-g2/5550100", "span 3 is not in group 2", Cause.NO_ROUTE_TO_DESTINATION),
        ("g3/5550100", "no line is in group 3", Cause.NO_ROUTE_TO_DESTINATION),
        ("39/5550100", "there is no line DAHDI/39", Cause.UNALLOCATED_NUMBER),
        ("g2c/5550100", "g2c: who answers is not asked for a key", Cause.FACILITY_NOT_IMPLEMENTED),
        ("i1d/5550100", "i1d: calls carry speech, no data", Cause.FACILITY_NOT_IMPLEMENTED),
        ("3c/5550100", "3c: who answers is not asked for a key", Cause.FACILITY_NOT_IMPLEMENTED),
    ],
)
def test_what_is_not_there_is_refused(address: str, sentence: str, cause: Cause) -> None:
    refused = Machine().refusal(address)
    assert str(refused).startswith(sentence) and refused.cause is cause


def test_a_group_may_have_lines_and_spans() -> None:
    machine = Machine()
    shared = Office(trunks=(FxoConfig(3, "copper1", group=2),)).lines.technologies["DAHDI"]
    both = shared.joined(machine.digital.spans.technologies["SPAN"])
    legs = [both.channel(f"{way}2/5550100", machine.digital.now) for way in "ggG"]
    assert [leg.name.rpartition("-")[0] for leg in legs] == ["FXO/copper1", "SPAN/first", "SPAN/second"]


def test_devices_of_lamps_are_the_lines_themselves() -> None:
    machine = Machine()
    assert [machine.dahdi.device(word) for word in ("1", "i2", "38")] == ["FXS/101", "SPAN/second", "SPAN/second"]
    assert machine.dahdi.state("i2") is DeviceState.NOT_INUSE
