"""Originate: call somebody out of nothing, and run the dialplan or an application for them (Asterisk
apps/app_originate.c)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.apps.answer import seconds
from dialplan.apps.dial import preparation
from dialplan.arguments import options, split
from dialplan.script import Application, Script
from dialplan.substitution import ScriptError
from gateway.core.cause import Cause
from gateway.core.number import Party
from gateway.core.operator import Follow
from gateway.core.switch import Leg, Place, Target

__all__ = ["APPLICATIONS"]

_PATIENCE: Final = 30.0
"""Seconds for an answer where none are written, as in Asterisk."""
_STATUS: Final[Mapping[Cause, str]] = {
    Cause.USER_BUSY: "BUSY",
    Cause.CALL_REJECTED: "BUSY",
    Cause.NO_ANSWER: "RINGING",
    Cause.NO_USER_RESPONDING: "RINGING",
    Cause.NORMAL_CLEARING: "HANGUP",
    Cause.NO_CIRCUIT_AVAILABLE: "CONGESTION",
    Cause.SWITCHING_EQUIPMENT_CONGESTION: "CONGESTION",
    Cause.NETWORK_OUT_OF_ORDER: "CONGESTION",
}
"""ORIGINATE_STATUS by the cause; all others are FAILED."""


async def originate(script: Script, arguments: str) -> None:
    """`Originate(TECH/address,exten|app,context|application[,extension|data[,priority[,seconds[,options]]]])`.

    Calls the address; once it answers it goes on at that place of the dialplan, or an application runs for it.
    ORIGINATE_STATUS says SUCCESS, BUSY, CONGESTION, RINGING, HANGUP or FAILED. Options: `a` do not wait for the
    answer (the status is then SUCCESS); `b(place)` a subroutine for the new channel before it is
    called; `c(number)` and `n(name)` who is shown as calling; `v(name=value[^name=value])` variables of the new
    channel.
    """
    words = [word.strip() for word in [*split(arguments, limit=7), *[""] * 6]]
    technology, slash, address = words[0].partition("/")
    if not (technology and slash and address):
        raise ScriptError(f"Originate: {words[0][:40]!r} names nobody: write TECHNOLOGY/address")
    chosen = options(words[6])
    caller = Party(chosen.get("c", ""), chosen.get("n", "")) if {"c", "n"} & set(chosen) else None
    call = script.operator.originate(
        Target.written(technology, address),
        _follow(script, words),
        by=script.leg,
        caller=caller,
        timeout=seconds(words[5]) or _PATIENCE,
        variables=_variables(chosen.get("v", "")),
        prepare=preparation(script, chosen),
    )
    if "a" in chosen:
        script.assign("ORIGINATE_STATUS", "SUCCESS")
        return
    ending = await call
    script.assign("ORIGINATE_STATUS", "SUCCESS" if ending is None else _STATUS.get(ending.cause, "FAILED"))
    if ending is not None:
        script.note(f"Originate: {ending}")


def _follow(script: Script, words: list[str]) -> Follow:
    """What the new channel does once it has answered."""
    if words[1].lower() == "app":
        name, data = words[2], words[3]
        if not script.knows(name):
            raise ScriptError(f"Originate: there is no application {name[:40]!r}")

        async def run(leg: Leg) -> None:
            await script.runner.alone(script, leg, name, data)

        return run
    if words[1].lower() != "exten":
        raise ScriptError(f"Originate: {words[1][:40]!r} is neither exten nor app")
    location = script.locate(f"{words[2] or script.location.context},{words[3] or 's'},{words[4] or '1'}")
    return Place(*location)


def _variables(text: str) -> dict[str, str]:
    pairs = (word.partition("=") for word in text.split("^") if word)
    return {name.strip(): value for name, _, value in pairs}


APPLICATIONS: Final[Mapping[str, Application]] = {"Originate": originate}
