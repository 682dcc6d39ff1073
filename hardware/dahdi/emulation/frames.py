"""What an opened channel carries: the descriptor that its opener has, and the card's end of it.

A Unix socket pair that keeps message boundaries stands in for the device's buffers: a write is taken or refused
with EAGAIN, a read gives one filled buffer or EAGAIN, and what nobody reads is lost from the newest on (a receive
overrun). Octets only: the law is not known here. Source: dahdi-base.c, dahdi_chan_read, dahdi_chan_write and
__dahdi_getbuf_chunk.
"""

from __future__ import annotations

import contextlib
import fcntl
import select
import socket
import termios
from abc import ABC, abstractmethod
from array import array
from typing import Final

from hardware.dahdi.abi import BufferPolicy

__all__ = ["DescriptorPair", "FrameLink"]

FRAME: Final = 160
"""Samples that the line takes and gives in 20 ms."""

SMALLEST = 0
"""Asks Linux for its smallest socket buffer, which holds six 160-octet messages: about a card's few buffers."""

_OVERHEAD: Final = 1024
"""Octets that a message in a socket's buffer takes beside its own, rounded up."""
_MAX_MESSAGE: Final = 8192
"""DAHDI's largest buffer."""
_MOST_WAITING: Final = 32768
"""Octets of all buffers of a channel together."""


class DescriptorPair(ABC):
    """Both ends of the descriptor of one opened channel, whatever passes there.

    Attributes:
        block: octets of a buffer.
        buffers: how many a direction has.
        policy: how many of them must be filled before the first is sent.
        width: octets of a sample.
        overran, underran: since last asked, something was lost that nobody read; the line went quiet for want of
            something written. Each is told once for as long as it lasts.
    """

    def __init__(self) -> None:
        self._theirs, self._ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (self._theirs, self._ours):
            end.setblocking(False)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALLEST)
        self.block = 1024  # dahdi-base.c initialize_channel
        self.buffers = 2
        self.policy = BufferPolicy.IMMEDIATE
        self.width = 1
        self.overran = self.underran = False
        self._losing = False

    @property
    def descriptor(self) -> int:
        """The end that the channel's opener reads and writes."""
        return self._theirs.fileno()

    def arrange(self, block: int, buffers: int, policy: BufferPolicy) -> None:
        """Have buffers of another size, number and policy, all empty."""
        self.flush_read()
        self.flush_write()
        self.block, self.buffers, self.policy = block, buffers, policy
        for end in (self._theirs, self._ours):
            # Linux keeps its least, and doubles what it is asked for.
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffers * (block + _OVERHEAD) // 2)

    @property
    def waits_to_be_read(self) -> bool:
        """Whether a filled buffer waits."""
        with contextlib.suppress(BlockingIOError):
            return bool(self._theirs.recv(1, socket.MSG_PEEK))
        return False

    @property
    def is_late_read(self) -> bool:
        """Whether two filled buffers wait for a reader who has let none be lost."""
        if self._losing:
            return False
        waiting = array("i", (0,))
        fcntl.ioctl(self._theirs, termios.FIONREAD, waiting)
        return waiting[0] >= 2 * self.block * self.width

    @property
    def has_room(self) -> bool:
        """Whether a buffer is free to be written."""
        with select.epoll() as poll:
            poll.register(self._theirs, select.EPOLLOUT)
            return bool(poll.poll(0))

    @property
    @abstractmethod
    def all_sent(self) -> bool:
        """Whether nothing that was written waits to be sent."""

    @abstractmethod
    def send_at_once(self) -> None:
        """Wait for no further buffer (IOMUX WRITEEMPTY)."""

    @abstractmethod
    def flush_write(self) -> None:
        """Drop what has been written and not sent yet."""

    def flush_read(self) -> None:
        """Drop what has not been read yet."""
        self._losing = False
        with contextlib.suppress(BlockingIOError):
            while self._theirs.recv(_MAX_MESSAGE * self.width):
                pass

    def hang_up(self) -> None:
        """The card has gone: the opener's reads end, what it writes is refused."""
        self._ours.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give both descriptors back."""
        self._ours.close()
        self._theirs.close()

    def _written(self) -> bytes:
        """The oldest buffer that was written; empty where there is none."""
        try:
            return self._ours.recv(_MAX_MESSAGE * self.width)
        except BlockingIOError:
            return b""

    def _fill(self, buffer: bytes) -> None:
        """Hand up a filled buffer; it is lost where all are full."""
        try:
            self._ours.send(buffer)
        except BlockingIOError:
            self.overran = self.overran or not self._losing
            self._losing = True
        except BrokenPipeError:
            return
        else:
            self._losing = False


class FrameLink(DescriptorPair):
    """A channel that carries speech: 160 samples each way every 20 ms."""

    def __init__(self) -> None:
        super().__init__()
        self._sending = False
        self._messages = 0
        self._to_line = bytearray()
        self._from_line = bytearray()

    @property
    def all_sent(self) -> bool:
        """Whether nothing that was written waits to be sent."""
        self.collect()
        return not self._to_line

    def collect(self) -> bool:
        """Take in all that has been written so far; True where anything was."""
        found = False
        while len(self._to_line) < _MOST_WAITING and self._receive():
            found = True
        return found

    def _receive(self) -> bool:
        message = self._written()
        self._to_line += message[: self.block * self.width]  # a write fills one buffer and no more
        self._messages += bool(message)
        return bool(message)

    def take(self, silence: bytes) -> bytes | None:
        """The next 20 ms for the line, an underrun filled up with `silence`; None where nothing is to be sent."""
        size = FRAME * self.width
        if self.policy is BufferPolicy.IMMEDIATE:
            while len(self._to_line) < size and self._receive():
                pass
        else:
            self.collect()
            needed = self.buffers if self.policy is BufferPolicy.WHEN_FULL else self.buffers // 2
            if not self._sending and self._messages < needed:
                return None
        if not self._to_line:
            self.underran = self.underran or self._sending
            self._sending, self._messages = False, 0
            return None
        self._sending = True
        frame = bytes(self._to_line[:size])
        del self._to_line[:size]
        return frame + silence * ((size - len(frame)) // self.width)

    def send_at_once(self) -> None:
        """Wait for no further buffer (IOMUX WRITEEMPTY)."""
        self._sending = True

    def give(self, frame: bytes) -> None:
        """Hand up 20 ms from the line; a block is sent when it is full."""
        self._from_line += frame
        block = self.block * self.width
        while len(self._from_line) >= block:
            filled = bytes(self._from_line[:block])
            del self._from_line[:block]
            self._fill(filled)

    def flush_read(self) -> None:
        """Drop what has not been read yet."""
        self._from_line.clear()
        super().flush_read()

    def flush_write(self) -> None:
        """Drop what has been written and not sent yet."""
        self.collect()
        self._to_line.clear()
        self._sending, self._messages = False, 0
