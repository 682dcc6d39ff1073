"""Codings as spandsp does them, which follows ITU-T's vectors of G.726 bit for bit."""

from __future__ import annotations

import ctypes
import weakref

import numpy as np

from gateway.core.audio import Samples
from gateway.core.codec import Encoding

__all__ = ["G726_BITS", "SpandspDvi4", "SpandspG726"]

G726_BITS = {
    Encoding.G726_16: 2,
    Encoding.G726_24: 3,
    Encoding.G726: 4,
    Encoding.G726_40: 5,
    Encoding.AAL2_G726_16: 2,
    Encoding.AAL2_G726_24: 3,
    Encoding.AAL2_G726: 4,
    Encoding.AAL2_G726_40: 5,
}
"""Bits of a code."""


class SpandspG726:
    """One end of a stream in G.726."""

    def __init__(self, encoding: Encoding) -> None:
        self._library = ctypes.CDLL("libspandsp.so.2")
        self._library.g726_init.restype = ctypes.c_void_p
        self._library.g726_free.argtypes = [ctypes.c_void_p]
        self._bits = G726_BITS[encoding]
        linear, order = 0, 1 if encoding.value.startswith("AAL2") else 2  # which end of an octet comes first
        self._state = ctypes.c_void_p(self._library.g726_init(None, 8000 * self._bits, linear, order))
        weakref.finalize(self, self._library.g726_free, self._state)

    def encode(self, samples: Samples) -> bytes:
        out, samples = np.zeros(len(samples) * self._bits // 8, np.uint8), np.ascontiguousarray(samples)
        self._library.g726_encode(self._state, _at(out), _at(samples), len(samples))
        return out.tobytes()

    def decode(self, coded: bytes) -> Samples:
        out, codes = np.zeros(8 * len(coded) // self._bits, np.int16), np.frombuffer(coded, np.uint8)
        self._library.g726_decode(self._state, _at(out), _at(codes), len(codes))
        return out


class SpandspDvi4:
    """One end of a stream in DVI4, a packet at a time."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libspandsp.so.2")
        self._library.ima_adpcm_init.restype = ctypes.c_void_p
        self._library.ima_adpcm_free.argtypes = [ctypes.c_void_p]
        dvi4, whole_packets = 1, 0
        self._state = ctypes.c_void_p(self._library.ima_adpcm_init(None, dvi4, whole_packets))
        weakref.finalize(self, self._library.ima_adpcm_free, self._state)

    def encode(self, samples: Samples) -> bytes:
        out, samples = np.zeros(4 + len(samples) // 2, np.uint8), np.ascontiguousarray(samples)
        octets = self._library.ima_adpcm_encode(self._state, _at(out), _at(samples), len(samples))
        return out[:octets].tobytes()

    def decode(self, coded: bytes) -> Samples:
        out, codes = np.zeros(2 * len(coded), np.int16), np.frombuffer(coded, np.uint8)
        return out[: self._library.ima_adpcm_decode(self._state, _at(out), _at(codes), len(codes))]


def _at(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
