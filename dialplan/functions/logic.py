"""Functions that decide: IF, ISNULL, EXISTS, SET (Asterisk funcs/func_logic.c)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.arguments import condition, split
from dialplan.script import Function, Script
from dialplan.substitution import ScriptError
from dialplan.timing import Timing, TimingError

__all__ = ["FUNCTIONS"]


def _if(script: Script, arguments: str) -> str:
    return _branch(arguments, condition(split(arguments, "?", 2)[0]), "IF")


def _if_time(script: Script, arguments: str) -> str:
    try:
        timing = Timing.parse(split(arguments, "?", 2)[0])
    except TimingError as fault:
        raise ScriptError(f"IFTIME: {fault}") from fault
    return _branch(arguments, timing.holds(script.switch.now()), "IFTIME")


def _branch(arguments: str, holds: bool, name: str) -> str:
    parts = split(arguments, "?", 2)
    if len(parts) < 2 or not parts[0].strip():
        raise ScriptError(f"{name} wants condition?then:else")
    branches = split(parts[1], ":", 2)
    return (branches[0] if holds else branches[1] if len(branches) > 1 else "").strip()


def _set(script: Script, arguments: str) -> str:
    name, equals, value = arguments.partition("=")
    if not equals:
        raise ScriptError("SET wants name=value")
    script.assign(name.strip(), value.strip())
    return value.strip()


FUNCTIONS: Final[Mapping[str, Function]] = {
    "EXISTS": Function(lambda script, value: str(int(bool(value)))),
    "IF": Function(_if),
    "IFTIME": Function(_if_time),
    "ISNULL": Function(lambda script, value: str(int(not value))),
    "SET": Function(_set, acts=True),
}
