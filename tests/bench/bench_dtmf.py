"""The DTMF receiver against ITU-T Q.24: levels, twist, frequencies, lengths, noise; and talk-off on speech.

    python tests/bench/bench_dtmf.py [--hours H]

Each figure is the share of 320 keyed digits (all sixteen, at twenty places in the receiver's window) that is heard
as exactly what was keyed. Talk-off is digits heard per hour in speech of espeak-ng in many voices, in recorded
prompts where they are installed, in babble and in music, at the level of P.56 material and 10 dB above it, through
G.711.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from gateway.core.audio import Samples
from gateway.media.detect import DtmfReceiver
from gateway.media.level import peak
from tests.bench.table import print_row
from tests.bench.voices import SPOKEN, at_level, babble, made, music, recorded, through_law

KEYS = "123A456B789C*0#D"
ROWS, COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
PLACES = 20
Signal = NDArray[np.float64]


def key(digit: str, ms: float, low: float, high: float, low_off: float = 1.0, high_off: float = 1.0) -> Signal:
    place = KEYS.index(digit)
    time = np.arange(round(ms * 8)) / 8000
    row, column = ROWS[place // 4] * low_off, COLUMNS[place % 4] * high_off
    return peak(low) * np.sin(2 * np.pi * row * time) + peak(high) * np.sin(2 * np.pi * column * time + 1.1)


def heard(signal: Signal) -> str:
    coded = through_law(np.round(signal).clip(-32768, 32767).astype(np.int16))
    return "".join(digit for digit, _ in DtmfReceiver().feed(coded))


def share(press: Callable[[str], Signal], gap: float = 60.0, noise: float | None = None) -> float:
    right = 0
    chance = np.random.default_rng(1)
    for place, digit in itertools.product(range(PLACES), KEYS):
        signal = np.concatenate([np.zeros(200 + place * 2), press(digit), np.zeros(round(gap * 8) + 400)])
        if noise is not None:
            signal = signal + chance.normal(scale=peak(noise) / np.sqrt(2), size=len(signal))
        right += heard(signal) == digit
    return right / (PLACES * len(KEYS))


def table(name: str, unit: str, values: Sequence[float], measured: Sequence[float], to_reach: str) -> None:
    print_row(
        name,
        "  ".join(f"{value:g}{unit} {found:.0%}" for value, found in zip(values, measured, strict=True)),
        to_reach,
    )


def bench_tones() -> None:
    levels = (0, -10, -25, -30, -36, -40, -45, -55)
    table(
        "DTMF heard, level a tone",
        "",
        levels,
        [share(lambda d, v=v: key(d, 50, v, v)) for v in levels],
        "0 to -25 all; -55 none",
    )
    twists = (-12, -10, -8, -4, 4, 8, 10, 12)
    table(
        "DTMF heard, high group above low, dB", "", twists,
        [share(lambda d, v=v: key(d, 50, -14 - v / 2, -14 + v / 2)) for v in twists], "-8 to +4 all",
    )  # fmt: skip
    offs = (-3.5, -3, -1.8, -1.5, 1.5, 1.8, 3, 3.5)
    table(
        "DTMF heard, both tones off", "%", offs,
        [share(lambda d, v=v: key(d, 50, -10, -10, 1 + v / 100, 1 + v / 100)) for v in offs], "1.8 all; 3 none",
    )  # fmt: skip
    lengths = (20, 23, 30, 35, 40, 50, 100)
    table(
        "DTMF heard, length ms",
        "",
        lengths,
        [share(lambda d, v=v: key(d, v, -10, -10)) for v in lengths],
        "40 all; 23 none",
    )
    ratios = (24, 18, 15, 12, 9, 6)
    table(
        "DTMF heard, signal to white noise, dB", "", ratios,
        [share(lambda d: key(d, 50, -15, -15), noise=-12.0 - v) for v in ratios], "15 all (Q.24 annex)",
    )  # fmt: skip


def talk_off(name: str, pieces: Iterable[Samples], most: float) -> None:
    """Digits heard in speech, each piece at its usual level and 10 dB above; at most so many hours of it."""
    seconds, false, texts = 0.0, "", 0
    for samples in pieces:
        for above in (0.0, 10.0):
            false += "".join(
                digit for digit, _ in DtmfReceiver().feed(through_law(at_level(samples, SPOKEN + above)))
            )
            seconds += len(samples) / 8000
        texts += 1
        if seconds >= most * 3600:
            break
    hours = seconds / 3600
    figures = f"{len(false)} digits, {len(false) / hours:.2f} an hour {false}" if texts else "not installed"
    print_row(f"DTMF talk-off, {name}, {hours:.1f} h", figures, "under 1 an hour")


def bench_talk_off(hours: float) -> None:
    talk_off("speech of 96 espeak voices", made(), hours)
    talk_off("recorded prompts, 5 languages", recorded(), 10.0)
    talk_off("babble of 4", [babble(4, 300.0 * hours)], 10.0)
    talk_off("music", music(), 10.0)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--hours", type=float, default=1.0)
    given = arguments.parse_args()
    bench_tones()
    bench_talk_off(given.hours)


if __name__ == "__main__":
    main()
