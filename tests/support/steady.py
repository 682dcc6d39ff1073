"""Whether this machine ran what wanted to run, for tests with real programs on the real clock.

The host of a virtual machine takes its cores away for tens or hundreds of milliseconds, and others who share them
keep each other waiting. A talk that was spoilt while that happened says nothing about who carried it, and is said
again when the machine has come to rest; one that was spoilt on a machine which ran fine has failed at once. Where
the machine never runs for as long as a sentence takes, nothing can be told, and the test says so: it is skipped.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

__all__ = ["BareTimers", "Late", "Steadily", "say_again_where_late"]

Steadily = Callable[[Callable[[], None]], None]

BEARABLE: Final = 0.04
"""Seconds by which a core may be late: as much as a jitter buffer holds at first; more need not go unheard."""
TURNS: Final = 6
"""Times that something is said at most."""
REST: Final = 1.0
"""Seconds without a late core after which something is said again."""
RESTLESS: Final = 20
"""Such times, after which it is said all the same."""
SETTLED: Final = 0.1
"""Seconds after which a timer that was late has said so."""

# A process of its own, so that no interpreter lock of ours is waited for; a thread on each core, for a host takes
# away one at a time. What a thread prints is one line and one write.
_TIMERS: Final = """
import os, sys, threading, time
def watch(core):
    os.sched_setaffinity(0, {core})
    due = time.monotonic()
    while True:
        due += 0.01
        time.sleep(max(0.0, due - time.monotonic()))
        late = max(0.0, time.monotonic() - due)
        if late > float(sys.argv[1]):
            os.write(1, b"%.3f %.3f %d\\n" % (due, late, core))
        due += late
for core in os.sched_getaffinity(0):
    threading.Thread(target=watch, args=(core,)).start()
"""


@dataclass(frozen=True, slots=True)
class Late:
    """A core that ran late.

    Attributes:
        due: when it should have run, seconds of the monotonic clock.
        by: seconds that it was late.
        core: its number.
    """

    due: float
    by: float
    core: int

    def __str__(self) -> str:
        return f"core {self.core} by {1000 * self.by:.0f} ms"


class BareTimers:
    """Timers that do nothing else, one on each core, from now until they are ended.

    Args:
        file: in which they note when they are late.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._wanted = True
        with file.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _TIMERS, str(BEARABLE)], stdin=subprocess.DEVNULL, stdout=output
            )

    @property
    def pid(self) -> int:
        """Of their process."""
        return self._process.pid

    def late_since(self, when: float) -> list[Late]:
        """What was late from then until now, or until they were ended."""
        if self._wanted:
            time.sleep(SETTLED)
            assert self._process.poll() is None, "the bare timers have ended"
        found = []
        for line in self._file.read_text().splitlines():
            due, by, core = line.split()
            if float(due) + float(by) >= when:
                found.append(Late(float(due), float(by), int(core)))
        return found

    def rest(self) -> None:
        """Wait until the machine has run fine for a while, or has not for long."""
        for _ in range(RESTLESS):
            began = time.monotonic()
            time.sleep(REST)
            if not self.late_since(began):
                return

    def end(self) -> None:
        """End them; what they noted is known on."""
        self._wanted = False
        self._process.kill()
        self._process.wait()


def say_again_where_late(
    talk: Callable[[], None],
    late_since: Callable[[float], list[Late]],
    rest: Callable[[], None],
    tell: Callable[[str], None],
) -> None:
    """Have a talk, and have it again where it was spoilt while the machine was late, `TURNS` times at most.

    Args:
        talk: says something and asserts that it was heard, or does something else on the real clock.
        late_since: what was late since a moment.
        rest: waits until the machine has come to rest.
        tell: is told why it is said again.

    Raises:
        AssertionError: it was spoilt on a machine that ran fine.
        pytest.skip.Exception: it was spoilt every time, and the machine was late every time.
    """
    for turn in range(1, TURNS + 1):
        began = time.monotonic()
        try:
            return talk()
        except AssertionError as fault:
            late = late_since(began)
            if not late:
                raise
            ran = ", ".join(f"{one} at {one.due - began:.2f} s" for one in late)
            tell(f"turn {turn}: the machine was late ({ran}): {str(fault).partition(chr(10))[0]}")
        if turn < TURNS:
            rest()
    pytest.skip(f"this machine was late in each of {TURNS} turns, and whoever talked was not understood")
