"""Emulated device nodes: what open(2) gives for a card that is not there, with the errnos of dahdi-base.c.

A card (`EmulatedDevice`) says which channels it has and carries out their requests; the nodes, the event rule of
read and write, and removal are the same for all of them.
"""

from __future__ import annotations

import errno
import os
import re
import select
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Final, Protocol

from hardware.dahdi import abi, structs
from hardware.dahdi.abi import Event, Ioctl
from hardware.dahdi.emulation.arguments import read, write
from hardware.dahdi.emulation.buffer_requests import Buffered, get_gains, set_gains

__all__ = ["ChannelHandle", "ControlHandle", "EmulatedDevice", "OpenedChannel"]

_CHANNEL: Final = re.compile(r"/dev/dahdi/(?:chan/001/)?([0-9]{1,4})", re.ASCII)
"""Nodes of channels; all are of one span, so that their positions in it are their numbers."""


class OpenedChannel(Buffered, Protocol):
    """A channel that can be opened.

    Attributes:
        removed: its card has been pulled out.
    """

    removed: bool

    @property
    def is_late_read(self) -> bool: ...

    def open(self) -> None: ...

    def close(self) -> None: ...


class EmulatedDevice(ABC):
    """A card, as far as its device nodes know it (`hardware.port.Backend`).

    Attributes:
        present: whether it is in the machine.
    """

    present = True

    @property
    @abstractmethod
    def nodes(self) -> Mapping[int, OpenedChannel]:
        """Its channels by their numbers."""

    @abstractmethod
    def carry_out(self, channel: Any, request: int, argument: bytearray | None) -> None:
        """Carry out a request on one of its channels, opened.

        Raises:
            OSError: with the errno that dahdi-base.c gives.
        """

    @abstractmethod
    def params(self, channel: Any) -> dict[str, Any]:
        """struct dahdi_params of one of its channels."""

    @abstractmethod
    def span_stat(self, argument: bytearray | None, *, own: bool) -> None:
        """SPANSTAT.

        Args:
            own: span 0 is that of the channel that is asked.

        Raises:
            OSError: EINVAL no such span.
        """

    def is_late_read(self) -> bool:
        """Whether who reads one of its channels is late with it."""
        return any(channel.is_late_read for channel in self.nodes.values())

    def control(self, request: int, argument: bytearray | None) -> None:
        """Carry out a request on the control node that is not the same for every card.

        Raises:
            OSError: ENOTTY, for what the card does not know.
        """
        raise OSError(errno.ENOTTY, "no such request")

    def open(self, node: str) -> ChannelHandle | ControlHandle:
        """Open "/dev/dahdi/channel" or "/dev/dahdi/ctl"; or a channel by its own node, "/dev/dahdi/3" or
        "/dev/dahdi/chan/001/003".

        Raises:
            OSError: ENOENT no such node; ENXIO the card has been removed, no such channel, or one that is not
                configured; EBUSY the channel is open.
        """
        if not self.present:
            raise OSError(errno.ENXIO, "no such device", node)
        if node == abi.CHANNEL_NODE:
            return ChannelHandle(self)
        if node == abi.CTL_NODE:
            return ControlHandle(self)
        named = _CHANNEL.fullmatch(node)
        if named is None:
            raise OSError(errno.ENOENT, "no such node", node)
        if int(named[1]) not in self.nodes:
            raise OSError(errno.ENXIO, "no such channel", node)
        handle = ChannelHandle(self)
        handle.ioctl(Ioctl.SPECIFY, bytearray(structs.INT.build(int(named[1]))))
        return handle


