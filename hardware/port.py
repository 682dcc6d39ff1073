"""The seam of analogue and digital cards: what an operating system offers for a device node, and no more.

Above it stands one driver (`hardware.analog.dahdi`), below it the kernel (`hardware.dahdi.kernel`) or an
emulated card (`hardware.analog.emulated`). Both sides pass the structures and numbers of the DAHDI ABI; nobody
above can tell which of the two answers. Every handle is non-blocking, as after open(2) with O_NONBLOCK.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["Backend", "Handle"]


class Handle(Protocol):
    """An opened device node."""

    def fileno(self) -> int:
        """The descriptor from which frames of audio are read and to which they are written, by the media plane."""
        ...

    def ioctl(self, request: int, argument: bytearray | None = None) -> None:
        """Control the device, as ioctl(2).

        Args:
            request: the request number.
            argument: the structure, read and overwritten in place; None passes a null pointer.

        Raises:
            OSError: with the errno that the ABI names for the case.
        """
        ...

    def read(self, count: int) -> bytes:
        """One buffer of audio, of which at most `count` octets are given, as read(2).

        Raises:
            OSError: EAGAIN there is none yet, ELAST (500) an event waits and must be taken first, ENODEV.
        """
        ...

    def write(self, data: bytes) -> int:
        """Fill one buffer, as write(2); returns how many octets it took. Raises as `read` does."""
        ...

    def attention(self) -> tuple[int, int]:
        """(descriptor, epoll mask) that becomes ready while an event waits to be taken."""
        ...

    def close(self) -> None:
        """Give the device back; a second call does nothing."""
        ...


class Backend(Protocol):
    """Where device nodes are opened."""

    def open(self, node: str) -> Handle:
        """Open a node such as "/dev/dahdi/channel", for reading and writing, non-blocking.

        Raises:
            OSError: as open(2) does.
        """
        ...
