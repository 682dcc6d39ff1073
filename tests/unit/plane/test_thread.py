"""The real thread, shortly, on the real clock: it ticks, relays, tells of events, and ends."""

from __future__ import annotations

import ctypes
import itertools
import os
import resource
import select
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import numpy as np
import pytest
from numba.core.runtime import _nrt_python, rtsys

from gateway.core.audio import DigitHeard, Side, Sound, SoundEnd
from gateway.core.codec import Encoding
from gateway.core.errors import LocalError
from gateway.plane.loop import CATCH_UP
from gateway.plane.table import PHASES, TICK
from gateway.plane.words import NEXT_TICK, TIMER
from tests.support.rtp import RtpEndpoint
from tests.support.steady import Steadily
from tests.unit.plane.conftest import Studio, speech
from tests.unit.plane.test_framed import CODECS
from tests.unit.plane.test_framed import telephone as framed_telephone

PATIENCE = 30.0


def pump_until(studio: Studio, done: Callable[[], object]) -> None:
    """Pump whenever the plane says so, as the runner does, until `done()`."""
    give_up = time.monotonic() + PATIENCE
    while not done() and time.monotonic() < give_up:
        select.select([studio.plane.eventfd], [], [], 0.05)
        studio.plane.pump(time.monotonic())
    assert done()


def came(voice: RtpEndpoint) -> int:
    """How many packets have come."""
    voice.hear()
    return len(voice.received)


@pytest.fixture
def studio(request: pytest.FixtureRequest) -> Iterator[Studio]:
    """With so many rows as it is asked for."""
    made = Studio(getattr(request, "param", 16), now=time.monotonic())
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


@pytest.mark.parametrize("studio", [2 * PHASES], indirect=True)
def test_every_part_of_a_tick_is_done_as_often_as_the_others(studio: Studio) -> None:
    legs = [studio.telephone() for _ in range(2 * PHASES)]
    assert {int(phase) for phase in studio.plane.tables.phases[: 2 * PHASES]} == {0}, "nothing has been planned"
    studio.settle()
    assert {int(phase) for phase in studio.plane.tables.phases[: 2 * PHASES]} == set(range(PHASES))
    for row, _ in legs:
        row.play(Sound("tone", np.full(160, 1000, np.int16), loop_from=0))
    studio.plane.start_thread()
    pump_until(studio, lambda: came(legs[0][1]) >= 25)
    for row, _ in legs:
        row.stop()
    pump_until(studio, lambda: not studio.plane.usage().commands)
    counts = [came(voice) for _, voice in legs]
    assert max(counts) - min(counts) <= 1, counts


def late_by(studio: Studio, ticks: int) -> float:
    """Make the loop as late as if something else had had its core; returns when that was."""
    studio.plane.tables.workers[0].control[NEXT_TICK] -= ticks * TICK
    return time.monotonic()


def test_a_loop_that_comes_late_makes_good_what_it_has_missed(steadily: Steadily) -> None:
    """Frames that were due 300 ms ago and since go out at once, in order, and none is left out or doubled."""
    said = np.arange(160 * 200, dtype=np.int16)

    def come_late() -> None:
        with closing(Studio(now=time.monotonic())) as studio:
            row, alice = studio.telephone(Encoding.L16, 97)
            row.play(Sound("ramp", said))
            studio.plane.start_thread()
            pump_until(studio, lambda: came(alice) >= 5)
            before, since = came(alice), late_by(studio, 15)
            pump_until(studio, lambda: came(alice) >= before + 15)
            assert came(alice) - before >= 15 + (time.monotonic() - since) / 0.02 - 3
            row.stop()
            pump_until(studio, lambda: not studio.plane.usage().commands)
            assert studio.plane.skipped == 0
            heard = alice.heard()
            assert np.array_equal(heard, said[: len(heard)])
            assert {(y.sequence - x.sequence) & 0xFFFF for x, y in itertools.pairwise(alice.received)} == {1}

    steadily(come_late)


def test_what_was_missed_for_longer_is_left_out_and_not_sent_at_once(steadily: Steadily) -> None:
    def come_late() -> None:
        with closing(Studio(now=time.monotonic())) as studio:
            row, alice = studio.telephone(Encoding.L16, 97)
            row.play(Sound("tone", np.full(160, 1000, np.int16), loop_from=0))
            studio.plane.start_thread()
            pump_until(studio, lambda: came(alice) >= 5)
            before, since = came(alice), late_by(studio, 500)
            pump_until(studio, lambda: studio.plane.skipped > 0 and came(alice) >= before + CATCH_UP)
            assert came(alice) - before <= CATCH_UP + (time.monotonic() - since) / 0.02 + 3
            assert abs(studio.plane.skipped - (500 - CATCH_UP)) <= 2

    steadily(come_late)


