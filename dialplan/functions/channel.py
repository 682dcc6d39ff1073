"""Functions on the leg and what is around it: CHANNEL, GLOBAL, LOCAL, TIMEOUT, DEVICE_STATE."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from dialplan.script import Function, Script
from dialplan.substitution import ScriptError

__all__ = ["FUNCTIONS"]

_CHANNEL: Final[Mapping[str, Callable[[Script], str]]] = {
    "channeltype": lambda script: script.leg.technology,
    "context": lambda script: script.location.context,
    "exten": lambda script: script.location.extension,
    "language": lambda script: script.language or "en",
    "name": lambda script: script.leg.name,
    "peername": lambda script: script.leg.peer,
    "state": lambda script: "Up" if script.leg.answered else "Ring",
    "uniqueid": lambda script: script.leg.name,
}


def _channel(script: Script, arguments: str) -> str:
    reader = _CHANNEL.get(arguments.strip().lower())
    if reader is None:
        raise ScriptError(f"CHANNEL knows no {arguments[:40]!r}: {' '.join(_CHANNEL)}")
    return reader(script)


def _set_channel(script: Script, arguments: str, value: str) -> None:
    if arguments.strip().lower() != "language":
        raise ScriptError(f"CHANNEL cannot set {arguments[:40]!r}: only language")
    script.language = value.strip() or None


def _set_global(script: Script, name: str, value: str) -> None:
    script.globals[name.strip()] = value


def _timeout(script: Script, arguments: str) -> str:
    kind = arguments.strip().lower()
    if kind == "digit":
        return "" if script.digit_timeout is None else f"{script.digit_timeout:.3f}"
    if kind == "response":
        return "" if script.response_timeout is None else f"{script.response_timeout:.3f}"
    raise ScriptError(f"TIMEOUT knows no {arguments[:40]!r}: digit response")


def _set_timeout(script: Script, arguments: str, value: str) -> None:
    try:
        seconds = float(value)
    except ValueError as fault:
        raise ScriptError(f"TIMEOUT wants seconds, not {value[:40]!r}") from fault
    kind = arguments.strip().lower()
    if kind == "digit":
        script.digit_timeout = seconds
    elif kind == "response":
        script.response_timeout = seconds
    else:
        raise ScriptError(f"TIMEOUT cannot set {arguments[:40]!r}: digit response")


FUNCTIONS: Final[Mapping[str, Function]] = {
    "CHANNEL": Function(_channel, _set_channel),
    "DEVICE_STATE": Function(lambda script, device: script.switch.device_state(device.strip()).value),
    "GLOBAL": Function(lambda script, name: script.globals.get(name.strip(), ""), _set_global),
    "LOCAL": Function(
        lambda script, name: script.variable(name.strip()),
        lambda script, name, value: script.assign_local(name.strip(), value),
    ),
    "TIMEOUT": Function(_timeout, _set_timeout),
}
