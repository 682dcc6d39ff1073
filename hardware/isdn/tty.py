"""Serial ports of the operating system, by pyserial: real ones, and pseudo-terminals alike."""

from __future__ import annotations

import contextlib
import errno
import os
import select
from typing import Final

import serial

from gateway.core.errors import HardwareError, Lost, OpenFailed, Unavailable

__all__ = ["RATE", "Tty"]

RATE: Final = 115200
"""Bits a second: 8000 octets of audio a second are 80,000 with start and stop bits, and some octets go twice."""

_MOST: Final = 4096
"""Octets that a port keeps for us."""
_GONE: Final = select.POLLHUP | select.POLLERR | select.POLLNVAL

_WHY: Final[dict[int | None, tuple[type[HardwareError], str]]] = {
    errno.ENOENT: (Unavailable, "there is no such device; is the adapter plugged in, and its driver loaded?"),
    errno.ENXIO: (Unavailable, "there is no such device; is the adapter plugged in, and its driver loaded?"),
    errno.ENODEV: (Unavailable, "there is no such device; is the adapter plugged in, and its driver loaded?"),
    errno.EACCES: (OpenFailed, "it may not be opened; add the user to the group of serial ports (dialout)"),
    errno.EPERM: (OpenFailed, "it may not be opened; add the user to the group of serial ports (dialout)"),
    errno.EBUSY: (OpenFailed, "another program uses it; stop that, or take another adapter"),
    errno.EAGAIN: (OpenFailed, "another program uses it; stop that, or take another adapter"),
    errno.EWOULDBLOCK: (OpenFailed, "another program uses it; stop that, or take another adapter"),
}


class Tty:
    """An opened port (`hardware.isdn.port.SerialPort`), for us alone.

    Args:
        path: "/dev/ttyACM0", "/dev/ttyI0".
        rate: bits a second; a port that has no rate of its own takes any.

    Raises:
        HardwareError: it is not there or would not open.
    """

    def __init__(self, path: str, rate: int = RATE) -> None:
        self.path: Final = path
        try:
            self._serial = serial.Serial(path, rate, timeout=0, write_timeout=0, rtscts=True, exclusive=True)
        except (serial.SerialException, OSError, ValueError) as error:
            number = getattr(error, "errno", None)
            kind, why = _WHY.get(number, (OpenFailed, f"it would not open as a serial port ({error})"))
            raise kind(f"{path}: {why}") from error
        self._descriptor: Final[int] = self._serial.fileno()
        self._poll = select.poll()
        self._poll.register(self._descriptor, _GONE)

    def fileno(self) -> int:
        """The descriptor."""
        return self._descriptor

    def read(self) -> bytes:
        """What has come in; a port that has gone says so by its poll, since a read tells only of no data."""
        try:
            data = os.read(self._descriptor, _MOST)
        except BlockingIOError:
            data = b""
        except OSError as error:
            raise self._lost(error) from error
        if not data and self._poll.poll(0):
            raise self._lost(None)
        return data

    def write(self, data: bytes) -> int:
        """Write what the port takes now."""
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise self._lost(error) from error

    def set_dtr(self, on: bool) -> None:
        """Raise or drop DTR; a pseudo-terminal has no such wire."""
        with contextlib.suppress(OSError):
            self._serial.dtr = on

    def close(self) -> None:
        """Give it back."""
        with contextlib.suppress(OSError):
            self._serial.close()

    def _lost(self, error: OSError | None) -> Lost:
        why = f" ({error.strerror})" if error is not None else ""
        return Lost(f"{self.path} has gone{why}; plug the adapter in again")
