"""The S registers of an emulated adapter, and the bits in them that it acts on (isdn4linux, README)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from gateway.core.errors import LocalError

__all__ = ["Bit", "Registers"]

COUNT: Final = 24
AUTO_ANSWER: Final = 0
RING_COUNT: Final = 1
CARRIER_WAIT: Final = 7
SERVICES: Final = 18
LAST_SERVICE: Final = 20
_READ_ONLY: Final = (20, 21, 22)

_DEFAULTS: Final[Mapping[int, int]] = {
    2: 43, 3: 13, 4: 10, 5: 8, 6: 3, 7: 60, 8: 2, 9: 6, 10: 7, 11: 70, 12: 69, 13: 4, 16: 250, 17: 8, 18: 4,
}  # fmt: skip
"""What is not here is 0."""


class Bit(Enum):
    """A switch: (register, bit)."""

    ANSWERS = (12, 0)
    """Results are told."""
    NUMERIC = (12, 1)
    ECHO = (12, 2)
    EXTENDED = (13, 3)
    """A cause follows the results of a call's end."""
    CALLER_ONCE = (13, 4)
    """The caller's number is told once, after the first RING, and not before each."""
    RUNG = (13, 6)
    """RING is told once, and RUNG when the caller has given up."""
    CALLED_IN_RING = (23, 0)
    CALLED_LINE = (23, 2)
    RINGING = (23, 3)
    PROCEEDING = (23, 4)


class Registers:
    """All of them."""

    def __init__(self) -> None:
        self.values = [0] * COUNT
        self.reset()

    def reset(self) -> None:
        """As the factory left them."""
        self.values = [_DEFAULTS.get(number, 0) for number in range(COUNT)]

    def __getitem__(self, number: int) -> int:
        return self.values[number]

    def __setitem__(self, number: int, value: int) -> None:
        self.values[number] = value

    def on(self, bit: Bit) -> bool:
        """Whether a switch is on."""
        number, place = bit.value
        return bool(self.values[number] & 1 << place)

    def switch(self, bit: Bit, on: bool) -> None:
        """Turn a switch."""
        number, place = bit.value
        self.values[number] = self.values[number] & ~(1 << place) | on << place

    def write(self, number: int, value: int) -> None:
        """What ATSn=v asks for.

        Raises:
            LocalError: there is no such register, it is not to be written, or the value is no octet.
        """
        if not (0 <= number < COUNT and 0 <= value <= 255) or number in _READ_ONLY:
            raise LocalError(f"S{number}={value} cannot be")
        self.values[number] = value
