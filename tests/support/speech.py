"""Sentences spoken by espeak-ng, and the proof that what was heard is what was said.

Proof is correlation with what was sent, over the whole and in pieces of half a second: a slip, a gap or a click in
the middle spoils a piece, whatever the counters say.
"""

from __future__ import annotations

import io
import subprocess
import wave
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.core.audio import Samples

__all__ = ["Heard", "compare", "speak"]

RATE = 8000
PIECE = RATE // 2
QUIET = 200.0
"""RMS below which a piece of what was said is a pause and proves nothing."""

Signal = NDArray[np.float64]


def speak(text: str, rms_dbfs: float = -26.0, voice: str = "en-us") -> Samples:
    """`text` spoken, 8000 Hz, at the active level that ITU-T P.56 material has."""
    spoken = subprocess.run(
        ["espeak-ng", "-v", voice, "-s", "160", "--stdout", text], check=True, capture_output=True, timeout=20
    ).stdout
    converted = subprocess.run(
        ["sox", "-t", "wav", "-", "-r", str(RATE), "-c", "1", "-b", "16", "-t", "raw", "-e", "signed", "-"],
        input=spoken, check=True, capture_output=True, timeout=20,
    ).stdout  # fmt: skip
    samples = np.frombuffer(converted, np.int16).astype(np.float64)
    samples *= 32768 * 10 ** (rms_dbfs / 20) / np.sqrt(np.mean(samples**2))
    return np.clip(samples, -32768, 32767).astype(np.int16)


def read_wav(data: bytes) -> Samples:
    """The samples of a WAV file of one channel and 16 bit."""
    with wave.open(io.BytesIO(data)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


@dataclass(frozen=True)
class Heard:
    """What a comparison found.

    Attributes:
        delay: seconds from what was said to what was heard, by the clocks of the two recordings.
        correlation: of the whole, at that delay.
        worst: the correlation of the worst half second that was not a pause.
        gain: dB by which it came louder than it was said.
        slip: samples by which the delay moved within it.
    """

    delay: float
    correlation: float
    worst: float
    gain: float
    slip: int


def compare(heard: Samples, said: Samples) -> Heard:
    """Find `said` in `heard`."""
    got, sent = heard.astype(np.float64), said.astype(np.float64)
    offset = _offset(got, sent)
    pieces, lags = [], []
    for start in range(0, len(sent) - PIECE + 1, PIECE):
        piece = sent[start : start + PIECE]
        if np.sqrt(np.mean(piece**2)) < QUIET:
            continue
        around = max(0, offset + start - 400)
        window = got[around : around + PIECE + 800]
        lag = _offset(window, piece)
        pieces.append(_correlation(window[max(0, lag) :], piece))
        lags.append(around + lag - start)
    aligned = got[max(0, offset) : max(0, offset) + len(sent)]
    used = sent[max(0, -offset) :][: len(aligned)]
    gain = 20 * np.log10(np.sqrt(np.mean(aligned**2) + 1e-9) / np.sqrt(np.mean(used**2) + 1e-9))
    return Heard(
        delay=offset / RATE,
        correlation=_correlation(aligned, used),
        worst=min(pieces, default=0.0),
        gain=float(gain),
        slip=int(np.ptp(lags)) if lags else 0,
    )


def _offset(got: Signal, sent: Signal) -> int:
    size = 1 << (len(got) + len(sent)).bit_length()
    products = np.fft.irfft(np.fft.rfft(got, size) * np.conj(np.fft.rfft(sent, size)), size)
    peak = int(products.argmax())
    return peak if peak < len(got) else peak - size


def _correlation(got: Signal, sent: Signal) -> float:
    size = min(len(got), len(sent))
    got, sent = got[:size], sent[:size]
    return float((got * sent).sum() / np.sqrt((got**2).sum() * (sent**2).sum() + 1e-9))
