"""Whom the emulated network reaches by which number, and when a number is complete.

Test numbers 555-01XX, the range reserved for fiction in the North American numbering plan; with any area code or
prefix in front they behave the same. No number here is anybody's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from gateway.core.cause import Cause

__all__ = ["DIRECTORY", "Called", "Speech", "called_by", "is_complete"]

MAX_DIGITS: Final = 32
"""More than any number has (E.164: 15, plus prefixes)."""

_SUFFIX: Final = 7


class Speech(Enum):
    """What somebody called does once the call is answered."""

    MILLIWATT = "plays 1004 Hz"
    SILENCE = "says nothing"
    ECHO = "says what it hears"
    READ_BACK = "keys the caller's number as DTMF"


_CAUSES: Final[Mapping[str, Cause]] = {
    "busy": Cause.USER_BUSY,
    "info": Cause.UNALLOCATED_NUMBER,
    "congestion": Cause.SWITCHING_EQUIPMENT_CONGESTION,
}
"""What a digital network says where an analogue one gives a tone (ITU-T E.182)."""


@dataclass(frozen=True, slots=True)
class Called:
    """What happens to a call to a number.

    Attributes:
        refusal: tone that the caller gets at once in place of a call; "" where it rings.
        answers: whether the far end ever answers.
        speech: what it then does.
        stays: milliseconds after which it hangs up; None never.
    """

    refusal: str = ""
    answers: bool = True
    speech: Speech = Speech.MILLIWATT
    stays: int | None = None

    @property
    def cause(self) -> Cause | None:
        """Why a call to it is refused; None where it rings."""
        return _CAUSES.get(self.refusal)


UNALLOCATED: Final = Called(refusal="info")
BUSY: Final = Called(refusal="busy")

DIRECTORY: Final[Mapping[str, Called]] = {
    "5550100": Called(),
    "5550101": BUSY,
    "5550102": Called(answers=False),
    "5550103": UNALLOCATED,
    "5550104": Called(refusal="congestion"),
    "5550105": Called(speech=Speech.SILENCE, stays=2000),
    "5550106": Called(speech=Speech.ECHO),
    "5550107": Called(speech=Speech.READ_BACK),
    "5550108": Called(),
    "5550109": Called(speech=Speech.SILENCE),
}


def called_by(digits: str, subscriber: str = "") -> Called:
    """Who is reached by the digits dialled; an unknown number is unallocated, the subscriber's own is busy."""
    if subscriber and digits[-_SUFFIX:] == subscriber[-_SUFFIX:]:
        return BUSY
    return DIRECTORY.get(digits[-_SUFFIX:], UNALLOCATED)


def is_complete(digits: str) -> bool:
    """Whether nothing more need be waited for: a listed local number, ten digits, or eleven that begin with 1."""
    if len(digits) == _SUFFIX:
        return digits in DIRECTORY
    return len(digits) >= (11 if digits.startswith("1") else 10)
