"""The time of day in the office's zone, also where the clocks go forward and back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from gateway.app.daytime import DayTime

FORWARD = datetime(2026, 3, 29, 1, 0, tzinfo=UTC).timestamp()
BACK = datetime(2026, 10, 25, 1, 0, tzinfo=UTC).timestamp()
"""When clocks change in the European Union (directive 2000/84/EC)."""


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
@pytest.mark.parametrize(("at", "before", "after"), [(FORWARD, 1, 2), (BACK, 2, 1)])
def test_the_offset_changes_with_the_zones(
    in_berlin: None, zone: str | None, at: float, before: int, after: int
) -> None:
    seconds = [at - 1, at - 0.001, at, at + 3600]
    now = iter(seconds)
    times = DayTime(zone, lambda: next(now))
    told = [times.now() for _ in seconds]
    assert [each.utcoffset() for each in told] == [
        timedelta(hours=hours) for hours in (before, before, after, after)
    ]
    assert [each.timestamp() for each in told] == pytest.approx(seconds)


def test_times_of_a_quarter_share_their_zone() -> None:
    times = DayTime(None, iter([0.0, 1.0, 899.0, 900.0]).__next__)
    zones = [times.now().tzinfo for _ in range(4)]
    assert zones[0] is zones[1] is zones[2]
    assert zones[3] is not zones[0]


def test_an_office_elsewhere_has_its_own_time() -> None:
    assert DayTime("Asia/Kathmandu", lambda: 0.0).now().isoformat() == "1970-01-01T05:30:00+05:30"
