"""The seam of serial adapters: what an operating system offers for a serial port, and no more.

Above it stands one driver (`drivers.isdn`), below it a real port or the pseudo-terminal of an emulated adapter,
both opened in one way (`hardware.isdn.tty`). Nothing waits.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["SerialPort"]


class SerialPort(Protocol):
    """An opened serial port: eight bits, no parity, flow control by RTS and CTS."""

    def fileno(self) -> int:
        """The descriptor, readable while there is something to read, or while the port has gone."""
        ...

    def read(self) -> bytes:
        """What has come in; b"" where nothing has.

        Raises:
            Lost: the port has gone.
        """
        ...

    def write(self, data: bytes) -> int:
        """Write; returns how many octets were taken, 0 while the device takes none.

        Raises:
            Lost: the port has gone.
        """
        ...

    def set_dtr(self, on: bool) -> None:
        """Raise the wire "data terminal ready", or drop it; harmless on a port that has no such wire."""
        ...

    def close(self) -> None:
        """Give the port back; a second call does nothing."""
        ...
