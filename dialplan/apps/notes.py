"""Applications that only leave a note, in the call's story or its record: NoOp Verbose Log UserEvent ResetCDR …."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.functions.record import answer
from dialplan.script import Application, Script
from dialplan.state import Record

__all__ = ["APPLICATIONS"]


async def nothing(script: Script, arguments: str) -> None:
    """`NoOp(anything)`: nothing; the step itself is in the story."""


async def verbose(script: Script, arguments: str) -> None:
    """`Verbose([level,]message)`: note the message."""
    level, comma, message = arguments.partition(",")
    script.note(message if comma and level.strip().isdecimal() else arguments)


async def log(script: Script, arguments: str) -> None:
    """`Log(level,message)`: note the message with its level."""
    level, _, message = arguments.partition(",")
    script.note(f"{level.strip()}: {message}")


async def user_event(script: Script, arguments: str) -> None:
    """`UserEvent(name[,field: value...])`: note the event."""
    script.note(f"event {arguments}")


async def dump(script: Script, arguments: str) -> None:
    """`DumpChan([level])`: note what is known of the leg, with its variables."""
    leg = script.leg
    detail = "\n".join(f"{name}={value}" for name, value in sorted(leg.variables.items()))
    state = "up" if leg.answered else "ringing"
    script.note(f"{leg.name} ({leg.peer}, {leg.party}): {state}, at {script.location}", detail)


async def reset_record(script: Script, arguments: str) -> None:
    """`ResetCDR([v])`: the call's record begins anew; with `v` what the script has written into it stays."""
    before = script.record
    script.record = Record(script.switch.now(), before.first)
    if "v" in arguments:
        script.record.fields = before.fields


async def fork_record(script: Script, arguments: str) -> None:
    """`ForkCDR([options])`: a record of its own from here on; what the script has written goes into that, too."""
    before = script.record
    script.record = Record(script.switch.now(), before.first, answer(script))
    script.record.fields = dict(before.fields)


async def no_record(script: Script, arguments: str) -> None:
    """`NoCDR()`: as Set(CDR_PROP(disable)=1)."""
    script.record.properties.add("disable")


async def set_flags(script: Script, arguments: str) -> None:
    """`SetAMAFlags([flags])`: as Set(CHANNEL(amaflags)=flags)."""
    script.settings["amaflags"] = script.record.fields["amaflags"] = arguments.strip()


APPLICATIONS: Final[Mapping[str, Application]] = {
    "DumpChan": dump,
    "ForkCDR": fork_record,
    "Log": log,
    "NoCDR": no_record,
    "NoOp": nothing,
    "ResetCDR": reset_record,
    "SetAMAFlags": set_flags,
    "UserEvent": user_event,
    "Verbose": verbose,
}
