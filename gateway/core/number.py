"""Who calls and which number they want, in the words of every technology at once."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from gateway.core.frozen import frozen

__all__ = ["Match", "NumberPlan", "Party", "Presentation"]


class Presentation(Enum):
    """Whether a party's identity may be shown (Q.951.3/CLIR, RFC 3323)."""

    ALLOWED = "allowed"
    RESTRICTED = "restricted"
    UNAVAILABLE = "unavailable"


@frozen
class Party:
    """One end of a call as it may be shown to the other.

    Attributes:
        number: digits, possibly with a leading "+"; or a SIP user name; empty where unknown.
        name: display name; empty where unknown.
        presentation: whether number and name may be shown.
    """

    number: str = ""
    name: str = ""
    presentation: Presentation = Presentation.ALLOWED

    def __str__(self) -> str:
        if self.presentation is not Presentation.ALLOWED:
            return f"{self.presentation.value} number"
        if self.name and self.number:
            return f"{self.name} <{self.number}>"
        return self.number or self.name or "unknown"


class Match(Enum):
    """What digits dialled so far can become in a numbering plan."""

    IMPOSSIBLE = "impossible"
    """No extension begins with these digits."""
    PARTIAL = "partial"
    """Not an extension yet; more digits can make one."""
    COMPLETE = "complete"
    """An extension, and nothing longer can be: it goes at once."""
    EXTENDABLE = "extendable"
    """An extension already, and more digits can make another one: wait for a time-out."""


class NumberPlan(Protocol):
    """The dialplan as those see it who collect digits: drivers, overlap trunks."""

    def match(self, context: str, digits: str, caller: str = "") -> Match:
        """Classify `digits` dialled by `caller` in `context`. Pure and quick; called for every digit."""
        ...

    def has_special(self, context: str, name: str, caller: str = "") -> bool:
        """Whether `caller` has the special extension `name` (`fax`) in `context`; quick where nobody has."""
        ...

    def keeps_dial_tone(self, context: str, digits: str) -> bool:
        """Whether dial tone goes on after `digits` (`ignorepat` of the dialplan)."""
        ...
