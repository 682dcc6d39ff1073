"""ioctl requests of an emulated channel, each in one function: those about its line, and the table of all.

A request that the table does not list ends with ENOTTY, as by the kernel. A null pointer where a structure is
needed, or one of the wrong size, is EFAULT.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from typing import Any, Final

from hardware.analog.emulation.audio_requests import AUDIO_REQUESTS
from hardware.analog.emulation.channel import EmulatedChannel
from hardware.analog.line import PortKind
from hardware.dahdi import abi, structs
from hardware.dahdi.abi import Ioctl
from hardware.dahdi.emulation.arguments import read, write
from hardware.dahdi.emulation.buffer_requests import BUFFER_REQUESTS

__all__ = ["REQUESTS", "carry_out", "channel_params", "span_stat"]


def carry_out(channel: EmulatedChannel, request: int, argument: bytearray | None) -> None:
    """Carry out a request on an opened channel.

    Raises:
        OSError: with the errno that dahdi-base.c gives.
    """
    handler = REQUESTS.get(request)
    if handler is None:
        raise OSError(errno.ENOTTY, "no such request")
    handler(channel, argument)


def channel_params(channel: EmulatedChannel) -> dict[str, Any]:
    """struct dahdi_params of a channel."""
    return {
        "channo": channel.number,
        "spanno": 1,
        "chanpos": channel.number,
        "sigtype": channel.signalling,
        "sigcap": abi.FXO_CLASS | 0x38 if channel.kind is PortKind.FXS else abi.FXS_CLASS | 0x7,
        "rxisoffhook": int(channel.off_hook),
        "rxbits": -1,
        "txbits": -1,
        "txhooksig": 0,
        "rxhooksig": int(channel.off_hook),
        "curlaw": channel.coding.law,
        "idlebits": 0,
        "name": f"EMU/1/{channel.number - 1}".encode().ljust(40, b"\0"),
        "chan_alarms": channel.alarms,
        **channel.timing,
    }


def span_stat(channels: int, argument: bytearray | None, *, own: bool) -> None:
    """SPANSTAT of a card with so many channels.

    Args:
        own: span 0 is that of the channel that is asked.

    Raises:
        OSError: EINVAL no such span.
    """
    if read(structs.SPANINFO, argument).spanno not in ((0, 1) if own else (1,)):
        raise OSError(errno.EINVAL, "no such span")
    blank: dict[str, Any] = dict(structs.SPANINFO.parse(bytes(structs.SPANINFO.sizeof())))
    blank |= {"spanno": 1, "numchans": channels, "totalchans": channels, "totalspans": 1}
    blank |= {"name": b"EMU/1".ljust(20, b"\0"), "desc": b"Emulated analogue card".ljust(40, b"\0")}
    write(structs.SPANINFO, argument, blank)


def _get_params(channel: EmulatedChannel, argument: bytearray | None) -> None:
    write(structs.PARAMS, argument, channel_params(channel))


def _set_params(channel: EmulatedChannel, argument: bytearray | None) -> None:
    given = read(structs.PARAMS, argument)
    for name in abi.DEFAULT_TIMING:
        channel.timing[name] = max(0, given[name])


def _hook(channel: EmulatedChannel, argument: bytearray | None) -> None:
    channel.hook(read(structs.INT, argument))


def _set_cadence(channel: EmulatedChannel, argument: bytearray | None) -> None:
    channel.set_cadence(None if argument is None else tuple(read(structs.RING_CADENCE, argument).ringcadence))


def _on_hook_transfer(channel: EmulatedChannel, argument: bytearray | None) -> None:
    _only(channel, PortKind.FXS)
    channel.open_speech_path(max(0, read(structs.INT, argument)))


def _set_polarity(channel: EmulatedChannel, argument: bytearray | None) -> None:
    _only(channel, PortKind.FXS)
    channel.set_reversed(bool(read(structs.INT, argument)))


def _message_lamp(channel: EmulatedChannel, argument: bytearray | None) -> None:
    _only(channel, PortKind.FXS)
    channel.light_lamp(read(structs.INT, argument) > 0)


def _configure_lamp(channel: EmulatedChannel, argument: bytearray | None) -> None:
    _only(channel, PortKind.FXS)
    channel.lamp_by = abi.Vmwi(read(structs.INT, argument) & 7)


def _voltages(channel: EmulatedChannel, argument: bytearray | None) -> None:
    """WCTDM_GET_STATS, in mV: an FXS module tells its wires and its battery, an FXO module its line's voltage."""
    volts = channel.pair.volts
    tip, ring, battery = (volts, volts, volts) if channel.kind is PortKind.FXO else (-2, -2 - abs(volts), -64)
    write(
        structs.WCTDM_STATS, argument, {"tipvolt": tip * 1000, "ringvolt": ring * 1000, "batvolt": battery * 1000}
    )


def _set_bits(channel: EmulatedChannel, argument: bytearray | None) -> None:
    read(structs.INT, argument)
    raise OSError(errno.EINVAL, "only for channels with CAS signalling")


def _only(channel: EmulatedChannel, kind: PortKind) -> None:
    """Requests of the low-level driver are unknown to a module of the other kind."""
    if channel.kind is not kind:
        raise OSError(errno.EINVAL, f"only for {kind.value}")


REQUESTS: Final[Mapping[int, Callable[[EmulatedChannel, bytearray | None], None]]] = {
    **BUFFER_REQUESTS,
    **AUDIO_REQUESTS,
    Ioctl.GET_PARAMS: _get_params,
    Ioctl.GET_PARAMS_V1: _get_params,
    Ioctl.SET_PARAMS: _set_params,
    Ioctl.HOOK: _hook,
    Ioctl.SETCADENCE: _set_cadence,
    Ioctl.ONHOOKTRANSFER: _on_hook_transfer,
    Ioctl.SETPOLARITY: _set_polarity,
    Ioctl.VMWI: _message_lamp,
    Ioctl.VMWI_CONFIG: _configure_lamp,
    Ioctl.SETTXBITS: _set_bits,
    Ioctl.WCTDM_GET_STATS: _voltages,
}
