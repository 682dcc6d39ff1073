"""Relaying by io_uring against relaying by epoll, both in C, side by side: whether the plane would gain by it.

python tests/bench/bench_uring.py [--seconds S] [--rounds R] [--calls N ...]
"""

from __future__ import annotations

import argparse
from statistics import median

from far_end import CRelay, Heard, Phones, Programs, cpu_seconds


def measure(programs: Programs, calls: int, seconds: float, name: str) -> tuple[float, Heard]:
    """CPU microseconds per packet of one round of the relay `name`, and what arrived."""
    phones = Phones(programs, "talk", 2 * calls, seconds)
    relay = CRelay(programs, phones.own_ports, False, name)
    phones.point_at(relay.own_ports)
    before = cpu_seconds(relay.process)
    heard = phones.run()
    used = cpu_seconds(relay.process) - before
    relay.close()
    return used / max(1, heard.received) * 1e6, heard


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--calls", type=int, nargs="+", default=[50, 200, 500])
    words = parser.parse_args()
    with Programs() as programs:
        for calls in words.calls:
            costs: dict[str, list[float]] = {"relay": [], "relay_uring": []}
            for _ in range(words.rounds):
                for name, cost in costs.items():
                    used, heard = measure(programs, calls, words.seconds, name)
                    cost.append(used)
                    arrived = heard.received / max(1, heard.sent)
                    print(
                        f"  {calls} calls, {name:12} {used:6.2f} us a packet, {100 * arrived:5.1f} % arrived",
                        flush=True,
                    )
            ratio = median(other / one for one, other in zip(costs["relay"], costs["relay_uring"], strict=True))
            epoll, uring = (min(cost) for cost in costs.values())
            print(
                f"{calls} calls: epoll {epoll:.2f}, io_uring {uring:.2f} us a packet; "
                f"ratio x{ratio:.2f} by medians",
                flush=True,
            )


if __name__ == "__main__":
    main()
