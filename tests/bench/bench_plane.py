"""The media plane measured against the limit of this kernel, side by side in one run.

    python tests/bench/bench_plane.py [--seconds S] [--rounds R] [--calls N ...] [--at-once N]

Both relays are fed by the same telephones (C, a process of their own), in short rounds turn about. CPU is that of
the relaying thread alone: the least of all rounds, since what other processes take can only add; ratios are medians
of the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import select
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from far_end import CRelay, Heard, Phones, Programs, cpu_seconds

from gateway.core.audio import Sound
from gateway.core.codec import CODECS, Codec, Encoding
from gateway.core.srtp import MasterKey, Protection, Suite
from gateway.media.tone import MILLIWATT
from gateway.plane.plane import Plane, PlaneConfig
from gateway.plane.rtp_row import RtpRow
from tests.bench.recoding import through_two_rows
from tests.bench.table import print_row

ULAW, ALAW = Codec(Encoding.PCMU, 0), Codec(Encoding.PCMA, 8)
LOCAL = "127.0.0.1"
FLOOD = 0.9
"""Seconds of a flood."""
WHOLE = 0.999
"""Of the packets sent: where fewer come, the machine is somebody else's."""


class Bridges:
    """A plane in its thread with an RTP row for each of `phones`; rows k and k ^ 1 are joined."""

    def __init__(self, phones: Sequence[int], codecs: Sequence[Codec], join: bool = True) -> None:
        self.plane = Plane(PlaneConfig(rows=len(phones) + 1, arena=10.0))
        self.rows = [self._row(port, codecs[k % len(codecs)]) for k, port in enumerate(phones)]
        if join:
            for a, b in zip(self.rows[::2], self.rows[1::2], strict=True):
                a.join(b)
        before = set(os.listdir("/proc/self/task"))
        self.plane.start_thread()
        (self.task,) = set(os.listdir("/proc/self/task")) - before
        for _ in range(100):
            self.plane.pump(time.monotonic())
            if not self.plane.usage().commands:
                break
            time.sleep(0.01)

    def _row(self, phone: int, codec: Codec) -> RtpRow:
        ours = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        ours.bind((LOCAL, 0))
        ours.setblocking(False)
        row = self.plane.add_rtp(ours.fileno(), *ours.getsockname(), on_removed=ours.close)
        row.set_remote(LOCAL, phone, codec, None)
        return row

    @property
    def ports(self) -> list[int]:
        return [row.port for row in self.rows]

    def cpu(self) -> float:
        return cpu_seconds("self", self.task)

    def close(self) -> None:
        self.plane.close()


@dataclass
class Cost:
    """CPU microseconds per relayed packet of one relay, a figure a round, and what arrived."""

    per_packet: list[float] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)

    def add(self, used: float, heard: Heard) -> None:
        self.per_packet.append(used / max(1, heard.received) * 1e6)
        self.heard.append(heard)

    @property
    def least(self) -> float:
        return min(self.per_packet)

    @property
    def arrived(self) -> float:
        return max(heard.received / heard.sent for heard in self.heard)

    def ratio(self, other: Cost) -> float:
        """To what another took in the same rounds: the median of those in which packets came, or else of all."""
        rounds = list(zip(self.per_packet, other.per_packet, self.heard, other.heard, strict=True))
        whole = [a / b for a, b, *heard in rounds if all(one.received > WHOLE * one.sent for one in heard)]
        return median(whole or [a / b for a, b, *_ in rounds])

    def figures(self, limit: Cost | None = None) -> str:
        """As the table has them, with the ratio to `limit`."""
        beside = f"x{self.ratio(limit):.2f} (least x{self.least / limit.least:.2f})" if limit else ""
        return f"{self.least:5.2f} us/packet  {beside}  {self.arrived:7.2%} arrived"

    def delay(self) -> str:
        """Of the quietest round."""
        quiet = min(self.heard, key=lambda heard: heard.p99)
        return f"p50 {quiet.p50 * 1e6:4.0f} us, p99 {quiet.p99 * 1e3:5.2f} ms"


