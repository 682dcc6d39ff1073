"""Conferences measured: how late the ticks are, and what they take of a core.

    python tests/bench/bench_rooms.py [--seconds S] [--rounds R] [--only CASE]

All legs talk all the time (C, a process of their own), each hears all the others of its room. One more, that only
listens, takes the time of what it is sent. CPU is that of the plane's thread alone, system calls included. Legs in
G.722 cost what that codec does (bench_plane.py) both ways; legs in mu-law cost the same beside them as without.
The quietest of all rounds counts: what other processes take can only add. Beside each round a thread that does
nothing is called by a timer every millisecond: as late as that one wakes, the ticks must be. Rounds in which the
host of a virtual machine kept its cores for others are counted apart (steal, /proc/stat).
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from bench_plane import ULAW, Bridges, print_row
from far_end import Heard, Phones, Programs

from gateway.core.audio import Side
from gateway.core.codec import Codec, Encoding

MOST_LATE = 2e-3
"""Seconds."""
MOST_STOLEN = 0.005
"""Of the cores, in a round that the host left to us: a hundredth of the ticks can be late for less than that."""
G722 = Codec(Encoding.G722, 9)


@dataclass(frozen=True, slots=True)
class Case:
    """Rooms, the first `wide` of which are in G.722; of `tapped` legs both sides are kept, as recordings do."""

    rooms: int
    legs: int
    wide: int = 0
    tapped: int = 0

    @property
    def name(self) -> str:
        """What it is."""
        parts = [f"{self.rooms} room{'s' if self.rooms > 1 else ''} of {self.legs}"]
        if self.wide:
            parts.append("in G.722" if self.wide == self.rooms else f"{self.wide} in G.722")
        if self.tapped:
            parts.append(f"{self.tapped} legs recorded")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Round:
    """What the one who listens heard, how late a bare timer was meanwhile, and the share of a core that it took.

    Attributes:
        heard: by the one who listens.
        timer: the same of a bare timer.
        busy: the plane's thread, of a core.
        stolen: by the host, of all cores.
    """

    heard: Heard
    timer: Heard
    busy: float
    stolen: float

    def __str__(self) -> str:
        late = f"tick late p50 {self.heard.p50 * 1e6:4.0f} us, p99 {self.heard.p99 * 1e3:5.2f} ms"
        return f"{late} (of a bare timer {self.timer.p99 * 1e3:5.2f} ms)"


def stolen() -> tuple[int, int]:
    """Ticks of all cores that the host kept for others, and all that there were (proc(5), /proc/stat)."""
    ticks = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return ticks[7], sum(ticks)


def bench_rooms(programs: Programs, case: Case, seconds: float) -> Round:
    """All talk in `case` for so long."""
    count, wide = case.rooms * case.legs, case.wide * case.legs
    # The one who listens is the last of all, and told last in its part of the tick.
    sizes = (("talk", wide - (wide == count), 9), ("talk", count - wide - (wide < count), 0), ("listen", 1, 0))
    crowds = [Phones(programs, what, size, seconds, (kind, kind)) for what, size, kind in sizes if size > 0]
    codecs = [G722 if k < wide else ULAW for k in range(count)]
    timer = Phones(programs, "wake", 1, seconds)
    timer.point_at(timer.own_ports)
    bridges = Bridges([port for phones in crowds for port in phones.own_ports], codecs, join=False)
    for number in range(case.rooms):
        room = bridges.plane.room()
        for row in bridges.rows[number * case.legs : (number + 1) * case.legs]:
            room.sit(row)
    taps = [row.tap(Side.STEREO, 0.04, rate=row.rate) for row in bridges.rows[: case.tapped]]
    ports = iter(bridges.ports)
    for phones in crowds:
        phones.point_at(list(islice(ports, len(phones.own_ports))))
    settle(bridges)
    before, began, had = bridges.cpu(), time.monotonic(), stolen()
    for phones in reversed(crowds):
        phones.begin()
    timer.begin()
    heard = crowds[-1].end()
    busy = (bridges.cpu() - before) / (time.monotonic() - began)
    for phones in crowds[:-1]:
        phones.end()
    woken, have = timer.end(), stolen()
    for tap in taps:
        tap.stop()
    bridges.close()
    return Round(heard, woken, busy, (have[0] - had[0]) / max(have[1] - had[1], 1))


CASES = (
    Case(1, 3),
    Case(1, 100),
    Case(200, 3),
    Case(200, 3, tapped=100),
    Case(200, 3, wide=1),
    Case(1, 3, wide=1),
    Case(50, 3, wide=50),
    Case(50, 3),
)


def settle(bridges: Bridges) -> None:
    """Wait until the plane has done what it was asked."""
    while bridges.plane.usage().commands:
        bridges.plane.pump(time.monotonic())
        time.sleep(0.01)


def in_time(rounds: Sequence[Round]) -> str:
    """How many of `rounds` had a p99 as asked."""
    return f"{sum(one.heard.p99 < MOST_LATE for one in rounds)} of {len(rounds)}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", help="the name of one case")
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4000, hard) if hard >= 0 else 4000, hard))
    print_row("conferences", "measured", "to reach")
    with Programs() as programs:
        for case in CASES if options.only is None else [one for one in CASES if one.name == options.only]:
            rounds = [bench_rooms(programs, case, options.seconds) for _ in range(options.rounds)]
            quiet = min(rounds, key=lambda one: one.heard.p99)
            ours = [one for one in rounds if one.stolen < MOST_STOLEN]
            figures = f"{quiet}  plane {min(one.busy for one in rounds):4.0%} of a core"
            counted = f"in time in {in_time(rounds)} rounds, {in_time(ours)} of those left to us"
            print_row(case.name, f"{figures}  {counted}", "2 ms, 50%")


if __name__ == "__main__":
    main()
