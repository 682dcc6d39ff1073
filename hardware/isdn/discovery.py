"""The serial ports of this machine, as the system lists them; none is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from glob import glob
from typing import Final

from serial.tools import list_ports

__all__ = ["FoundSerial", "serial_ports"]

ISDN4LINUX: Final = "/dev/ttyI*"
"""Ports of the kernel's own adapters, which the system lists nowhere."""
_NOTHING: Final = "n/a"
"""What is said of a port with nothing behind it: /dev/ttyS0 of a machine without a serial chip."""


@dataclass(frozen=True, slots=True)
class FoundSerial:
    """A serial port.

    Attributes:
        device: "/dev/ttyACM0".
        name: what is behind it, as it calls itself.
    """

    device: str
    name: str


def serial_ports() -> Sequence[FoundSerial]:
    """All of them, in the order of their names."""
    listed = [FoundSerial(port.device, port.description) for port in list_ports.comports()]
    listed += [FoundSerial(device, "isdn4linux") for device in glob(ISDN4LINUX)]
    return sorted((port for port in listed if port.name != _NOTHING), key=lambda port: port.device)
