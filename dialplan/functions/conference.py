"""CONFBRIDGE CONFBRIDGE_INFO CONFBRIDGE_CHANNELS: profiles for a leg's next conference, and who is in a room.

Asterisk apps/app_confbridge.c, apps/confbridge/conf_config_parser.c.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from dialplan.arguments import split
from dialplan.conference import set_option
from dialplan.script import Function, Script
from dialplan.substitution import ScriptError
from gateway.core.conference import Member

__all__ = ["FUNCTIONS"]

_WHO: Final[Mapping[str, Callable[[Member], bool]]] = {
    "parties": lambda member: True,
    "admins": lambda member: member.profile.admin,
    "marked": lambda member: member.profile.marked,
    "active": lambda member: not member.waiting,
    "waiting": lambda member: member.waiting,
}


def _set(script: Script, arguments: str, value: str) -> None:
    """`CONFBRIDGE(bridge|user|menu,option)=value`."""
    kind, option, *_ = [*(word.strip() for word in split(arguments)), "", ""]
    set_option(script, kind.lower(), option if kind.lower() == "menu" else option.lower(), value)


def _members(script: Script, name: str, who: str) -> list[Member]:
    if who not in _WHO:
        raise ScriptError(f"no such people in a conference: {who[:20]!r}; there are {', '.join(_WHO)}")
    room = script.operator.conferences.find(name)
    return [] if room is None else [member for member in room.members if _WHO[who](member)]


def _information(script: Script, arguments: str) -> str:
    """`CONFBRIDGE_INFO(parties|admins|marked|locked|muted,room)`: how many, or 1 and 0; 0 where nobody is there."""
    what, name, *_ = [*(word.strip() for word in split(arguments)), "", ""]
    room = script.operator.conferences.find(name)
    if what.lower() == "locked":
        return str(int(room is not None and room.locked))
    if what.lower() == "muted":
        return str(int(room is not None and room.participants_muted))
    return str(len(_members(script, name, what.lower())))


def _channels(script: Script, arguments: str) -> str:
    """`CONFBRIDGE_CHANNELS(parties|admins|marked|active|waiting,room)`: their names, with commas between."""
    who, name, *_ = [*(word.strip() for word in split(arguments)), "", ""]
    return ",".join(member.leg.name for member in _members(script, name, who.lower()))


FUNCTIONS: Final[Mapping[str, Function]] = {
    "CONFBRIDGE": Function(write=_set),
    "CONFBRIDGE_CHANNELS": Function(_channels),
    "CONFBRIDGE_INFO": Function(_information),
}
