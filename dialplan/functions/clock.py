"""Functions on time: STRFTIME, STRPTIME, EPOCH (Asterisk funcs/func_strings.c, main/stdtime/localtime.c).

Formats are those of the C library, which reads times here as well: what it takes, dialplans have been written for.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dialplan.arguments import split
from dialplan.script import Function, Script
from dialplan.substitution import ScriptError

__all__ = ["FUNCTIONS", "moment"]

_OWN: Final = re.compile(r"%%|%s|%([1-6])?q")
"""`%3q` is Asterisk's own: that many digits of the second's fraction. `%s` would be the machine's zone's."""
_SECONDS: Final = re.compile(r"\s*([+-]?[0-9]{1,15}(?:\.[0-9]{0,9})?(?:[eE][0-9]{1,2})?)")


class _BrokenDown(ctypes.Structure):
    """`struct tm` of <time.h>."""

    _fields_ = (
        *((name, ctypes.c_int) for name in ("sec", "min", "hour", "mday", "mon", "year", "wday", "yday", "isdst")),
        ("gmtoff", ctypes.c_long),
        ("zone", ctypes.c_char_p),
    )


_read_time: Final = ctypes.CDLL(None).strptime
_read_time.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(_BrokenDown))
_read_time.restype = ctypes.c_void_p


def moment(script: Script, epoch: str, zone: str) -> datetime:
    """The moment that an application or function was given: seconds since 1970, in a zone.

    As in Asterisk, what is no number means now, and what is no zone means UTC; a zone that is none is noted.

    Raises:
        ScriptError: it lies beyond the year 9999.
    """
    place = _zone(script, zone)
    found = _SECONDS.match(epoch)
    if found is None:
        return script.switch.now().astimezone(place)
    try:
        return datetime.fromtimestamp(float(found[1]), place)
    except (ValueError, OverflowError, OSError) as fault:
        raise ScriptError(f"{epoch[:40]!r} lies too far from now") from fault


def _zone(script: Script, name: str) -> tzinfo | None:
    if not name.strip():
        return script.switch.now().tzinfo
    try:
        return ZoneInfo(name.strip())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        script.note(f"{name[:40]!r} is no time zone: UTC is taken")
        return UTC


def _strftime(script: Script, arguments: str) -> str:
    epoch, zone, form = ([*split(arguments, limit=3), "", ""])[:3]
    when = moment(script, epoch, zone)

    def own(found: re.Match[str]) -> str:
        if found[0] == "%s":
            return str(int(when.timestamp()))
        return found[0] if found[0] == "%%" else f"{when.microsecond:06d}"[: int(found[1] or 3)]

    return when.strftime(_OWN.sub(own, form or "%c"))


def _strptime(script: Script, arguments: str) -> str:
    text, zone, form, *_ = [*split(arguments, limit=3), "", ""]
    if not form:
        raise ScriptError("STRPTIME wants a time, a zone and a format")
    read = _BrokenDown()
    if not _read_time(text.encode(), form.encode(), ctypes.byref(read)):
        raise ScriptError(f"STRPTIME: {text[:40]!r} is not of the form {form[:40]!r}")
    passed = timedelta(days=read.mday - 1, hours=read.hour, minutes=read.min, seconds=read.sec)
    try:
        when = datetime(1900 + read.year, read.mon + 1, 1) + passed
        return str(int(when.replace(tzinfo=_zone(script, zone)).timestamp()))
    except (ValueError, OverflowError) as fault:
        raise ScriptError(f"STRPTIME: {text[:40]!r} is no time") from fault


FUNCTIONS: Final[Mapping[str, Function]] = {
    "EPOCH": Function(lambda script, _: str(int(script.switch.now().timestamp()))),
    "STRFTIME": Function(_strftime),
    "STRPTIME": Function(_strptime),
}
