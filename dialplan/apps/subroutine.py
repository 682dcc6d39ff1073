"""Subroutines: Gosub GosubIf Return StackPop (Asterisk apps/app_stack.c)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.apps.flow import branch, question
from dialplan.arguments import condition, split
from dialplan.script import Application, Script
from dialplan.substitution import ScriptError

__all__ = ["APPLICATIONS"]


async def gosub(script: Script, arguments: str) -> None:
    """`Gosub([[context,]extension,]priority[(argument,...)])`: run that as a subroutine with ARG1, ARG2, …"""
    place, parenthesis, rest = arguments.partition("(")
    if not place.strip():
        raise ScriptError("Gosub wants a place")
    given = split(rest[: rest.rfind(")")] if ")" in rest else rest, raw=True) if parenthesis and rest != ")" else []
    script.call(script.locate(place), given, masking=True)


async def gosub_if(script: Script, arguments: str) -> None:
    """`GosubIf(condition?then:else)`: run one place or the other as a subroutine; one left out goes on below."""
    asked, branches = question(script, arguments)
    if place := branch(script, condition(asked), branches):
        await gosub(script, place)


async def leave(script: Script, arguments: str) -> None:
    """`Return([value])`: go back to after the Gosub; the value is in GOSUB_RETVAL there."""
    script.leave(arguments)


async def forget(script: Script, arguments: str) -> None:
    """`StackPop()`: forget the subroutine under way; there is no return from it."""
    script.frames = script.frames[:-1]


APPLICATIONS: Final[Mapping[str, Application]] = {
    "Gosub": gosub,
    "GosubIf": gosub_if,
    "Return": leave,
    "StackPop": forget,
}
