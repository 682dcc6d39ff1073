"""The drawings of the state machines, and what every state machine must keep to."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from enum import Enum
from importlib import import_module
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import pytest

import dialplan
import drivers
import gateway
import hardware
from docs.draw import FOLDER, drawings
from docs.ladder import draw, final, reached
from docs.machines import MACHINES, Drawn

every_machine = pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)


def test_the_drawings_show_the_tables_as_they_stand() -> None:
    wanted = drawings()
    assert set(FOLDER.glob("*.svg")) == set(wanted), "run python -m docs"
    stale = [path.name for path, text in wanted.items() if path.read_text(encoding="utf-8") != text]
    assert not stale, f"{', '.join(stale)}: run python -m docs"


def modules() -> Iterator[ModuleType]:
    for package in (gateway, drivers, dialplan, hardware):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                yield import_module(found.name)


def is_table(value: object) -> bool:
    """state -> input -> (state, action), all of Enums."""
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(isinstance(state, Enum) and isinstance(row, Mapping) for state, row in value.items())
        and all(
            isinstance(given, Enum) and isinstance(to, tuple) and len(to) == 2 and isinstance(to[0], Enum)
            for row in value.values()
            for given, to in row.items()
        )
    )


def test_every_table_of_the_project_is_drawn() -> None:
    drawn = {id(machine.table) for machine in MACHINES}
    missing = {
        f"{module.__name__}.{name}"
        for module in modules()
        for name, value in vars(module).items()
        if is_table(value) and id(value) not in drawn
    }
    assert not missing, "name them in docs/machines.py"


@every_machine
def test_every_state_is_reached_from_the_start(machine: Drawn) -> None:
    assert set(machine.table) == set(reached(machine.table, machine.start))


@every_machine
def test_every_state_has_a_way_out_but_those_that_are_meant_to_be_ends(machine: Drawn) -> None:
    assert {state for state in machine.table if final(machine.table, state)} == machine.ends


@every_machine
def test_no_states_are_a_trap_together(machine: Drawn) -> None:
    """From every state there is a way to an end of the machine or, where it has none, back to its start."""
    ends = machine.ends or {machine.start}
    for state in machine.table:
        assert not ends.isdisjoint(reached(machine.table, state)), state


@every_machine
def test_every_input_is_taken_somewhere(machine: Drawn) -> None:
    """By this machine, or by another one that shares its inputs."""
    kinds = {type(given) for row in machine.table.values() for given in row}
    every = {given for other in MACHINES for row in other.table.values() for given in row}
    assert {given for kind in kinds for given in kind} <= every


@every_machine
def test_a_drawing_is_well_formed_and_names_every_state(machine: Drawn) -> None:
    drawing = ElementTree.fromstring(draw(machine))
    words = {element.text for element in drawing.iter("{http://www.w3.org/2000/svg}text")}
    assert {state.name for state in machine.table} <= words


class Lamp(Enum):
    DARK = "dark"
    LIT = "lit"
    BROKEN = "broken"


class Deed(Enum):
    PRESS = "the button is pressed"
    DROP = "it falls"


def lamp(**changed: Any) -> Drawn:
    table = {
        Lamp.DARK: {Deed.PRESS: (Lamp.LIT, "light"), Deed.DROP: (Lamp.BROKEN, "")},
        Lamp.LIT: {Deed.PRESS: (Lamp.DARK, "go_out"), Deed.DROP: (Lamp.BROKEN, "go_out")},
        Lamp.BROKEN: {Deed.PRESS: (Lamp.BROKEN, "")},
    }
    return Drawn("lamp", "A lamp", "lamp.py", {**table, **changed}, Lamp.DARK)


def test_what_is_reached_from_a_state_comes_nearest_first() -> None:
    assert reached(lamp().table, Lamp.LIT) == [Lamp.LIT, Lamp.DARK, Lamp.BROKEN]


def test_a_state_that_only_leads_to_itself_is_final() -> None:
    table = lamp().table
    assert [state for state in table if final(table, state)] == [Lamp.BROKEN]


def test_inputs_that_change_nothing_are_gathered() -> None:
    assert "no change: PRESS" in draw(lamp())


def test_a_drawing_tells_inputs_by_name_and_meaning_and_the_action() -> None:
    drawing = draw(lamp())
    assert '>PRESS<tspan class="q">  the button is pressed</tspan>' in drawing
    assert ">go_out</text>" in drawing
