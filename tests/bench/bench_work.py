"""What relaying is by itself, beside the C loop: a packet waits in every row, and nobody sleeps or is woken.

    python tests/bench/bench_work.py [--rows N] [--rounds R]

The time in which packets come, and who runs on which core meanwhile, decide half of what `bench_plane.py` measures.
Here each relay finds the same packets on the same core, in rounds of some milliseconds and in changing order; the C
loop is stopped while they are sent. CPU alone counts; ratios are medians of the rounds.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import socket
import struct
import time
from collections.abc import Callable, Sequence
from statistics import median

from far_end import CRelay, Programs, cpu_seconds

from gateway.core.codec import Codec, Encoding
from gateway.plane.plane import Plane, PlaneConfig
from tests.bench.table import print_row

LOCAL = "127.0.0.1"
ULAW, ALAW = Codec(Encoding.PCMU, 0), Codec(Encoding.PCMA, 8)
DISTURBED = 3.0
"""A round that took so many times the least is somebody else's."""


def opened(count: int) -> list[socket.socket]:
    """So many sockets."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    for each in sockets:
        each.bind((LOCAL, 0))
        each.setblocking(False)
    return sockets


class Relay:
    """One relay, and the telephones on both sides of each of its calls.

    Attributes:
        costs: CPU us of a packet, a figure a round.
    """

    def __init__(self, rows: int, types: tuple[int, int]) -> None:
        self.phones = opened(rows)
        self.types = types
        self.costs: list[float] = []
        self.ports: list[int] = []

    def round(self, number: int, used: Callable[[], float]) -> None:
        """Send a packet to every row, let them be relayed by `used`, and see that all come."""
        order = random.Random(number).sample(range(len(self.phones)), len(self.phones))
        for k in order:
            header = struct.pack("!BBHII", 0x80, self.types[k % 2], number, 160 * number, k + 1)
            self.phones[k].sendto(header + bytes(160), (LOCAL, self.ports[k]))
        cost = used()
        came = sum(self._came(phone) for phone in self.phones)
        if came == len(order):
            self.costs.append(1e6 * cost / came)

    @staticmethod
    def _came(phone: socket.socket) -> int:
        try:
            return len(phone.recv(2048)) and 1
        except BlockingIOError:
            return 0


class ByPlane(Relay):
    """The plane, stepped by hand."""

    def __init__(self, rows: int, codecs: tuple[Codec, Codec]) -> None:
        super().__init__(rows, (codecs[0].payload_type, codecs[1].payload_type))
        self._ours = opened(rows)
        self.ports = [each.getsockname()[1] for each in self._ours]
        self._plane = Plane(PlaneConfig(rows=rows + 1, arena=1.0))
        made = [
            self._plane.add_rtp(each.fileno(), LOCAL, port)
            for each, port in zip(self._ours, self.ports, strict=True)
        ]
        for k, row in enumerate(made):
            row.set_remote(LOCAL, self.phones[k].getsockname()[1], codecs[k % 2], None)
        for one, other in zip(made[::2], made[1::2], strict=True):
            one.join(other)
        self._now = 100.0
        for _ in range(20):
            self._plane.step(self._now)
            self._plane.pump(self._now)

    def run(self, number: int) -> None:
        """One round."""
        self.round(number, self._step)
        self._plane.pump(self._now)

    def _step(self) -> float:
        self._now += 0.02
        before = time.thread_time()
        self._plane.step(self._now)
        return time.thread_time() - before

    def close(self) -> None:
        """Give all back."""
        self._plane.close()
        for each in (*self._ours, *self.phones):
            each.close()


class ByLoop(Relay):
    """The C loop, stopped while packets are sent to it."""

    def __init__(self, programs: Programs, rows: int, recode: bool) -> None:
        super().__init__(rows, (0, 8) if recode else (0, 0))
        self._loop = CRelay(programs, [phone.getsockname()[1] for phone in self.phones], recode)
        self.ports = self._loop.own_ports
        os.sched_setaffinity(self._loop.process, os.sched_getaffinity(0))

    def run(self, number: int) -> None:
        """One round."""
        os.kill(self._loop.process, signal.SIGSTOP)
        self.round(number, self._go_on)

    def _go_on(self) -> float:
        before = now = cpu_seconds(self._loop.process)
        os.kill(self._loop.process, signal.SIGCONT)
        last = -1.0
        while now != last or now == before:
            time.sleep(0.01)
            last, now = now, cpu_seconds(self._loop.process)
        return now - before

    def close(self) -> None:
        """End it."""
        self._loop.close()
        for phone in self.phones:
            phone.close()


def ratio(costs: Sequence[float], others: Sequence[float]) -> float:
    """Between the medians."""
    return median(costs) / median(others)


def undisturbed(relay: Relay) -> list[float]:
    """Its costs without the first rounds, in which sockets are connected, and those that somebody else took."""
    costs = relay.costs[3:]
    return [cost for cost in costs if cost < DISTURBED * min(costs)]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1600)
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with Programs() as programs:
        relays = {
            "C loop": ByLoop(programs, options.rows, False),
            "C loop that looks up each octet": ByLoop(programs, options.rows, True),
            "plane, relay": ByPlane(options.rows, (ULAW, ULAW)),
            "plane, relay mu-law to A-law": ByPlane(options.rows, (ULAW, ALAW)),
        }
        for number in range(1, options.rounds + 1):
            for relay in random.Random(number).sample(list(relays.values()), len(relays)):
                relay.run(number)
        costs = {name: undisturbed(relay) for name, relay in relays.items()}
        for relay in relays.values():
            relay.close()
    limit, looked_up, *ours = costs.values()
    for name, figures in costs.items():
        beside = f"x{ratio(figures, limit):.2f} (least x{min(figures) / min(limit):.2f})"
        print_row(f"work alone, {name}", f"{min(figures):5.2f} us/packet  {beside}")
    print_row("  recoding, to the loop that looks up", f"x{ratio(ours[1], looked_up):.2f}")


if __name__ == "__main__":
    main()
