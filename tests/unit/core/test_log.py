"""The same is said once a minute, with a count of what was not said."""

import logging

import pytest

from gateway.core.engine import ManualClock
from gateway.core.log import REMEMBERED, QuietLog


def test_a_flood_is_one_line_and_a_count(caplog: pytest.LogCaptureFixture) -> None:
    clock = ManualClock()
    log = QuietLog(logging.getLogger("copperline.test"), clock)
    for _ in range(1000):
        log.warning("garbage 192.0.2.1", "garbage from %s", "192.0.2.1")
    log.warning("garbage 192.0.2.2", "garbage from %s", "192.0.2.2")
    assert caplog.messages == ["garbage from 192.0.2.1", "garbage from 192.0.2.2"]
    clock.advance(61)
    log.warning("garbage 192.0.2.1", "garbage from %s", "192.0.2.1")
    assert caplog.messages[-1] == "garbage from 192.0.2.1 (and 999 more of the kind since the last time)"


def test_what_it_remembers_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    log = QuietLog(logging.getLogger("copperline.test"), ManualClock())
    for number in range(REMEMBERED + 1):
        log.warning(str(number), "%d", number)
    log.warning(str(REMEMBERED), "%d", REMEMBERED)
    assert len(caplog.messages) == REMEMBERED + 1
    log.warning("0", "%d", 0)
    assert len(caplog.messages) == REMEMBERED + 2
