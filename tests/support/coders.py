"""Coders of the media plane, G.726 and iLBC, fed whole streams by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gateway.core.audio import Samples
from gateway.media.codec.g726 import G726_STATE, decode_g726, encode_g726, reset_g726
from gateway.media.codec.ilbc.coder import IlbcState, ilbc
from gateway.media.codec.ilbc.scratch import ILBC_SCRATCH

__all__ = ["G726Decoder", "G726Encoder", "IlbcDecoder", "IlbcEncoder"]

OCTETS: Final = {20: 38, 30: 50}
"""Of a frame, by its milliseconds."""


class _Direction:
    """G.726, one direction of a stream.

    Args:
        bits: of a code, 2 to 5.
        high_first: the earlier code is in the upper bits (AAL2).
    """

    def __init__(self, bits: int = 4, *, high_first: bool = False) -> None:
        self._bits = bits
        self._high_first = high_first
        self._state: NDArray[np.void] = np.zeros(1, G726_STATE)
        reset_g726(self._state[0])


class G726Encoder(_Direction):
    """From samples to octets."""

    def encode(self, samples: Samples) -> bytes:
        """Samples (8000 Hz) as octets; codes at the end that fill no octet are left out."""
        out = np.zeros(len(samples) * self._bits // 8, np.uint8)
        encode_g726(self._state[0], self._bits, self._high_first, samples, 8 * len(out) // self._bits, out, 0)
        return out.tobytes()


class G726Decoder(_Direction):
    """From octets to samples."""

    def decode(self, data: bytes) -> Samples:
        """Octets as samples (8000 Hz), one for each whole code; any octets are a stream."""
        out = np.zeros(8 * len(data) // self._bits, np.int16)
        octets = np.frombuffer(data, np.uint8)
        decode_g726(self._state[0], self._bits, self._high_first, octets, 0, len(out), out)
        return out


class IlbcEncoder:
    """iLBC, encoder of one stream.

    Args:
        duration: Milliseconds of a frame, 20 or 30 (RFC 3952: `mode`).

    Raises:
        ValueError: for another duration.
    """

    def __init__(self, duration: int = 30) -> None:
        _check(duration)
        self.frame: Final = 8 * duration
        """Samples of a frame."""
        self._state = IlbcState(is_decoder=False)
        self._out = np.zeros(OCTETS[duration], np.uint8)

    def encode(self, samples: Samples) -> bytes:
        """Encode whole frames of int16 at 8000 Hz.

        Raises:
            ValueError: for anything but whole frames.
        """
        if len(samples) % self.frame:
            raise ValueError(f"{len(samples)} samples are not whole frames of {self.frame}")
        frames = np.ascontiguousarray(samples, np.int16).reshape(-1, self.frame)
        return b"".join(_done(self._state, frame, self._out).tobytes() for frame in frames)


class IlbcDecoder:
    """iLBC, decoder of one stream; frames are of `duration` milliseconds.

    Raises:
        ValueError: for another duration than 20 or 30.
    """

    def __init__(self, duration: int = 30) -> None:
        _check(duration)
        self._octets = OCTETS[duration]
        self._state = IlbcState(is_decoder=True)
        self._out = np.zeros(8 * duration, np.int16)

    def decode(self, data: bytes) -> Samples:
        """Decode whole frames into int16 at 8000 Hz.

        Raises:
            ValueError: for anything but whole frames.
        """
        if len(data) % self._octets:
            raise ValueError(f"{len(data)} octets are not whole frames of {self._octets}")
        frames = np.frombuffer(data, np.uint8).reshape(-1, self._octets)
        return np.concatenate(
            [np.zeros(0, np.int16), *(_done(self._state, frame, self._out).copy() for frame in frames)]
        )


def _check(duration: int) -> None:
    if duration not in OCTETS:
        raise ValueError(f"a frame of iLBC has 20 or 30 ms, not {duration}")


def _done(state: IlbcState, source: np.ndarray[Any, Any], out: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    function: Callable[..., int] = ilbc.ctypes
    work = np.empty(1, ILBC_SCRATCH)
    function(state.address, source.ctypes.data, len(source), out.ctypes.data, work.ctypes.data, 0, 0)
    return out
