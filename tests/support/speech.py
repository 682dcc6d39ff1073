"""Sentences spoken by espeak-ng, and files of them; what was heard of them `gateway.testing.sounds` judges."""

from __future__ import annotations

import io
import subprocess
import wave

import numpy as np

from gateway.core.audio import Samples
from gateway.testing.sounds import Heard, compare

__all__ = ["Heard", "compare", "read_wav", "speak"]

RATE = 8000


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
