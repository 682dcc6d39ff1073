"""Collects the digits that a telephone dials until they are a number.

Digits and times go in, a verdict comes out; what a number is, the dialplan says (`NumberPlan`). No tone, no line
and no channel in here. Timers are those that PBXs have long used on analogue lines (Asterisk `sig_analog.c`:
first digit 16 s, next digit 8 s, 3 s where the number is complete but a longer one exists).
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from gateway.core.number import Match, NumberPlan

__all__ = ["DigitCollector", "Verdict"]

FIRST_DIGIT: Final = 16.0
"""Seconds of dial tone for somebody who looks the number up."""
INTER_DIGIT: Final = 8.0
"""Seconds between digits while the number cannot be complete."""
MATCH: Final = 3.0
"""Seconds to wait for a longer number once there is a complete one."""
MAX_DIGITS: Final = 80
"""No numbering plan has longer numbers (E.164: 15, prefixes and codes added); a stuck key must not grow one."""

_NUMBERS: Final = (Match.COMPLETE, Match.EXTENDABLE)


class Verdict(Enum):
    """What the digits are so far."""

    MORE = "more digits are needed"
    COMPLETE = "a number"
    IMPOSSIBLE = "no number begins like this"
    TIMED_OUT = "no further digit came"


class DigitCollector:
    """The digits of one attempt to dial.

    Args:
        plan: says what can be dialled.
        context: the dialplan context of the telephone.
        caller: the telephone's own number.
        now: when dial tone began.
    """

    def __init__(self, plan: NumberPlan, *, context: str, caller: str, now: float) -> None:
        self._plan = plan
        self._context = context
        self._caller = caller
        self.digits = ""
        self.deadline = now + FIRST_DIGIT

    def begin(self, now: float) -> None:
        """A digit is being dialled (the first break of a dial pulse); it is not known yet which."""
        self.deadline = now + INTER_DIGIT

    def add(self, digit: str, now: float) -> Verdict:
        """Take in a digit: one of 0-9 * # A-D.

        "#" ends dialling where the digits before it are a number; elsewhere it is a digit like others.
        """
        if digit == "#" and self.digits and self._match(self.digits) in _NUMBERS:
            return Verdict.COMPLETE
        if len(self.digits) >= MAX_DIGITS:
            return Verdict.IMPOSSIBLE
        self.digits += digit
        match self._match(self.digits):
            case Match.COMPLETE:
                return Verdict.COMPLETE
            case Match.IMPOSSIBLE:
                return Verdict.IMPOSSIBLE
            case Match.EXTENDABLE:
                self.deadline = now + MATCH
            case Match.PARTIAL:
                self.deadline = now + INTER_DIGIT
        return Verdict.MORE

    def expire(self) -> Verdict:
        """The deadline has passed: what has been dialled must do."""
        if self.digits and self._match(self.digits) in _NUMBERS:
            return Verdict.COMPLETE
        return Verdict.TIMED_OUT

    def keeps_dial_tone(self) -> bool:
        """Whether dial tone goes on after the digits so far (`ignorepat`)."""
        return bool(self.digits) and self._plan.keeps_dial_tone(self._context, self.digits)

    def _match(self, digits: str) -> Match:
        return self._plan.match(self._context, digits, self._caller)
