"""ioctl requests of an emulated channel: structures taken apart and put together, each in one function.

A request that the table does not list ends with ENOTTY, as by the kernel. A null pointer where a structure is
needed, or one of the wrong size, is EFAULT.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from typing import Any, Final

from hardware.analog import abi, structs
from hardware.analog.abi import Ioctl
from hardware.analog.emulation.channel import EmulatedChannel
from hardware.analog.line import PortKind

__all__ = ["REQUESTS", "carry_out", "channel_params", "read", "write"]

MIN_BLOCK: Final = 16
MAX_BLOCK: Final = 8192
MAX_BUFFERS: Final = 32
MAX_BUFFER_SPACE: Final = 32768

_LAWS: Final = frozenset(abi.Law)


def read(struct: Any, argument: bytearray | None) -> Any:
    """Parse the structure passed.

    Raises:
        OSError: EFAULT there is none or it has another size.
    """
    if argument is None or len(argument) != struct.sizeof():
        raise OSError(errno.EFAULT, "bad address")
    return struct.parse(argument)


def write(struct: Any, argument: bytearray | None, value: Any) -> None:
    """Overwrite the structure passed; raises as `read` does."""
    if argument is None or len(argument) != struct.sizeof():
        raise OSError(errno.EFAULT, "bad address")
    argument[:] = struct.build(value)


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
        "curlaw": channel.law,
        "idlebits": 0,
        "name": f"EMU/1/{channel.number - 1}".encode().ljust(40, b"\0"),
        "chan_alarms": channel.alarms,
        **channel.timing,
    }


def _get_params(channel: EmulatedChannel, argument: bytearray | None) -> None:
    write(structs.PARAMS, argument, channel_params(channel))


def _set_params(channel: EmulatedChannel, argument: bytearray | None) -> None:
    given = read(structs.PARAMS, argument)
    for name in abi.DEFAULT_TIMING:
        channel.timing[name] = max(0, given[name])


def _hook(channel: EmulatedChannel, argument: bytearray | None) -> None:
    channel.hook(read(structs.INT, argument))


def _get_event(channel: EmulatedChannel, argument: bytearray | None) -> None:
    write(structs.INT, argument, channel.events.get())


def _flush(channel: EmulatedChannel, argument: bytearray | None) -> None:
    what = read(structs.INT, argument)
    if what & abi.Flush.READ:
        channel.frames.flush_read()
    if what & abi.Flush.WRITE:
        channel.frames.flush_write()
    if what & abi.Flush.EVENT:
        channel.events.clear()


def _get_block(channel: EmulatedChannel, argument: bytearray | None) -> None:
    write(structs.INT, argument, channel.frames.block)


def _set_block(channel: EmulatedChannel, argument: bytearray | None) -> None:
    _empty_to(channel, read(structs.INT, argument))


def _get_buffers(channel: EmulatedChannel, argument: bytearray | None) -> None:
    info = {"txbufpolicy": 0, "rxbufpolicy": 0, "numbufs": 2, "readbufs": -1, "writebufs": -1}
    write(structs.BUFFERINFO, argument, {**info, "bufsize": channel.frames.block})


def _set_buffers(channel: EmulatedChannel, argument: bytearray | None) -> None:
    info = read(structs.BUFFERINFO, argument)
    if info.bufsize * max(2, min(info.numbufs, MAX_BUFFERS)) > MAX_BUFFER_SPACE:
        raise OSError(errno.EINVAL, "buffers too large")
    _empty_to(channel, info.bufsize)


def _empty_to(channel: EmulatedChannel, block: int) -> None:
    if not MIN_BLOCK <= block <= MAX_BLOCK:
        raise OSError(errno.EINVAL, "bad block size")
    channel.frames.flush_read()
    channel.frames.flush_write()
    channel.frames.block = block


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
    channel.cancel_echo(read(structs.INT, argument))


def _fax_mode(channel: EmulatedChannel, argument: bytearray | None) -> None:
    read(structs.INT, argument)
    if not channel.cancelling_echo:
        raise OSError(errno.EINVAL, "no echo canceller")


def _number(channel: EmulatedChannel, argument: bytearray | None) -> None:
    write(structs.INT, argument, channel.number)


def _set_law(channel: EmulatedChannel, argument: bytearray | None) -> None:
    law = read(structs.INT, argument)
    if law not in _LAWS:
        raise OSError(errno.EINVAL, "no such law")
    channel.law = abi.Law(law) if law else channel.default_law


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
    channel.lamp_by_neon = bool(read(structs.INT, argument) & abi.Vmwi.HVAC)


def _only(channel: EmulatedChannel, kind: PortKind) -> None:
    """Requests of the low-level driver are unknown to a module of the other kind."""
    if channel.kind is not kind:
        raise OSError(errno.EINVAL, f"only for {kind.value}")


REQUESTS: Final[Mapping[int, Callable[[EmulatedChannel, bytearray | None], None]]] = {
    Ioctl.GET_PARAMS: _get_params,
    Ioctl.SET_PARAMS: _set_params,
    Ioctl.HOOK: _hook,
    Ioctl.GETEVENT: _get_event,
    Ioctl.FLUSH: _flush,
    Ioctl.GET_BLOCKSIZE: _get_block,
    Ioctl.SET_BLOCKSIZE: _set_block,
    Ioctl.GET_BUFINFO: _get_buffers,
    Ioctl.SET_BUFINFO: _set_buffers,
    Ioctl.SENDTONE: _send_tone,
    Ioctl.GETTONEZONE: _get_zone,
    Ioctl.SETTONEZONE: _set_zone,
    Ioctl.DIAL: _dial,
    Ioctl.DIALING: _dialling,
    Ioctl.ECHOCANCEL: _echo_cancel,
    Ioctl.ECHOCANCEL_FAX_MODE: _fax_mode,
    Ioctl.CHANNO: _number,
    Ioctl.SETLAW: _set_law,
    Ioctl.SETCADENCE: _set_cadence,
    Ioctl.ONHOOKTRANSFER: _on_hook_transfer,
    Ioctl.SETPOLARITY: _set_polarity,
    Ioctl.VMWI: _message_lamp,
    Ioctl.VMWI_CONFIG: _configure_lamp,
}
