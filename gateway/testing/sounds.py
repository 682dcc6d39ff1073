"""Sounds to say, and the proof that what was heard is what was said.

Proof is correlation with what was sent, over the whole and in pieces of half a second: a slip, a gap or a click in
the middle spoils a piece, whatever counters say. Samples are int16 at 8000 Hz, as on every line.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.core.audio import Samples
from gateway.core.errors import LocalError, MalformedError
from gateway.media.level import dbm0, peak
from gateway.media.soundfile import read

__all__ = ["Heard", "Said", "compare", "samples_of", "strength", "tone", "utterance"]

RATE: Final = 8000
PIECE: Final = RATE // 2
QUIET: Final = 200.0
"""RMS below which a piece of what was said is a pause and proves nothing."""

Signal = NDArray[np.float64]


Said = Samples | str | Path
"""What can be said: samples, or a sound file."""


def samples_of(said: Said) -> Samples:
    """The samples to say.

    Args:
        said: them; or a sound file, of any rate and kind that prompts may be of.

    Raises:
        LocalError: there is no such file, or it cannot be read.
    """
    if not isinstance(said, str | Path):
        return said
    try:
        return read(Path(said))
    except OSError as error:
        raise LocalError(
            f"there is no sound file {said}: {error.strerror}; say a file, tone(440) or utterance(2)"
        ) from error
    except MalformedError as error:
        raise LocalError(f"{said} cannot be said: {error}; say a file, tone(440) or utterance(2)") from error


def tone(frequency: float, seconds: float = 1.0, level: float = -13.0) -> Samples:
    """A tone.

    Args:
        frequency: Hz.
        level: dBm0.
    """
    turns = 2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE
    return np.rint(peak(level) * np.sin(turns)).astype(np.int16)


def utterance(seconds: float = 3.0, *, seed: int = 1, level: float = -16.0) -> Samples:
    """Something like speech, that needs no speech synthesiser: syllables of noise in the band of a telephone, as
    unlike any other `seed`'s as two sentences are.

    Args:
        level: dBm0 of its whole.
    """
    count = round(seconds * RATE)
    chance = np.random.default_rng(seed)
    spectrum = np.fft.rfft(chance.normal(size=count))
    frequency = np.fft.rfftfreq(count, 1 / RATE)
    voice = (frequency > 300) & (frequency < 3000)
    sound = np.fft.irfft(spectrum * voice / (1 + frequency / 500), count)
    syllables = np.repeat(chance.uniform(0.2, 1.0, count // 1600 + 1), 1600)[:count]
    breath = 0.55 - 0.45 * np.cos(2 * np.pi * np.arange(count) / 1600)
    said = sound * syllables * breath
    said *= peak(level) / np.sqrt(2 * np.mean(said**2))
    return np.clip(np.rint(said), -32768, 32767).astype(np.int16)


def strength(samples: Samples, frequency: float) -> float:
    """How strong one frequency is in `samples`: dBm0, -96 for none of it."""
    if not len(samples):
        return dbm0(0.0)
    turn = np.exp(-2j * np.pi * frequency * np.arange(len(samples)) / RATE)
    amplitude = 2 * abs(np.mean(samples * turn))
    return dbm0(float(amplitude**2) / 2)


@dataclass(frozen=True)
class Heard:
    """What a comparison found.

    Attributes:
        delay: seconds from what was said to what was heard, by the clocks of the two recordings.
        correlation: of the whole, at that delay.
        worst: the correlation of the worst half second that was not a pause.
        typical: the median of these correlations: what is heard where no clock of the machine was late.
        gain: dB by which it came louder than it was said.
        slip: samples by which the delay moved within it.
    """

    delay: float
    correlation: float
    worst: float
    typical: float
    gain: float
    slip: int


AROUND: Final = 4000
"""Samples by which a half second may have moved: the most that a jitter buffer may delay it, and that who said it
may have been kept waiting."""


def compare(heard: Samples, said: Samples) -> Heard:
    """Find `said` in `heard`."""
    got, sent = heard.astype(np.float64), said.astype(np.float64)
    offset = _offset(got, sent)
    pieces, lags = [], []
    for start in range(0, len(sent) - PIECE + 1, PIECE):
        piece = sent[start : start + PIECE]
        if np.sqrt(np.mean(piece**2)) < QUIET:
            continue
        around = max(0, offset + start - AROUND)
        window = got[around : around + PIECE + 2 * AROUND]
        lag = _place(window, piece)
        pieces.append(_correlation(window[lag:], piece))
        lags.append(around + lag - start)
    aligned = got[max(0, offset) : max(0, offset) + len(sent)]
    used = sent[max(0, -offset) :][: len(aligned)]
    gain = 20 * np.log10(np.sqrt(np.mean(aligned**2) + 1e-9) / np.sqrt(np.mean(used**2) + 1e-9))
    return Heard(
        delay=offset / RATE,
        correlation=_correlation(aligned, used),
        worst=min(pieces, default=0.0),
        typical=float(np.median(pieces)) if pieces else 0.0,
        gain=float(gain),
        slip=int(np.ptp(lags)) if lags else 0,
    )


def _offset(got: Signal, sent: Signal) -> int:
    size = 1 << (len(got) + len(sent)).bit_length()
    products = np.fft.irfft(np.fft.rfft(got, size) * np.conj(np.fft.rfft(sent, size)), size)
    peak = int(products.argmax())
    return peak if peak < len(got) else peak - size


def _place(window: Signal, piece: Signal) -> int:
    """Where the whole of a piece is most alike."""
    size = 1 << (len(window) + len(piece)).bit_length()
    products = np.fft.irfft(np.fft.rfft(window, size) * np.conj(np.fft.rfft(piece, size)), size)
    return int(products[: max(1, len(window) - len(piece) + 1)].argmax())


def _correlation(got: Signal, sent: Signal) -> float:
    size = min(len(got), len(sent))
    got, sent = got[:size], sent[:size]
    return float((got * sent).sum() / np.sqrt((got**2).sum() * (sent**2).sum() + 1e-9))
