"""Functions on time: STRFTIME, STRPTIME, EPOCH (Asterisk funcs/func_strings.c, func_strptime.c)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dialplan.arguments import split
from dialplan.script import Function, Script
from dialplan.substitution import ScriptError

__all__ = ["FUNCTIONS", "moment"]

_FRACTION: Final = re.compile(r"%([1-6])?q")
"""Asterisk's own: that many digits of the second's fraction."""


def moment(script: Script, epoch: str, zone: str) -> datetime:
    """The moment that an application or function was given: seconds since 1970 (now where empty), in a zone.

    Raises:
        ScriptError: no number, or no such zone.
    """
    now = script.switch.now()
    place = _zone(script, zone)
    try:
        return datetime.fromtimestamp(float(epoch), place) if epoch.strip() else now.astimezone(place)
    except (ValueError, OverflowError, OSError) as fault:
        raise ScriptError(f"{epoch[:40]!r} is no number of seconds since 1970") from fault


def _zone(script: Script, name: str) -> tzinfo | None:
    if not name.strip():
        return script.switch.now().tzinfo
    try:
        return ZoneInfo(name.strip())
    except (ZoneInfoNotFoundError, ValueError, OSError) as fault:
        raise ScriptError(f"{name[:40]!r} is no time zone") from fault


def _strftime(script: Script, arguments: str) -> str:
    epoch, zone, form = ([*split(arguments, limit=3), "", ""])[:3]
    when = moment(script, epoch, zone)
    form = _FRACTION.sub(lambda found: f"{when.microsecond:06d}"[: int(found[1] or 3)], form or "%c")
    return when.strftime(form)


def _strptime(script: Script, arguments: str) -> str:
    parts = split(arguments, limit=3)
    if len(parts) < 3:
        raise ScriptError("STRPTIME wants a time, a zone and a format")
    try:
        read = datetime.strptime(parts[0], parts[2])
    except ValueError as fault:
        raise ScriptError(f"STRPTIME: {fault}") from fault
    return str(int(read.replace(tzinfo=_zone(script, parts[1])).timestamp()))


FUNCTIONS: Final[Mapping[str, Function]] = {
    "EPOCH": Function(lambda script, _: str(int(script.switch.now().timestamp()))),
    "STRFTIME": Function(_strftime),
    "STRPTIME": Function(_strptime),
}
