"""Hints: which devices stand for an extension, and the state that they have together.

`exten => 101,hint,FXS/101&SIP/6001` names them; in a context with `autohints = yes` an extension without a hint has
the device of its own name. A conference room that an extension has as its hint is found by its own name, too.
Nothing here knows the devices: whoever asks brings their states.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from dialplan.model import Dialplan
from gateway.core.conference import DEVICE as CONFERENCE
from gateway.core.switch import DeviceState

__all__ = ["devices_of"]

_DEVICES: Final = ("SIP", "FXS")
"""Where `autohints` looks for a device of the extension's name."""


def devices_of(dialplan: Dialplan, context: str, number: str, state: Callable[[str], DeviceState]) -> list[str]:
    """The devices of `number` in `context`, as the hint writes them; none where it has no hint.

    Args:
        state: of a device; INVALID where it does not exist.
    """
    found = dialplan.hint(context, number)
    if found:
        return [device for name in found.split("&") if (device := name.strip())]
    if any(place.autohints for place in dialplan.reachable(context)):
        named = (f"{technology}/{number}" for technology in _DEVICES)
        return [device for device in named if state(device) is not DeviceState.INVALID][:1]
    room = f"{CONFERENCE}{number.lower()}"
    hints = (extension.hint for place in dialplan.reachable(context) for extension in place.extensions)
    return [room] if any(hint.partition(",")[0].strip().lower() == room for hint in hints) else []
