"""Emulated terminal adapters, each on a pseudo-terminal: whoever opens that talks to it as to a serial port.

`step` lets an adapter read and write its side. An office whose time is moved by hand sets `settles`: what was
written is then waited for, since the kernel carries octets from one side to the other in a moment of its own.
"""

from __future__ import annotations

import contextlib
import os
import pty
import select
import struct
import termios
import time
import tty
from fcntl import ioctl
from typing import Final

from gateway.core.errors import Unavailable
from hardware.isdn.emulation.terminal import TerminalAdapter
from hardware.isdn.tty import RATE, Tty

__all__ = ["EmulatedAdapter"]

_MOST: Final = 4096
_ROOM: Final = 4000
"""Octets of which the kernel keeps so many before the reader, and the rest elsewhere (n_tty: 4096)."""
BACKLOG: Final = 65536
"""Octets that wait for a port that nobody reads; what is more is lost, as on any serial port."""
SETTLE: Final = 0.25
"""Seconds for which octets on their way are waited for; the kernel needs some microseconds."""


class _CountedTty(Tty):
    """The driver's side of a pseudo-terminal, which knows how much was written to it."""

    written = 0

    def write(self, data: bytes) -> int:
        taken = super().write(data)
        self.written += taken
        return taken


class EmulatedAdapter:
    """A terminal adapter that can be opened, pulled out and put back.

    Args:
        terminal: what it does.
        settles: wait until what was written has come through.

    Attributes:
        mute: it takes what is written to it and says nothing, as one whose firmware has died.
    """

    def __init__(self, terminal: TerminalAdapter, *, settles: bool = False) -> None:
        self.mute = False
        self._terminal = terminal
        self._settles = settles
        self._ours, self._theirs = -1, -1
        self._opened: _CountedTty | None = None
        self._read = 0
        self._waiting = bytearray()
        self.insert()

    @property
    def path(self) -> str:
        """Where it can be opened; "" while it is pulled out."""
        return os.ttyname(self._theirs) if self._theirs >= 0 else ""

    def open(self, rate: int = RATE) -> Tty:
        """Open it, as any serial port.

        Raises:
            HardwareError: it has been pulled out, or somebody else has opened it.
        """
        if not self.path:
            raise Unavailable("the emulated adapter is pulled out; put it back (insert)")
        self._opened = _CountedTty(self.path, rate)
        self._read = 0
        return self._opened

    def insert(self) -> None:
        """Plug it in; it has forgotten all."""
        if self._ours >= 0:
            return
        self._ours, self._theirs = pty.openpty()
        tty.setraw(self._theirs)
        os.set_blocking(self._ours, False)

    def remove(self) -> None:
        """Pull it out of the machine."""
        if self._ours < 0:
            return
        self._terminal.power_off()
        os.close(self._ours)
        os.close(self._theirs)
        self._ours, self._theirs = -1, -1
        self._opened = None
        self._waiting.clear()

    close = remove

    def garble(self, data: bytes) -> None:
        """Say `data` as it is: noise on the port."""
        self._waiting += data

    def listen(self) -> None:
        """Read what was written to the port."""
        if self._ours < 0 or self._terminal.full:
            return
        data = b""
        patience = time.monotonic() + SETTLE
        while True:
            with contextlib.suppress(OSError):  # there is nothing, or nobody has it open
                data += os.read(self._ours, _MOST)
            due = self._opened.written - self._read if self._opened is not None and self._settles else 0
            if len(data) >= due or time.monotonic() > patience:
                break
            os.sched_yield()
        self._read += len(data)
        if not self.mute:
            self._terminal.receive(data)

    def talk(self) -> None:
        """Pass 20 ms each way, and write what the port is to read."""
        self._terminal.frame()
        said = self._terminal.outgoing()
        if self._ours < 0:
            return
        if not self.mute:
            self._waiting += said
        del self._waiting[BACKLOG:]
        if not self._waiting or not select.select([], [self._ours], [], 0)[1]:
            return
        before = self._readable()
        try:
            taken = os.write(self._ours, self._waiting)
        except BlockingIOError:
            return
        del self._waiting[:taken]
        patience = time.monotonic() + SETTLE
        due = min(before + taken, _ROOM)
        while self._settles and self._readable() < due and time.monotonic() < patience:
            os.sched_yield()

    def _readable(self) -> int:
        """Octets that the port's reader has before it."""
        answer = ioctl(self._theirs, termios.FIONREAD, struct.pack("i", 0))
        return int(struct.unpack("i", answer)[0])
