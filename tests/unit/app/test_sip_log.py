"""What a failure of the network writes to the log: a few lines, however many calls there are."""

from __future__ import annotations

import logging

import pytest

from gateway.app.sip_log import FEW, PERIOD, SipLog
from gateway.sip.diagnosis import Troubled


def test_of_a_thousand_legs_that_fall_silent_at_once_a_few_are_told_and_the_others_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = 100.0
    log = SipLog(lambda: now)
    with caplog.at_level(logging.INFO, logger="copperline"):
        for number in range(1000):
            log.note(Troubled(f"SIP/far-{number:08x}", "no audio"))
    told = [record.getMessage() for record in caplog.records]
    assert told[:2] == ["SIP/far-00000000: no audio", "SIP/far-00000001: no audio"]
    assert len(told) == FEW + 1 and "look at the network rather than at calls" in told[-1]

    caplog.clear()
    now += PERIOD
    with caplog.at_level(logging.INFO, logger="copperline"):
        log.note(Troubled("SIP/far-00000000", "is heard", over=True))
        now += PERIOD
        log.note(Troubled("SIP/far-00000001", "is heard", over=True))
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", f"so it was, in that minute, with {1000 - FEW} legs that were not told of"),
        ("INFO", "SIP/far-00000000: is heard"),
        ("INFO", "SIP/far-00000001: is heard"),
    ]
