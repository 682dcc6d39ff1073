"""Opening a channel of a DAHDI device by its number, and sentences for what the device refuses."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any, Final

from gateway.core.errors import OpenFailed, Unavailable
from hardware.dahdi import abi, structs
from hardware.dahdi.abi import Ioctl
from hardware.port import Backend, Handle

__all__ = ["integer", "open_channel", "params_of", "refusal"]

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
    try:
        handle = backend.open(abi.CHANNEL_NODE)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
            raise Unavailable(
                f"{abi.CHANNEL_NODE} cannot be opened: is a card there, and is the dahdi module loaded?"
            ) from error
        raise OpenFailed(f"{abi.CHANNEL_NODE}: {_reason(error)}") from error
    try:
        handle.ioctl(Ioctl.SPECIFY, integer(number))
    except OSError as error:
        handle.close()
        failure = Unavailable if error.errno in (errno.EINVAL, errno.ENXIO, errno.ENODEV) else OpenFailed
        raise failure(refusal(number, error)) from error
    return handle


def integer(value: int) -> bytearray:
    """An int as an ioctl's argument."""
    return bytearray(structs.INT.build(int(value)))


def params_of(handle: Handle) -> Any:
    """struct dahdi_params of an opened channel.

    Raises:
        OSError: as GET_PARAMS does.
    """
    argument = bytearray(structs.PARAMS.sizeof())
    handle.ioctl(Ioctl.GET_PARAMS, argument)
    return structs.PARAMS.parse(argument)


def refusal(number: int, error: OSError) -> str:
    """What a channel refused, as a sentence with the mend."""
    return f"DAHDI channel {number}: {_reason(error)}"


def _reason(error: OSError) -> str:
    return _REASONS.get(error.errno or 0, error.strerror or str(error))