def test_the_time_that_it_takes_to_come_up_is_not_counted_as_left_out(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = time.monotonic_ns
    monkeypatch.setattr("gateway.plane.thread.time.monotonic_ns", lambda: really() - 40_000_000_000)
    studio.plane.start_thread()
    assert studio.plane.skipped == 0


def test_with_nothing_to_do_the_thread_wakes_once_a_tick_and_with_something_for_its_part(studio: Studio) -> None:
    row, _ = studio.telephone()
    studio.plane.start_thread()

    task = next(thread.native_id for thread in threading.enumerate() if thread.name == "media plane")

    def sleeps_a_tick() -> float:
        before, began = voluntary_switches(task), studio.plane.ticks
        pump_until(studio, lambda: studio.plane.ticks >= began + 10)
        sleeps = voluntary_switches(task) - before
        return sleeps / (studio.plane.ticks - began)  # more than ten, where this thread was kept waiting

    assert sleeps_a_tick() <= 1.2
    row.play(Sound("tone", np.full(160, 1000, np.int16), loop_from=0))
    pump_until(studio, lambda: not studio.plane.usage().commands)
    assert sleeps_a_tick() <= 2.4


def voluntary_switches(task: int | None) -> int:
    """How often a thread of ours has gone to sleep."""
    with open(f"/proc/self/task/{task}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("voluntary"))


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
    control = studio.plane.tables.workers[0].control
    setting = (ctypes.c_long * 4)()  # struct itimerspec: interval, then what is left, in s and ns
    read = ctypes.CDLL(None).timerfd_gettime
    before = time.monotonic_ns()
    assert read(int(control[TIMER]), ctypes.byref(setting)) == 0
    took = time.monotonic_ns() - before
    left = setting[2] * 1_000_000_000 + setting[3]
    assert (int(control[NEXT_TICK]) - (before + left)) % (TICK // PHASES) <= took


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


def locked_kilobytes() -> int:
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmLck:"))


def test_it_is_real_time_and_its_memory_stays_or_it_says_why_not(studio: Studio) -> None:
    before = {thread.native_id for thread in threading.enumerate()}
    studio.plane.start_thread()
    (task,) = [thread.native_id for thread in threading.enumerate() if thread.native_id not in before]
    said = " ".join(studio.plane.missing)
    assert task is not None
    assert (os.sched_getscheduler(task) == os.SCHED_FIFO) != ("not real-time" in said)
    assert (locked_kilobytes() > 1000) != ("may be paged out" in said)


def test_memory_is_not_locked_where_there_is_a_limit(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below one, whatever is opened once the limit is reached would fail."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (8 << 20, 8 << 20))
    studio.plane.start_thread()
    assert locked_kilobytes() == 0
    assert (
        "its memory may be paged out (locked memory is limited); "
        "LimitMEMLOCK=infinity or CAP_IPC_LOCK permits to keep it"
    ) in studio.plane.missing


def test_the_loop_allocates_nothing() -> None:
    """A thousand ticks of calls, of G.711, wide band, iLBC, tones, DTMF, echo cancelling, a room and a tap."""
    _nrt_python.memsys_enable_stats()
    studio = Studio()
    try:
        (a, alice), (b, bob) = studio.telephone(), studio.telephone(Encoding.G722, 9)
        (c, carol), (line, device) = studio.telephone(Encoding.PCMA, 8), studio.device(Encoding.PCMU)
        a.join(b)
        c.join(line)
        (e, erin), (f, frank) = studio.telephone(), framed_telephone(studio, CODECS["ilbc"])
        e.join(f)
        line.cancel_echo(64)
        line.detect_digits(True)
        room = studio.plane.room()
        third, dave = studio.telephone()
        room.sit(third)
        third.tap(Side.BOTH, 0.5)
        said = speech(0.02)

        def tick() -> None:
            for phone in (alice, carol, dave, erin, frank):
                phone.say(said)
            device.say(said)
            studio.now += 0.02
            studio.plane.step(studio.now)
            for phone in (alice, bob, carol, dave, erin, frank):
                phone.hear_raw()
            device.hear()

        for _ in range(10):
            tick()
        before = rtsys.get_allocation_stats()
        for _ in range(1000):
            tick()
        after = rtsys.get_allocation_stats()
        assert (after.alloc, after.mi_alloc) == (before.alloc, before.mi_alloc)
        assert b.stats().sent == a.stats().received == 1010
        assert e.stats().sent == f.stats().sent == 1010
    finally:
        _nrt_python.memsys_disable_stats()
        studio.close()
