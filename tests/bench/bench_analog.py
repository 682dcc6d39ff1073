"""An office of 48 telephones and 24 exchange lines: what it costs with every port in a call, and how fast it is.

    python tests/bench/bench_analog.py [--seconds S] [--calls N] [--profile]

Cost is CPU of everything but the emulated card and whoever lives behind it, with time moved by hand: media plane,
lines, calls. On each of the 72 ports echo is cancelled over 64 ms and digits are looked for; every line was called
or calls with caller ID. Delays are on the wall, from the octets of an INVITE to those of its 180, and from the
closing of the loop to the octets of the 200, with a kernel's socket between.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from gateway.core.audio import Samples
from gateway.testing.clock import TICK, HandMovedClock, WallClock
from gateway.testing.office import EmulatedOffice
from gateway.testing.sip_phone import SipPhone
from gateway.testing.sounds import utterance
from hardware.analog.copper import Fault, hybrid
from tests.bench.table import print_row

PHONES, LINES = 48, 24
FEW = 8
"""Telephones of the office whose delays are measured: with 72 the emulator's own work would be in them."""


def configuration(phones: int = PHONES, lines: int = LINES) -> str:
    """Telephones from 101 and lines from copper1 on, on one card."""
    modules = ", ".join(['"fxs"'] * phones + ['"fxo"'] * lines)
    text = f'[cards.main]\nbackend = "emulated"\nmodules = [{modules}]\n'
    text += "".join(f'[phones.{101 + k}]\nport = {1 + k}\nname = "Desk {k}"\n' for k in range(phones))
    text += "".join(
        f'[lines.copper{1 + k}]\nport = {phones + 1 + k}\nnumber = "25655511{k:02}"\n' for k in range(lines)
    )
    text += '[sip]\nlisten = ["udp:127.0.0.1:0"]\n[accounts.6001]\nsecret = "copper-6001"\nname = "Ada"\n'
    return text + '[web]\nlisten = "127.0.0.1:0"\n[limits]\ncalls = 500\n'


PHONES_ONLY = "[office]\nexten => _1XX,1,Dial(FXS/${EXTEN},60)\n"


def dialplan() -> str:
    """Line k is for telephone 101 + k; telephones dial one another."""
    inbound = "".join(f"exten => 25655511{k:02},1,Dial(FXS/{101 + k},60)\n" for k in range(LINES))
    return f"[from-pstn]\n{inbound}{PHONES_ONLY}"


def all_in_calls(office: EmulatedOffice) -> None:
    """Telephones 101 to 124 are called on the lines and answer, 125 to 136 call 137 to 148; echo on every line."""
    for k in range(PHONES):
        office.phone(str(101 + k)).suffer(Fault(feeder_echo=hybrid(14, seed=k)))
    for k in range(LINES):
        office.exchange(f"copper{1 + k}").suffer(Fault(terminal_echo=hybrid(14, seed=100 + k)))
        office.call_in(f"copper{1 + k}", f"21255501{k:02}", "ADA")
    callers = [office.phone(str(number)) for number in range(125, 137)]
    for phone in callers:
        phone.lift()
    office.run(1)
    for phone, number in zip(callers, range(137, 149), strict=True):
        phone.dial(str(number))
    called = [office.phone(str(number)) for number in (*range(101, 125), *range(137, 149))]
    office.until(lambda: all(phone.caller_id is not None for phone in called), within=30)
    for phone in called:
        phone.lift()
    office.run(3)
    talking = [line for line in office.app.hardware.lines.status() if line.channel]
    assert len(talking) == PHONES + LINES, f"{len(talking)} ports of {PHONES + LINES} are in calls"


def by_turns(seconds: float) -> tuple[Samples, Samples]:
    """Speech in the first half of `seconds`, and in the second; silence otherwise."""
    speech = utterance(seconds / 2)
    return np.concatenate([speech, 0 * speech]), np.concatenate([0 * speech, speech])


def echo_lowered(office: EmulatedOffice) -> list[float]:
    """By how many dB on each leg."""
    legs = [leg for call in office.app.manager.calls for leg in call.legs]
    return [leg.channel.audio.stats().echo_lowered or 0.0 for leg in legs]


