"""The database functions: DB DB_EXISTS DB_DELETE DB_KEYS DB_KEYCOUNT (Asterisk funcs/func_db.c)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.script import Function, Script
from dialplan.substitution import ScriptError
from gateway.core.errors import Exhausted

__all__ = ["FUNCTIONS", "path"]

_LONGEST: Final = 256
"""Characters of a path, as in astdb."""


def path(text: str) -> str:
    """Read `family/key`.

    Raises:
        ScriptError: it is not of that form.
    """
    family, slash, key = text.partition("/")
    if not (slash and family and key) or len(text) > _LONGEST:
        raise ScriptError(f"{text[:60]!r} is no family/key")
    return text


def _read(script: Script, arguments: str) -> str:
    value = script.shared.database.get(path(arguments))
    if value is not None:
        script.assign("DB_RESULT", value)
    return value or ""


def _write(script: Script, arguments: str, value: str) -> None:
    try:
        script.shared.database.put(path(arguments), value)
    except Exhausted as fault:
        raise ScriptError(str(fault)) from fault


def _exists(script: Script, arguments: str) -> str:
    value = script.shared.database.get(path(arguments))
    if value is not None:
        script.assign("DB_RESULT", value)
    return str(int(value is not None))


def _delete(script: Script, arguments: str) -> str:
    value = script.shared.database.get(path(arguments)) or ""
    script.shared.database.delete(arguments)
    script.assign("DB_RESULT", value)
    return value


def _keys(script: Script, arguments: str) -> str:
    prefix = arguments.strip("/")
    start = len(prefix) + 1 if prefix else 0
    names = (found[start:].partition("/")[0] for found in script.shared.database.paths(prefix) if found != prefix)
    return ",".join(dict.fromkeys(names))


def _count(script: Script, arguments: str) -> str:
    return str(len(script.shared.database.paths(arguments.strip("/"))))


def _forget(script: Script, arguments: str, value: str) -> None:
    _delete(script, arguments)


def _blacklisted(script: Script, arguments: str) -> str:
    """`BLACKLIST()`: whether the caller's number is a key of the family blacklist."""
    return str(int(script.shared.database.get(f"blacklist/{script.leg.party.number}") is not None))


FUNCTIONS: Final[Mapping[str, Function]] = {
    "BLACKLIST": Function(_blacklisted),
    "DB": Function(_read, _write),
    "DB_DELETE": Function(_delete, _forget, acts=True),
    "DB_EXISTS": Function(_exists),
    "DB_KEYCOUNT": Function(_count),
    "DB_KEYS": Function(_keys),
}
