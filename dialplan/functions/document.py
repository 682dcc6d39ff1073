"""JSON_DECODE: one value out of a JSON text held by a variable (Asterisk funcs/func_json.c)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from dialplan.arguments import options, split
from dialplan.script import Function, Script
from dialplan.substitution import ScriptError

__all__ = ["FUNCTIONS"]

_DEPTH: Final = 32
"""Keys within keys, as in Asterisk."""


def _decode(script: Script, arguments: str) -> str:
    """`JSON_DECODE(variable,key.key[,separator[,options]])`; the option `c` counts the items of an array."""
    name, path, separator, chosen, *_ = [*split(arguments, limit=4), "", "", ""]
    if not name or not path:
        raise ScriptError("JSON_DECODE wants a variable and a key")
    text = script.named(name)
    if not text:
        return ""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise ScriptError(f"JSON_DECODE: {name} holds no JSON: {fault}") from fault
    keys = path.split(separator if len(separator) == 1 else ".")
    if len(keys) > _DEPTH:
        raise ScriptError(f"JSON_DECODE: more than {_DEPTH} keys")
    for key in keys:
        value = _item(value, key)
    if isinstance(value, list) and "c" in options(chosen):
        return str(len(value))
    return _shown(value)


class _Nothing:
    """What a key that is not there gives."""


_NOTHING: Final = _Nothing()


def _item(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return value.get(key, _NOTHING)
    if isinstance(value, list) and key.isdecimal() and len(key) < 10 and int(key) < len(value):
        return value[int(key)]
    return _NOTHING


def _shown(value: Any) -> str:
    if isinstance(value, _Nothing):
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


FUNCTIONS: Final[Mapping[str, Function]] = {"JSON_DECODE": Function(_decode)}
