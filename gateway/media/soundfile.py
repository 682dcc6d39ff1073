"""Sound files as prompts come: WAV of any rate, the raw formats of Asterisk's packages, and others. Reading only.

A path goes in, mono samples at 8000 Hz come out, and the same at 16000 where the file has more. Files are bounded
in size; one that does not read raises MalformedError with what is wrong with it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gateway.core.audio import Samples
from gateway.core.codec import Encoding
from gateway.core.errors import MalformedError
from gateway.media.foreign import FOREIGN, read_foreign
from gateway.media.g711 import decode
from gateway.media.resample import RATES, resample

__all__ = ["SUFFIXES", "Loaded", "load", "read"]

_NARROW: Final = 8000
_WIDE: Final = 16000
_MAX_OCTETS: Final = 64 * 2**20
"""Octets of a file read: ten minutes of 48 kHz stereo; prompts are of seconds, music of minutes."""
_MAX_SECONDS: Final = 600
_MAX_CHANNELS: Final = 8

_Reader = Callable[[Path], tuple[Samples, int]]
"""Gives the samples in a file, and their rate."""

# Tags of WAV files.
_PCM: Final = 1
_FLOAT: Final = 3
_ALAW: Final = 6
_ULAW: Final = 7
_EXTENSIBLE: Final = 0xFFFE


class Loaded(NamedTuple):
    """The sound in a file at 8000 Hz, and twice as many samples at 16000 where it has more than 8000."""

    samples: Samples
    wide: Samples | None


def read(path: Path) -> Samples:
    """The sound in a file at 8000 Hz, by its suffix.

    Raises:
        MalformedError: it cannot be read, is of no known format, or is too long.
    """
    samples, rate = _native(path)
    return resample(samples, rate, _NARROW)


def load(path: Path) -> Loaded:
    """The sound in a file, by its suffix, narrow and wide.

    Raises:
        MalformedError: it cannot be read, is of no known format, or is too long.
    """
    samples, rate = _native(path)
    if rate <= _NARROW:
        return Loaded(resample(samples, rate, _NARROW), None)
    wide = resample(samples, rate, _WIDE)
    if len(wide) % 2:
        wide = np.append(wide, wide[-1:])
    return Loaded(resample(wide, _WIDE, _NARROW), wide)


def _native(path: Path) -> tuple[Samples, int]:
    """The samples in a file, and how many of them are a second."""
    reader = SUFFIXES.get(path.suffix.lower())
    if reader is None:
        raise MalformedError(f"{path}: no sound format has this suffix; there are {' '.join(SUFFIXES)}")
    try:
        if path.stat().st_size > _MAX_OCTETS:
            raise MalformedError(f"{path}: larger than {_MAX_OCTETS >> 20} MB; cut it")
        samples, rate = reader(path)
        if rate not in RATES:
            raise MalformedError(f"{path}: a sampling rate of {rate} Hz is not between {RATES[0]} and {RATES[-1]}")
    except OSError as fault:
        raise MalformedError(f"{path}: {fault.strerror or fault}") from fault
    if len(samples) > _MAX_SECONDS * rate:
        raise MalformedError(f"{path}: longer than {_MAX_SECONDS // 60} minutes; cut it")
    return samples, rate


def _wave(path: Path) -> tuple[Samples, int]:
    """RIFF WAVE (Microsoft mmreg.h): linear of 8 to 32 bits, floating point, G.711; also one that was cut off."""
    data = path.read_bytes()
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise MalformedError(f"{path}: it does not begin as a WAV file")
    form = b""
    for name, body in _chunks(data):
        if name == b"fmt ":
            form = body
        elif name == b"data" and len(form) >= 16:
            return _wave_samples(path, form, body)
    raise MalformedError(f"{path}: there are no samples in it")


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a RIFF file; the last as long as there is something of it."""
    at = 12
    while at + 8 <= len(data):
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        yield name, data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _wave_samples(path: Path, form: bytes, body: bytes) -> tuple[Samples, int]:
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", form)
    if tag == _EXTENSIBLE and len(form) >= 26:
        tag = int.from_bytes(form[24:26], "little")
    width = bits // 8
    if not 1 <= channels <= _MAX_CHANNELS:
        raise MalformedError(f"{path}: {channels} channels are not 1 to {_MAX_CHANNELS}")
    if (tag, width) not in _WAVE_FORMS:
        return _foreign(path)
    frames = _WAVE_FORMS[tag, width](body[: len(body) // (channels * width) * (channels * width)])
    mono = np.round(frames.reshape(-1, channels).mean(axis=1)).astype(np.int16) if channels > 1 else frames
    return mono, rate


def _linear(octets: bytes, width: int) -> Samples:
    """16-bit samples of WAV's little-endian ones: 8 bits without sign, 16, 24 or 32 with one."""
    data: NDArray[np.uint8] = np.frombuffer(octets, np.uint8)
    if width == 1:
        return (data.astype(np.int16) - 128) * np.int16(256)
    return np.ascontiguousarray(data.reshape(-1, width)[:, width - 2 :]).view("<i2").ravel().astype(np.int16)


def _raw(rate: int) -> _Reader:
    def reader(path: Path) -> tuple[Samples, int]:
        octets = path.read_bytes()
        return _linear(octets[: len(octets) & ~1], 2), rate

    return reader


def _law(encoding: Encoding) -> _Reader:
    def reader(path: Path) -> tuple[Samples, int]:
        return decode(path.read_bytes(), encoding), _NARROW

    return reader


def _floating(width: int) -> Callable[[bytes], Samples]:
    def reader(octets: bytes) -> Samples:
        values: NDArray[np.float64] = np.nan_to_num(np.frombuffer(octets, f"<f{width}").astype(np.float64))
        samples: Samples = np.round(values.clip(-1, 1) * 32767).astype(np.int16)
        return samples

    return reader


def _foreign(path: Path) -> tuple[Samples, int]:
    return read_foreign(path, _MAX_SECONDS)


def _g722(path: Path) -> tuple[Samples, int]:
    # Here, since the compiler that it brings takes a second to load and few prompts are G.722.
    from gateway.media.codec.g722 import G722Decoder

    return G722Decoder().decode(path.read_bytes()), _WIDE


_WAVE_FORMS: Final[Mapping[tuple[int, int], Callable[[bytes], Samples]]] = MappingProxyType(
    {
        **{(_PCM, width): partial(_linear, width=width) for width in (1, 2, 3, 4)},
        **{(_FLOAT, width): _floating(width) for width in (4, 8)},
        (_ALAW, 1): partial(decode, encoding=Encoding.PCMA),
        (_ULAW, 1): partial(decode, encoding=Encoding.PCMU),
    }
)
"""What reads samples of a tag and a width in octets."""

SUFFIXES: Final[Mapping[str, _Reader]] = MappingProxyType(
    {
        ".wav": _wave,
        ".wav16": _wave,
        ".sln": _raw(8000),
        ".ulaw": _law(Encoding.PCMU),
        ".alaw": _law(Encoding.PCMA),
        ".g722": _g722,
        ".sln16": _raw(16000),
        ".sln48": _raw(48000),
        **dict.fromkeys(FOREIGN, _foreign),
    }
)
"""What reads files of a suffix, in the order in which a prompt's name is tried."""
