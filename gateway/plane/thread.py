"""The loop in a thread of its own: real-time and in memory that stays, where the system permits it.

It is deaf to signals and stopped at exit.

Nothing passes between it and control but the tables and their descriptors, so a process of its own could stand in
its place. It never takes the interpreter lock once it runs.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import resource
import signal
import threading
import time
from typing import Final

from gateway.core.errors import LocalError
from gateway.plane.loop import observe, publish, run
from gateway.plane.table import TICK, Worker
from gateway.plane.words import COMMAND_SIGNAL, NEXT_TICK, STOP, TICKS, TICKS_SKIPPED, TIMER, WALL

__all__ = ["PlaneThread"]

_CLOCK_MONOTONIC: Final = 1
_TFD_FLAGS: Final = os.O_NONBLOCK | os.O_CLOEXEC
"""TFD_NONBLOCK | TFD_CLOEXEC (sys/timerfd.h) are the same bits."""
_TFD_TIMER_ABSTIME: Final = 1
_NTP_EPOCH: Final = 2_208_988_800 * 1_000_000_000
"""ns from 1900 to 1970 (RFC 5905 6)."""
_COME_UP: Final = 180.0
"""Seconds to the first tick: a cold compile on a slow machine fits in; warm it takes half a second."""
_STOP_WITHIN: Final = 5.0
_LOCK_ALL: Final = 1 | 2 | 4
"""MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT (sys/mman.h): a page that was used once is never waited for again."""


class _Interval(ctypes.Structure):
    """struct itimerspec."""

    _fields_ = (
        ("interval_s", ctypes.c_long),
        ("interval_ns", ctypes.c_long),
        ("value_s", ctypes.c_long),
        ("value_ns", ctypes.c_long),
    )


class PlaneThread:
    """Runs a loop until stopped; `tables` are its own."""

    def __init__(self, tables: Worker, priority: int) -> None:
        self._tables = tables
        self._priority = priority
        self._timer = -1
        self._result: int | None = None
        self.missing: list[str] = []
        """What the system did not grant, a clause each with the mend; known once it is started."""
        # A daemon: a thread that never returns would hang a process that ends by an error.
        self._thread = threading.Thread(target=self._run, name="media plane", daemon=True)

    def start(self) -> None:
        """Run; returns after the first tick.

        Raises:
            LocalError: it did not come up.
        """
        # The loop sets the timer anew for each tick, on the raster that begins here.
        first = time.monotonic_ns() + TICK
        self._timer = _open_timer(first)
        self._tables.control[TIMER] = self._timer
        self._tables.control[NEXT_TICK] = first
        self._tables.control[WALL] = time.time_ns() - time.monotonic_ns() + _NTP_EPOCH
        if self._priority > 0:
            self._lock_memory()
        self._thread.start()
        # Stopped before the interpreter is taken down, which frees the tables.
        atexit.register(self.stop)
        ticks = self._tables.address(TICKS)
        before = observe(ticks)
        give_up = time.monotonic() + _COME_UP
        while observe(ticks) == before:
            self._thread.join(0.002)
            if not self._thread.is_alive() or time.monotonic() > give_up:
                raise LocalError(f"the media plane did not come up: {self.fault() or 'no tick came'}")
        self._tables.control[TICKS_SKIPPED] = 0  # nobody's audio was left out while it was compiled

    def fault(self) -> str | None:
        """Why the loop ended by itself, or None while it runs or after `stop`."""
        if self._thread.is_alive() or self._result == 0:
            return None
        return "its compiled code could not be run" if self._result is None else os.strerror(self._result)

    def stop(self) -> None:
        """End the loop and wait for it."""
        atexit.unregister(self.stop)
        if self._timer < 0:
            return
        publish(self._tables.address(STOP), 1)
        os.eventfd_write(int(self._tables.control[COMMAND_SIGNAL]), 1)
        self._thread.join(_STOP_WITHIN)
        ctypes.CDLL(None).munlockall()
        self._tables.control[TIMER] = -1
        os.close(self._timer)
        self._timer = -1

    def _run(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        if self._priority > 0:
            self._ask_for_real_time()
        self._result = run(self._tables.shared, -1)

    def _ask_for_real_time(self) -> None:
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(self._priority))
        except OSError as error:
            self.missing.append(
                f"its thread is not real-time ({error.strerror}) and may be kept waiting for some milliseconds "
                "by other programs; LimitRTPRIO or CAP_SYS_NICE permits it"
            )

    def _lock_memory(self) -> None:
        """Keep what is used in memory. Not below a limit, which everything that is opened later would run into."""
        limited = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] != resource.RLIM_INFINITY
        libc = ctypes.CDLL(None, use_errno=True)
        if limited and os.geteuid() != 0:
            reason = "locked memory is limited"
        elif libc.mlockall(_LOCK_ALL) == 0:
            return
        else:
            reason = os.strerror(ctypes.get_errno())
        self.missing.append(
            f"its memory may be paged out ({reason}); LimitMEMLOCK=infinity or CAP_IPC_LOCK permits to keep it"
        )


def _open_timer(first: int) -> int:
    """A timerfd that fires at `first` (ns, monotonic)."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = int(libc.timerfd_create(_CLOCK_MONOTONIC, _TFD_FLAGS))
    if descriptor < 0:
        raise LocalError(f"no timer for the media plane: {os.strerror(ctypes.get_errno())}")
    interval = _Interval(0, 0, *divmod(first, 1_000_000_000))
    libc.timerfd_settime(descriptor, _TFD_TIMER_ABSTIME, ctypes.byref(interval), None)
    return descriptor
