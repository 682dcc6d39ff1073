"""Sound files of other makers' codings (GSM, MP3, Ogg, FLAC, …) by PyAV, where that is installed.

A path goes in, mono samples come out, at 16000 Hz, or at 8000 where the file has no more. Nothing else needs PyAV:
without it such files are named as what they are, and what to install.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from gateway.core.audio import Samples
from gateway.core.errors import MalformedError

__all__ = ["FOREIGN", "read_foreign"]

FOREIGN: Final = (".gsm", ".mp3", ".ogg", ".oga", ".opus", ".flac", ".m4a", ".wav49")
"""Suffixes, in the order in which a prompt's name is tried."""

_NARROW: Final = 8000
_WIDE: Final = 16000
_FORMATS: Final = {".gsm": "gsm", ".wav49": "wav"}
"""Formats that a file does not tell by itself, or not by this suffix."""


def read_foreign(path: Path, longest: int) -> tuple[Samples, int]:
    """The sound in a file, as far as it does not last much longer than `longest` seconds, and its rate in Hz.

    Raises:
        MalformedError: PyAV is not there, or cannot read it.
    """
    if find_spec("av") is None:
        raise MalformedError(
            f"{path}: PyAV reads {path.suffix} files and is not installed; install copperline[codecs]"
        )
    av: Any = import_module("av")
    parts: list[Samples] = []
    length = 0
    try:
        with av.open(str(path), format=_FORMATS.get(path.suffix.lower())) as container:
            rate = _WIDE if container.streams.audio[0].rate > _NARROW else _NARROW
            resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
            for frame in _frames(av, container):
                for made in resampler.resample(frame):
                    parts.append(made.to_ndarray().ravel())
                    length += len(parts[-1])
                if length > longest * rate:
                    break
            parts.extend(made.to_ndarray().ravel() for made in resampler.resample(None))
    except (av.error.FFmpegError, IndexError, ValueError) as fault:
        raise MalformedError(f"{path}: {getattr(fault, 'strerror', '') or fault}") from fault
    return np.concatenate(parts).astype(np.int16) if parts else np.zeros(0, np.int16), rate


def _frames(av: Any, container: Any) -> Iterator[Any]:
    """The frames of its first sound; those before the fault where it is damaged, or was cut off."""
    decoded = 0
    try:
        for frame in container.decode(audio=0):
            decoded += 1
            yield frame
    except av.error.FFmpegError:
        if not decoded:
            raise