def measure_c(programs: Programs, calls: int, seconds: float, recode: bool, cost: Cost) -> None:
    """One round of the C relay."""
    phones = Phones(programs, "talk", 2 * calls, seconds)
    relay = CRelay(programs, phones.own_ports, recode)
    phones.point_at(relay.own_ports)
    before = cpu_seconds(relay.process)
    heard = phones.run()
    cost.add(cpu_seconds(relay.process) - before, heard)
    relay.close()


def measure_plane(programs: Programs, calls: int, seconds: float, codecs: tuple[Codec, Codec], cost: Cost) -> None:
    """One round of the plane."""
    types = codecs[0].payload_type, codecs[1].payload_type
    phones = Phones(programs, "talk", 2 * calls, seconds, types)
    bridges = Bridges(phones.own_ports, codecs)
    phones.point_at(bridges.ports)
    before = bridges.cpu()
    heard = phones.run()
    cost.add(bridges.cpu() - before, heard)
    bridges.close()


def bench_relay(programs: Programs, calls: int, seconds: float, rounds: int) -> None:
    """Relaying and recoding, each against the C loop that does the same, and the delay that each adds."""
    loop, relay, loop_recode, recode = Cost(), Cost(), Cost(), Cost()
    measures = [
        lambda: measure_c(programs, calls, seconds, False, loop),
        lambda: measure_plane(programs, calls, seconds, (ULAW, ULAW), relay),
        lambda: measure_plane(programs, calls, seconds, (ULAW, ALAW), recode),
        lambda: measure_c(programs, calls, seconds, True, loop_recode),
    ]
    for turn in range(rounds):
        for measure in measures if turn % 2 == 0 else reversed(measures):
            measure()
    print_row(f"C loop: the limit, {calls} calls", loop.figures())
    print_row(f"C loop that looks up each octet, {calls} calls", loop_recode.figures(loop))
    print_row(f"plane, relay, {calls} calls", relay.figures(loop), "1.15")
    print_row(f"plane, relay mu-law to A-law, {calls} calls", recode.figures(loop), "1.25")
    print_row("  to the loop that looks up each octet", f"x{recode.ratio(loop_recode):.2f}")
    print_row(f"  calls a core at that, {calls} calls", f"{1e6 / relay.least / 100:5.0f}", "1,200")
    print_row(f"  delay added by C, {calls} calls", loop.delay())
    print_row(f"  delay added by the plane, {calls} calls", relay.delay(), "50 us / 2 ms" if calls <= 200 else "")


def bench_without_loss(programs: Programs, calls: int, seconds: float, rounds: int) -> None:
    """Whether so many calls at once lose nothing on the way through one thread, in the fullest round of all.

    What the telephones find no time to send or to hear is this machine's loss, and not the plane's.
    """
    found = []
    for _ in range(rounds):
        phones = Phones(programs, "talk", 2 * calls, seconds)
        bridges = Bridges(phones.own_ports, (ULAW,))
        phones.point_at(bridges.ports)
        before = bridges.cpu()
        heard = phones.run()
        busy = (bridges.cpu() - before) / seconds
        found.append((heard.sent, heard.sent - sum(row.stats().sent for row in bridges.rows), busy))
        bridges.close()
    sent, lost, busy = max(found)
    figures = f"{lost} of {sent} packets lost ({sent / seconds / 1000:.0f}k/s), {busy:4.0%} of a core"
    print_row(f"{calls} bridged calls at once", figures, f"none of {calls // 10}k/s")


def bench_memory(calls: int) -> None:
    """What a call takes of this process (the kernel's sockets apart)."""
    plane = Plane(PlaneConfig(rows=2, arena=1.0))
    plane.step(0.0)
    plane.close()
    before = resident()
    bridges = Bridges([9 + 2 * k for k in range(2 * calls)], (ULAW, ALAW))
    used = (resident() - before) / calls
    bridges.close()
    print_row(f"memory per call, {calls} calls", f"{used / 1000:.1f} kB", "60 kB")


