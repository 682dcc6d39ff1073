"""Digits become a number: the collector alone, on a hand-moved clock."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.digits import FIRST_DIGIT, INTER_DIGIT, MATCH, MAX_DIGITS, DigitCollector, Verdict
from gateway.core.number import Match
from tests.unit.drivers.recording import ListedNumbers


def collector(*numbers: str, ignored: str = "") -> DigitCollector:
    return DigitCollector(ListedNumbers(*numbers, ignored=ignored), context="office", caller="101", now=0.0)


def test_a_number_that_can_be_nothing_else_goes_at_once() -> None:
    dialled = collector("101", "102")
    assert [dialled.add(digit, 1.0) for digit in "101"] == [Verdict.MORE, Verdict.MORE, Verdict.COMPLETE]
    assert dialled.digits == "101"


def test_the_first_digit_may_take_sixteen_seconds_and_further_ones_eight() -> None:
    dialled = collector("101")
    assert dialled.deadline == FIRST_DIGIT == 16.0
    dialled.add("1", 10.0)
    assert dialled.deadline == 10.0 + INTER_DIGIT == 18.0
    dialled.begin(17.0)
    assert dialled.deadline == 25.0
    assert dialled.expire() is Verdict.TIMED_OUT


def test_a_number_that_could_go_on_waits_three_seconds() -> None:
    dialled = collector("60", "6001")
    dialled.add("6", 1.0)
    assert dialled.add("0", 2.0) is Verdict.MORE
    assert dialled.deadline == 2.0 + MATCH == 5.0
    assert dialled.expire() is Verdict.COMPLETE and dialled.digits == "60"


def test_hash_ends_a_number_that_could_go_on() -> None:
    dialled = collector("60", "6001")
    assert [dialled.add(digit, 1.0) for digit in "60#"] == [Verdict.MORE, Verdict.MORE, Verdict.COMPLETE]
    assert dialled.digits == "60"


def test_hash_is_a_digit_where_there_is_no_number_before_it() -> None:
    dialled = collector("#72", "*5#")
    assert [dialled.add(digit, 1.0) for digit in "#72"][-1] is Verdict.COMPLETE
    dialled = collector("#72", "*5#")
    assert [dialled.add(digit, 1.0) for digit in "*5#"][-1] is Verdict.COMPLETE


def test_digits_that_begin_no_number_are_impossible_at_once() -> None:
    dialled = collector("101")
    assert dialled.add("5", 1.0) is Verdict.IMPOSSIBLE


def test_nothing_dialled_is_a_time_out() -> None:
    assert collector("101").expire() is Verdict.TIMED_OUT


def test_ignorepat_keeps_dial_tone_after_its_digits_only() -> None:
    dialled = collector("9555", ignored="9")
    assert not dialled.keeps_dial_tone()
    dialled.add("9", 1.0)
    assert dialled.keeps_dial_tone()
    dialled.add("5", 1.2)
    assert not dialled.keeps_dial_tone()


class Endless(ListedNumbers):
    """A plan in which every number could be longer."""

    def match(self, context: str, digits: str, caller: str = "") -> Match:
        return Match.PARTIAL


def test_a_stuck_key_ends_at_the_limit() -> None:
    dialled = DigitCollector(Endless(), context="office", caller="101", now=0.0)
    verdicts = [dialled.add("5", float(at)) for at in range(MAX_DIGITS + 1)]
    assert verdicts == [Verdict.MORE] * MAX_DIGITS + [Verdict.IMPOSSIBLE]


@settings(max_examples=100)
@given(st.text("0123456789*#ABCD", max_size=20), st.lists(st.text("0123456789*#", min_size=1, max_size=6)))
def test_whatever_is_dialled_gives_a_number_of_the_plan_or_none(keys: str, numbers: list[str]) -> None:
    dialled = collector(*numbers)
    for key in keys:
        verdict = dialled.add(key, 1.0)
        if verdict is Verdict.COMPLETE:
            assert dialled.digits in numbers
        if verdict is not Verdict.MORE:
            return
    assert (dialled.expire() is Verdict.COMPLETE) == (dialled.digits in numbers)


@pytest.mark.parametrize("digit", list("0123456789*#ABCD"))
def test_every_key_can_be_part_of_a_number(digit: str) -> None:
    assert collector(f"{digit}1").add(digit, 1.0) is Verdict.MORE
