"""Memory is given back where nobody waits for it, and at last whoever does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from gateway.app import heap
from gateway.app.heap import FAR_TOO_MANY, LONGEST_REST, REST, SWOLLEN, HeapWatch

MB = 1 << 20


class Process:
    """One that has as much memory as a test says, of which so much is needed."""

    def __init__(self) -> None:
        self.calls = 0
        self.has = self.needs = 200 * MB
        self.given_back = 0
        self.watch = HeapWatch(lambda: self.calls, lambda: self.has, self._give_back)

    def grows(self, octets: int) -> int:
        """It has so much more, and looks; how often it has given back what it does not need."""
        self.has += octets
        self.watch.look()
        return self.given_back

    def _give_back(self) -> None:
        self.given_back += 1
        self.has = self.needs


def test_a_process_that_has_grown_gives_back_once() -> None:
    process = Process()
    assert process.grows(SWOLLEN - 1) == 0
    assert process.grows(1) == 1 and process.has == process.needs
    assert process.grows(0) == 1


def test_while_somebody_calls_only_a_great_deal_is_given_back() -> None:
    process = Process()
    process.calls = 1
    assert process.grows(FAR_TOO_MANY - 1) == 0
    assert process.grows(1) == 1


def test_what_is_needed_is_not_looked_for_at_each_look_and_goes_when_it_is_free() -> None:
    process = Process()
    process.needs = 500 * MB
    assert process.grows(300 * MB) == 1
    assert [process.grows(0) for _ in range(REST - 1)] == [1] * (REST - 1)
    process.needs = 200 * MB
    assert process.grows(0) == 2 and process.has == process.needs


def test_what_has_come_to_be_needed_for_good_is_looked_for_ever_less_often() -> None:
    process = Process()
    process.needs = 500 * MB
    process.grows(300 * MB)
    for _ in range(20 * LONGEST_REST):
        process.grows(0)
    assert process.given_back < 30
    process.needs = 200 * MB
    for _ in range(LONGEST_REST):
        process.grows(0)
    assert process.has == process.needs


def test_what_went_by_itself_counts_anew_when_it_comes_again() -> None:
    process = Process()
    process.grows(-100 * MB)
    assert process.grows(SWOLLEN) == 1


SWELLS = """
import ctypes, importlib.util, sys
spec = importlib.util.spec_from_file_location("heap", sys.argv[1])
heap = importlib.util.module_from_spec(spec)
spec.loader.exec_module(heap)
if sys.argv[2] == "locked" and ctypes.CDLL(None).mlockall(3) != 0:
    sys.exit("not permitted")
large, held = [], []
for _ in range(1000):
    large.append(b"x" * 100_000)
    held.append(b"x" * 1000)
swollen = heap.resident()
del large  # which later C libraries give back by themselves
heap.give_back()
after = heap.resident()
locked = next(line for line in open("/proc/self/status") if line.startswith("VmLck:"))
print(after < swollen / 2 or (swollen, after), int(locked.split()[1]) > 0)
"""
"""A process of its own: one that has run other tests may hold enough that is free."""


def swell(how: str) -> subprocess.CompletedProcess[str]:
    """What a process says that has had 100 MB between what it holds, and gives them back."""
    words = [sys.executable, "-c", SWELLS, str(Path(heap.__file__)), how]
    return subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)


def test_pages_between_what_is_held_go_back_to_the_system() -> None:
    done = swell("unlocked")
    assert done.stdout == "True False\n", done.stderr


def test_locked_pages_go_back_as_well_and_the_others_stay_locked() -> None:
    """As the media plane locks them where the system lets it; where it does not, none are."""
    done = swell("locked")
    assert done.stdout == "True True\n" or done.stderr == "not permitted\n", done.stderr
