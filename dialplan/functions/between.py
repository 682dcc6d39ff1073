"""Functions between the legs of an office: SHARED IMPORT LOCK TRYLOCK UNLOCK CHANNELS DIALGROUP.

Asterisk funcs/func_global.c, func_lock.c, func_channel.c, func_dialgroup.c.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from dialplan.arguments import split
from dialplan.regular import RegularError, search
from dialplan.script import Function, Script
from dialplan.shared import Share
from dialplan.substitution import ScriptError, unshield
from gateway.core.errors import Exhausted

__all__ = ["FUNCTIONS"]

_GIVEN: Final = 200
"""Shared variables of one leg."""


def _share(script: Script, leg: str) -> Share:
    if not leg.strip():
        return script.share
    found = script.shared.legs.get(leg.strip())
    if found is None:
        # A name without the part after the dash means the first leg of that device, as in Asterisk.
        first = (share for name, share in script.shared.legs.items() if name.rpartition("-")[0] == leg.strip())
        found = next(first, None)
    if found is None:
        raise ScriptError(f"no leg {leg[:60]!r}")
    return found


def _shared(script: Script, arguments: str) -> str:
    name, leg, *_ = [*split(arguments, limit=2), ""]
    return _share(script, leg).given.get(name.strip(), "")


def _set_shared(script: Script, arguments: str, value: str) -> None:
    name, leg, *_ = [*split(arguments, limit=2), ""]
    given = _share(script, leg).given
    if name.strip() not in given and len(given) >= _GIVEN:
        raise ScriptError(f"more than {_GIVEN} shared variables on one leg")
    given[name.strip()] = value


def _import(script: Script, arguments: str) -> str:
    leg, name, *_ = [*split(arguments, limit=2), ""]
    variables = _share(script, leg).variables
    return next((variables[key] for key in (name, "_" + name, "__" + name) if key in variables), "")


def _channels(script: Script, arguments: str) -> str:
    try:
        return " ".join(name for name in script.shared.legs if search(arguments, name))
    except RegularError as fault:
        raise ScriptError(str(fault)) from fault


async def _lock(script: Script, text: str, values: Sequence[str]) -> str:
    return str(int(await script.shared.locks.take(unshield(text, values), script.leg.name)))


def _try_lock(script: Script, name: str) -> str:
    return str(int(script.shared.locks.attempt(name, script.leg.name)))


def _unlock(script: Script, name: str) -> str:
    return str(int(script.shared.locks.release(name, script.leg.name)))


def _dial_group(script: Script, arguments: str) -> str:
    return script.shared.database.get(f"dialgroup/{arguments.strip()}") or ""


def _set_dial_group(script: Script, arguments: str, value: str) -> None:
    name, operation, *_ = [*split(arguments, limit=2), ""]
    members = dict.fromkeys(filter(None, _dial_group(script, name).split("&")))
    given = [member for member in value.split("&") if member]
    if operation.strip() == "add":
        members.update(dict.fromkeys(given))
    elif operation.strip() == "del":
        for member in given:
            members.pop(member, None)
    elif operation.strip():
        raise ScriptError(f"DIALGROUP knows no {operation[:20]!r}: add or del")
    else:
        members = dict.fromkeys(given)
    try:
        script.shared.database.put(f"dialgroup/{name.strip()}", "&".join(members))
    except Exhausted as fault:
        raise ScriptError(str(fault)) from fault


FUNCTIONS: Final[Mapping[str, Function]] = {
    "CHANNELS": Function(_channels),
    "DIALGROUP": Function(_dial_group, _set_dial_group),
    "IMPORT": Function(_import),
    "LOCK": Function(later=_lock, acts=True),
    "SHARED": Function(_shared, _set_shared),
    "TRYLOCK": Function(_try_lock, acts=True),
    "UNLOCK": Function(_unlock, acts=True),
}
