"""An opened channel's audio: the descriptor that the media plane has, and the card's end of it.

A Unix socket pair that keeps message boundaries stands in for the device's buffers: a write is taken or refused
with EAGAIN, a read gives one filled buffer or EAGAIN, and what nobody reads is lost from the newest on (a receive
overrun). Octets only: the law is not known here.
"""

from __future__ import annotations

import contextlib
import socket
from typing import Final

__all__ = ["FrameLink"]

FRAME: Final = 160
"""Octets that the line takes and gives in 20 ms."""

SMALLEST = 0
"""Asks Linux for its smallest socket buffer, which holds six 160-octet messages: about a card's few buffers."""

_MAX_MESSAGE: Final = 8192
"""DAHDI's largest buffer."""


class FrameLink:
    """Both ends of the descriptor of one opened channel."""

    def __init__(self) -> None:
        self._theirs, self._ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (self._theirs, self._ours):
            end.setblocking(False)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALLEST)
        self.block = 1024  # dahdi-base.c initialize_channel
        self._to_line = bytearray()
        self._from_line = bytearray()

    @property
    def descriptor(self) -> int:
        """The end that the channel's opener reads and writes."""
        return self._theirs.fileno()

    def collect(self) -> bool:
        """Take in all that has been written so far; True where anything was."""
        found = False
        while len(self._to_line) < _MAX_MESSAGE and self._receive():
            found = True
        return found

    def _receive(self) -> bool:
        try:
            message = self._ours.recv(_MAX_MESSAGE)
        except BlockingIOError:
            return False
        self._to_line += message[: self.block]  # a write fills one buffer and no more
        return bool(message)

    def take(self, silence: int) -> bytes | None:
        """The next 20 ms for the line, an underrun filled up with `silence`; None where nothing waits."""
        while len(self._to_line) < FRAME and self._receive():
            pass
        if not self._to_line:
            return None
        frame = bytes(self._to_line[:FRAME])
        del self._to_line[:FRAME]
        return frame.ljust(FRAME, bytes((silence,)))

    def give(self, frame: bytes) -> None:
        """Hand up 20 ms from the line; a block is sent when it is full."""
        self._from_line += frame
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            while len(self._from_line) >= self.block:
                block = bytes(self._from_line[: self.block])
                del self._from_line[: self.block]
                self._ours.send(block)

    def flush_read(self) -> None:
        """Drop what has not been read yet."""
        self._from_line.clear()
        with contextlib.suppress(BlockingIOError):
            while self._theirs.recv(_MAX_MESSAGE):
                pass

    def flush_write(self) -> None:
        """Drop what has been written and not sent yet."""
        self.collect()
        self._to_line.clear()

    def hang_up(self) -> None:
        """The card has gone: the opener's reads end, what it writes is refused."""
        self._ours.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give both descriptors back."""
        self._ours.close()
        self._theirs.close()
