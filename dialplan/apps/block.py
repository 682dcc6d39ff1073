"""Loops and branches: While EndWhile ExitWhile ContinueWhile, If ElseIf Else EndIf ExitIf.

Where a block ends is found by walking down the priorities of the present extension, as Asterisk does
(apps/app_while.c, apps/app_if.c). An ElseIf that is reached from a branch above asks its own condition again: a
branch that must not fall into it ends with ExitIf.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.arguments import condition
from dialplan.script import Application, Script
from dialplan.state import Location, Loop
from dialplan.substitution import ScriptError

__all__ = ["APPLICATIONS"]

_LOOPS: Final = 100
"""Loops under way or left by Goto; more is a loop that is entered anew at each turn of another."""
_BLOCK: Final = 10_000
"""Steps that are looked at for the end of a block."""


def _below(script: Script, opening: str, closing: str, wanted: str) -> int | None:
    """The priority of the next `wanted` that belongs to the block at hand; nested blocks are passed over."""
    here = script.location
    depth = 1
    for priority in range(here.priority + 1, here.priority + _BLOCK):
        found = script.find(here.context, here.extension, priority)
        if found is None:
            return None
        name = found.step.application.lower()
        depth += (name == opening) - (name == closing)
        if name == wanted and depth == (wanted != closing):
            return priority
        if depth <= 0:
            return None
    return None


def _go(script: Script, priority: int) -> None:
    here = script.location
    script.go_to(Location(here.context, here.extension, priority))


async def begin_loop(script: Script, arguments: str) -> None:
    """`While(condition)`: run what follows up to EndWhile, and again, as long as the condition holds."""
    here = script.location
    at = next((at for at, loop in enumerate(script.loops) if loop.start == here), None)
    if condition(arguments):
        if at is None:
            if len(script.loops) >= _LOOPS:
                raise ScriptError(f"more than {_LOOPS} loops within one another")
            script.loops.append(Loop(here))
        return
    end = None
    if at is not None:
        end = script.loops[at].end
        del script.loops[at:]
    _leave(script, end)


def _leave(script: Script, end: Location | None) -> None:
    """Go on after the loop."""
    if end is not None:
        script.go_to(end)
        return
    priority = _below(script, "while", "endwhile", "endwhile")
    if priority is not None:
        _go(script, priority + 1)


async def end_loop(script: Script, arguments: str) -> None:
    """`EndWhile()`: go back to the While, which asks its condition again."""
    if not script.loops:
        return
    here = script.location
    loop = script.loops[-1]
    loop.end = Location(here.context, here.extension, here.priority + 1)
    script.go_to(loop.start)


async def exit_loop(script: Script, arguments: str) -> None:
    """`ExitWhile()`: go on after EndWhile."""
    _leave(script, script.loops.pop().end if script.loops else None)


async def continue_loop(script: Script, arguments: str) -> None:
    """`ContinueWhile()`: go back to the While at once."""
    if script.loops:
        script.go_to(script.loops[-1].start)


async def begin_branch(script: Script, arguments: str) -> None:
    """`If(condition)` and `ElseIf(condition)`: run what follows, or go to the next ElseIf, Else or EndIf."""
    if condition(arguments):
        return
    other = _below(script, "if", "endif", "elseif")
    if other is not None:
        _go(script, other)
        return
    other = _below(script, "if", "endif", "else")
    if other is not None:
        _go(script, other + 1)
        return
    await end_branches(script, "")


async def end_branches(script: Script, arguments: str) -> None:
    """`Else()` when reached from the branch above, and `ExitIf()`: go on after EndIf."""
    end = _below(script, "if", "endif", "endif")
    if end is not None:
        _go(script, end + 1)


async def end_if(script: Script, arguments: str) -> None:
    """`EndIf()`: the branches meet here; nothing to be done."""


APPLICATIONS: Final[Mapping[str, Application]] = {
    "ContinueWhile": continue_loop,
    "Else": end_branches,
    "ElseIf": begin_branch,
    "EndIf": end_if,
    "EndWhile": end_loop,
    "ExitIf": end_branches,
    "ExitWhile": exit_loop,
    "If": begin_branch,
    "While": begin_loop,
}
