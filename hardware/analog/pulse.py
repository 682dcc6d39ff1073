"""How many pulses of a dial make which digit: the order of its finger wheel.

Digits go in, digits come out; a number of pulses is said as the digit that has it in the usual order (1 pulse
"1", 10 pulses "0"), as DAHDI tells and dials them.
"""

from __future__ import annotations

from enum import Enum

__all__ = ["PulseOrder"]


class PulseOrder(Enum):
    """The order of a finger wheel. The value is its name in configuration."""

    USUAL = "usual"
    """1 to 9 have as many pulses, 0 has ten."""
    NEW_ZEALAND = "nz"
    """Reversed: 1 has nine pulses, 9 has one, 0 has ten (also in Oslo, once)."""
    SWEDEN = "se"
    """0 has one pulse, 1 two, … 9 ten."""

    def pulses(self, digit: str) -> str:
        """The usual digit whose pulses a wheel of this order gives for `digit`."""
        return self._shifted(digit, 1)

    def meant(self, usual: str) -> str:
        """The digit that somebody with a wheel of this order meant when the usual digit `usual` was heard."""
        return self._shifted(usual, -1)

    def _shifted(self, digit: str, step: int) -> str:
        if self is PulseOrder.USUAL or not digit.isdigit():
            return digit
        if self is PulseOrder.NEW_ZEALAND:
            return str(-int(digit) % 10)
        return str((int(digit) + step) % 10)
