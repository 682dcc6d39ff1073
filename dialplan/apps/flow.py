"""Applications that decide what runs next: Goto GotoIf GotoIfTime Exec ExecIf ExecIfTime TryExec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.arguments import condition, split
from dialplan.script import Application, Script
from dialplan.substitution import ScriptError
from dialplan.timing import Timing, TimingError

__all__ = ["APPLICATIONS", "branch"]


def branch(holds: bool, branches: str) -> str:
    """Which of `then:else` applies; "" where that one is left out."""
    parts = split(branches, ":", 2, raw=True)
    return (parts[0] if holds else parts[1] if len(parts) > 1 else "").strip()


def _question(arguments: str, name: str) -> tuple[str, str]:
    parts = split(arguments, "?", 2, raw=True)
    if len(parts) < 2:
        raise ScriptError(f"{name} wants condition?then:else")
    return parts[0], parts[1]


def _timing(script: Script, text: str) -> bool:
    try:
        return Timing.parse(text).holds(script.switch.now())
    except TimingError as fault:
        raise ScriptError(str(fault)) from fault


async def goto(script: Script, arguments: str) -> None:
    """`Goto([[context,]extension,]priority)`: go on there; the priority may be a label."""
    if not arguments.strip():
        raise ScriptError("Goto wants a place")
    script.go_to(script.locate(arguments))


async def goto_if(script: Script, arguments: str) -> None:
    """`GotoIf(condition?then:else)`: go to one place or the other; one left out goes on below."""
    asked, branches = _question(arguments, "GotoIf")
    if place := branch(condition(asked), branches):
        script.go_to(script.locate(place))


async def goto_if_time(script: Script, arguments: str) -> None:
    """`GotoIfTime(times,weekdays,days,months[,zone]?then:else)`."""
    asked, branches = _question(arguments, "GotoIfTime")
    if place := branch(_timing(script, asked), branches):
        script.go_to(script.locate(place))


async def execute(script: Script, arguments: str) -> None:
    """`Exec(application(arguments))`: run an application whose name was put together."""
    name, parenthesis, rest = arguments.partition("(")
    if parenthesis:
        rest = rest[: rest.rfind(")")] if ")" in rest else rest
    await script.execute(name.strip(), rest)


async def execute_if(script: Script, arguments: str) -> None:
    """`ExecIf(condition?application(arguments):application(arguments))`."""
    asked, branches = _question(arguments, "ExecIf")
    if call := branch(condition(asked), branches):
        await execute(script, call)


async def execute_if_time(script: Script, arguments: str) -> None:
    """`ExecIfTime(times,weekdays,days,months[,zone]?application(arguments):application(arguments))`."""
    asked, branches = _question(arguments, "ExecIfTime")
    if call := branch(_timing(script, asked), branches):
        await execute(script, call)


async def try_execute(script: Script, arguments: str) -> None:
    """`TryExec(application(arguments))`: as Exec, but a failure only sets TRYSTATUS."""
    name = arguments.partition("(")[0].strip()
    if not script.knows(name):
        script.assign("TRYSTATUS", "NOAPP")
        return
    try:
        await execute(script, arguments)
    except ScriptError as fault:
        script.leg.note(f"TryExec: {fault}")
        script.assign("TRYSTATUS", "FAILED")
    else:
        script.assign("TRYSTATUS", "SUCCESS")


APPLICATIONS: Final[Mapping[str, Application]] = {
    "Exec": execute,
    "ExecIf": execute_if,
    "ExecIfTime": execute_if_time,
    "Goto": goto,
    "GotoIf": goto_if,
    "GotoIfTime": goto_if_time,
    "TryExec": try_execute,
}
