"""Conferences measured: how late the ticks are, and what they take of a core.

    python tests/bench/bench_rooms.py [--seconds S] [--rounds R] [--only CASE]

All legs talk all the time (C, a process of their own), each hears all the others of its room. One more, that only
listens, takes the time of what it is sent. CPU is that of the plane's thread alone, system calls included. Legs in
G.722 cost what that codec does (bench_plane.py) both ways; legs in mu-law cost the same beside them as without.
The quietest of all rounds counts: what other processes take can only add. Beside each round a thread that does
nothing is called by a timer every millisecond: as late as that one wakes, the ticks must be.
"""

from __future__ import annotations

import argparse
import resource
import time
from dataclasses import dataclass
from itertools import islice

from bench_plane import ULAW, Bridges, print_row
from far_end import Heard, Phones, Programs

from gateway.core.audio import Codec, Encoding, Side

MOST_LATE = 2e-3
"""Seconds."""
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
    """What the one who listens heard, how late a bare timer was meanwhile, and the share of a core that it took."""

    heard: Heard
    timer: Heard
    busy: float

    def __str__(self) -> str:
        late = f"tick late p50 {self.heard.p50 * 1e6:4.0f} us, p99 {self.heard.p99 * 1e3:5.2f} ms"
        return f"{late} (of a bare timer {self.timer.p99 * 1e3:5.2f} ms)"


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
    before, began = bridges.cpu(), time.monotonic()
    for phones in reversed(crowds):
        phones.begin()
    timer.begin()
    heard = crowds[-1].end()
    busy = (bridges.cpu() - before) / (time.monotonic() - began)
    for phones in crowds[:-1]:
        phones.end()
    woken = timer.end()
    for tap in taps:
        tap.stop()
    bridges.close()
    return Round(heard, woken, busy)


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


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=4.0)
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
            late = sum(one.heard.p99 < MOST_LATE for one in rounds)
            figures = f"{quiet}  plane {min(one.busy for one in rounds):4.0%} of a core"
            print_row(case.name, f"{figures}  in {late} of {len(rounds)} rounds", "2 ms, 50%")


if __name__ == "__main__":
    main()
