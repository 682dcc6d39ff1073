"""Bit errors and lost messages of the caller ID modem against white noise (0 to 4 kHz), in dB below the signal.

    python tests/bench/bench_fsk.py [--messages N]

Bits are judged in their middles, timing known; messages are found by the receiver as on a line, through mu-law.
"""

from __future__ import annotations

import argparse
import math

import numpy as np
from numpy.typing import NDArray

from gateway.core.audio import Samples
from gateway.core.codec import Encoding
from gateway.media.caller_id import CallerId, encode_mdmf
from gateway.media.fsk import Demodulator, Receiver, Standard, modulate
from gateway.media.g711 import decode, encode
from gateway.media.level import peak
from tests.bench.table import print_row

LEVEL = -20.0
"""dBm0 of the signal: a line of some length."""
RATIOS = (2, 4, 6, 8, 10, 12, 16)
BIT = 8000 / 1200
PREAMBLE = 480
"""Bits before the message (300 of seizure, 180 of mark)."""


def on_the_line(spill: Samples, ratio: float, chance: np.random.Generator) -> Samples:
    """The spill with noise `ratio` dB below it, through the law."""
    quiet = np.zeros(400, np.int16)
    noisy = np.concatenate([quiet, spill, quiet]) + chance.normal(
        0, peak(LEVEL - ratio) / math.sqrt(2), len(spill) + 800
    )
    return decode(encode(np.round(noisy).clip(-32768, 32767).astype(np.int16), Encoding.PCMU), Encoding.PCMU)


def sent_bits(message: bytes) -> NDArray[np.bool_]:
    """The bits of the message's characters, with start and stop bits."""
    octets = np.unpackbits(np.frombuffer(message, np.uint8)[:, None], axis=1, bitorder="little")
    return np.pad(octets, ((0, 0), (1, 0))).astype(bool)


def measure(standard: Standard, ratio: float, messages: int) -> tuple[float, float]:
    """Part of bits wrong, and part of messages lost."""
    chance = np.random.default_rng(round(ratio * 10))
    wrong = bits = lost = 0
    for number in range(messages):
        message = encode_mdmf(CallerId(f"25655{number:05d}", "BENCH"))
        line = on_the_line(modulate(message, standard, LEVEL), ratio, chance)
        demodulator = Demodulator(standard)
        soft = demodulator.feed(line)
        characters = np.pad(sent_bits(message), ((0, 0), (0, 1)), constant_values=True).ravel()
        middles = 400 + (PREAMBLE + np.arange(len(characters)) + 0.5) * BIT + demodulator.delay
        heard = np.interp(middles, np.arange(len(soft)), soft) > 0
        wrong += int((heard != characters).sum())
        bits += len(characters)
        lost += Receiver(standard).feed(line) != [message]
    return wrong / bits, lost / messages


def main() -> None:
    """A row for each standard: bit errors, and messages lost."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--messages", type=int, default=40)
    messages = arguments.parse_args().messages
    for standard in Standard:
        found = [measure(standard, ratio, messages) for ratio in RATIOS]
        name = standard.value.name
        bits = "  ".join(f"{ratio} dB {wrong:.0e}" for ratio, (wrong, _) in zip(RATIOS, found, strict=True))
        print_row(f"FSK {name}, bit errors at S/N", bits, "under 1e-3 at 16 dB")
        lost = "  ".join(f"{ratio} dB {lost:.0%}" for ratio, (_, lost) in zip(RATIOS, found, strict=True))
        print_row(f"FSK {name}, messages lost at S/N", lost, "none at 16 dB")


if __name__ == "__main__":
    main()
