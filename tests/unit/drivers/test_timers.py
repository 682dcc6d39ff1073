"""Timers of many lines: the first of all is known without asking each line, and never told too late."""

from __future__ import annotations

import sys
from math import inf

from drivers.fxs.states import Input
from drivers.timers import Due, Timers
from tests.unit.drivers.office import PHONE, Office


def test_what_is_due_first_is_never_told_too_late() -> None:
    due = Due()
    one, other = Timers[Input](due), Timers[Input](due)
    assert due.at == inf
    one[Input.TONE_TIME] = 5.0
    other.setdefault(Input.TONE_TIME, 3.0)
    assert due.at == 3.0
    other[Input.TONE_TIME] = 9.0
    assert due.at == 3.0, "early, for nobody has looked since"
    one.update({Input.LAMP_TIME: 2.0})
    assert due.at == 2.0


def test_after_a_look_it_is_known_again() -> None:
    office = Office()
    office.lift(PHONE)
    tone = office.lines.deadline()
    assert tone is not None
    office.put_down(PHONE)
    office.wait(120.0)
    assert office.lines.deadline() is None


def test_asking_when_something_is_due_asks_no_line() -> None:
    office = Office()
    office.lift(PHONE)
    steps: list[str] = []
    sys.setprofile(lambda frame, event, given: steps.append(frame.f_code.co_qualname) if event == "call" else None)
    try:
        office.lines.deadline()
    finally:
        sys.setprofile(None)
    assert steps == ["AnalogLines.deadline"]
