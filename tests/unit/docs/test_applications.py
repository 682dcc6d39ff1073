"""docs/dialplan.md: applications and functions from the registries, and an example that loads."""

from __future__ import annotations

import re

from dialplan.applications import NAMES
from dialplan.functions import FUNCTIONS
from dialplan.letters import LETTERS
from dialplan.loader import load
from docs.applications import PAGE, applications, current, functions


def test_the_page_shows_the_registries_as_they_stand() -> None:
    assert PAGE.read_text(encoding="utf-8") == current(), "run python -m docs"


def test_every_application_has_a_line_of_its_own() -> None:
    lines = list(applications())
    assert len(lines) == len(NAMES)
    assert all(re.match(r"- `\w+", line) for line in lines)
    assert any(line.startswith("- `Dial(TECH/address[&...][,seconds[,options]])`: call all") for line in lines)


def test_every_option_letter_is_explained() -> None:
    """`name` or `name(argument)` in the line of its application; ExtenSpy names ChanSpy."""
    lines = {line.split("`")[1].partition("(")[0].lower(): line for line in applications()}
    for name in sorted(set(LETTERS) - {"extenspy"}):
        written = {word for quoted in re.findall(r"`([^`]+)`", lines[name]) for word in plain(quoted)}
        missing = (LETTERS[name].does | set(LETTERS[name].idle)) - written - set(SILENT.get(name, ""))
        assert not missing, (name, missing)


SILENT = {"answer": "i", "chanspy": "ln", "forkcdr": "v", "mixmonitor": "S", "receivefax": "dfsz", "sendfax": "dfs"}
"""Letters that say what is so anyway."""


def plain(quoted: str) -> list[str]:
    """The letters of one piece of code: `k K` are two, `m[(class)]` is one."""
    return re.sub(r"\[?\([^`]*\)\]?", "", quoted).split()


def test_every_function_is_in_one_family() -> None:
    words = re.findall(r"`(\w+)`", "\n".join(functions()))
    assert sorted(words) == sorted(FUNCTIONS)


def test_what_can_be_set_is_told() -> None:
    (caller,) = (line for line in functions() if line.startswith("- caller:"))
    assert "`CALLERID` (read and set)" in caller


def test_the_example_is_a_dialplan_without_faults() -> None:
    (example,) = re.findall(r"```\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    dialplan = load("extensions.conf", read=lambda _: example)
    assert set(dialplan.contexts) == {"office", "phones", "from-pstn"}
