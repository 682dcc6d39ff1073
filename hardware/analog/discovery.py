"""Which analogue channels a backend has, asked on the control node without opening any of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hardware.analog.dahdi import port_kind
from hardware.analog.line import PortKind
from hardware.dahdi import abi, structs
from hardware.dahdi.abi import SigType
from hardware.dahdi.opening import open_control, params_of, span_stat
from hardware.port import Backend, Handle

__all__ = ["FoundPort", "discover"]

_STARTS: Final = {
    **dict.fromkeys((SigType.FXOKS, SigType.FXSKS), "kewl"),
    **dict.fromkeys((SigType.FXOLS, SigType.FXSLS), "loop"),
    **dict.fromkeys((SigType.FXOGS, SigType.FXSGS), "ground"),
}


@dataclass(frozen=True, slots=True)
class FoundPort:
    """An analogue channel that can be opened.

    Attributes:
        number: channel number.
        kind: FXS or FXO.
        name: the driver's name for it, such as "WCTDM/4/0".
        start: "kewl", "loop" or "ground": how the line is seized and released.
        alarm: whether it is in alarm: an exchange line without battery.
    """

    number: int
    kind: PortKind
    name: str
    start: str = "kewl"
    alarm: bool = False


def discover(backend: Backend) -> list[FoundPort]:
    """List a backend's analogue channels in order of their numbers.

    Raises:
        Unavailable: there is no driver.
        OpenFailed: its control node would not open.
    """
    handle = open_control(backend)
    try:
        found = (_channel(handle, number) for number in range(1, _channels(handle) + 1))
        return [port for port in found if port is not None]
    finally:
        handle.close()


def _channels(handle: Handle) -> int:
    """How many channels all spans have; channel numbers are consecutive over spans."""
    total = 0
    for span in range(1, abi.MAX_SPANS + 1):
        try:
            total += max(0, span_stat(handle, span).totalchans)
        except OSError:
            continue  # span numbers may have gaps
    return min(total, abi.MAX_CHANNELS)


def _channel(handle: Handle, number: int) -> FoundPort | None:
    try:
        params = params_of(handle, number)
    except OSError:
        return None
    kind = port_kind(params.sigtype)
    if kind is None:
        return None
    start = _STARTS[params.sigtype]
    return FoundPort(number, kind, structs.text(params.name), start, bool(params.chan_alarms))
