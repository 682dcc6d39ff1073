"""Where a script stands and what it has under way: places, subroutines, loops, and what its record says so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from gateway.core.late import Late

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


class Record(Late, fields=dict, properties=set):
    """What CDR() tells of the call so far.

    Attributes:
        start: when the script began (the office's time).
        first: where it began.
        answer: when the leg was answered, where that was before `start`.
        application, arguments: the last step.
        other: the leg that answered the last Dial.
        status: the disposition before an answer: "NO ANSWER", "BUSY", "FAILED", "CONGESTION".
        fields: what the script has written.
        properties: what CDR_PROP has set: "disable", "party_a".
    """

    __slots__ = "answer application arguments fields first other properties start status".split()
    fields: dict[str, str]
    properties: set[str]

    def __init__(self, start: datetime, first: Location, answer: datetime | None = None) -> None:
        self.start = start
        self.first = first
        self.answer = answer
        self.application = ""
        self.arguments = ""
        self.other = ""
        self.status = "NO ANSWER"
