"""Functions that ask about the dialplan itself: DIALPLAN_EXISTS, VALID_EXTEN, HINT, EXTENSION_STATE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.arguments import split
from dialplan.hints import devices_of
from dialplan.script import Function, Script
from gateway.core.switch import DeviceState
from gateway.core.watch import aggregate

__all__ = ["FUNCTIONS"]


def _exists(script: Script, arguments: str) -> str:
    parts = [part.strip() for part in split(arguments)]
    if len(parts) == 1:
        return str(int(parts[0] in script.dialplan.contexts))
    priority: int | str = 1
    if len(parts) > 2 and parts[2]:
        priority = int(parts[2]) if parts[2].isdecimal() else parts[2]
    return str(int(script.find(parts[0], parts[1], priority) is not None))


def _devices(script: Script, arguments: str) -> list[str]:
    number, _, context = split(arguments)[0].strip().partition("@")
    return devices_of(script.dialplan, context or script.location.context, number, script.switch.device_state)


def _hint(script: Script, arguments: str) -> str:
    return "&".join(_devices(script, arguments))


def _state(script: Script, arguments: str) -> str:
    devices = _devices(script, arguments)
    if not devices:
        return DeviceState.UNKNOWN.value
    return aggregate([script.switch.device_state(device) for device in devices]).value


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
