"""How things ended: HANGUPCAUSE HANGUPCAUSE_KEYS EXCEPTION (Asterisk funcs/func_hangupcause.c, main/pbx.c)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.arguments import split
from dialplan.script import Function, Script
from dialplan.substitution import ScriptError

__all__ = ["FUNCTIONS"]


def _cause(script: Script, arguments: str) -> str:
    """`HANGUPCAUSE(target[,tech|ast])`: how the last Dial ended at `target`: in its own words, or as a cause."""
    target, kind, *_ = [*split(arguments), ""]
    ending = script.attempts.get(target.strip())
    if ending is None:
        raise ScriptError(f"nothing is known of {target[:60]!r}: ask HANGUPCAUSE_KEYS()")
    if kind.strip().lower() == "ast":
        return ending.cause.phrase.title()
    return f"{target.partition('/')[0]} {ending.evidence}"


def _keys(script: Script, arguments: str) -> str:
    return ",".join(script.attempts)


def _exception(script: Script, arguments: str) -> str:
    return script.exception.get(arguments.strip().lower(), "")


FUNCTIONS: Final[Mapping[str, Function]] = {
    "EXCEPTION": Function(_exception),
    "HANGUPCAUSE": Function(_cause),
    "HANGUPCAUSE_KEYS": Function(_keys),
}
