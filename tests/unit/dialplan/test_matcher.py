"""Numbers meet extensions as they do in Asterisk."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialplan.matcher import Matcher, matches
from dialplan.pattern import Pattern, PatternError
from tests.unit.dialplan.vectors import vectors


def matcher(*patterns: str) -> Matcher[str]:
    made: Matcher[str] = Matcher()
    for pattern in patterns:
        made.add(Pattern.parse(pattern), pattern)
    return made


@pytest.mark.parametrize("vector", vectors("pattern"), ids=lambda v: f"{v['number']}-{v['answer']}")
def test_a_number_runs_the_extension_that_asterisk_runs(vector: dict[str, Any]) -> None:
    assert next(matcher(*vector["patterns"]).candidates(vector["number"]), "") == vector["answer"]


def test_candidates_come_most_specific_first() -> None:
    context = matcher("_X!", "_X.", "_XXX", "_[1-5]XX", "_1XX", "123", "_12[3-5]", "_12[35]", "_12[37]")
    assert list(context.candidates("123")) == [
        "123", "_12[35]", "_12[37]", "_12[3-5]", "_1XX", "_[1-5]XX", "_XXX", "_X.", "_X!",
    ]  # fmt: skip


def test_the_order_of_writing_does_not_matter() -> None:
    patterns = ["_X!", "_X.", "_XXX", "_1XX", "123"]
    assert list(matcher(*patterns).candidates("123")) == list(matcher(*reversed(patterns)).candidates("123"))


def always(_: str) -> bool:
    return True


@pytest.mark.parametrize(
    ("patterns", "digits", "more"),
    [
        (["101", "102"], "10", True),
        (["101", "102"], "101", False),
        (["101", "1015"], "101", True),
        (["_9NXXXXXX"], "9", True),
        (["_9NXXXXXX"], "91", False),
        (["_9NXXXXXX"], "95550100", False),
        (["_9."], "95", True),
        (["_9."], "8", False),
        (["_9!"], "9", None),
        (["_9!", "911"], "91", True),
        (["_91X", "_9!"], "91", True),
        (["_9!", "_X."], "91", None),
        ([], "", False),
        (["s"], "", True),
    ],
)
def test_what_more_digits_could_make(patterns: list[str], digits: str, more: bool | None) -> None:
    assert matcher(*patterns).more(digits, always) is more


def test_an_extension_that_does_not_count_leads_nowhere() -> None:
    assert matcher("_9XX", "911").more("9", lambda value: False) is False


@pytest.mark.parametrize("text", ["_1[2-", "_[9-0]X", "_X.5", "_5!X"])
def test_patterns_that_do_not_mean_what_they_say_are_refused(text: str) -> None:
    with pytest.raises(PatternError):
        Pattern.parse(text)


@given(st.text(alphabet="0123456789XZN[]-.!_a", max_size=12), st.text(alphabet="0123456789-a*", max_size=12))
@settings(max_examples=300)
def test_the_trie_and_the_plain_comparison_agree(pattern: str, number: str) -> None:
    try:
        parsed = Pattern.parse(pattern)
    except PatternError:
        return
    assert (list(matcher(pattern).candidates(number)) == [pattern]) is matches(parsed, number)


def test_a_strangers_characters_leave_nothing_behind() -> None:
    context = matcher("_X.")
    for code in range(0x4E00, 0x5000):
        assert not list(context.candidates(chr(code)))
    assert not context._root.by_character
