"""Calls that stand are in the database before they are over: one that the machine, or this process, takes down with
it has a record all the same, until it was seen last.

Only calls that are up when this looks are written ahead, so that most calls never cost anything here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from gateway.call.call import Call, CallRecord
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.store.store import Store

__all__ = ["LOOK", "StandingCalls"]

LOOK: Final = 30.0
"""Seconds between two looks: by so much a call that was cut off is shown too short at most."""

_CUT_OFF: Final = Ending(
    Cause.TEMPORARY_FAILURE,
    "Copperline",
    Act.VANISHED,
    "its process ended while the call was up; this is when it was seen last",
    "See what the log and the system's say of that time.",
)


class StandingCalls:
    """Writes calls ahead.

    Args:
        store: where they are kept.
        calls: gives the calls in progress.
    """

    def __init__(self, store: Store, *, calls: Callable[[], Iterable[Call]]) -> None:
        self._store = store
        self._calls = calls
        self._seen = 0.0
        self._kept: set[str] = set()

    def look(self, now: float) -> None:
        """Write the calls ahead that are up by now, and that those written before are still there."""
        if self._kept:
            self._store.still_stand(now - self._seen)
        self._seen = now
        for call in self._calls():
            if call.id not in self._kept and call.leg.answered:
                self._store.stand(call.record(_CUT_OFF, now))
                self._kept.add(call.id)

    def over(self, record: CallRecord) -> None:
        """A call is over, and its record is kept: what was written ahead of it is not needed."""
        if record.id in self._kept:
            self._kept.discard(record.id)
            self._store.fall(record.id)
