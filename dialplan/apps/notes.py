"""Applications that only leave a note in the call's story: NoOp Verbose Log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.script import Application, Script

__all__ = ["APPLICATIONS"]


async def nothing(script: Script, arguments: str) -> None:
    """`NoOp(anything)`: nothing; the step itself is in the story."""


async def verbose(script: Script, arguments: str) -> None:
    """`Verbose([level,]message)`: note the message."""
    level, comma, message = arguments.partition(",")
    script.leg.note(message if comma and level.strip().isdecimal() else arguments)


async def log(script: Script, arguments: str) -> None:
    """`Log(level,message)`: note the message with its level."""
    level, _, message = arguments.partition(",")
    script.leg.note(f"{level.strip()}: {message}")


APPLICATIONS: Final[Mapping[str, Application]] = {"Log": log, "NoOp": nothing, "Verbose": verbose}
