"""What echo cancelling and DTMF detection cost, and how well echo is cancelled on how many hybrids.

    python tests/bench/bench_echo.py [--frames N] [--hybrids N]

Cost is that of one leg and 20 ms frame, in a compiled loop over 72 legs (48 FXS and 24 FXO), whose states do
not fit into the nearest cache together. Loss is measured through G.711 with a composite signal (ITU-T P.501), whose
own noise counts as echo for the filter alone; 30 dB within 1 s is what G.168 test 2 is about.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gateway.core.audio import Samples
from gateway.core.codec import Encoding
from gateway.media import g711
from gateway.media.detect import DTMF_STATE, detect_dtmf
from gateway.media.echo_canceller import ECHO_SCRATCH, ECHO_STATE, EchoCanceller, cancel_echo, partitions
from gateway.media.level import level, peak
from hardware.analog.copper import hybrid
from tests.bench.table import print_row
from tests.support.composite import composite

LEGS = 72
FRAME = 160


@njit(nogil=True)
def cancel_many(states: Any, scratch: Any, sent: NDArray[np.int16], heard: NDArray[np.int16], frames: int) -> None:
    work = np.empty(FRAME, np.int16)
    for index in range(frames):
        at = index * FRAME % (len(sent) - FRAME)
        for leg in range(len(states)):
            work[:] = heard[at : at + FRAME]
            cancel_echo(states[leg], scratch[0], sent[at : at + FRAME], work)


@njit(nogil=True)
def detect_many(states: Any, heard: NDArray[np.int16], frames: int) -> None:
    for index in range(frames):
        at = index * FRAME % (len(heard) - FRAME)
        for leg in range(len(states)):
            detect_dtmf(states[leg], heard[at : at + FRAME], FRAME)


def cost(work: Callable[[int], None], frames: int) -> float:
    """Microseconds of CPU a leg and frame, the least of three rounds."""
    work(1)
    best = float("inf")
    for _ in range(3):
        began = time.thread_time()
        work(frames)
        best = min(best, time.thread_time() - began)
    return best / frames / LEGS * 1e6


def coded(samples: NDArray[Any]) -> Samples:
    clipped = np.clip(np.rint(samples), -32768, 32767).astype(np.int16)
    return g711.decode(g711.encode(clipped, Encoding.PCMU), Encoding.PCMU)


def bench_cost(frames: int) -> None:
    sent = coded(composite(4.0))
    noise = np.random.default_rng(1).normal(scale=peak(-60.0) / np.sqrt(2), size=len(sent))
    heard = coded(np.convolve(sent, hybrid(9.0))[: len(sent)] + noise)
    detectors = np.zeros(LEGS, DTMF_STATE)
    digits = cost(lambda count: detect_many(detectors, heard, count), frames)
    print_row("DTMF detection, per leg and frame", f"{digits:6.2f} µs")
    for tail in (16, 32, 64, 128):
        states, scratch = np.zeros(LEGS, ECHO_STATE), np.zeros(1, ECHO_SCRATCH)
        states["partitions"] = partitions(tail)
        each = cost(lambda count, s=states, w=scratch: cancel_many(s, w, sent, heard, count), frames) + digits
        share = LEGS * each / 20_000
        print_row(
            f"echo canceller {tail} ms, DTMF detection, per leg",
            f"{each:6.2f} µs a frame, {20_000 / each:5.0f} legs a core, {share:5.1%} of one for {LEGS}",
            "under 50 % for 72" if tail == 64 else "",
        )


def heard_of(
    far: Samples, path: tuple[float, ...], *, near: Samples | None = None, tail: int = 64, suppress: bool = True
) -> tuple[Samples, Samples]:
    """The echo of `far` on a line of that path, and what is heard behind the canceller."""
    sent = coded(far)
    noise = np.random.default_rng(3).normal(scale=peak(-65.0) / np.sqrt(2), size=len(sent))
    echo = np.convolve(sent, path)[: len(sent)]
    line = coded(echo + noise if near is None else echo + noise + near)
    return np.rint(echo).astype(np.int16), EchoCanceller(tail, suppress=suppress).feed(sent, line)


def lowered(echo: Samples, left: Samples, begin: float, end: float) -> float:
    part = slice(round(begin * 8000), round(end * 8000))
    return level(echo[part]) - level(left[part])


def bench_loss(hybrids: int) -> None:
    far = composite(3.0)
    chance = np.random.default_rng(7)
    paths = [
        hybrid(chance.uniform(6, 18), delay=chance.uniform(0, 40), dispersion=chance.uniform(5, 20), seed=seed)
        for seed in range(hybrids)
    ]
    for suppress, what in ((True, "canceller and suppressor"), (False, "filter alone")):
        both = [heard_of(far, path, suppress=suppress) for path in paths]
        for begin, end in ((0.35, 0.7), (1.05, 1.4), (2.1, 2.8)):
            found = [lowered(*one, begin, end) for one in both]
            print_row(
                f"echo lowered by {what}, {begin:.2f}-{end:.2f} s",
                f"worst {min(found):4.1f} dB, median {np.median(found):4.1f} dB, {hybrids} hybrids",
                "30 dB within 1 s" if begin == 1.05 and suppress else "",
            )


def bench_tails() -> None:
    """An echo as late as the tail, and one that comes too late."""
    far = composite(4.0)
    figures = []
    for tail in (16, 32, 64, 128):
        echo, left = heard_of(far, hybrid(12.0, delay=tail - 8, dispersion=7), tail=tail, suppress=False)
        figures.append(f"{tail} ms {lowered(echo, left, 2.5, 4.0):.0f} dB")
    print_row("echo at the end of the tail, filter alone", ", ".join(figures), "30 dB")


def bench_double_talk() -> None:
    """Both talk for two seconds, after two of the far side alone: how clear the near side is, and the echo then."""
    far, near = composite(8.0), composite(8.0, -16.0, double_talk=True).astype(np.float64)
    near[: 2 * 8000] = 0
    near[4 * 8000 :] = 0
    for loss in (6.0, 12.0, 18.0):
        echo, left = heard_of(far, hybrid(loss, delay=10.0), near=np.rint(near).astype(np.int16))
        talk = slice(round(2.2 * 8000), round(3.9 * 8000))
        error = left[talk].astype(np.float64) - near[talk]
        clear = level(near[talk].astype(np.int16)) - level(np.rint(error).clip(-32768, 32767).astype(np.int16))
        print_row(
            f"double talk, hybrid of {loss:.0f} dB",
            f"near side {clear:.0f} dB above all else; echo lowered {lowered(echo, left, 1.2, 2.0):.0f} dB before, "
            f"{lowered(echo, left, 4.1, 4.6):.0f} after",
            "no divergence",
        )


def bench_noise() -> None:
    """What is heard while an echo is suppressed on a noisy line: neither the echo nor a dead line."""
    far = composite(6.0)
    for noise in (-60.0, -50.0, -45.0):
        chance = np.random.default_rng(5)
        hiss = np.rint(chance.normal(scale=peak(noise) / np.sqrt(2), size=len(far))).astype(np.int16)
        _, left = heard_of(far, hybrid(12.0), near=hiss)
        told = level(left[round(3.0 * 8000) :])
        print_row(
            f"comfort noise on a line of {noise:.0f} dBm0", f"{told:.1f} dBm0 while the far side talks", "the same"
        )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--frames", type=int, default=100)
    arguments.add_argument("--hybrids", type=int, default=20)
    given = arguments.parse_args()
    bench_cost(given.frames)
    bench_loss(given.hybrids)
    bench_tails()
    bench_double_talk()
    bench_noise()


if __name__ == "__main__":
    main()
