"""Groups of lines: which one is taken, and which are passed over."""

from __future__ import annotations

import pytest

from drivers.fxo.config import FxoConfig
from gateway.core.errors import RemoteError
from gateway.core.messages import Dial, Offered, Released, Rerouted
from gateway.core.number import Party
from hardware.analog.line import LineEventKind
from tests.unit.drivers.office import COPPER1, COPPER2, Office

TRUNKS = tuple(FxoConfig(port, f"copper{port}") for port in (3, 4, 5))


def taken(office: Office, target: str) -> str:
    """The line that `target` takes; it is given back at once."""
    leg = office.call(f"FXO/{target}/5550100")
    office.hang_up(leg)
    return leg.name.partition("-")[0].removeprefix("FXO/")


@pytest.mark.parametrize(
    ("letter", "order"),
    [
        ("g", ["copper3", "copper3", "copper3", "copper3"]),
        ("G", ["copper5", "copper5", "copper5", "copper5"]),
        ("r", ["copper3", "copper4", "copper5", "copper3"]),
        ("R", ["copper5", "copper4", "copper3", "copper5"]),
        ("u", ["copper3", "copper4", "copper5", "copper3"]),
    ],
)
def test_each_way_of_hunting_has_its_order(letter: str, order: list[str]) -> None:
    office = Office(phones=(), trunks=TRUNKS)
    assert [taken(office, f"{letter}1") for _ in order] == order


def test_the_least_used_line_is_the_one_with_the_fewest_calls_in_either_direction() -> None:
    office = Office(phones=(), trunks=TRUNKS)
    for port in (3, 5):
        office.line(LineEventKind.RINGBEGIN, port)
        office.wait(9)
    assert taken(office, "u1") == "copper4"


@pytest.mark.parametrize("letter", "gGrRu")
def test_a_line_in_alarm_is_passed_over(letter: str) -> None:
    office = Office(phones=(), trunks=TRUNKS)
    office.line(LineEventKind.ALARM, 4)
    assert "copper4" not in [taken(office, f"{letter}1") for _ in range(6)]
    office.line(LineEventKind.ALARM, 3)
    office.line(LineEventKind.ALARM, 5)
    with pytest.raises(RemoteError, match="no line of group 1 is free"):
        taken(office, f"{letter}1")
    office.line(LineEventKind.NOALARM, 4)
    assert taken(office, f"{letter}1") == "copper4"


def test_a_line_that_could_not_be_seized_is_taken_last_for_a_while() -> None:
    office = Office(phones=(), trunks=TRUNKS)
    leg = office.call("FXO/g1/5550100")
    office.command(leg, Dial("5550100", Party("101")))
    office.wait(5.0)  # no HOOKCOMPLETE
    office.wait(3.0)
    assert taken(office, "g1") == "copper4"
    first, second = office.call("FXO/g1/1"), office.call("FXO/g1/1")
    assert {first.peer, second.peer} == {"line copper4", "line copper5"}
    assert taken(office, "g1") == "copper3", "better a doubtful line than none"
    office.hang_up(first)
    office.wait(60)
    assert taken(office, "g1") == "copper3"


def test_dialplans_share_the_turn_whichever_word_they_use() -> None:
    office = Office(phones=(), trunks=TRUNKS)
    assert taken(office, "r1") == "copper3"
    assert office.call("DAHDI/r1/5550100").peer == "line copper4"


@pytest.mark.parametrize("how", ["not seized", "no dial tone", "glare", "alarm"])
def test_a_line_of_no_use_says_by_which_group_its_call_goes_on(how: str) -> None:
    office = Office(trunks=tuple(FxoConfig(port, f"copper{port}", dial_tone_wait=5.0) for port in (3, 4)))
    leg = office.call("FXO/r1/5550100")
    office.command(leg, Dial("r1/5550100", Party("101")))
    match how:
        case "not seized":
            office.wait(6.0)
        case "no dial tone":
            office.line(LineEventKind.HOOKCOMPLETE, 3)
            office.wait(6.0)
        case "glare":
            office.line(LineEventKind.RINGBEGIN, 3)
        case _:
            office.line(LineEventKind.ALARM, 3)
    events = [event for event in office.events() if not isinstance(event, Offered)]
    assert events[-2] == Rerouted("r1/5550100") and isinstance(events[-1], Released)
    assert office.call("FXO/r1/5550100").name.startswith("FXO/copper4-")


def test_a_line_that_was_named_or_has_been_answered_offers_no_other() -> None:
    office = Office()
    leg = office.call("FXO/copper1/5550100")
    office.command(leg, Dial("copper1/5550100", Party("101")))
    office.line(LineEventKind.ALARM, COPPER1)
    assert [type(event) for event in office.events()] == [Released]
    leg = office.call("FXO/g1/5550100")
    office.command(leg, Dial("g1/5550100", Party("101")))
    office.line(LineEventKind.HOOKCOMPLETE, COPPER2)
    office.wait(4.0)
    office.events()
    office.line(LineEventKind.ALARM, COPPER2)
    assert [type(event) for event in office.events()] == [Released]