def bench_cost(seconds: float, profile: bool) -> None:
    """CPU of the office with every port in a call in which both sides speak by turns."""
    with tempfile.TemporaryDirectory() as folder:
        clock = HandMovedClock()
        office = EmulatedOffice(Path(folder), configuration(), dialplan(), clock=clock)
        all_in_calls(office)
        first, second = by_turns(seconds)
        for k in range(PHONES):
            office.phone(str(101 + k)).say(second if k >= 36 else first)
        for k in range(LINES):
            office.exchange(f"copper{1 + k}").say(second)
        used, world, worst = 0.0, 0.0, 0.0
        watch = cProfile.Profile()

        def tick(now: float) -> None:
            nonlocal used, world, worst
            begun = time.thread_time()
            office.app.hardware.cards.step(now)
            world += time.thread_time() - begun
            if profile:
                watch.enable()
            begun = time.thread_time()
            office.app.step(now)
            took = time.thread_time() - begun
            if profile:
                watch.disable()
            used += took
            worst = max(worst, took)

        halves = []
        for _ in range(2):  # in each of which one side of every call has spoken
            clock.loop.advance(seconds / 2, TICK, tick)
            halves.append(echo_lowered(office))
        lowered = [max(pair) for pair in zip(*halves, strict=True)]
        office.close()
    cost = f"{100 * used / seconds:5.1f} % of one core, longest frame {worst * 1e3:.1f} ms"
    print_row(f"{PHONES} FXS and {LINES} FXO, all in calls", cost, "under 50 %")
    print_row(
        "  echo lowered on each",
        f"{len(lowered)} legs, worst {min(lowered):.0f} dB, median {np.median(lowered):.0f} dB",
    )
    print_row("  the emulated card and world beside it", f"{100 * world / seconds:5.1f} % of one core")
    if profile:
        pstats.Stats(watch).sort_stats("tottime").print_stats(25)


def bench_delays(calls: int) -> None:
    """INVITE to 180 and off-hook to 200, telephones in turn, each on a hook of its own moment."""
    with tempfile.TemporaryDirectory() as folder:
        office = EmulatedOffice(Path(folder), configuration(FEW, 0), PHONES_ONLY, clock=WallClock())
        ada = SipPhone("6001", "copper-6001", office.sip_address())

        def until(condition: Callable[[], bool]) -> float:
            begun = time.monotonic()
            while not condition():
                assert time.monotonic() - begun < 10, f"no answer within 10 s\n{office.story()}"
                ada.tick(time.monotonic())
                time.sleep(0.002)  # not oftener: the office needs the interpreter, too
            return time.monotonic()

        ada.register()
        until(lambda: ada.status == 200)
        rung, answered = [], []
        idle = office.app.hardware.lines.status()[0].state
        chance = np.random.default_rng(1)
        for call in range(calls + 1):
            desk = office.phone(str(101 + call % FEW))
            until(lambda: office.app.hardware.lines.status()[call % FEW].state == idle)  # noqa: B023 - called at once
            ada.call(str(101 + call % FEW))
            until(lambda: any(message.status in (401, 407) for message in ada.log))  # the INVITE with proof goes
            begun = time.monotonic()
            rung.append(until(lambda: ada.status == 180) - begun)
            time.sleep(float(chance.uniform(0.05, 0.15)))
            begun = time.monotonic()
            office.do(desk.lift)
            answered.append(until(lambda: ada.state == "up") - begun)
            ada.hang_up()
            ada.log.clear()
            office.do(desk.hang_up)
            until(lambda: any(message.method == "BYE" for message in ada.log if message.status))
        ada.close()
        office.close()
    for name, figures in (("INVITE to 180", rung[1:]), ("off-hook to 200", answered[1:])):
        p50, p99 = np.percentile(figures, [50, 99]) * 1000
        print_row(
            name, f"p50 {p50:5.1f} ms, p99 {p99:5.1f} ms, longest {max(figures) * 1000:5.1f} ms", "p99 under 30 ms"
        )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--seconds", type=float, default=6.0)
    arguments.add_argument("--calls", type=int, default=100)
    arguments.add_argument("--profile", action="store_true")
    given = arguments.parse_args()
    if given.seconds:
        bench_cost(given.seconds, given.profile)
    bench_delays(given.calls)


if __name__ == "__main__":
    main()
