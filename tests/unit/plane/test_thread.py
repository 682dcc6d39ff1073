"""The real thread, shortly, on the real clock: it ticks, relays, tells of events, and ends."""

from __future__ import annotations

import ctypes
import select
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from gateway.core.audio import DigitHeard, Sound, SoundEnd
from gateway.core.errors import LocalError
from gateway.plane.table import NEXT_TICK, TIMER
from tests.unit.plane.conftest import Studio

PATIENCE = 10.0


def pump_until(studio: Studio, done: Callable[[], object]) -> None:
    """Pump whenever the plane says so, as the runner does, until `done()`."""
    give_up = time.monotonic() + PATIENCE
    while not done() and time.monotonic() < give_up:
        select.select([studio.plane.eventfd], [], [], 0.05)
        studio.plane.pump(time.monotonic())
    assert done()


@pytest.fixture
def studio() -> Iterator[Studio]:
    made = Studio(now=time.monotonic())
    yield made
    made.close()


def test_the_thread_relays_plays_and_tells(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone()
    a.join(b)
    a.play(Sound("beep", np.full(800, 1000, np.int16)), studio.ends.append)
    studio.plane.start_thread()
    assert studio.plane.ticks >= 1
    alice.say(np.full(800, 500, np.int16))
    alice.press("5")
    pump_until(studio, lambda: studio.ends and studio.happened(a))
    assert studio.ends == [SoundEnd.PLAYED]
    assert studio.happened(a) == [DigitHeard("5", 0.1, event=True)]
    assert len(alice.hear()) == len(bob.hear()) == 5
    with pytest.raises(LocalError):
        studio.plane.step(time.monotonic())
    with pytest.raises(LocalError):
        studio.plane.start_thread()


def test_the_thread_ends_when_the_plane_is_closed() -> None:
    studio = Studio()
    studio.telephone()
    before = threading.active_count()
    studio.plane.start_thread()
    assert threading.active_count() == before + 1
    studio.close()
    assert threading.active_count() == before


def test_the_ticks_lie_on_the_raster_of_the_timer(studio: Studio) -> None:
    studio.plane.start_thread()
    control = studio.plane.tables.control
    setting = (ctypes.c_long * 4)()  # struct itimerspec: interval, then what is left, in s and ns
    read = ctypes.CDLL(None).timerfd_gettime
    before = time.monotonic_ns()
    assert read(int(control[TIMER]), ctypes.byref(setting)) == 0
    took = time.monotonic_ns() - before
    left = setting[2] * 1_000_000_000 + setting[3]
    assert (int(control[NEXT_TICK]) - (before + left)) % 20_000_000 <= took


def run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=120
    )


def test_a_process_that_forgets_to_close_still_ends_cleanly() -> None:
    done = run(
        """
        from gateway.plane.plane import Plane
        plane = Plane()
        plane.start_thread()
        raise SystemExit(7)
        """
    )
    assert (done.returncode, done.stderr) == (7, "")


def test_a_second_process_compiles_nothing() -> None:
    done = run(
        """
        from gateway.plane.loop import observe, publish, run
        from gateway.plane.warm import warm
        warm()
        for entry in (run, publish, observe):
            assert sum(entry.stats.cache_hits.values()) == 1, entry.stats
        """
    )
    assert (done.returncode, done.stderr) == (0, "")
