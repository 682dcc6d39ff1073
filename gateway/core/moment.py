"""Moments on the wall clock, counted from one another by a clock that never jumps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

__all__ = ["later"]


def later(moment: datetime, seconds: float) -> datetime:
    """So many seconds after a moment, in its zone.

    By way of UTC: times of one zone are as far from one another as its clocks show, an hour off where summer time
    begins or ends between them.
    """
    if type(moment.tzinfo) is timezone:  # of one offset for good
        return moment + timedelta(seconds=seconds)
    return (moment.astimezone(UTC) + timedelta(seconds=seconds)).astimezone(moment.tzinfo)
