"""Ten times as many calls as the SIP stack can serve: how many it still serves, and what it holds.

Time is this thread's CPU time, so that neighbours on the machine do not count. Calls are offered to a queue as
long as a socket's buffer, from which the stack takes them as fast as it can; whatever the queue cannot take is
lost, as the kernel loses it. What the stack is let serve is a whole call, both legs; what it refuses costs what
refusing costs.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path
from random import Random

from gateway.app.garbage import GarbageWatch
from gateway.sip.overload import Overload, OverloadConfig
from tests.bench.bench_sip import CALLER, Bench

QUEUE = 400
"""INVITEs that a socket's buffer holds: 208 kB, some 500 bytes each with what the kernel adds."""
PULSE = 0.1
TIMES = 10


def best(seconds: float) -> float:
    """Calls a second with nothing refused."""
    bench = Bench()
    count, begun = 0, time.thread_time()
    while time.thread_time() - begun < seconds:
        bench.set_up()
        bench.pass_time()
        bench.tear_down()
        count += 1
    return count / (time.thread_time() - begun)


def overloaded(offered: float, seconds: float) -> tuple[float, float, float, int]:
    """Calls served and refused a second when `offered` a second come, and kB of memory added in the second half.

    The second figure is the share of the CPU that went into the calls served: what they are of the best rate, on a
    machine whose neighbours make it now faster, now slower.
    """
    bench = Bench()
    overload = Overload(OverloadConfig(), Random(1))
    invite = bench.invite()
    middle = 0
    served = taken = lost = 0
    serving = 0.0
    begun = pulse = time.thread_time()
    while (now := time.thread_time()) - begun < seconds:
        due = int((now - begun) * offered) - lost
        if due - taken > QUEUE:
            lost += due - taken - QUEUE
            due = taken + QUEUE
        if not middle and now - begun > seconds / 2:
            middle = resident()
        if now - pulse >= PULSE:
            overload.look(now - pulse - PULSE, (due - taken) / QUEUE, now)
            pulse = now
        if taken >= due:
            overload.idle()
            continue
        taken += 1
        data = invite.replace(b"branch=z9hG4bK", b"branch=z9hG4bK%d" % taken, 1)
        if overload.refusal(data, CALLER, now) is False:
            bench.set_up()
            bench.pass_time()
            bench.tear_down()
            served += 1
            serving += time.thread_time() - now
    lasted = time.thread_time() - begun
    return served / lasted, serving / lasted, overload.refused / lasted, resident() - middle


def resident() -> int:
    """Memory of this process, kB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() // 1024


def refusal_cost() -> float:
    """Microseconds of CPU for one refusal."""
    overload = Overload(OverloadConfig(rate=0.001), Random(1))
    invite = Bench().invite()
    begun = time.thread_time()
    for number in range(20_000):
        overload.refusal(invite.replace(b"branch=z9hG4bK", b"branch=z9hG4bK%d" % number, 1), CALLER, 1.0)
    return (time.thread_time() - begun) / 20_000 * 1e6


def main() -> None:
    """Print the rows."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=60.0)
    given = options.parse_args()
    GarbageWatch(lambda: 1).start()
    rate = best(given.seconds / 6)
    served, share, refused, grown = overloaded(TIMES * rate, given.seconds)
    print(f"SIP overload: one refusal costs {refusal_cost():5.1f} us of CPU", flush=True)
    print(
        f"SIP overload: {TIMES} times the best rate of {rate:5.0f} calls a second for {given.seconds:g} s: "
        f"{served:5.0f} served with {100 * share:3.0f} % of the CPU, {refused:6.0f} refused a second, "
        f"memory grew by {grown} kB in the second half",
        flush=True,
    )


if __name__ == "__main__":
    main()
