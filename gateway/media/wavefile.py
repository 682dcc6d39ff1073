"""Sound files as recordings are written: WAV (L16 or G.711) and raw, growing, valid at every moment.

Samples go in as they come. The header of a WAV file is brought up to date after each write, data first, so that
whoever kills the process leaves a file that plays to its end (RIFF, Multimedia Programming Interface and Data
Specifications 1.0; coding of G.711 in it: Microsoft mmreg.h). Blocking: never called where calls are worked on.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from gateway.core.audio import Samples
from gateway.core.codec import Encoding
from gateway.core.errors import LocalError
from gateway.media.g711 import encode
from gateway.media.resample import Resampler

__all__ = ["FORMATS", "FileFormat", "SoundWriter"]


@dataclass(frozen=True, slots=True)
class FileFormat:
    """What a suffix says of the samples in a file; None is what the writer is told.

    Attributes:
        rate: Hz.
        encoding: of files without a header.
    """

    rate: int | None = None
    encoding: Encoding | None = None


FORMATS: Final[Mapping[str, FileFormat]] = MappingProxyType(
    {
        ".wav": FileFormat(),
        ".wav16": FileFormat(16000),
        ".sln": FileFormat(8000, Encoding.L16),
        ".sln16": FileFormat(16000, Encoding.L16),
        ".ulaw": FileFormat(8000, Encoding.PCMU),
        ".alaw": FileFormat(8000, Encoding.PCMA),
    }
)
"""By suffix, as Asterisk's formats are named: WAV, WAV of 16000 Hz, and files without a header."""
_RATE_AT: Final = slice(24, 28)
_RATES_AT: Final = slice(24, 32)
"""Where in a RIFF header the rate is, and with it the octets a second."""

_TAGS: Final[Mapping[Encoding, int]] = MappingProxyType({Encoding.L16: 1, Encoding.PCMA: 6, Encoding.PCMU: 7})
_MOST: Final = 0xFFFF_FFFF - 1024
"""Octets of samples that fit in a RIFF file: 74 hours of one side in L16."""


class SoundWriter:
    """A sound file that grows.

    Args:
        path: of the file; folders on the way are made.
        encoding: of the samples in a WAV file; raw ones are coded as their suffix says.
        channels: 1, or 2 with samples of the left one first.
        rate: of the samples that are written, in Hz, and of the file where nothing else says it.
        append: go on at the end of a file that is there, at its rate; else it is replaced.

    Raises:
        LocalError: no format has the suffix, or the file to go on with is of another kind.
        OSError: it cannot be opened or written.
    """

    def __init__(
        self,
        path: Path,
        encoding: Encoding = Encoding.L16,
        channels: int = 1,
        *,
        rate: int = 8000,
        append: bool = False,
    ) -> None:
        form = FORMATS.get(path.suffix.lower())
        if form is None:
            raise LocalError(f"{path.name} does not say its format; recordings end in {', '.join(FORMATS)}")
        self._encoding = form.encoding or encoding
        self._rate = form.rate or rate
        self._head = _head(self._encoding, channels, self._rate) if form.encoding is None else b""
        self._block = _width(self._encoding) * channels
        self._octets = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | (0 if append else os.O_TRUNC), 0o640)
        try:
            size = os.fstat(self._file).st_size
            if size >= len(self._head):
                self._check(path, size)
            self._mark()
            self._sides = [Resampler(rate, self._rate) for _ in range(channels)] if rate != self._rate else []
        except BaseException:
            os.close(self._file)
            raise

    def write(self, samples: Samples) -> None:
        """Add samples.

        Raises:
            OSError: they do not fit on the disk; the file ends, whole, with those that did.
        """
        try:
            self._put(self._at_its_rate(samples))
        except OSError:
            self._sides = []
            raise

    def _at_its_rate(self, samples: Samples) -> Samples:
        """Interleaved samples at the rate of the file."""
        if not self._sides:
            return samples
        sides = samples.reshape(-1, len(self._sides)).T
        return np.stack([each.feed(side) for each, side in zip(self._sides, sides, strict=True)], axis=1).ravel()

    def _put(self, samples: Samples) -> None:
        linear = self._encoding is Encoding.L16
        data = samples.astype("<i2").tobytes() if linear else encode(samples, self._encoding)
        view = memoryview(data)
        if self._head and self._octets + len(data) > _MOST:
            raise OSError("a WAV file cannot be longer")
        try:
            while view:
                done = os.pwrite(self._file, view, len(self._head) + self._octets)
                self._octets += done
                view = view[done:]
        finally:
            self._octets -= self._octets % self._block
            self._mark()

    def close(self) -> None:
        """Close the file, once what a change of its rate still held is in it.

        Raises:
            OSError: that did not fit on the disk.
        """
        try:
            if self._sides:
                self._put(np.stack([each.flush() for each in self._sides], axis=1).ravel())
        finally:
            os.close(self._file)

    def _check(self, path: Path, size: int) -> None:
        """See that a file that is there can be gone on with; what was written of it counts, not what it says."""
        there = os.pread(self._file, len(self._head), 0)
        if _kind(there) != _kind(self._head):
            raise LocalError(f"{path.name} is there already and holds another kind of sound; choose another name")
        if self._head and path.suffix.lower() == ".wav":
            self._rate = int.from_bytes(there[_RATE_AT], "little")
            self._head = there
        self._octets = size - len(self._head)
        self._octets -= self._octets % self._block

    def _mark(self) -> None:
        """Bring the sizes in the header up to date."""
        if self._head:
            riff = struct.pack("<I", len(self._head) - 8 + self._octets)
            data = struct.pack("<I", self._octets)
            os.pwrite(self._file, self._head[:4] + riff + self._head[8:-4] + data, 0)


def _head(encoding: Encoding, channels: int, rate: int) -> bytes:
    """A RIFF header up to the samples, its sizes 0: the first after "RIFF", the last at its end."""
    width = _width(encoding)
    block = channels * width
    form = struct.pack("<HHIIHH", _TAGS[encoding], channels, rate, rate * block, block, 8 * width)
    if encoding is not Encoding.L16:
        form += struct.pack("<H", 0)  # no extension: formats other than PCM must say so
    return b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<I", len(form)) + form + b"data\0\0\0\0"


def _width(encoding: Encoding) -> int:
    return 2 if encoding is Encoding.L16 else 1


def _kind(head: bytes) -> bytes:
    """A header without sizes and rates."""
    return head[:4] + head[8 : _RATES_AT.start] + head[_RATES_AT.stop : -4]
