"""Digits collected one by one, on the plan's word."""

from __future__ import annotations

import pytest

from dialplan.plan import DialplanNumbers
from gateway.core.number import Match, NumberPlan
from tests.unit.dialplan.office import NOON, read_text

TEXT = """[office]
exten => 101,1,NoOp()
exten => 6001,1,NoOp()
exten => _9NXXXXXX,1,NoOp()
exten => _9011.,1,NoOp()
exten => _8!,1,NoOp()
exten => 70,hint,FXS/101
exten => 5/6001,1,NoOp()
exten => s,1,NoOp()
include => more
ignorepat => 9
[more]
exten => 1015,1,NoOp()
ignorepat => _7X
"""


def plan() -> NumberPlan:
    dialplan = read_text(TEXT)
    return DialplanNumbers(lambda: dialplan, lambda: NOON)


@pytest.mark.parametrize(
    ("digits", "match"),
    [
        ("", Match.PARTIAL),
        ("1", Match.PARTIAL),
        ("101", Match.EXTENDABLE),
        ("1015", Match.COMPLETE),
        ("1016", Match.IMPOSSIBLE),
        ("600", Match.PARTIAL),
        ("6001", Match.COMPLETE),
        ("9", Match.PARTIAL),
        ("95550100", Match.COMPLETE),
        ("90114", Match.EXTENDABLE),
        ("8", Match.COMPLETE),
        ("87", Match.COMPLETE),
        ("7", Match.IMPOSSIBLE),
        ("5", Match.IMPOSSIBLE),
    ],
)
def test_what_the_digits_can_become(digits: str, match: Match) -> None:
    assert plan().match("office", digits) is match


def test_an_extension_for_one_caller_is_there_for_that_one() -> None:
    assert plan().match("office", "5", "6001") is Match.COMPLETE


def test_a_context_that_does_not_exist_has_no_numbers() -> None:
    assert plan().match("nowhere", "1") is Match.IMPOSSIBLE


def test_dial_tone_goes_on_after_the_outside_digit() -> None:
    keeps = [digits for digits in ("9", "95", "1", "", "71", "7") if plan().keeps_dial_tone("office", digits)]
    assert keeps == ["9", "71"]


SPECIAL = """[plain]
exten => 101,1,NoOp()
[fax]
exten => fax,1,NoOp()
[one]
exten => fax/6001,1,NoOp()
[night]
include => fax,18:00-08:00,*,*,*
[any]
exten => _.,1,NoOp()
"""


@pytest.mark.parametrize(
    ("context", "caller", "there"),
    [
        ("plain", "", False),
        ("fax", "", True),
        ("one", "6001", True),
        ("one", "6002", False),
        ("night", "", False),
        ("any", "", True),
        ("nowhere", "", False),
    ],
)
def test_a_special_extension_is_there_for_whom_it_serves_at_this_hour(
    context: str, caller: str, there: bool
) -> None:
    dialplan = read_text(SPECIAL)
    numbers = DialplanNumbers(lambda: dialplan, lambda: NOON)
    assert [numbers.has_special(context, "fax", caller) for _ in range(2)] == [there, there], "kept or not"


def test_what_a_context_lacks_is_kept_for_those_that_there_are() -> None:
    """A stranger may name contexts: they must not fill the memory."""
    dialplan = read_text(SPECIAL)
    assert dialplan.lacks("plain", "h")
    assert not dialplan.lacks("night", "fax"), "it is there at another hour"
    for number in range(100):
        assert dialplan.lacks(f"made up {number}", "h")
    assert len(dialplan._lacking) == 2
