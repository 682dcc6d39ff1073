"""Functions that ask about the dialplan itself: DIALPLAN_EXISTS, VALID_EXTEN, HINT, EXTENSION_STATE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.arguments import split
from dialplan.script import Function, Script
from gateway.core.switch import DeviceState

__all__ = ["FUNCTIONS"]

_DEVICES: Final = ("SIP", "FXS")
"""Where `autohints` looks for a device of the extension's name."""
_BUSINESS: Final = (
    DeviceState.RINGINUSE,
    DeviceState.ONHOLD,
    DeviceState.INUSE,
    DeviceState.BUSY,
    DeviceState.RINGING,
    DeviceState.NOT_INUSE,
    DeviceState.UNAVAILABLE,
    DeviceState.INVALID,
)
"""Of several devices, the first of these that one of them is in is the extension's state."""


def _exists(script: Script, arguments: str) -> str:
    parts = [part.strip() for part in split(arguments)]
    if len(parts) == 1:
        return str(int(parts[0] in script.dialplan.contexts))
    priority: int | str = 1
    if len(parts) > 2 and parts[2]:
        priority = int(parts[2]) if parts[2].isdecimal() else parts[2]
    return str(int(script.find(parts[0], parts[1], priority) is not None))


def _hint(script: Script, arguments: str) -> str:
    number, _, context = split(arguments)[0].strip().partition("@")
    context = context or script.location.context
    found = script.dialplan.hint(context, number)
    if found:
        return found
    if any(place.autohints for place in script.dialplan.reachable(context)):
        devices = (f"{technology}/{number}" for technology in _DEVICES)
        known = (device for device in devices if script.switch.device_state(device) is not DeviceState.INVALID)
        return next(known, "")
    return ""


def _state(script: Script, arguments: str) -> str:
    states = {
        script.switch.device_state(device.strip()) for device in _hint(script, arguments).split("&") if device
    }
    return next((state.value for state in _BUSINESS if state in states), DeviceState.UNKNOWN.value)


def _valid(script: Script, arguments: str) -> str:
    """`VALID_EXTEN([context,]extension[,priority])`."""
    parts = [part.strip() for part in split(arguments)]
    if len(parts) == 1:
        parts.insert(0, "")
    return _exists(script, ",".join([parts[0] or script.location.context, *parts[1:]]))


FUNCTIONS: Final[Mapping[str, Function]] = {
    "DIALPLAN_EXISTS": Function(_exists),
    "EXTENSION_STATE": Function(_state),
    "HINT": Function(_hint),
    "VALID_EXTEN": Function(_valid),
}
