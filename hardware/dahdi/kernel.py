"""Device nodes of the DAHDI kernel driver: open(2), ioctl(2), close(2) and nothing of our own.

Structures go through unchanged; an errno comes back as OSError. Events show as EPOLLPRI on the audio
descriptor itself (dahdi-base.c dahdi_chan_poll).
"""

from __future__ import annotations

import fcntl
import os
import select

__all__ = ["Kernel", "KernelHandle"]


class KernelHandle:
    """An opened device node (`hardware.port.Handle`)."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def fileno(self) -> int:
        """The node's descriptor."""
        return self._descriptor

    def ioctl(self, request: int, argument: bytearray | None = None) -> None:
        """Pass a request to the kernel; `argument` is overwritten in place."""
        if argument is None:
            fcntl.ioctl(self._descriptor, request, 0)
        else:
            fcntl.ioctl(self._descriptor, request, argument, True)

    def read(self, count: int) -> bytes:
        """Read a buffer."""
        return os.read(self._descriptor, count)

    def write(self, data: bytes) -> int:
        """Write a buffer."""
        return os.write(self._descriptor, data)

    def attention(self) -> tuple[int, int]:
        """The same descriptor, watched for exceptional conditions."""
        return self._descriptor, select.EPOLLPRI

    def close(self) -> None:
        """Close the descriptor, once."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


class Kernel:
    """The running kernel (`hardware.port.Backend`)."""

    def open(self, node: str) -> KernelHandle:
        """Open a node for reading and writing, non-blocking."""
        return KernelHandle(os.open(node, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC))
