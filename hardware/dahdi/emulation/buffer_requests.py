"""ioctl requests that every emulated DAHDI channel with audio or frames takes: its buffers, law, gains and muting.

Source: dahdi-base.c, dahdi_chanandpseudo_ioctl and dahdi_chan_ioctl.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from hardware.dahdi import abi, structs
from hardware.dahdi.abi import BufferPolicy, Ioctl, IoMux
from hardware.dahdi.emulation.arguments import read, write
from hardware.dahdi.emulation.coding import Coding
from hardware.dahdi.emulation.events import EventQueue
from hardware.dahdi.emulation.frames import DescriptorPair

__all__ = ["BUFFER_REQUESTS", "Buffered", "get_gains", "set_gains"]

MIN_BLOCK: Final = 16
MAX_BLOCK: Final = 8192
MIN_BUFFERS: Final = 2
MAX_BUFFERS: Final = 32
MAX_BUFFER_SPACE: Final = 32768

_LAWS: Final = frozenset(abi.Law)
_POLICIES: Final = frozenset(BufferPolicy)


class Buffered(Protocol):
    """An opened channel, as far as these requests know it.

    Attributes:
        number: its channel number.
        coding: its law and gains.
        tells_of_buffers: whether overruns and underruns are events (BUFFER_EVENTS).
    """

    number: int
    coding: Coding
    tells_of_buffers: bool

    @property
    def events(self) -> EventQueue: ...

    @property
    def frames(self) -> DescriptorPair: ...

    def set_linear(self, on: bool) -> None: ...


def _flush(channel: Buffered, argument: bytearray | None) -> None:
    what = read(structs.INT, argument)
    if what & abi.Flush.READ:
        channel.frames.flush_read()
    if what & abi.Flush.WRITE:
        channel.frames.flush_write()
    if what & abi.Flush.EVENT:
        channel.events.clear()


def _sync(channel: Buffered, argument: bytearray | None) -> None:
    if not channel.frames.all_sent:
        raise OSError(errno.EINTR, "not all is sent, and nobody waits here")


def _mux(channel: Buffered, argument: bytearray | None) -> None:
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


def _get_block(channel: Buffered, argument: bytearray | None) -> None:
    write(structs.INT, argument, channel.frames.block)


def _set_block(channel: Buffered, argument: bytearray | None) -> None:
    frames = channel.frames
    _arrange(channel, read(structs.INT, argument), frames.buffers, frames.policy)


def _get_buffers(channel: Buffered, argument: bytearray | None) -> None:
    frames = channel.frames
    info = {"txbufpolicy": frames.policy, "rxbufpolicy": 0, "numbufs": frames.buffers, "bufsize": frames.block}
    write(structs.BUFFERINFO, argument, {**info, "readbufs": -1, "writebufs": -1})


def _set_buffers(channel: Buffered, argument: bytearray | None) -> None:
    info = read(structs.BUFFERINFO, argument)
    buffers = max(MIN_BUFFERS, min(info.numbufs, MAX_BUFFERS))
    if info.bufsize * buffers > MAX_BUFFER_SPACE or info.txbufpolicy not in _POLICIES:
        raise OSError(errno.EINVAL, "buffers too large, or no such policy")
    _arrange(channel, info.bufsize, buffers, BufferPolicy(info.txbufpolicy))


def _arrange(channel: Buffered, block: int, buffers: int, policy: BufferPolicy) -> None:
    if not MIN_BLOCK <= block <= MAX_BLOCK:
        raise OSError(errno.EINVAL, "bad block size")
    channel.frames.arrange(block, buffers, policy)


def _tell_of_buffers(channel: Buffered, argument: bytearray | None) -> None:
    channel.tells_of_buffers = bool(read(structs.INT, argument))


def _set_law(channel: Buffered, argument: bytearray | None) -> None:
    law = read(structs.INT, argument)
    if law not in _LAWS:
        raise OSError(errno.EINVAL, "no such law")
    channel.coding.set_law(abi.Law(law))


def _set_linear(channel: Buffered, argument: bytearray | None) -> None:
    channel.set_linear(bool(read(structs.INT, argument)))


def get_gains(channel: Buffered, argument: bytearray | None) -> None:
    """GETGAINS, also on the control node."""
    coding = channel.coding
    gains = {"chan": channel.number, "rxgain": list(coding.received), "txgain": list(coding.sent)}
    write(structs.GAINS, argument, gains)


def set_gains(channel: Buffered, argument: bytearray | None) -> None:
    """SETGAINS, also on the control node."""
    given = read(structs.GAINS, argument)
    channel.coding.received, channel.coding.sent = bytes(given.rxgain), bytes(given.txgain)


def _mute(channel: Buffered, argument: bytearray | None) -> None:
    channel.coding.muted = bool(read(structs.INT, argument))


def _is_muted(channel: Buffered, argument: bytearray | None) -> None:
    write(structs.INT, argument, int(channel.coding.muted))


def _get_event(channel: Buffered, argument: bytearray | None) -> None:
    write(structs.INT, argument, channel.events.get())


def _number(channel: Buffered, argument: bytearray | None) -> None:
    write(structs.INT, argument, channel.number)


BUFFER_REQUESTS: Final[Mapping[int, Callable[[Any, bytearray | None], None]]] = {
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
    Ioctl.GETEVENT: _get_event,
    Ioctl.CHANNO: _number,
}
"""Requests of a `Buffered` channel."""
