"""The dialplan as those see it who collect digits (`gateway.core.number.NumberPlan`)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from dialplan.matcher import matches
from dialplan.model import Dialplan
from gateway.core.number import Match

__all__ = ["DialplanNumbers"]


class DialplanNumbers:
    """A NumberPlan over whichever dialplan is in force.

    Args:
        dialplan: gives the dialplan now in force; asked at every digit, so that a reload counts at once.
        clock: tells the office's time, for contexts that are included at certain hours.
    """

    def __init__(self, dialplan: Callable[[], Dialplan], clock: Callable[[], datetime]) -> None:
        self._dialplan = dialplan
        self._clock = clock

    def match(self, context: str, digits: str, caller: str = "") -> Match:
        """Classify `digits` dialled by `caller` in `context`."""
        return self._dialplan().match(context, digits, caller=caller, when=self._clock)

    def has_special(self, context: str, name: str, caller: str = "") -> bool:
        """Whether `caller` has the special extension `name` in `context`."""
        dialplan = self._dialplan()
        return not dialplan.lacks(context, name) and (
            dialplan.find(context, name, caller=caller, when=self._clock) is not None
        )

    def keeps_dial_tone(self, context: str, digits: str) -> bool:
        """Whether dial tone goes on after `digits`."""
        return any(
            matches(pattern, digits)
            for place in self._dialplan().reachable(context, self._clock)
            for pattern in place.ignore
        )
