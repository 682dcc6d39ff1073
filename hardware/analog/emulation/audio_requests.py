"""ioctl requests of an emulated channel that are about its sound: buffers, law, gains, tones, dialling, echo.

Source: dahdi-base.c, dahdi_chanandpseudo_ioctl, dahdi_chan_ioctl and ioctl_echocancel.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from typing import Any, Final

from hardware.analog import abi, structs
from hardware.analog.abi import BufferPolicy, Ioctl, IoMux
from hardware.analog.emulation.arguments import read, write
from hardware.analog.emulation.channel import EmulatedChannel

__all__ = ["AUDIO_REQUESTS", "get_gains", "set_gains"]

MIN_BLOCK: Final = 16
MAX_BLOCK: Final = 8192
MIN_BUFFERS: Final = 2
MAX_BUFFERS: Final = 32
MAX_BUFFER_SPACE: Final = 32768
MAX_TRAINING: Final = 1000
"""Milliseconds of echo canceller training, not reached."""

_LAWS: Final = frozenset(abi.Law)
_POLICIES: Final = frozenset(BufferPolicy)


def _flush(channel: EmulatedChannel, argument: bytearray | None) -> None:
    what = read(structs.INT, argument)
    if what & abi.Flush.READ:
        channel.frames.flush_read()
    if what & abi.Flush.WRITE:
        channel.frames.flush_write()
    if what & abi.Flush.EVENT:
        channel.events.clear()


def _sync(channel: EmulatedChannel, argument: bytearray | None) -> None:
    if not channel.frames.all_sent:
        raise OSError(errno.EINTR, "not all is sent, and nobody waits here")


def _mux(channel: EmulatedChannel, argument: bytearray | None) -> None:
    """A wait, which here ends at once as one that a signal interrupts: time is not ours to let pass."""
    wanted = IoMux(read(structs.INT, argument) & 0x10F)
    if not wanted:
        raise OSError(errno.EINVAL, "nothing to wait for")
    frames = channel.frames
    if IoMux.WRITEEMPTY in wanted:
        frames.send_at_once()
    holds = {
        IoMux.READ: frames.waits_to_be_read,
        IoMux.WRITE: frames.has_room,
        IoMux.WRITEEMPTY: frames.all_sent,
        IoMux.SIGEVENT: channel.events.waiting,
    }
    found = sum(condition for condition, so in holds.items() if so and condition in wanted)
    if not found and IoMux.NOWAIT not in wanted:
        raise OSError(errno.EINTR, "interrupted")
    write(structs.INT, argument, found)


def _get_block(channel: EmulatedChannel, argument: bytearray | None) -> None:
    write(structs.INT, argument, channel.frames.block)


def _set_block(channel: EmulatedChannel, argument: bytearray | None) -> None:
    frames = channel.frames
    _arrange(channel, read(structs.INT, argument), frames.buffers, frames.policy)


def _get_buffers(channel: EmulatedChannel, argument: bytearray | None) -> None:
    frames = channel.frames
    info = {"txbufpolicy": frames.policy, "rxbufpolicy": 0, "numbufs": frames.buffers, "bufsize": frames.block}
    write(structs.BUFFERINFO, argument, {**info, "readbufs": -1, "writebufs": -1})


def _set_buffers(channel: EmulatedChannel, argument: bytearray | None) -> None:
    info = read(structs.BUFFERINFO, argument)
    buffers = max(MIN_BUFFERS, min(info.numbufs, MAX_BUFFERS))
    if info.bufsize * buffers > MAX_BUFFER_SPACE or info.txbufpolicy not in _POLICIES:
        raise OSError(errno.EINVAL, "buffers too large, or no such policy")
    _arrange(channel, info.bufsize, buffers, BufferPolicy(info.txbufpolicy))


def _arrange(channel: EmulatedChannel, block: int, buffers: int, policy: BufferPolicy) -> None:
    if not MIN_BLOCK <= block <= MAX_BLOCK:
        raise OSError(errno.EINVAL, "bad block size")
    channel.frames.arrange(block, buffers, policy)


def _tell_of_buffers(channel: EmulatedChannel, argument: bytearray | None) -> None:
    channel.tells_of_buffers = bool(read(structs.INT, argument))


def _set_law(channel: EmulatedChannel, argument: bytearray | None) -> None:
    law = read(structs.INT, argument)
    if law not in _LAWS:
        raise OSError(errno.EINVAL, "no such law")
    channel.coding.set_law(abi.Law(law))


def _set_linear(channel: EmulatedChannel, argument: bytearray | None) -> None:
    channel.set_linear(bool(read(structs.INT, argument)))


def get_gains(channel: EmulatedChannel, argument: bytearray | None) -> None:
    """GETGAINS, also on the control node."""
    coding = channel.coding
    gains = {"chan": channel.number, "rxgain": list(coding.received), "txgain": list(coding.sent)}
    write(structs.GAINS, argument, gains)


def set_gains(channel: EmulatedChannel, argument: bytearray | None) -> None:
    """SETGAINS, also on the control node."""
    given = read(structs.GAINS, argument)
    channel.coding.received, channel.coding.sent = bytes(given.rxgain), bytes(given.txgain)


def _mute(channel: EmulatedChannel, argument: bytearray | None) -> None:
    channel.coding.muted = bool(read(structs.INT, argument))


def _is_muted(channel: EmulatedChannel, argument: bytearray | None) -> None:
    write(structs.INT, argument, int(channel.coding.muted))


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
    Ioctl.FLUSH: _flush,
    Ioctl.SYNC: _sync,
    Ioctl.IOMUX: _mux,
    Ioctl.GET_BLOCKSIZE: _get_block,
    Ioctl.SET_BLOCKSIZE: _set_block,
    Ioctl.GET_BUFINFO: _get_buffers,
    Ioctl.SET_BUFINFO: _set_buffers,
    Ioctl.BUFFER_EVENTS: _tell_of_buffers,
    Ioctl.SETLAW: _set_law,
    Ioctl.SETLINEAR: _set_linear,
    Ioctl.GETGAINS: get_gains,
    Ioctl.GETGAINS_V1: get_gains,
    Ioctl.SETGAINS: set_gains,
    Ioctl.CONFMUTE: _mute,
    Ioctl.GETCONFMUTE: _is_muted,
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
