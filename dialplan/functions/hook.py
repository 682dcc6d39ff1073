"""PERIODIC_HOOK: an extension that is heard in a call every so often (Asterisk funcs/func_periodic_hook.c).

    Set(ID=${PERIODIC_HOOK(hooks,beep,180)})    [hooks] exten => beep,1,Answer()  same => n,Playback(beep)
    Set(PERIODIC_HOOK(${ID})=off)               and `on` again

Both sides of the call hear what the extension plays; HOOK_CHANNEL is the call's channel, HOOK_ID the hook. A hook
ends with its leg.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from dialplan.apps.answer import seconds
from dialplan.arguments import split
from dialplan.script import Function, Script
from dialplan.shared import Hook
from dialplan.substitution import ScriptError
from gateway.core.switch import HungUp, Leg, Target

__all__ = ["FUNCTIONS"]

_MOST: Final = 10
"""Hooks of one leg."""
_SHORTEST: Final = 1.0
"""Seconds between two."""
_ANSWER: Final = 10.0
_SPY: Final = "qEBuS"
"""ChanSpy's options: without a word, this call alone, heard by both sides, till it is over."""
_OFF: Final = frozenset({"off", "no", "false", "0", "f", "n"})


def _begin(script: Script, arguments: str) -> str:
    context, extension, interval, *_ = [*(word.strip() for word in split(arguments)), "", "", ""]
    period = seconds(interval)
    if not (context and extension and period):
        raise ScriptError("PERIODIC_HOOK wants a context, an extension and seconds")
    share = script.share
    if len(share.hooks) >= _MOST:
        raise ScriptError(f"more than {_MOST} hooks on {script.leg.name}")
    number = len(share.hooks)
    task = script.shared.beside(_beat(script, number, f"{extension}@{context}", max(period, _SHORTEST)))
    share.hooks += (Hook(task),)
    return str(number + 1)


async def _beat(script: Script, number: int, place: str, period: float) -> None:
    leg, share = script.leg, script.share

    async def spy(heard: Leg) -> None:
        await script.runner.alone(script, heard, "ChanSpy", f"{leg.name},{_SPY}")

    while leg.ending is None:
        await asyncio.sleep(period)
        if leg.ending is None and share.hooks[number].on:
            variables = {"HOOK_CHANNEL": leg.name, "HOOK_ID": str(number + 1)}
            try:
                await script.operator.originate(
                    Target("Local", f"{place}/n"), spy, by=leg, timeout=_ANSWER, variables=variables
                )
            except HungUp:
                return


def _switch(script: Script, arguments: str, value: str) -> None:
    numbered = {str(number): hook for number, hook in enumerate(script.share.hooks, 1)}
    hook = numbered.get(arguments.strip())
    if hook is None:
        raise ScriptError(f"PERIODIC_HOOK: there is no hook {arguments[:20]!r} on {script.leg.name}")
    hook.on = value.strip().lower() not in _OFF


FUNCTIONS: Final[Mapping[str, Function]] = {"PERIODIC_HOOK": Function(_begin, _switch, acts=True)}
