"""Applications that set variables: Set MSet ClearHash ImportVar (Asterisk main/pbx_variables.c)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.arguments import split
from dialplan.functions.collection import clear_hash
from dialplan.script import Application, Script
from dialplan.substitution import ScriptError

__all__ = ["APPLICATIONS"]

_SHOWN: Final = 40
"""Characters of an argument that a note shows."""


async def set_one(script: Script, arguments: str) -> None:
    """`Set(name=value)` or `Set(FUNCTION(arguments)=value)`: the value is taken as it stands."""
    _set(script, "Set", arguments)


async def set_many(script: Script, arguments: str) -> None:
    """`MSet(name=value,name=value,...)`: quotes keep a comma within a value."""
    for part in split(arguments):
        _set(script, "MSet", part)


def _set(script: Script, application: str, text: str) -> None:
    """Set what `text` says; where it says nothing, which a value put together may come to, the script goes on."""
    name, equals, value = _pair(text)
    if equals and name.strip():
        script.assign(name, value)
    else:
        script.note(f"{application}({text[:_SHOWN]}) sets nothing: write {application}(name=value)")


def _pair(text: str) -> tuple[str, str, str]:
    """Split at the first `=` that is not within a function's parentheses."""
    name, equals, value = text.partition("=")
    if "(" not in name:
        return name, equals, value
    depth = 0
    for at, character in enumerate(text):
        if character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
        elif character == "=" and depth <= 0:
            return text[:at], "=", text[at + 1 :]
    return name, equals, value


async def clear(script: Script, arguments: str) -> None:
    """`ClearHash(name)`: forget a whole hash."""
    clear_hash(script, arguments.strip())


async def import_variable(script: Script, arguments: str) -> None:
    """`ImportVar(name=leg,variable)`: a variable of another leg, by a name of our own."""
    name, equals, source = _pair(arguments)
    if not equals or "," not in source:
        raise ScriptError("ImportVar wants name=leg,variable")
    script.assign(name, script.read("IMPORT", source))


APPLICATIONS: Final[Mapping[str, Application]] = {
    "ClearHash": clear,
    "ImportVar": import_variable,
    "MSet": set_many,
    "Set": set_one,
}
