"""Packets through two rows of a plane that is stepped by hand: what comes out, and what it costs."""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Sequence

from gateway.core.codec import Codec
from gateway.plane.plane import Plane, PlaneConfig

__all__ = ["through_two_rows"]

_LOCAL = "127.0.0.1"


def through_two_rows(first: Codec, second: Codec, payloads: Sequence[bytes]) -> tuple[float, list[bytes]]:
    """CPU us of a packet that comes in on a row of `first` and goes out on one of `second`, and what goes out."""
    plane = Plane(PlaneConfig(rows=2, arena=10.0))
    ends = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(4)]
    for end in ends:
        end.bind((_LOCAL, 0))
        end.setblocking(False)
    rows = [plane.add_rtp(end.fileno(), _LOCAL, end.getsockname()[1]) for end in ends[1:3]]
    for row, far, codec in zip(rows, (ends[0], ends[3]), (first, second), strict=True):
        row.set_remote(_LOCAL, far.getsockname()[1], codec, None)
    rows[0].join(rows[1])
    plane.step(100.0)
    plane.pump(100.0)
    used, made, ticks = 0.0, [], first.rate * first.packet // 1000
    for k, payload in enumerate(payloads):
        packet = struct.pack("!BBHII", 0x80, first.payload_type, k & 0xFFFF, ticks * k, 7) + payload
        ends[0].sendto(packet, ends[1].getsockname())
        before = time.thread_time()
        plane.step(100.0 + 0.02 * k)
        used += time.thread_time() - before
        while select.select([ends[3]], [], [], 0)[0]:
            made.append(ends[3].recv(4096)[12:])
    plane.close()
    for end in ends:
        end.close()
    return 1e6 * used / len(payloads), made
