"""Functions on the script itself: LOCAL LOCAL_PEEK STACK_PEEK EVAL EVAL_EXTEN DELETE GLOBAL_DELETE.

Asterisk apps/app_stack.c, funcs/func_strings.c, funcs/func_global.c. EVAL looks at what a value says as if it stood
in the file. That is what it is for; but what a caller sent (name, number, headers) is taken as plain text even
there, and functions that change or wait for something are not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.arguments import split
from dialplan.script import Function, Script
from dialplan.substitution import ScriptError, Template, TemplateError

__all__ = ["FUNCTIONS"]

_MARK: Final = 0x100000
"""Private-use characters that stand for what a caller sent while the rest is evaluated."""


class _Telling:
    """A scope in which functions only tell."""

    def __init__(self, script: Script) -> None:
        self._script = script

    def variable(self, name: str) -> str:
        return self._script.variable(name)

    def read(self, function: str, arguments: str) -> str:
        return self._script.tell(function, arguments)


def _eval(script: Script, arguments: str) -> str:
    kept = [words for words in script.foreign if words in arguments]
    for at, words in enumerate(kept):
        arguments = arguments.replace(words, chr(_MARK + at))
    try:
        filled = Template(arguments).fill(_Telling(script))
    except TemplateError as fault:
        raise ScriptError(f"EVAL: {fault}") from fault
    for at, words in enumerate(kept):
        filled = filled.replace(chr(_MARK + at), words)
    return filled


def _eval_step(script: Script, arguments: str) -> str:
    """`EVAL_EXTEN([[context,]extension,]priority)`: the arguments of that step, filled in here."""
    place = script.locate(arguments)
    found = script.find(place.context, place.extension, place.priority)
    if found is None:
        raise ScriptError(f"no step at {place}")
    return found.step.arguments.fill(_Telling(script))


def _peek(script: Script, arguments: str) -> str:
    """`LOCAL_PEEK(n,name)`: a variable of the nth subroutine outwards."""
    depth, name, *_ = [*split(arguments, limit=2), ""]
    if not depth.strip().isdecimal():
        raise ScriptError("LOCAL_PEEK wants a number and a name")
    back = int(depth)
    if back >= len(script.frames):
        return ""
    return script.frames[-1 - back].variables.get(name, "")


def _stack(script: Script, arguments: str) -> str:
    """`STACK_PEEK(n,c|e|l|p)`: from where the nth subroutine outwards was called."""
    depth, what, *_ = [*split(arguments, limit=2), ""]
    if not depth.strip().isdecimal() or not 1 <= int(depth) <= len(script.frames):
        raise ScriptError("STACK_PEEK wants a number of subroutines that are under way")
    place = script.frames[-int(depth)].back
    shown = {"c": place.context, "e": place.extension, "p": str(place.priority - 1)}
    shown["l"] = f"{place.context},{place.extension},{place.priority - 1}"
    return shown.get(what.strip()[:1] or "l", shown["l"])


def _forget_global(script: Script, name: str, value: str) -> None:
    script.shared.globals.pop(name.strip(), None)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "DELETE": Function(write=lambda script, name, value: script.forget(name.strip())),
    "EVAL": Function(_eval),
    "EVAL_EXTEN": Function(_eval_step),
    "GLOBAL_DELETE": Function(write=_forget_global),
    "LOCAL": Function(
        lambda script, name: script.variable(name.strip()),
        lambda script, name, value: script.assign_local(name.strip(), value),
    ),
    "LOCAL_PEEK": Function(_peek),
    "STACK_PEEK": Function(_stack),
}
