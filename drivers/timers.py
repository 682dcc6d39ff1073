"""A line's timers, and when the first of all lines' is due: asked at every message of the office, set rarely."""

from __future__ import annotations

from collections import UserDict
from enum import Enum
from math import inf
from typing import TypeVar

__all__ = ["Due", "Timers"]

Input = TypeVar("Input", bound=Enum)


class Due:
    """When the first timer of all lines is due, or earlier: one that was stopped meanwhile may be the one.

    Attributes:
        at: the time; infinite where no timer runs.
    """

    __slots__ = ("at",)

    def __init__(self) -> None:
        self.at = inf


class Timers(UserDict[Input, float]):
    """The times of one line's timers, by the inputs that they are.

    Args:
        due: of all lines.
    """

    def __init__(self, due: Due) -> None:
        super().__init__()
        self._due = due

    def __setitem__(self, timer: Input, at: float) -> None:
        self.data[timer] = at
        self._due.at = min(self._due.at, at)
