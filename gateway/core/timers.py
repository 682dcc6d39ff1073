"""Timers of many, and when the first of all is due: asked at every message of the office, set rarely."""

from __future__ import annotations

from collections import UserDict
from enum import Enum
from math import inf
from typing import TypeVar

__all__ = ["Due", "RunningTimers"]

Input = TypeVar("Input", bound=Enum)


class Due:
    """When the first timer of all is due, or earlier: one that was stopped meanwhile may be the one.

    Attributes:
        at: the time; infinite where no timer runs.
    """

    __slots__ = ("at",)

    def __init__(self) -> None:
        self.at = inf

    def by(self, at: float) -> float:
        """A timer has been set for `at`, which is given back."""
        if at < self.at:
            self.at = at
        return at


class RunningTimers(UserDict[Input, float]):
    """The times of the timers of one of them, by the inputs that they are.

    Args:
        due: of all.
    """

    def __init__(self, due: Due) -> None:
        super().__init__()
        self._due = due

    def __setitem__(self, timer: Input, at: float) -> None:
        self.data[timer] = self._due.by(at)
