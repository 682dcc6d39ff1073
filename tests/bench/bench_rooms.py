"""Conferences measured: how late the ticks are, and what they take of a core.

    python tests/bench/bench_rooms.py [--seconds S]

All legs talk all the time (C, a process of their own), each hears all the others of its room. One more, that only
listens, takes the time of what it is sent. CPU is that of the plane's thread alone, system calls included.
"""

from __future__ import annotations

import argparse
import resource
import time

from bench_plane import ULAW, Bridges, print_row
from far_end import Phones, Programs

from gateway.core.audio import Side


def bench_rooms(programs: Programs, rooms: int, legs: int, seconds: float, tapped: int = 0) -> None:
    """`rooms` rooms of `legs` legs each; of `tapped` legs both sides are kept, as recordings do."""
    count = rooms * legs
    talkers, listener = Phones(programs, "talk", count - 1, seconds), Phones(programs, "listen", 1, seconds)
    bridges = Bridges([*talkers.own_ports, *listener.own_ports], (ULAW,), join=False)
    for number in range(rooms):
        room = bridges.plane.room()
        for row in bridges.rows[number * legs : (number + 1) * legs]:
            room.sit(row)
    taps = [row.tap(Side.STEREO, 0.04) for row in bridges.rows[:tapped]]
    for phones, ports in ((talkers, bridges.ports[:-1]), (listener, bridges.ports[-1:])):
        phones.point_at(ports)
    settle(bridges)
    before, began = bridges.cpu(), time.monotonic()
    listener.begin()
    talkers.begin()
    heard = listener.end()
    busy = (bridges.cpu() - before) / (time.monotonic() - began)
    talkers.end()
    for tap in taps:
        tap.stop()
    bridges.close()
    name = f"{rooms} room{'s' if rooms > 1 else ''} of {legs}" + (f", {tapped} legs recorded" if tapped else "")
    late = f"tick late p50 {heard.p50 * 1e6:4.0f} us, p99 {heard.p99 * 1e3:5.2f} ms"
    print_row(name, f"{late}  plane {busy:4.0%} of a core", "2 ms, 50%")


def settle(bridges: Bridges) -> None:
    """Wait until the plane has done what it was asked."""
    while bridges.plane.usage().commands:
        bridges.plane.pump(time.monotonic())
        time.sleep(0.01)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=4.0)
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4000, hard) if hard >= 0 else 4000, hard))
    print_row("conferences", "measured", "to reach")
    with Programs() as programs:
        bench_rooms(programs, 1, 3, options.seconds)
        bench_rooms(programs, 1, 100, options.seconds)
        bench_rooms(programs, 200, 3, options.seconds)
        bench_rooms(programs, 200, 3, options.seconds, tapped=100)


if __name__ == "__main__":
    main()
