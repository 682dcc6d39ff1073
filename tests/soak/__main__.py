"""`python -m tests.soak`: stretches of load, until the time is over or something is found."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from random import Random

from tests.soak.audit import measure
from tests.soak.deeds import MACHINE, OPERATORS, PEOPLE
from tests.soak.driver import Soak

WHO = {"operators": OPERATORS, "people": PEOPLE, "machine": MACHINE}


def main() -> int:
    """Soak an office; 1 where something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--stretch", type=float, default=120.0, help="seconds of load between two rests")
    parser.add_argument("--rest", type=float, default=75.0, help="seconds within which nothing may be left")
    parser.add_argument("--rate", type=float, default=4.0, help="things begun a second")
    parser.add_argument("--haste", type=float, default=1.0, help="how many times as often deeds are done")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without", nargs="*", default=[], choices=list(WHO))
    parser.add_argument("--cuts", type=int, default=2, help="power failures after that")
    parser.add_argument("--folder", type=Path, help="the office's home, which stays")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="copperline-soak-") as folder:
        return asyncio.run(soak(given, given.folder or Path(folder)))


async def soak(given: argparse.Namespace, folder: Path) -> int:
    """The stretches."""
    run = Soak(folder, Random(given.seed), rate=given.rate)
    deeds = {
        deed: every / given.haste
        for who, those in WHO.items()
        if who not in given.without
        for deed, every in those.items()
    }
    loop = asyncio.get_running_loop()
    ends, wrong, number = loop.time() + 60 * given.minutes, False, 0
    print(f"at the start: {measure(run.office)}", flush=True)
    while loop.time() < ends:
        number += 1
        before = measure(run.office).cpu
        await run.stretch(given.stretch, deeds)
        spent = (measure(run.office).cpu - before) / given.stretch
        held = await run.rest(given.rest)
        print(f"stretch {number}: {held}; {spent:.0%} of a core; {dict(run.done)}", flush=True)
        for fault in run.audit():
            wrong = True
            print(f"  FAULT {fault}", flush=True)
    for _ in range(given.cuts):
        await run.cut_off(16)
        held = await run.rest(given.rest)
        print(f"cut off: {held}", flush=True)
        for fault in run.audit():
            wrong = True
            print(f"  FAULT {fault}", flush=True)
    code = await run.stop_amid(20, twice=given.seed % 2 == 0)
    for fault in run.audit_stopped():
        wrong = True
        print(f"  FAULT {fault}", flush=True)
    print(f"exit {code}", flush=True)
    return int(wrong or code != 0)


if __name__ == "__main__":
    sys.exit(main())