def resident() -> int:
    """Octets of this process in memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()


def bench_flood(programs: Programs, seconds: float) -> None:
    """How late the ticks of a playing row are while a stranger, or its own peer, floods another row.

    A leg whose peer floods is ended once that is seen for a second: each round is shorter, and is of new legs.
    """
    rounds = max(3, round(seconds / FLOOD))
    for who in ("nobody", "a stranger", "the peer"):
        floods = [_flood(programs, who) for _ in range(rounds)]
        p50, p99 = median(each.late.p50 for each in floods), median(each.late.p99 for each in floods)
        late = f"tick late p50 {p50 * 1e6:3.0f} us, p99 {p99 * 1e3:.2f} ms"
        busy = median(each.busy for each in floods)
        print_row(f"flood by {who}", f"{late}  plane {busy:4.0%} of a core", "2 ms")
        if who != "nobody":
            sent, taken = (median(getattr(each, name) for each in floods) for name in ("sent", "taken"))
            print_row("", f"{sent / FLOOD / 1000:.0f}k/s sent, {taken / FLOOD / 1000:.0f}k/s taken")


@dataclass(frozen=True)
class Flood:
    """What came of one: how late ticks were, the share of a core of the plane, packets sent, and taken as audio."""

    late: Heard
    busy: float
    sent: int
    taken: int


def _flood(programs: Programs, who: str) -> Flood:
    listener = Phones(programs, "listen", 1, FLOOD)
    peer = Phones(programs, "flood" if who == "the peer" else "listen", 1, FLOOD)
    stranger = Phones(programs, "flood" if who == "a stranger" else "listen", 1, FLOOD)
    bridges = Bridges([listener.own_ports[0], peer.own_ports[0]], (ULAW,), join=False)
    bridges.rows[0].play(Sound("milliwatt", MILLIWATT.samples, loop_from=0))
    before, begin = bridges.cpu(), time.monotonic()
    # In this order: who has spoken first is the peer.
    for phones, port in zip((listener, peer, stranger), [*bridges.ports, bridges.ports[1]], strict=True):
        phones.point_at([port])
        phones.begin()
        time.sleep(0.02)
    heard, *others = [phones.end() for phones in (listener, peer, stranger)]
    busy = (bridges.cpu() - before) / (time.monotonic() - begin)
    taken = bridges.rows[1].stats().received
    bridges.close()
    return Flood(heard, busy, max(other.sent for other in others), taken)


def bench_busy(programs: Programs, seconds: float) -> None:
    """How late the ticks of a playing row are while signalling is busy: the interpreter never at rest."""
    listener = Phones(programs, "listen", 1, seconds)
    bridges = Bridges([listener.own_ports[0]], (ULAW,), join=False)
    bridges.rows[0].play(Sound("milliwatt", MILLIWATT.samples, loop_from=0))
    ended = threading.Event()

    def signal() -> None:
        while not ended.is_set():
            json.loads(json.dumps({"text": "INVITE sip:6002@127.0.0.1 SIP/2.0" * 8}))

    busy = threading.Thread(target=signal)
    busy.start()
    listener.point_at(bridges.ports)
    heard = listener.run()
    ended.set()
    busy.join()
    bridges.close()
    print_row(
        "signalling busy at 100 %", f"tick late p50 {heard.p50 * 1e6:3.0f} us, p99 {heard.p99 * 1e3:.2f} ms", "2 ms"
    )


def bench_coders() -> None:
    """What a packet of 20 ms costs where it is coded anew, into a codec and out of it, beyond being relayed."""
    said = [bytes(random.Random(k).randbytes(160)) for k in range(1000)]
    plain, _ = through_two_rows(ULAW, ULAW, said)
    for name, codec in CODECS.items():
        into, coded = through_two_rows(ULAW, codec, said)
        out, _ = through_two_rows(codec, ULAW, coded)
        figures = f"{into - plain:6.1f} us into it, {out - plain:6.1f} us out of it"
        print_row(f"recoding, mu-law and {name}", f"{figures}, {1e6 / 50 / (into + out):5.0f} calls a core")


def bench_encrypted(rounds: int) -> None:
    """What encryption adds to a packet that is relayed: checked and decrypted, and encrypted anew."""
    suites: tuple[Suite | None, ...] = (None, *Suite)
    least = dict.fromkeys(suites, float("inf"))
    for _ in range(rounds):
        for suite in suites:
            least[suite] = min(least[suite], through_four_rows(suite))
    relay = least[None] / 2  # a packet is relayed twice on its way
    for suite in Suite:
        adds = least[suite] - least[None]
        print_row(f"plane, relay under {suite.value}", f"{adds:5.2f} us/packet more  x{1 + adds / relay:.2f}")


def through_four_rows(suite: Suite | None, packets: int = 20_000, batch: int = 50) -> float:
    """CPU us of a packet from row to row to row to row; between the second and the third it is encrypted."""
    plane = Plane(PlaneConfig(rows=4, arena=10.0))
    ends = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(6)]
    for end in ends:
        end.bind((LOCAL, 0))
        end.setblocking(False)
    first, *ours, last = ends
    rows = [plane.add_rtp(end.fileno(), LOCAL, end.getsockname()[1]) for end in ours]
    keys = None if suite is None else MasterKey(suite, os.urandom(suite.octets))
    inside = None if keys is None else Protection(keys, keys)
    for row, far, protection in zip(
        rows, (first, ours[2], ours[1], last), (None, inside, inside, None), strict=True
    ):
        row.set_remote(LOCAL, far.getsockname()[1], ULAW, None, protection=protection)
    rows[0].join(rows[1])
    rows[2].join(rows[3])
    used = 0.0
    for start in range(0, packets, batch):
        for k in range(start, start + batch):
            packet = struct.pack("!BBHII", 0x80, 0, k & 0xFFFF, 160 * k, 7) + bytes(160)
            first.sendto(packet, ours[0].getsockname())
        before = time.thread_time()
        plane.step(100.0)
        plane.step(100.0)
        used += time.thread_time() - before
        plane.pump(100.0)
        while select.select([last], [], [], 0)[0]:
            last.recv(2048)
    assert rows[3].stats().sent > 0.99 * packets, [row.stats() for row in rows]
    plane.close()
    for end in ends:
        end.close()
    return 1e6 * used / packets


def bench_start() -> None:
    """Import and start with the compiled code on disk, in a fresh process; the interpreter's own start apart."""
    code = (
        "import time; a = time.perf_counter()\n"
        "from gateway.plane.plane import Plane\n"
        "b = time.perf_counter(); plane = Plane(); plane.start_thread(); c = time.perf_counter()\n"
        "print(b - a, c - b); plane.close()"
    )
    runs = []
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        runs.append(tuple(float(word) for word in done.stdout.split()))
    load, start = min(runs, key=sum)
    print_row("import and start, warm", f"{load:.2f} s + {start:.2f} s = {load + start:.2f} s", "0.7 s")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--calls", type=int, nargs="*", default=[200, 1000])
    parser.add_argument("--at-once", type=int, default=1200)
    options = parser.parse_args()
    needed = 8 * max([*options.calls, options.at_once, 500]) + 200
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(needed, hard) if hard >= 0 else needed, hard))
    print_row("media plane", "measured", "to reach")
    bench_start()
    bench_memory(500)
    with Programs() as programs:
        for calls in options.calls:
            bench_relay(programs, calls, options.seconds, options.rounds)
        bench_without_loss(programs, options.at_once, options.seconds, options.rounds)
        bench_flood(programs, options.seconds)
        bench_busy(programs, options.seconds)
    bench_encrypted(options.rounds)
    bench_coders()


if __name__ == "__main__":
    main()
