"""Fuzzing for a while: `python -m tests.fuzz`.

The inputs are those of `seeded`, counted from a number: what one of them broke can be had again by it.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from typing import Final

from tests.fuzz.seeded import numbered
from tests.fuzz.targets import TARGETS

LONGEST: Final = 2.0
"""Seconds of processor time that one input may take; the slowest that is right takes a tenth."""


def _count(target: str, first: int, seconds: float) -> int:
    """Try inputs from number `first` on for so long; how many raised or took too long."""
    bad, number, worst, kinds = 0, first, 0.0, set[str]()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        data = numbered(target, number)
        began = time.process_time()
        try:
            TARGETS[target](data)
        except Exception as fault:
            bad += 1
            kind = traceback.format_exc().splitlines()
            place = f"{type(fault).__name__} {kind[-4:-1]}"
            if place not in kinds:
                kinds.add(place)
                print(f"{target} {number}: {data[:200]!r}\n" + "\n".join(kind[-8:]), flush=True)
        took = time.process_time() - began
        worst = max(worst, took)
        if took > LONGEST:
            bad += 1
            print(f"{target} {number}: {took:.1f} s", flush=True)
        number += 1
    print(f"{target}: {number - first} inputs from {first} on, {bad} bad, slowest {worst:.3f} s", flush=True)
    return bad


def main() -> int:
    """Read the command line and fuzz; 1 where something was found."""
    command = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    command.add_argument("targets", nargs="*", help="all of them where none is named")
    command.add_argument("--seconds", type=float, default=60.0, help="for each target")
    command.add_argument("--first", type=int, default=0, help="number of the first input")
    asked = command.parse_args()
    return 1 if sum(_count(target, asked.first, asked.seconds) for target in asked.targets or TARGETS) else 0


if __name__ == "__main__":
    sys.exit(main())
