"""WAV files of uploads and downloads: 8000 Hz mono linear samples in memory, RIFF/WAVE outside.

Nothing here touches a file system.
"""

from __future__ import annotations

import io
import wave

import numpy as np

from gateway.core.audio import Samples
from gateway.core.errors import MalformedError

__all__ = ["decode", "encode"]

_RATE = 8000


def decode(data: bytes) -> Samples:
    """The samples of a WAV file.

    Raises:
        MalformedError: it is not WAV, or not 8000 Hz, mono, 16 bit.
    """
    try:
        with wave.open(io.BytesIO(data)) as file:
            form = (file.getframerate(), file.getnchannels(), file.getsampwidth())
            frames = file.readframes(file.getnframes())
    except (wave.Error, EOFError, RuntimeError, ValueError, OverflowError) as error:
        raise MalformedError(f"The upload is not a WAV file: {error or 'it ends too early'}.") from error
    if form != (_RATE, 1, 2):
        rate, channels, width = form
        raise MalformedError(
            f"The upload has {rate} Hz, {channels} channels and {8 * width} bits;"
            " make it 8000 Hz, mono, 16 bits (sox IN.wav -r 8000 -c 1 -b 16 OUT.wav)."
        )
    return np.frombuffer(frames[: len(frames) // 2 * 2], dtype="<i2").astype(np.int16)


def encode(samples: Samples) -> bytes:
    """A WAV file of the samples."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(samples.astype("<i2").tobytes())
    return buffer.getvalue()
