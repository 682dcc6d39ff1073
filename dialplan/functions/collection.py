"""Functions on several values at once: ARRAY HASH HASHKEYS PUSH POP SHIFT UNSHIFT LISTFILTER.

Semantics: Asterisk funcs/func_strings.c. A hash lives in channel variables of a form that no file writes
(`~HASH~name~key~`), so that it is inherited, and ends, like any variable; its keys come latest first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from dialplan.arguments import split
from dialplan.functions.text import unescaped
from dialplan.script import Function, Script
from dialplan.substitution import ScriptError

__all__ = ["FUNCTIONS", "clear_hash"]

_FIELDS: Final = "~ODBCFIELDS~"
"""The variable in which HASH leaves its keys, for the HASH that is set next."""


def _set_array(script: Script, names: str, value: str) -> None:
    _set_each(script, split(names), value, lambda name: name)


def _set_each(script: Script, names: list[str], value: str, variable: Callable[[str], str]) -> None:
    values = split(value)
    for at, name in enumerate(names):
        script.assign(variable(name), values[at] if at < len(values) else "")


def _variable(name: str, key: str) -> str:
    bare = name.lstrip("_")
    return f"{name[: min(2, len(name) - len(bare))]}~HASH~{bare}~{key}~"


def _keys(script: Script, name: str) -> list[str]:
    """The keys of a hash: those of the subroutine first, then those of the leg, each latest first."""
    prefix = f"~HASH~{name}~"
    found: dict[str, None] = {}
    for variables in (*(frame.variables for frame in reversed(script.frames)), script.leg.variables):
        for variable in reversed(variables):
            bare = variable.lstrip("_")
            if bare.startswith(prefix) and bare.endswith("~") and len(bare) > len(prefix) + 1:
                found.setdefault(bare[len(prefix) : -1])
    return list(found)


def _hash(script: Script, arguments: str) -> str:
    name, *key = split(arguments, limit=2)
    if key:
        return script.variable(_variable(name, key[0]))
    keys = _keys(script, name)
    script.assign(_FIELDS, ",".join(keys))
    return ",".join(script.variable(_variable(name, key)) for key in keys)


def _set_hash(script: Script, arguments: str, value: str) -> None:
    name, *key = split(arguments, limit=2)
    if not name.strip():
        raise ScriptError("a hash wants a name")
    if key:
        variable = _variable(name, key[0])
        # Taken out first, so that it stands last: keys come latest first.
        script.forget(variable)
        script.assign(variable, value)
        return
    fields = script.variable(_FIELDS)
    if not fields:
        raise ScriptError("HASH(name)= wants keys from an earlier HASH(name)")
    _set_each(script, split(fields), value, lambda field: _variable(name, field))


def clear_hash(script: Script, name: str) -> None:
    """Forget a whole hash."""
    for key in _keys(script, name):
        script.forget(_variable(name, key))


def _list(arguments: str) -> tuple[str, str]:
    """The variable and the delimiter of PUSH and its like."""
    name, *rest = split(arguments, limit=2)
    if not name.strip():
        raise ScriptError("the name of a variable is wanted")
    return name.strip(), unescaped(rest[0])[:1] if rest and rest[0] else ","


def _take(first: bool) -> Callable[[Script, str], str]:
    def take(script: Script, arguments: str) -> str:
        name, delimiter = _list(arguments)
        value = script.named(name)
        # Where there is no delimiter, the one field is what is taken and nothing is left, either way.
        before, _, after = value.partition(delimiter) if first else value.rpartition(delimiter)
        script.assign(name, after if first else before)
        return before if first else after

    return take


def _put(first: bool) -> Callable[[Script, str, str], None]:
    def put(script: Script, arguments: str, value: str) -> None:
        name, delimiter = _list(arguments)
        previous = script.named(name)
        if previous:
            value = value + delimiter + previous if first else previous + delimiter + value
        script.assign(name, value)

    return put


def _without(script: Script, arguments: str) -> str:
    parts = split(arguments, limit=3)
    if len(parts) < 3:
        raise ScriptError("LISTFILTER wants a variable, a delimiter and a value")
    value = script.named(parts[0])
    delimiter = unescaped(parts[1]) or ","
    return delimiter.join(field for field in value.split(delimiter) if field != parts[2])


FUNCTIONS: Final[Mapping[str, Function]] = {
    "ARRAY": Function(write=_set_array),
    "HASH": Function(_hash, _set_hash),
    "HASHKEYS": Function(lambda script, name: ",".join(_keys(script, name))),
    "LISTFILTER": Function(_without),
    "POP": Function(_take(False), acts=True),
    "PUSH": Function(write=_put(False)),
    "SHIFT": Function(_take(True), acts=True),
    "UNSHIFT": Function(write=_put(True)),
}
