"""Which analogue channels a backend has, asked on the control node without opening any of them."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import Final

from gateway.core.errors import OpenFailed, Unavailable
from hardware.analog.dahdi import port_kind
from hardware.analog.line import PortKind
from hardware.dahdi import abi, structs
from hardware.dahdi.abi import Ioctl, SigType
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
    try:
        handle = backend.open(abi.CTL_NODE)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
            raise Unavailable(
                f"{abi.CTL_NODE} is not there: is a card there, and is the dahdi module loaded?"
            ) from error
        raise OpenFailed(f"{abi.CTL_NODE}: {error.strerror or error}") from error
    try:
        found = (_channel(handle, number) for number in range(1, _channels(handle) + 1))
        return [port for port in found if port is not None]
    finally:
        handle.close()


def _channels(handle: Handle) -> int:
    """How many channels all spans have; channel numbers are consecutive over spans."""
    total = 0
    for span in range(1, abi.MAX_SPANS + 1):
        argument = bytearray(structs.SPANINFO.sizeof())
        argument[:4] = structs.INT.build(span)
        try:
            handle.ioctl(Ioctl.SPANSTAT, argument)
        except OSError:
            continue  # span numbers may have gaps
        total += max(0, structs.SPANINFO.parse(argument).totalchans)
    return min(total, abi.MAX_CHANNELS)


def _channel(handle: Handle, number: int) -> FoundPort | None:
    argument = bytearray(structs.PARAMS.sizeof())
    argument[:4] = structs.INT.build(number)
    try:
        handle.ioctl(Ioctl.GET_PARAMS, argument)
    except OSError:
        return None
    params = structs.PARAMS.parse(argument)
    kind = port_kind(params.sigtype)
    if kind is None:
        return None
    start = _STARTS[params.sigtype]
    return FoundPort(number, kind, structs.text(params.name), start, bool(params.chan_alarms))
