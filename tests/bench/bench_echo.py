"""What echo cancelling and DTMF detection cost, and how well echo is cancelled on how many hybrids.

    python tests/bench/bench_echo.py [--frames N] [--hybrids N]

Cost is that of one leg and 20 ms frame, in a compiled loop over 72 legs (48 FXS and 24 FXO), whose states do
not fit into the nearest cache together. Loss is that of the filter alone, through G.711, with a composite signal.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gateway.core.audio import Encoding, Samples
from gateway.media import g711
from gateway.media.detect import DTMF_STATE, detect_dtmf
from gateway.media.echo_canceller import ECHO_SCRATCH, ECHO_STATE, EchoCanceller, cancel_echo, partitions
from gateway.media.level import level, peak
from hardware.analog.copper import hybrid
from tests.support.composite import composite

LEGS = 72
FRAME = 160


def print_row(name: str, figures: str, to_reach: str = "") -> None:
    print(f"{name:44} {figures:58} {to_reach}", flush=True)


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


def lowered(path: tuple[float, ...], begin: float, end: float, far: Samples) -> float:
    sent = coded(far)
    noise = np.random.default_rng(3).normal(scale=peak(-65.0) / np.sqrt(2), size=len(sent))
    echo = np.convolve(sent, path)[: len(sent)]
    left = EchoCanceller(64, suppress=False).feed(sent, coded(echo + noise))
    part = slice(round(begin * 8000), round(end * 8000))
    return level(np.rint(echo).astype(np.int16)[part]) - level(left[part])


def bench_loss(hybrids: int) -> None:
    far = composite(3.0)
    chance = np.random.default_rng(7)
    paths = [
        hybrid(chance.uniform(6, 18), delay=chance.uniform(0, 40), dispersion=chance.uniform(5, 20), seed=seed)
        for seed in range(hybrids)
    ]
    for begin, end in ((0.35, 0.7), (0.7, 1.05), (1.05, 1.4), (2.1, 2.8)):
        found = [lowered(path, begin, end, far) for path in paths]
        print_row(
            f"echo lowered, {begin:.2f} to {end:.2f} s, {hybrids} hybrids",
            f"worst {min(found):4.1f} dB, median {np.median(found):4.1f} dB",
            "30 dB within 1 s (G.711 noise counts as echo)" if begin == 1.05 else "",
        )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--frames", type=int, default=100)
    arguments.add_argument("--hybrids", type=int, default=20)
    given = arguments.parse_args()
    bench_cost(given.frames)
    bench_loss(given.hybrids)


if __name__ == "__main__":
    main()
