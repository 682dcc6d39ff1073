"""Sound files as prompts come: WAV of any rate, and the raw formats of Asterisk's packages. Reading only.

A path goes in, mono samples at 8000 Hz come out. Files are bounded in size; one that does not read raises
MalformedError with what is wrong with it.
"""

from __future__ import annotations

import wave
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.core.audio import Encoding, Samples
from gateway.core.errors import LocalError, MalformedError
from gateway.media.g711 import decode
from gateway.media.resample import resample

__all__ = ["SUFFIXES", "read"]

_RATE: Final = 8000
_MAX_OCTETS: Final = 64 * 2**20
"""Octets of a file read: ten minutes of 48 kHz stereo; prompts are of seconds, music of minutes."""
_MAX_SECONDS: Final = 600
_MAX_CHANNELS: Final = 8


def read(path: Path) -> Samples:
    """The sound in a file, by its suffix.

    Raises:
        MalformedError: it cannot be read, is of no known format, or is too long.
    """
    reader = SUFFIXES.get(path.suffix.lower())
    if reader is None:
        raise MalformedError(f"{path}: no sound format has this suffix; there are {' '.join(SUFFIXES)}")
    try:
        if path.stat().st_size > _MAX_OCTETS:
            raise MalformedError(f"{path}: larger than {_MAX_OCTETS >> 20} MB; cut it")
        samples = reader(path)
    except (OSError, EOFError, RuntimeError, wave.Error, LocalError) as fault:  # a cut chunk is a RuntimeError
        raise MalformedError(f"{path}: {fault or 'it ends too early'}") from fault
    if len(samples) > _MAX_SECONDS * _RATE:
        raise MalformedError(f"{path}: longer than {_MAX_SECONDS // 60} minutes; cut it")
    return samples


def _wave(path: Path) -> Samples:
    with wave.open(str(path), "rb") as file:
        channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
        if channels > _MAX_CHANNELS:
            raise MalformedError(f"{path}: {channels} channels are more than {_MAX_CHANNELS}")
        octets = file.readframes(file.getnframes())
    frames = _linear(octets[: len(octets) // (channels * width) * (channels * width)], width)
    mono = np.round(frames.reshape(-1, channels).mean(axis=1)).astype(np.int16) if channels > 1 else frames
    return resample(mono, rate, _RATE)


def _linear(octets: bytes, width: int) -> Samples:
    """16-bit samples of WAV's little-endian ones: 8 bits without sign, 16, 24 or 32 with one."""
    data: NDArray[np.uint8] = np.frombuffer(octets, np.uint8)
    if width == 1:
        return (data.astype(np.int16) - 128) * np.int16(256)
    return np.ascontiguousarray(data.reshape(-1, width)[:, width - 2 :]).view("<i2").ravel().astype(np.int16)


def _raw(rate: int) -> Callable[[Path], Samples]:
    def reader(path: Path) -> Samples:
        octets = path.read_bytes()
        return resample(_linear(octets[: len(octets) & ~1], 2), rate, _RATE)

    return reader


def _law(encoding: Encoding) -> Callable[[Path], Samples]:
    def reader(path: Path) -> Samples:
        return decode(path.read_bytes(), encoding)

    return reader


SUFFIXES: Final[Mapping[str, Callable[[Path], Samples]]] = MappingProxyType(
    {
        ".wav": _wave,
        ".sln": _raw(8000),
        ".ulaw": _law(Encoding.PCMU),
        ".alaw": _law(Encoding.PCMA),
        ".sln16": _raw(16000),
        ".sln48": _raw(48000),
    }
)
"""What reads files of a suffix, in the order in which a prompt's name is tried."""
