"""The state of devices: DEVICE_STATE (Asterisk funcs/func_devstate.c)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.script import Function, Script
from dialplan.substitution import ScriptError
from gateway.core.errors import Exhausted
from gateway.core.switch import DeviceState

__all__ = ["FUNCTIONS"]

_LONGEST: Final = 80
"""Characters of a custom device's name."""


def _state(script: Script, device: str) -> str:
    return script.switch.device_state(device).value


def _set(script: Script, device: str, value: str) -> None:
    word, _, name = device.strip().partition(":")
    if word.lower() != "custom" or not 0 < len(name) <= _LONGEST:
        raise ScriptError(f"DEVICE_STATE can be set of Custom:NAME alone, not of {device[:40]!r}")
    try:
        script.switch.set_custom_state(name, DeviceState(value.strip().upper()))
    except ValueError as fault:
        known = " ".join(state.value for state in DeviceState)
        raise ScriptError(f"{value[:40]!r} is no state of a device: {known}") from fault
    except Exhausted as fault:
        raise ScriptError(str(fault)) from fault


FUNCTIONS: Final[Mapping[str, Function]] = {"DEVICE_STATE": Function(_state, _set)}
