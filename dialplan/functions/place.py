"""Functions that ask about the dialplan itself: DIALPLAN_EXISTS, HINT, EXTENSION_STATE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.arguments import split
from dialplan.script import Function, Script
from gateway.core.switch import DeviceState

__all__ = ["FUNCTIONS"]

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
    number, _, context = split(arguments)[0].partition("@")
    context = context or script.location.context
    for place in script.dialplan.reachable(context):
        for extension in place.matcher.candidates(number):
            if extension.hint:
                return extension.hint.partition(",")[0]
    return ""


def _state(script: Script, arguments: str) -> str:
    hint = _hint(script, arguments)
    states = {script.switch.device_state(device.strip()) for device in hint.split("&") if device.strip()}
    return next((state.value for state in _BUSINESS if state in states), DeviceState.UNKNOWN.value)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "DIALPLAN_EXISTS": Function(_exists),
    "EXTENSION_STATE": Function(_state),
    "HINT": Function(_hint),
}
