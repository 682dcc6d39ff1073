"""Moments on the wall clock, counted from one another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from gateway.core.moment import later

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        (UTC, "2026-03-29T02:30:00+00:00"),
        (timezone(timedelta(hours=1)), "2026-03-29T02:30:00+01:00"),
        (BERLIN, "2026-03-29T03:30:00+02:00"),
    ],
)
def test_an_hour_later_is_an_hour_later_also_where_summer_time_begins(
    zone: timezone | ZoneInfo, shown: str
) -> None:
    before = datetime(2026, 3, 29, 1, 30, tzinfo=zone)
    after = later(before, 3600.0)
    assert after.isoformat() == shown and after.tzinfo is zone
    assert after.timestamp() - before.timestamp() == 3600.0
