"""The composite source signal of ITU-T P.501: voiced sound, pseudo noise, a pause; it tries echo cancellers."""

from __future__ import annotations

import numpy as np

from gateway.core.audio import Samples
from gateway.media.level import peak

__all__ = ["composite"]

RATE = 8000


def composite(seconds: float, dbm0: float = -10.0, *, double_talk: bool = False) -> Samples:
    """`seconds` of it at `dbm0` while it sounds; that of the other talker where `double_talk` (P.501 7.2.1)."""
    voiced_ms, noise_ms, pause_ms = (72.69, 200.0, 127.31) if double_talk else (48.62, 200.0, 101.38)
    time = np.arange(round(voiced_ms * RATE / 1000))
    pitch = 161.0 if double_talk else 220.0
    voiced = sum(np.sin(2 * np.pi * k * pitch * time / RATE + k * k) / k**0.7 for k in range(1, int(3400 / pitch)))
    length = round(noise_ms * RATE / 1000)
    frequency = np.fft.rfftfreq(length, 1 / RATE)
    band = (frequency > 200) & (frequency < 3600)
    phases = np.random.default_rng(2 if double_talk else 1).uniform(0, 2 * np.pi, len(frequency))
    noise = np.fft.irfft(np.where(band, np.exp(1j * phases), 0), length)
    period = np.concatenate([part / np.sqrt(np.mean(part**2)) for part in (voiced, noise)])
    period = np.concatenate([period, np.zeros(round(pause_ms * RATE / 1000))])
    # Each period has the other sign than the one before, so that the signal has no direct part (P.501 7.2).
    many = np.concatenate([period, -period] * (round(seconds * RATE) // (2 * len(period)) + 1))
    signal = many[: round(seconds * RATE)] * peak(dbm0) / np.sqrt(2)
    samples: Samples = np.clip(np.rint(signal), -32768, 32767).astype(np.int16)
    return samples
