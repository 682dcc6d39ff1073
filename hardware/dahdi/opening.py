"""Opening DAHDI's nodes, a channel by its number among them; what they say of spans and channels, and sentences for
what they refuse.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any, Final

from gateway.core.errors import OpenFailed, Unavailable
from hardware.dahdi import abi, structs
from hardware.dahdi.abi import Ioctl
from hardware.port import Backend, Handle

__all__ = ["integer", "open_channel", "open_control", "params_of", "refusal", "span_stat"]

_REASONS: Final[Mapping[int, str]] = {
    errno.EBUSY: "in use by another program",
    errno.ENXIO: "not there or not configured; run dahdi_cfg and look at /etc/dahdi/system.conf",
    errno.EINVAL: "no such channel; `dahdi_scan` lists those that there are",
    errno.EACCES: "no permission; add the user to the group that owns /dev/dahdi",
    errno.EPERM: "no permission; add the user to the group that owns /dev/dahdi",
    errno.ENODATA: "its tone zone is not loaded; run dahdi_cfg with that zone in /etc/dahdi/system.conf",
    errno.ENODEV: "the card has been removed",
}


def open_channel(backend: Backend, number: int) -> Handle:
    """Open channel `number` (from 1, counted through all spans of the machine).

    Raises:
        Unavailable: no driver or no such channel.
        OpenFailed: it is there and would not open (in use, no permission).
    """
    handle = _open(backend, abi.CHANNEL_NODE)
    try:
        handle.ioctl(Ioctl.SPECIFY, integer(number))
    except OSError as error:
        handle.close()
        failure = Unavailable if error.errno in (errno.EINVAL, errno.ENXIO, errno.ENODEV) else OpenFailed
        raise failure(refusal(number, error)) from error
    return handle


def open_control(backend: Backend) -> Handle:
    """Open the node that tells of all spans and channels without opening any of them.

    Raises:
        Unavailable: there is no driver.
        OpenFailed: it is there and would not open.
    """
    return _open(backend, abi.CTL_NODE)


def _open(backend: Backend, node: str) -> Handle:
    try:
        return backend.open(node)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
            raise Unavailable(f"{node} is not there: is a card there, and is the dahdi module loaded?") from error
        raise OpenFailed(f"{node}: {_reason(error)}") from error


def integer(value: int) -> bytearray:
    """An int as an ioctl's argument."""
    return bytearray(structs.INT.build(int(value)))


def params_of(handle: Handle, number: int = 0) -> Any:
    """struct dahdi_params of an opened channel or, from the control node, of channel `number`.

    Raises:
        OSError: as GET_PARAMS does.
    """
    return _asked(handle, Ioctl.GET_PARAMS, structs.PARAMS, number)


def span_stat(handle: Handle, number: int = 0) -> Any:
    """struct dahdi_spaninfo of span `number`; 0 for that of the opened channel.

    Raises:
        OSError: as SPANSTAT does.
    """
    return _asked(handle, Ioctl.SPANSTAT, structs.SPANINFO, number)


def _asked(handle: Handle, request: Ioctl, struct: Any, number: int) -> Any:
    """A struct that begins with the number of what is asked about."""
    argument = bytearray(struct.sizeof())
    argument[:4] = integer(number)
    handle.ioctl(request, argument)
    return struct.parse(argument)


def refusal(number: int, error: OSError) -> str:
    """What a channel refused, as a sentence with the mend."""
    return f"DAHDI channel {number}: {_reason(error)}"


def _reason(error: OSError) -> str:
    return _REASONS.get(error.errno or 0, error.strerror or str(error))
