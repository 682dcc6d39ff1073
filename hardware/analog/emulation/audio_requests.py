"""ioctl requests of an emulated channel that are about its sound: tones, dialling, echo.

Source: dahdi-base.c, dahdi_chanandpseudo_ioctl, dahdi_chan_ioctl and ioctl_echocancel.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from typing import Any, Final

from hardware.analog.emulation.channel import EmulatedChannel
from hardware.dahdi import abi, structs
from hardware.dahdi.abi import Ioctl
from hardware.dahdi.emulation.arguments import read, write

__all__ = ["AUDIO_REQUESTS"]

MAX_TRAINING: Final = 1000
"""Milliseconds of echo canceller training, not reached."""


def _send_tone(channel: EmulatedChannel, argument: bytearray | None) -> None:
    number = read(structs.INT, argument)
    channel.silence()
    if number == -1:
        return
    sound = channel.tones.tone(number)
    if sound is None:
        raise OSError(errno.ENOSYS, "no such tone in this zone")
    channel.generator.play(sound.samples, sound.loop_from)


def _get_zone(channel: EmulatedChannel, argument: bytearray | None) -> None:
    write(structs.INT, argument, channel.tones.zone)


def _set_zone(channel: EmulatedChannel, argument: bytearray | None) -> None:
    # As with a kernel for which dahdi_cfg has loaded one zone: any other has no data.
    if read(structs.INT, argument) not in (-1, channel.tones.zone):
        raise OSError(errno.ENODATA, "tone zone not loaded")
    channel.set_cadence(None)


def _dial(channel: EmulatedChannel, argument: bytearray | None) -> None:
    given = read(structs.DIALOPERATION, argument)
    channel.frames.flush_write()  # written before: it must not end what begins now
    channel.dialler.dial(given.op, structs.text(given.dialstr))
    if given.op == abi.DialOp.CANCEL:
        channel.generator.stop()


def _dialling(channel: EmulatedChannel, argument: bytearray | None) -> None:
    write(structs.INT, argument, int(channel.dialler.dialling))


def _echo_cancel(channel: EmulatedChannel, argument: bytearray | None) -> None:
    channel.cancel_echo(max(0, read(structs.INT, argument)))


def _echo_cancel_with(channel: EmulatedChannel, argument: bytearray | None) -> None:
    header = structs.ECHOCANPARAMS.sizeof()
    if argument is None or len(argument) < header:
        raise OSError(errno.EFAULT, "bad address")
    given = structs.ECHOCANPARAMS.parse(bytes(argument[:header]))
    if given.param_count > abi.MAX_ECHO_PARAMETERS:
        raise OSError(errno.E2BIG, "too many parameters")
    if len(argument) < header + given.param_count * structs.ECHOCANPARAM.sizeof():
        raise OSError(errno.EFAULT, "bad address")
    if given.param_count:
        raise OSError(errno.EINVAL, "this canceller has no parameters")
    channel.cancel_echo(given.tap_length)


def _train(channel: EmulatedChannel, argument: bytearray | None) -> None:
    if not 0 <= read(structs.INT, argument) < MAX_TRAINING:
        raise OSError(errno.EINVAL, "training is shorter than a second")
    _needs_canceller(channel)


def _fax_mode(channel: EmulatedChannel, argument: bytearray | None) -> None:
    read(structs.INT, argument)
    _needs_canceller(channel)


def _needs_canceller(channel: EmulatedChannel) -> None:
    if not channel.cancelling_echo:
        raise OSError(errno.EINVAL, "no echo canceller")


def _only_clear(channel: EmulatedChannel, argument: bytearray | None) -> None:
    read(structs.INT, argument)
    raise OSError(errno.EINVAL, "only for clear channels")


Request = Callable[[EmulatedChannel, bytearray | None], Any]

AUDIO_REQUESTS: Final[Mapping[int, Request]] = {
    Ioctl.SENDTONE: _send_tone,
    Ioctl.GETTONEZONE: _get_zone,
    Ioctl.SETTONEZONE: _set_zone,
    Ioctl.DIAL: _dial,
    Ioctl.DIALING: _dialling,
    Ioctl.ECHOCANCEL: _echo_cancel,
    Ioctl.ECHOCANCEL_PARAMS: _echo_cancel_with,
    Ioctl.ECHOCANCEL_FAX_MODE: _fax_mode,
    Ioctl.ECHOTRAIN: _train,
    Ioctl.AUDIOMODE: _only_clear,
    Ioctl.HDLCRAWMODE: _only_clear,
    Ioctl.HDLCFCSMODE: _only_clear,
}
