"""What is said again, and what is not: `tests.support.steady`."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.support.steady import TURNS, BareTimers, Late, say_again_where_late
from tests.support.wire import until

pytestmark = pytest.mark.wire

FINE: list[Late] = []
LATE = [Late(due=0.0, by=0.2, core=1)]


class Talk:
    """A talk that is spoilt so many times."""

    def __init__(self, spoilt: int) -> None:
        self._spoilt = spoilt
        self.had = 0
        self.rested = 0
        self.told: list[str] = []

    def have(self, late: list[Late]) -> None:
        say_again_where_late(self._once, lambda _: late, self._rest, self.told.append)

    def _rest(self) -> None:
        self.rested += 1

    def _once(self) -> None:
        self.had += 1
        assert self.had > self._spoilt, "most of it was spoilt"


def test_a_talk_that_is_understood_is_had_once() -> None:
    talk = Talk(spoilt=0)
    talk.have(LATE)
    assert talk.had == 1 and talk.told == []


def test_a_talk_that_is_spoilt_on_a_machine_that_runs_fine_fails_at_once() -> None:
    talk = Talk(spoilt=1)
    with pytest.raises(AssertionError, match="most of it was spoilt"):
        talk.have(FINE)
    assert talk.had == 1 and talk.told == []


def test_a_talk_that_is_spoilt_while_the_machine_is_late_is_had_again_and_that_is_told() -> None:
    talk = Talk(spoilt=2)
    talk.have(LATE)
    assert talk.had == 3 and talk.rested == 2
    assert ["core 1 by 200 ms" in told and "most of it was spoilt" in told for told in talk.told] == [True] * 2


def test_nothing_is_told_by_a_talk_where_the_machine_never_runs() -> None:
    talk = Talk(spoilt=100)
    with pytest.raises(pytest.skip.Exception, match="late in each of"):
        talk.have(LATE)
    assert talk.had == len(talk.told) == TURNS


def test_bare_timers_tell_when_each_core_was_late(tmp_path: Path) -> None:
    timers = BareTimers(tmp_path / "late.txt")
    try:
        began = time.monotonic()
        cores = len(os.sched_getaffinity(0))
        until(lambda: os.listdir(f"/proc/{timers.pid}/task")[cores:], 10, "a thread for each core")
        time.sleep(0.2)
        os.kill(timers.pid, signal.SIGSTOP)
        stopped = time.monotonic()
        time.sleep(0.25)
        os.kill(timers.pid, signal.SIGCONT)
        late = [one for one in timers.late_since(began) if one.due <= stopped + 0.1 and one.by > 0.15]
        assert {one.core for one in late} == os.sched_getaffinity(0)
        assert not set(late) & set(timers.late_since(time.monotonic())), "what is over is over"
    finally:
        timers.end()
    assert set(late) <= set(timers.late_since(began)), "and also where a test fails that is the last one"