class ChannelHandle:
    """An opened /dev/dahdi/channel (`hardware.port.Handle`); SPECIFY binds it to a channel."""

    def __init__(self, device: EmulatedDevice) -> None:
        self._device = device
        self._channel: OpenedChannel | None = None

    def fileno(self) -> int:
        """The descriptor of the channel's audio.

        Raises:
            OSError: EBADF no channel has been specified.
        """
        return self._bound().frames.descriptor

    def attention(self) -> tuple[int, int]:
        """An eventfd, readable while an event waits; raises as `fileno` does."""
        return self._bound().events.descriptor, select.EPOLLIN

    def read(self, count: int) -> bytes:
        """Read a buffer; the media plane, which reads the descriptor itself, is not held up by events."""
        self._no_event_waits()
        return os.read(self.fileno(), count)

    def write(self, data: bytes) -> int:
        """Write a buffer."""
        self._no_event_waits()
        return os.write(self.fileno(), data)

    def _no_event_waits(self) -> None:
        if self._gone:
            raise OSError(errno.ENODEV, "card removed")
        if self._bound().events.waiting:
            raise OSError(abi.ELAST, "an event waits")

    def ioctl(self, request: int, argument: bytearray | None = None) -> None:
        """Carry out a request."""
        if self._gone:
            if request == Ioctl.GETEVENT:
                write(structs.INT, argument, Event.REMOVED)
            raise OSError(errno.ENODEV, "card removed")
        if self._channel is not None and request == Ioctl.SPANSTAT:
            self._device.span_stat(argument, own=True)
        elif self._channel is not None:
            self._device.carry_out(self._channel, request, argument)
        elif request == Ioctl.SPECIFY:
            self._specify(read(structs.INT, argument))
        else:
            raise OSError(errno.ENOSYS, "no channel specified")

    def close(self) -> None:
        """Give the channel back."""
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()

    @property
    def _gone(self) -> bool:
        return not self._device.present or (self._channel is not None and self._channel.removed)

    def _specify(self, number: int) -> None:
        channel = self._device.nodes.get(number)
        if channel is None:
            raise OSError(errno.EINVAL, "no such channel")
        channel.open()
        self._channel = channel

    def _bound(self) -> OpenedChannel:
        if self._channel is None:
            raise OSError(errno.EBADF, "no channel specified")
        return self._channel


class ControlHandle:
    """An opened /dev/dahdi/ctl: what the card is, without opening a channel of it."""

    def __init__(self, device: EmulatedDevice) -> None:
        self._device = device

    def fileno(self) -> int:
        """There is no audio here.

        Raises:
            OSError: ENOSYS, always.
        """
        raise OSError(errno.ENOSYS, "the control node carries no audio")

    def read(self, count: int) -> bytes:
        """There is no audio here; raises as `fileno` does."""
        raise OSError(errno.ENOSYS, "the control node carries no audio")

    def write(self, data: bytes) -> int:
        """There is no audio here; raises as `fileno` does."""
        raise OSError(errno.ENOSYS, "the control node carries no audio")

    def attention(self) -> tuple[int, int]:
        """There are no events here; raises as `fileno` does."""
        raise OSError(errno.ENOSYS, "the control node has no events")

    def ioctl(self, request: int, argument: bytearray | None = None) -> None:
        """Carry out a request about the card or one of its channels; ENOTTY for what it has not."""
        if not self._device.present:
            raise OSError(errno.ENODEV, "card removed")
        match request:
            case Ioctl.SPANSTAT:
                self._device.span_stat(argument, own=False)
            case Ioctl.GET_PARAMS | Ioctl.GET_PARAMS_V1:
                channel = self._channel(read(structs.PARAMS, argument).channo)
                write(structs.PARAMS, argument, self._device.params(channel))
            case Ioctl.GETGAINS | Ioctl.GETGAINS_V1:
                get_gains(self._channel(read(structs.GAINS, argument).chan), argument)
            case Ioctl.SETGAINS:
                set_gains(self._channel(read(structs.GAINS, argument).chan), argument)
            case Ioctl.GET_DIALPARAMS:
                self._dial_params(argument)
            case Ioctl.GETVERSION:
                version = {"version": b"emulated".ljust(80, b"\0"), "echo_canceller": bytes(80)}
                write(structs.VERSIONINFO, argument, version)
            case _:
                self._device.control(request, argument)

    def close(self) -> None:
        """Nothing is held."""

    def _dial_params(self, argument: bytearray | None) -> None:
        # dahdi-base.c has its defaults in samples, though SET_DIALPARAMS takes milliseconds.
        lengths = {"mfv1_tonelen": 544, "dtmf_tonelen": abi.DIGIT_MS * 8, "mfr2_tonelen": 800, "reserved": [0] * 3}
        write(structs.DIALPARAMS, argument, lengths)

    def _channel(self, number: int) -> OpenedChannel:
        channel = self._device.nodes.get(number)
        if channel is None:
            raise OSError(errno.EINVAL, "no such channel")
        return channel
