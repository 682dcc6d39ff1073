"""Where a script stands and what it has under way: places, subroutines, loops, and what its record says so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

__all__ = ["Frame", "Location", "Loop", "Record"]


class Location(NamedTuple):
    """Where a script stands."""

    context: str
    extension: str
    priority: int

    def __str__(self) -> str:
        return f"{self.context},{self.extension},{self.priority}"


@dataclass(slots=True)
class Frame:
    """A Gosub or Macro under way: where to return to, the variables that end with it, and the macro's context."""

    back: Location
    variables: dict[str, str] = field(default_factory=dict)
    macro: str = ""


@dataclass(slots=True)
class Loop:
    """A While under way: its place, and the place after its EndWhile once that has been met."""

    start: Location
    end: Location | None = None


@dataclass(slots=True)
class Record:
    """What CDR() tells of the call so far.

    Attributes:
        start: when the script began (the office's time).
        first: where it began.
        answer: when the leg was answered, as far as the script has seen it.
        application, arguments: the last step.
        other: the leg that answered the last Dial.
        status: the disposition before an answer: "NO ANSWER", "BUSY", "FAILED", "CONGESTION".
        fields: what the script has written.
        properties: what CDR_PROP has set: "disable", "party_a".
    """

    start: datetime
    first: Location
    answer: datetime | None = None
    application: str = ""
    arguments: str = ""
    other: str = ""
    status: str = "NO ANSWER"
    fields: dict[str, str] = field(default_factory=dict)
    properties: set[str] = field(default_factory=set)
