"""Applications that decide what runs next: Goto GotoIf GotoIfTime Exec ExecIf ExecIfTime TryExec RaiseException."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.arguments import condition, split
from dialplan.script import STRUCTURED, Application, Script
from dialplan.substitution import ScriptError
from dialplan.timing import Timing, TimingError

__all__ = ["APPLICATIONS", "branch", "question"]


def branch(script: Script, holds: bool, branches: str) -> str:
    """Which of `then:else` applies, with its values; "" where that one is left out."""
    parts = split(branches, ":", 2, raw=True)
    return script.plain(parts[0] if holds else parts[1] if len(parts) > 1 else "").strip()


def question(script: Script, arguments: str) -> tuple[str, str]:
    """Take `condition?branches` apart; the condition comes with its values.

    Raises:
        ScriptError: there is no `?`.
    """
    parts = split(arguments, "?", 2, raw=True)
    if len(parts) < 2:
        raise ScriptError("write condition?then:else")
    return script.plain(parts[0]), parts[1]


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
    asked, branches = question(script, arguments)
    if place := branch(script, condition(asked), branches):
        script.go_to(script.locate(place))


async def goto_if_time(script: Script, arguments: str) -> None:
    """`GotoIfTime(times,weekdays,days,months[,zone]?then:else)`."""
    asked, branches = question(script, arguments)
    if place := branch(script, _timing(script, asked), branches):
        script.go_to(script.locate(place))


async def execute(script: Script, arguments: str) -> None:
    """`Exec(application(arguments))`: run an application whose name was put together."""
    await _execute(script, arguments)


async def _execute(script: Script, call: str) -> None:
    """Run `application(arguments)`, of which values may be parts; one alone may also be the whole of it."""
    name, _, rest = call.partition("(")
    name = script.plain(name).strip()
    if "(" in name:
        name, _, rest = name.partition("(")
        if name.strip().lower() in STRUCTURED:
            raise ScriptError(f"{name} is not run from what a variable holds")
        script.values = ()
    given = rest[: rest.rfind(")")] if ")" in rest else rest
    if name.lower() not in STRUCTURED:
        given, script.values = script.plain(given), ()
    await script.execute(name, given)


async def _execute_branch(script: Script, holds: bool, branches: str) -> None:
    parts = split(branches, ":", 2, raw=True)
    call = parts[0] if holds else parts[1] if len(parts) > 1 else ""
    if call.partition("(")[0].strip():
        await _execute(script, call)


async def execute_if(script: Script, arguments: str) -> None:
    """`ExecIf(condition?application(arguments):application(arguments))`."""
    asked, branches = question(script, arguments)
    await _execute_branch(script, condition(asked), branches)


async def execute_if_time(script: Script, arguments: str) -> None:
    """`ExecIfTime(times,weekdays,days,months[,zone]?application(arguments):application(arguments))`."""
    asked, branches = question(script, arguments)
    await _execute_branch(script, _timing(script, asked), branches)


async def try_execute(script: Script, arguments: str) -> None:
    """`TryExec(application(arguments))`: as Exec, but a failure only sets TRYSTATUS."""
    name = script.plain(arguments.partition("(")[0]).partition("(")[0].strip()
    if not script.knows(name):
        script.assign("TRYSTATUS", "NOAPP")
        return
    try:
        await execute(script, arguments)
    except ScriptError as fault:
        script.note(f"TryExec: {fault}")
        script.assign("TRYSTATUS", "FAILED")
    else:
        script.assign("TRYSTATUS", "SUCCESS")


async def raise_exception(script: Script, arguments: str) -> None:
    """`RaiseException(reason)`: go to the `e` extension, where EXCEPTION(reason) tells why."""
    if script.divert("e", arguments.strip()) is None:
        raise ScriptError(f"no extension e for the exception {arguments[:40]!r}")


APPLICATIONS: Final[Mapping[str, Application]] = {
    "Exec": execute,
    "ExecIf": execute_if,
    "ExecIfTime": execute_if_time,
    "Goto": goto,
    "GotoIf": goto_if,
    "GotoIfTime": goto_if_time,
    "RaiseException": raise_exception,
    "TryExec": try_execute,
}
