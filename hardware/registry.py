"""Backends of the device seams by the name that a configuration gives them, loaded when first asked for.

An office without emulated hardware never imports the emulator, nor the other way round. Nothing is kept here:
each call makes a new backend.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final

from gateway.core.errors import LocalError
from hardware.port import Backend

__all__ = ["BACKENDS", "backend"]

BACKENDS: Final[Mapping[str, tuple[str, str]]] = {
    "dahdi": ("hardware.dahdi.kernel", "Kernel"),
    "emulated": ("hardware.analog.emulated", "EmulatedCard"),
    "emulated span": ("hardware.span.emulated", "EmulatedSpan"),
}
"""name -> (module, class)"""


def backend(name: str, **options: Any) -> Backend:
    """Make the backend `name`; `options` go to its class.

    Raises:
        LocalError: there is no backend of that name.
    """
    try:
        module, noun = BACKENDS[name]
    except KeyError:
        raise LocalError(f"no hardware backend '{name}'; there are: {', '.join(sorted(BACKENDS))}") from None
    made: Callable[..., Backend] = getattr(import_module(module), noun)
    return made(**options)
