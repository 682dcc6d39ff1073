"""Codings of whole frames as others have them: FFmpeg decodes all that we put out, and encodes Opus."""

from __future__ import annotations

import ctypes
from fractions import Fraction
from typing import Any

import av
import numpy as np

from gateway.core.audio import Codec, Encoding, Samples
from gateway.media.codec.ilbc.coder import IlbcEncoder
from gateway.media.codec.libraries import coder
from gateway.media.resample import resample

__all__ = ["FramedCoder"]

_NAMES = {Encoding.GSM: "gsm", Encoding.G729: "g729", Encoding.OPUS: "libopus", Encoding.ILBC: "ilbc"}
_OCTETS = {Encoding.GSM: (33, 160), Encoding.G729: (10, 80)}


class FramedCoder:
    """One end of a stream in frames, as `tests.support.rtp.Coder` is of others."""

    def __init__(self, codec: Codec) -> None:
        self.codec = codec
        self._decoder: Any = _decoder(codec)
        self._ilbc = IlbcEncoder(codec.frame) if codec.encoding is Encoding.ILBC else None
        if self._ilbc is not None:
            self._decoder.bit_rate = 15200 if codec.frame == 20 else 13333
            self._decode(self._ilbc.encode(np.zeros(self._ilbc.frame, np.int16)))  # its first frame is noise
        self._opus = _opus_encoder() if codec.encoding is Encoding.OPUS else None
        self._ours = coder(codec, is_decoder=False) if codec.encoding in _OCTETS else None

    def encode(self, samples: Samples) -> bytes:
        """Whole frames of a packet."""
        if self._ilbc is not None:
            return self._ilbc.encode(samples)
        if self._opus is not None:
            frame = av.AudioFrame.from_ndarray(resample(samples, 16000, 48000).reshape(1, -1), "s16", "mono")
            frame.sample_rate = 48000
            return b"".join(bytes(packet) for packet in self._opus.encode(frame))
        return self._by_library(samples)

    def decode(self, payload: bytes) -> Samples:
        """The samples of a packet, 8000 a second, or 16000 of Opus."""
        size = len(payload)
        if self.codec.encoding in _OCTETS:
            size = _OCTETS[self.codec.encoding][0]
        elif self._ilbc is not None:
            size = 38 if self.codec.frame == 20 else 50
        assert len(payload) % size == 0
        return np.concatenate([self._decode(payload[n : n + size]) for n in range(0, len(payload), size)])

    def _decode(self, frame: bytes) -> Samples:
        parts = [made.to_ndarray() for made in self._decoder.decode(av.Packet(frame))]
        samples = np.concatenate([part.ravel() for part in parts] or [np.zeros(0)])
        if samples.dtype.kind == "f":
            samples = np.clip(np.rint(samples * 32767), -32768, 32767)
        whole = samples.astype(np.int16)
        return resample(whole, 48000, 16000) if self.codec.encoding is Encoding.OPUS else whole

    def _by_library(self, samples: Samples) -> bytes:
        assert self._ours is not None
        octets, length = _OCTETS[self.codec.encoding]
        out, size = ctypes.create_string_buffer(octets), ctypes.c_uint8()
        pointer = ctypes.c_void_p
        call = ctypes.CFUNCTYPE(None, pointer, pointer, pointer, pointer)(self._ours.function)
        frames = b""
        for frame in np.ascontiguousarray(samples).reshape(-1, length):
            call(self._ours.state, frame.ctypes.data, ctypes.addressof(out), ctypes.addressof(size))
            frames += out.raw
        return frames


def _decoder(codec: Codec) -> Any:
    decoder: Any = av.AudioCodecContext.create(_NAMES[codec.encoding], "r")
    decoder.layout = "mono"
    decoder.sample_rate = 48000 if codec.encoding is Encoding.OPUS else 8000
    return decoder


def _opus_encoder() -> Any:
    encoder: Any = av.AudioCodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48000, "mono", "s16"
    encoder.bit_rate, encoder.time_base = 32000, Fraction(1, 48000)
    encoder.options = {"application": "voip"}
    encoder.open()
    return encoder
