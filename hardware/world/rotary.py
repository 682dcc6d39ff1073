"""Digits in the breaks of a loop, as an exchange counts them from a rotary dial."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hardware.agenda import Agenda, Appointment

__all__ = ["MAX_PULSE", "RotaryReader"]

MIN_PULSE: Final = 15
MAX_PULSE: Final = 150
"""Milliseconds of open loop that are a dial pulse; longer ones are a flash."""
PULSE_DIGIT_END: Final = 250
"""Milliseconds after a pulse that end its digit."""


class RotaryReader:
    """Counts pulses.

    Args:
        agenda: the world's agenda.
        digit: told each digit, as the usual dial has it: ten pulses are 0.
    """

    def __init__(self, agenda: Agenda, digit: Callable[[str], None]) -> None:
        self._agenda = agenda
        self._digit = digit
        self._pulses = 0
        self._end: Appointment | None = None

    def gap(self, ms: int) -> bool:
        """The loop was open for `ms` milliseconds; whether that was a pulse."""
        if not MIN_PULSE <= ms <= MAX_PULSE:
            return False
        self._pulses += 1
        if self._end is not None:
            self._end.cancel()
        self._end = self._agenda.after(PULSE_DIGIT_END, self._over)
        return True

    def forget(self) -> None:
        """Forget a digit that is not over."""
        self._pulses = 0
        if self._end is not None:
            self._end.cancel()

    def _over(self) -> None:
        pulses, self._pulses = self._pulses, 0
        if pulses <= 10:
            self._digit(str(pulses % 10))
