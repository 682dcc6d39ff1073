"""Groups of lines: which one is taken, and which are passed over."""

from __future__ import annotations

import pytest

from drivers.fxo.config import FxoConfig
from gateway.core.errors import RemoteError
from gateway.core.messages import Dial
from gateway.core.number import Party
from hardware.analog.line import LineEventKind
from tests.unit.drivers.office import Office

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
