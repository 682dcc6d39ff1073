"""Macros, as older offices have them: Macro MacroExit MacroIf (Asterisk apps/app_macro.c).

A macro is the extension `s` of a context `macro-NAME`. It ends with MacroExit, or after its last priority, and then
the step after the Macro runs; a jump to another context leaves it for good.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.apps.flow import branch, question
from dialplan.arguments import condition
from dialplan.script import Application, Script
from dialplan.state import Location
from dialplan.substitution import ScriptError

__all__ = ["APPLICATIONS"]


async def macro(script: Script, arguments: str) -> None:
    """`Macro(name[,argument...])`: run [macro-name] with ARG1, ARG2, …; MACRO_EXTEN and its like say from where."""
    name, *given = arguments.split(",")
    here, context = script.location, f"macro-{name.strip()}"
    if script.find(context, "s") is None:
        raise ScriptError(f"there is no macro {name[:40]!r}: write [{context}] with an extension s")
    script.call(Location(context, "s", 1), given)
    frame = script.frames[-1]
    frame.macro = context
    frame.variables |= {
        "MACRO_CONTEXT": here.context,
        "MACRO_EXTEN": here.extension,
        "MACRO_PRIORITY": str(here.priority),
        "MACRO_OFFSET": "",
    }


async def macro_if(script: Script, arguments: str) -> None:
    """`MacroIf(condition?name[,argument...][:name[,argument...]])`: run one macro or the other."""
    asked, branches = question(script, arguments)
    if chosen := branch(script, condition(asked), branches):
        await macro(script, chosen)


async def leave(script: Script, arguments: str) -> None:
    """`MacroExit()`: go back to after the Macro."""
    if not script.leave_macro():
        raise ScriptError("MacroExit without Macro")


APPLICATIONS: Final[Mapping[str, Application]] = {
    "Macro": macro,
    "MacroExit": leave,
    "MacroIf": macro_if,
}
