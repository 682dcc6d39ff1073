"""CPU microseconds of the media thread per relayed packet, at 200 calls (400 rows, 50 packets/s each way).

    python -m tests.bench.relay [calls] [seconds]

The thread's own CPU time is read, so what the load generator (this process's main thread) uses is left out.
"""

from __future__ import annotations

import os
import socket
import sys
import time

import numpy as np

from gateway.core.audio import Codec, Encoding
from gateway.plane.plane import Plane, PlaneConfig
from gateway.plane.row import RtpRow
from tests.support.rtp import RtpEndpoint


def leg(plane: Plane, codec: Codec) -> tuple[RtpRow, RtpEndpoint]:
    """One leg with its telephone."""
    ours = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ours.bind(("127.0.0.1", 0))
    ours.setblocking(False)
    row = plane.add_rtp(ours.fileno(), *ours.getsockname(), on_removed=ours.close)
    phone = RtpEndpoint(codec.encoding, codec.payload_type)
    phone.connect(row.address, row.port)
    row.set_remote(phone.address, phone.port, codec, None)
    return row, phone


def _cpu_seconds(task: int) -> float:
    with open(f"/proc/self/task/{task}/schedstat", encoding="ascii") as stat:
        return int(stat.read().split()[0]) / 1e9


def measure(calls: int, seconds: float, first: Codec, second: Codec) -> tuple[float, float]:
    """Microseconds per relayed packet, and the part of packets that arrived."""
    plane = Plane(PlaneConfig(rows=2 * calls + 1, arena=1.0))
    legs = [(leg(plane, first), leg(plane, second)) for _ in range(calls)]
    for (a, _), (b, _) in legs:
        a.join(b)
    before_threads = set(os.listdir("/proc/self/task"))
    plane.start_thread()
    (task,) = set(os.listdir("/proc/self/task")) - before_threads
    phones = [phone for pair in legs for _, phone in pair]
    frame = np.zeros(160, np.int16)
    used, sent, begin = _cpu_seconds(int(task)), 0, time.monotonic()
    for turn in range(round(seconds * 50)):
        for phone in phones:
            phone.send(phone.packet(frame))
        sent += len(phones)
        plane.pump(time.monotonic())
        time.sleep(max(0.0, begin + (turn + 1) * 0.02 - time.monotonic()))
    time.sleep(0.1)
    used = _cpu_seconds(int(task)) - used
    relayed = sum(row.stats().sent for pair in legs for row, _ in pair)
    plane.close()
    for phone in phones:
        phone.close()
    return used / relayed * 1e6, relayed / sent


def main() -> None:
    """Print the table."""
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 5.0
    ulaw, alaw = Codec(Encoding.PCMU, 0), Codec(Encoding.PCMA, 8)
    for name, first, second in (("relay", ulaw, ulaw), ("transcode", ulaw, alaw)):
        cost, arrived = measure(calls, seconds, first, second)
        print(f"{name:10} {calls} calls: {cost:5.2f} us CPU a packet, {arrived:.2%} relayed")


if __name__ == "__main__":
    main()
