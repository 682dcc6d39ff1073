"""Dial: call others, and connect the caller to the first who answers (Asterisk apps/app_dial.c)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from dialplan.apps.answer import seconds
from dialplan.arguments import options, split
from dialplan.script import Application, Script
from gateway.core.cause import Cause
from gateway.core.switch import DialOutcome, DialStatus, HungUp, Leg, Target

__all__ = ["APPLICATIONS", "targets"]

_OPTIONS: Final = frozenset("gr")
_DISPOSITION: Final[Mapping[DialStatus, str]] = {
    DialStatus.BUSY: "BUSY",
    DialStatus.NOANSWER: "NO ANSWER",
    DialStatus.CANCEL: "NO ANSWER",
    DialStatus.CONGESTION: "CONGESTION",
}
"""CDR(disposition) by DIALSTATUS; all others are FAILED."""


def targets(text: str) -> list[Target] | None:
    """Read `TECH/address&TECH/address`; None where one of them is not of that form, or none is there."""
    found: list[Target] = []
    for word in filter(None, (part.strip() for part in text.split("&"))):
        technology, slash, address = word.partition("/")
        if not (technology and slash and address):
            return None
        found.append(Target(technology, address))
    return found or None


async def dial(script: Script, arguments: str) -> None:
    """`Dial(TECH/address[&...][,seconds[,options]])`: call all targets; the first to answer is connected.

    Unanswered, the next priority runs, with DIALSTATUS and HANGUPCAUSE saying why. Once connected, the end of
    either side ends the other. Options: `r` ringback of our own; `g` go on here when the other side hangs up.
    """
    words = split(arguments, limit=4)
    wanted = targets(words[0])
    chosen = options(words[2]) if len(words) > 2 else {}
    for letter in sorted(set(chosen) - _OPTIONS):
        script.leg.note(f"Dial: option {letter} is not built in and does nothing")
    for name in ("DIALEDPEERNAME", "DIALEDPEERNUMBER", "DIALEDTIME", "ANSWEREDTIME"):
        script.assign(name, "")
    if wanted is None:
        script.assign("DIALSTATUS", DialStatus.INVALIDARGS.value)
        script.leg.note(f"Dial: {words[0][:80]!r} names nobody: write TECHNOLOGY/address")
        return
    clock = asyncio.get_running_loop().time
    began = clock()
    script.assign("DIALSTATUS", DialStatus.CANCEL.value)
    outcome = await script.switch.dial(
        script.leg,
        wanted,
        timeout=seconds(words[1]) if len(words) > 1 else None,
        ringback=script.switch.sounds.tone("ring") if "r" in chosen else None,
        variables=_inherited(script.leg.variables),
    )
    script.assign("DIALSTATUS", outcome.status.value)
    script.attempts = {str(target): ending for target, ending in outcome.attempts}
    if outcome.leg is None:
        _refused(script, outcome)
        return
    await _connect(script, outcome.leg, began, "g" in chosen)


def _refused(script: Script, outcome: DialOutcome) -> None:
    script.refusal = outcome.ending
    script.record.status = _DISPOSITION.get(outcome.status, "FAILED")
    script.cause = outcome.ending.cause if outcome.ending is not None else None
    script.leg.note(f"Dial: {outcome.status.value}", str(outcome.ending or ""))


async def _connect(script: Script, other: Leg, began: float, go_on: bool) -> None:
    """Answer the caller, connect the two, and see to the one that is left."""
    clock = asyncio.get_running_loop().time
    script.refusal = None
    script.assign("DIALEDPEERNAME", other.name)
    script.assign("DIALEDPEERNUMBER", other.called)
    try:
        await script.leg.answer()
    except HungUp as over:
        other.hang_up(over.ending)
        raise
    answered = clock()
    script.record.other = other.name
    try:
        end = await script.switch.bridge(script.leg, other)
    except asyncio.CancelledError:
        # The call's time is up, or the office closes: nobody else would end the other leg.
        other.hang_up(script.ending(Cause.NORMAL_CLEARING, evidence="the call's time is up"))
        raise
    finally:
        script.assign("DIALEDTIME", str(int(clock() - began)))
        script.assign("ANSWEREDTIME", str(int(clock() - answered)))
    if end.ending is None or end.leg is None:
        return
    script.cause = end.ending.cause
    if not go_on:
        raise script.hang_up(end.ending)


def _inherited(variables: Mapping[str, str]) -> dict[str, str]:
    """What the new legs inherit: `_NAME` once, `__NAME` for ever."""
    found: dict[str, str] = {}
    for name, value in variables.items():
        if name.startswith("__"):
            found[name] = value
        elif name.startswith("_"):
            found[name[1:]] = value
    return found


APPLICATIONS: Final[Mapping[str, Application]] = {"Dial": dial}
