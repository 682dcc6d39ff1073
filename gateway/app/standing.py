"""Calls that stand are in the database before they are over: one that the machine, or this process, takes down with
it has a record all the same, until it was seen last.

Only calls that have stood for a while are written ahead, some at a time: most calls never cost anything here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final

from gateway.call.call import Call, CallRecord
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.store.store import Store

__all__ = ["LOOK", "StandingCalls"]

LOOK: Final = 5.0
"""Seconds between two looks."""
STANDS: Final = 30.0
"""Seconds from its answer after which a call stands, and between two words that those do that stood before."""
AT_ONCE: Final = 200
"""Calls that are written ahead in one look, so that a wave of them holds up nothing."""

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
        clock: the engine clock, seconds.
    """

    def __init__(self, store: Store, *, calls: Callable[[], Iterable[Call]], clock: Callable[[], float]) -> None:
        self._store = store
        self._calls = calls
        self._seen = clock()
        self._kept: set[str] = set()
        self._lost = store.lost

    def look(self, now: float) -> None:
        """Write the calls ahead that stand by now, and that those written before still do."""
        if self._store.lost != self._lost:  # that may have been how long they stood, or that one is over
            self._lost = self._store.lost
            self._kept.clear()
            self._store.forget_standing()
            self._seen = now
        elif now - self._seen >= STANDS:
            if self._kept:
                self._store.still_stand(now - self._seen)
            self._seen = now
        standing = (call for call in self._calls() if self._stands(call, now))
        for call in islice(standing, AT_ONCE):
            self._store.stand(call.record(_CUT_OFF, self._seen))  # all of them are said to go on from then
            self._kept.add(call.id)

    def _stands(self, call: Call, now: float) -> bool:
        answered = call.leg.answered_at
        return answered is not None and now - answered >= STANDS and call.id not in self._kept

    def over(self, record: CallRecord) -> None:
        """A call is over: its record is kept, in place of what was written ahead of it."""
        stood = record.id in self._kept
        self._kept.discard(record.id)
        self._store.record(record, stood=stood)
