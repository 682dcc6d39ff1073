"""ioctl requests of an emulated span: those of its channels, and those of the control node that dahdi_cfg makes.

A request that the tables do not list ends with ENOTTY, as by the kernel. Source: dahdi-base.c, dahdi_chan_ioctl,
dahdi_chanandpseudo_ioctl and dahdi_ctl_ioctl.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from typing import Any, Final

from hardware.dahdi import abi, structs
from hardware.dahdi.abi import Ioctl, SigType
from hardware.dahdi.emulation.arguments import read, write
from hardware.dahdi.emulation.buffer_requests import BUFFER_REQUESTS
from hardware.span.emulation.channel import SpanChannel

__all__ = ["REQUESTS", "SIGNALLING", "channel_params"]

SIGNALLING: Final = SigType.CLEAR | SigType.HDLCRAW | SigType.HDLCFCS | SigType.HARDHDLC
"""sigcap of every channel: no robbed bits and no CAS here."""


def channel_params(channel: SpanChannel) -> dict[str, Any]:
    """struct dahdi_params of a channel."""
    return {
        "channo": channel.number,
        "spanno": 1,
        "chanpos": channel.number,
        "sigtype": channel.signalling,
        "sigcap": SIGNALLING,
        "rxisoffhook": 0,
        "rxbits": -1,
        "txbits": -1,
        "txhooksig": 0,
        "rxhooksig": 0,
        "curlaw": channel.coding.law,
        "idlebits": 0,
        "name": f"EMU/1/{channel.number}".encode().ljust(40, b"\0"),
        "chan_alarms": channel.alarms,
        **channel.timing,
    }


def _get_params(channel: SpanChannel, argument: bytearray | None) -> None:
    write(structs.PARAMS, argument, channel_params(channel))


def _set_params(channel: SpanChannel, argument: bytearray | None) -> None:
    given = read(structs.PARAMS, argument)
    for name in abi.DEFAULT_TIMING:
        channel.timing[name] = max(0, given[name])


def _audio_mode(channel: SpanChannel, argument: bytearray | None) -> None:
    channel.set_speech(bool(read(structs.INT, argument)))


def _raw_mode(channel: SpanChannel, argument: bytearray | None) -> None:
    channel.set_frames(bool(read(structs.INT, argument)), checked=False)


def _fcs_mode(channel: SpanChannel, argument: bytearray | None) -> None:
    channel.set_frames(bool(read(structs.INT, argument)), checked=True)


def _rate(channel: SpanChannel, argument: bytearray | None) -> None:
    if read(structs.INT, argument) != 64:
        raise OSError(errno.EINVAL, "56 kbit/s is not emulated")


def _loop_back(channel: SpanChannel, argument: bytearray | None) -> None:
    channel.looped = bool(read(structs.INT, argument))


def _echo_cancel(channel: SpanChannel, argument: bytearray | None) -> None:
    read(structs.INT, argument)
    if not channel.speaks:
        raise OSError(errno.EINVAL, "only for channels in audio mode")


def _refuse(channel: SpanChannel, argument: bytearray | None) -> None:
    """HOOK, robbed bits, and what needs an echo canceller."""
    read(structs.INT, argument)
    raise OSError(errno.EINVAL, "not for this channel")


def _no_zone(channel: SpanChannel, argument: bytearray | None) -> None:
    raise OSError(errno.ENODATA, "no tone zone is loaded")


REQUESTS: Final[Mapping[int, Callable[[Any, bytearray | None], None]]] = {
    **BUFFER_REQUESTS,
    Ioctl.GET_PARAMS: _get_params,
    Ioctl.GET_PARAMS_V1: _get_params,
    Ioctl.SET_PARAMS: _set_params,
    Ioctl.AUDIOMODE: _audio_mode,
    Ioctl.HDLCRAWMODE: _raw_mode,
    Ioctl.HDLCFCSMODE: _fcs_mode,
    Ioctl.HDLC_RATE: _rate,
    Ioctl.LOOPBACK: _loop_back,
    Ioctl.ECHOCANCEL: _echo_cancel,
    Ioctl.ECHOCANCEL_FAX_MODE: _refuse,
    Ioctl.ECHOTRAIN: _refuse,
    Ioctl.HOOK: _refuse,
    Ioctl.SETTXBITS: _refuse,
    Ioctl.SENDTONE: _no_zone,
    Ioctl.DIAL: _no_zone,
}
