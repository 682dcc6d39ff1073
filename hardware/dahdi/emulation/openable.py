"""What channels of all emulated cards have in common: one opener, its events and what it reads and writes."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from hardware.dahdi import abi
from hardware.dahdi.abi import Event, Law, SigType
from hardware.dahdi.emulation.coding import Coding
from hardware.dahdi.emulation.events import EventQueue
from hardware.dahdi.emulation.frames import FrameLink

__all__ = ["OpenableChannel"]

_Link = TypeVar("_Link", bound=FrameLink)


@dataclass(slots=True)
class _Opened(Generic[_Link]):
    """What a channel has only while somebody has it open."""

    events: EventQueue
    frames: _Link


class OpenableChannel(Generic[_Link]):
    """A channel, as far as any has it (`hardware.dahdi.emulation.handles.OpenedChannel`).

    Args:
        number: channel number from 1.
        signalling: what it is configured for.
        law: its companding.
        link: makes what an opened channel carries.

    Attributes:
        timing: struct dahdi_dialparams and the times of struct dahdi_params, as they are set.
        tells_of_buffers: whether overruns and underruns are events (BUFFER_EVENTS).
        removed: its card has been pulled out.
    """

    def __init__(self, number: int, signalling: SigType, law: Law, link: Callable[[], _Link]) -> None:
        self.number = number
        self.signalling = signalling
        self.coding = Coding(law)
        self.timing = dict(abi.DEFAULT_TIMING)
        self.tells_of_buffers = False
        self.removed = False
        self._link = link
        self._opened: _Opened[_Link] | None = None

    @property
    def opened(self) -> bool:
        """Whether somebody has the channel open."""
        return self._opened is not None

    @property
    def is_late_read(self) -> bool:
        """Whether who has it open, and reads it, is late with that."""
        return self._opened is not None and self._opened.frames.is_late_read

    @property
    def events(self) -> EventQueue:
        """The event queue of the opened channel.

        Raises:
            OSError: EBADF it is not open.
        """
        return self._open_part().events

    @property
    def frames(self) -> _Link:
        """What the opened channel carries; raises as `events` does."""
        return self._open_part().frames

    def _open_part(self) -> _Opened[_Link]:
        if self._opened is None:
            raise OSError(errno.EBADF, "channel not open")
        return self._opened

    def open(self) -> None:
        """Take the channel for one opener, all set as dahdi-base.c initialize_channel does.

        Raises:
            OSError: EBUSY it is open already, ENXIO it has no signalling.
        """
        if self.signalling is SigType.NONE:
            raise OSError(errno.ENXIO, "channel not configured")
        if self._opened is not None:
            raise OSError(errno.EBUSY, "channel open")
        self._opened = _Opened(EventQueue(), self._link())
        self.timing.update(abi.DEFAULT_TIMING)
        self.coding.reset()
        self.tells_of_buffers = False

    def close(self) -> None:
        """Give the channel back."""
        if self._opened is not None:
            self._opened.events.close()
            self._opened.frames.close()
            self._opened = None

    def remove(self) -> None:
        """The card is pulled out: the opener is told."""
        if self._opened is not None:
            self._opened.events.put(Event.REMOVED)
            self._opened.frames.hang_up()
        self.removed = True

    def _tell(self, event: int) -> None:
        if self._opened is not None:
            self._opened.events.put(event)

    def _tell_of_buffers(self, frames: _Link) -> None:
        if self.tells_of_buffers:
            if frames.overran:
                self._tell(Event.READ_OVERRUN)
            if frames.underran:
                self._tell(Event.WRITE_UNDERRUN)
        frames.overran = frames.underran = False
