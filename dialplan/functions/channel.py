"""Functions on the leg and what is around it: CHANNEL, GLOBAL, TIMEOUT."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from dialplan.arguments import split
from dialplan.functions.measured import measured
from dialplan.script import Function, Script
from dialplan.substitution import ScriptError
from gateway.core.operator import CALL_GROUPS, NAMED_CALL_GROUPS, NAMED_PICKUP_GROUPS, PICKUP_GROUPS

__all__ = ["FUNCTIONS", "MUSIC_CLASS"]

_TIMEOUTS: Final[Mapping[str, str]] = {"a": "absolute", "d": "digit", "r": "response"}
_LONGEST: Final = 604800.0
"""Seconds: no call is meant to be ended after more than a week."""
_MOST_HANDLERS: Final = 50
"""Hangup handlers of one leg."""
MUSIC_CLASS: Final = "MUSICCLASS"
"""The variable that goes with the leg, by which calls know what it hears on hold."""
_GROUPS: Final[Mapping[str, str]] = {
    "callgroup": CALL_GROUPS,
    "namedcallgroup": NAMED_CALL_GROUPS,
    "namedpickupgroup": NAMED_PICKUP_GROUPS,
    "pickupgroup": PICKUP_GROUPS,
}
"""Variables that go with the leg, by which the office knows whose calls it may answer."""
_KEPT: Final = frozenset("accountcode amaflags parkinglot tonezone userfield".split())
"""What is kept for scripts to read again."""
_CHANNEL: Final[Mapping[str, Callable[[Script], str]]] = {
    "channeltype": lambda script: script.leg.technology,
    "callid": lambda script: script.leg.name,
    "context": lambda script: script.location.context,
    "exten": lambda script: script.location.extension,
    "hangupsource": lambda script: "" if script.leg.ending is None else script.leg.ending.by,
    "language": lambda script: script.language or "en",
    "musicclass": lambda script: script.leg.variables.get(MUSIC_CLASS, ""),
    "name": lambda script: script.leg.name,
    "peername": lambda script: script.leg.peer,
    "state": lambda script: "Up" if script.leg.answered else "Ring",
    "linkedid": lambda script: script.leg.name,
    "uniqueid": lambda script: script.leg.name,
}


def _channel(script: Script, arguments: str) -> str:
    name = arguments.strip().lower()
    reader = _CHANNEL.get(name)
    if reader is not None:
        return reader(script)
    told = measured(script, [word.strip() for word in name.split(",")])
    if told is not None:
        return told
    if name in _GROUPS:
        return script.leg.variables.get(_GROUPS[name], "")
    if name not in _KEPT:
        known = sorted({*_CHANNEL, *_KEPT, *_GROUPS})
        raise ScriptError(f"CHANNEL knows no {arguments[:40]!r}: {' '.join(known)}")
    return script.settings.get(name, "")


def _set_channel(script: Script, arguments: str, value: str) -> None:
    name = arguments.strip().lower()
    if name == "language":
        script.language = value.strip() or None
    elif name == "musicclass":
        script.leg.variables[MUSIC_CLASS] = value.strip()
    elif name in _GROUPS:
        script.leg.variables[_GROUPS[name]] = value.strip()
    elif name in _KEPT:
        script.settings[name] = value
    elif name in _HANDLERS:
        _HANDLERS[name](script, value)
    else:
        known = sorted({"language", "musicclass", *_KEPT, *_GROUPS, *_HANDLERS})
        raise ScriptError(f"CHANNEL cannot set {arguments[:40]!r}: {' '.join(known)}")


def _push(script: Script, value: str) -> None:
    if len(script.handlers) >= _MOST_HANDLERS:
        raise ScriptError(f"more than {_MOST_HANDLERS} hangup handlers")
    place, _, rest = value.partition("(")
    if place.strip():
        script.handlers += ((place, split(rest.strip().removesuffix(")")) if rest else []),)


def _pop(script: Script, value: str) -> None:
    script.handlers = script.handlers[:-1]
    _push(script, value)


def _wipe(script: Script, value: str) -> None:
    script.handlers = ()
    _push(script, value)


_HANDLERS: Final[Mapping[str, Callable[[Script, str], None]]] = {
    "hangup_handler_pop": _pop,
    "hangup_handler_push": _push,
    "hangup_handler_wipe": _wipe,
}
"""Subroutines that run once the leg is over, the latest first (Asterisk main/pbx_hangup_handler.c)."""


def _set_global(script: Script, name: str, value: str) -> None:
    script.shared.globals[name.strip()] = value


def _kind(arguments: str) -> str:
    """Which time-out is meant; its first letter decides, as in Asterisk."""
    kind = _TIMEOUTS.get(arguments.strip()[:1].lower())
    if kind is None:
        raise ScriptError(f"TIMEOUT knows no {arguments[:40]!r}: {' '.join(_TIMEOUTS.values())}")
    return kind


def _timeout(script: Script, arguments: str) -> str:
    kind = _kind(arguments)
    if kind == "absolute":
        left = script.time_left()
        return "0" if left is None else f"{left:.3f}"
    timeout = script.digit_timeout if kind == "digit" else script.response_timeout
    return "" if timeout is None else f"{timeout:.3f}"


def _set_timeout(script: Script, arguments: str, value: str) -> None:
    kind = _kind(arguments)
    try:
        seconds = float(value)
    except ValueError as fault:
        raise ScriptError(f"TIMEOUT wants seconds, not {value[:40]!r}") from fault
    if not 0 <= seconds <= _LONGEST:
        raise ScriptError(f"TIMEOUT wants 0 to {_LONGEST:.0f} seconds, not {value[:40]!r}")
    if kind == "absolute":
        script.end_after(seconds or None)
    elif kind == "digit":
        script.digit_timeout = seconds
    else:
        script.response_timeout = seconds


FUNCTIONS: Final[Mapping[str, Function]] = {
    "CHANNEL": Function(_channel, _set_channel),
    "GLOBAL": Function(lambda script, name: script.shared.globals.get(name.strip(), ""), _set_global),
    "PJSIP_DIAL_CONTACTS": Function(lambda script, name: f"PJSIP/{name.split(',')[0].strip()}"),
    "TIMEOUT": Function(_timeout, _set_timeout),
}
