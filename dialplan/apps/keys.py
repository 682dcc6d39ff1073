"""Applications that key for the one at this end: SendDTMF Flash (Asterisk apps/app_senddtmf.c, app_flash.c)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.apps.answer import seconds
from dialplan.apps.digits import KEYS
from dialplan.arguments import split
from dialplan.script import Application, Script
from dialplan.substitution import ScriptError
from gateway.core.switch import HungUp, Leg

__all__ = ["APPLICATIONS", "send_keys"]

_MOST: Final = 200
"""Keys at once: more would be minutes of tones."""
_PAUSES: Final[Mapping[str, float]] = {"w": 0.5, "W": 1.0}
"""Seconds."""
_FLASH: Final = "fF"
_DURATION: Final = 0.1
_GAP: Final = 0.25


async def send_keys(waiting: Leg, to: Leg, keys: str, *, duration: float = _DURATION, gap: float = _GAP) -> None:
    """Send keys, and return when they are out.

    Args:
        waiting: the leg that lets the time pass; HungUp where it is over.
        to: who gets them.
        keys: 0-9 * # A-D, `w` for a pause of half a second, `W` for one of a second, `f` for a hook flash.
        duration, gap: seconds of each key, and of the silence after it.

    Raises:
        ScriptError: there is something else among them, or too much.
    """
    if len(keys) > _MOST or not set(keys.upper()) <= set(f"{KEYS}WF"):
        raise ScriptError(f"{keys[:40]!r} cannot be sent as keys")
    for key in keys:
        if key in _PAUSES:
            await waiting.wait(_PAUSES[key])
        elif key in _FLASH:
            to.flash()
        else:
            to.send_digits(key.upper(), duration, gap)
            await waiting.wait(duration + gap)


async def send_dtmf(script: Script, arguments: str) -> None:
    """`SendDTMF(keys[,gap[,duration[,channel]]])`: send keys to the caller, or to another channel.

    `w` waits half a second, `W` one, `f` is a hook flash. Gap and duration are in milliseconds (Asterisk's 250 and
    100 where left out).
    """
    keys, gap, duration, name, *_ = [*(word.strip() for word in split(arguments)), "", "", "", ""]
    if not keys:
        raise ScriptError("SendDTMF wants keys")
    to = script.operator.find(name) if name else script.leg
    if to is None:
        raise ScriptError(f"SendDTMF: no channel {name[:60]!r}")
    length = seconds(duration, unit=0.001) or _DURATION
    between = seconds(gap, unit=0.001) or _GAP
    try:
        await send_keys(script.leg, to, keys, duration=length, gap=between)
    except HungUp:
        if script.leg.ending is not None:
            raise
        script.note(f"SendDTMF: {to.name} is over")


async def flash(script: Script, arguments: str) -> None:
    """`Flash()`: work the hook of the exchange line that this leg is; a SIP leg is told of a flash."""
    if not script.leg.flash():
        script.note(f"Flash: {script.leg.peer} has no hook to work")


APPLICATIONS: Final[Mapping[str, Application]] = {"Flash": flash, "SendDTMF": send_dtmf}
