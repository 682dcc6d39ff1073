"""Codings of whole frames as others have them: FFmpeg decodes all that we put out, and encodes Opus.

Payloads of AMR are laid out here a second time, bit by bit in text, and libspeex is called as its manual says.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np

from gateway.core.audio import Samples
from gateway.core.codec import CODECS, Codec, Encoding
from gateway.media.codec.libraries import coder
from gateway.media.resample import resample
from gateway.testing.sounds import compare
from tests.support.coders import IlbcEncoder

__all__ = ["FramedCoder", "SpeexEncoder", "amr_encoder", "amr_frames", "amr_payload", "likeness"]

_NAMES = {
    Encoding.GSM: "gsm",
    Encoding.G723: "g723_1",
    Encoding.G729: "g729",
    Encoding.OPUS: "libopus",
    Encoding.ILBC: "ilbc",
    Encoding.SPEEX: "speex",
    Encoding.AMR: "amrnb",
    Encoding.AMR_WB: "amrwb",
}
_AMR_BITS = {
    Encoding.AMR: dict(enumerate((95, 103, 118, 134, 148, 159, 204, 244, 39))) | {15: 0},
    Encoding.AMR_WB: dict(enumerate((132, 177, 253, 285, 317, 365, 397, 461, 477, 40))) | {14: 0, 15: 0},
}
"""Of a frame by its type (3GPP TS 26.101 table 1a, TS 26.201 table 2)."""
_OCTETS = {Encoding.GSM: (33, 160), Encoding.G729: (10, 80)}


def amr_payload(encoding: Encoding, frames: Sequence[bytes], aligned: bool, asked: int = 15) -> bytes:
    """The RTP payload of `frames` as files have them (RFC 4867 4.3, 4.4, 5)."""
    text, data = f"{asked:04b}" + "0000" * aligned, ""
    for n, frame in enumerate(frames):
        kind = frame[0] >> 3 & 15
        text += f"{int(n < len(frames) - 1)}{kind:04b}{frame[0] >> 2 & 1}" + "00" * aligned
        bits = (
            f"{int.from_bytes(frame[1:]):0{8 * len(frame[1:])}b}"[: _AMR_BITS[encoding][kind]] if frame[1:] else ""
        )
        data += bits.ljust(-(-len(bits) // 8) * 8, "0") if aligned else bits
    return _octets(text + data)


def amr_frames(encoding: Encoding, payload: bytes, aligned: bool) -> list[bytes]:
    """And back."""
    text = "".join(f"{octet:08b}" for octet in payload)
    place, follows, table = 8 if aligned else 4, True, []
    while follows:
        follows, kind, good = text[place] == "1", int(text[place + 1 : place + 5], 2), text[place + 5]
        table.append((kind, good))
        place += 8 if aligned else 6
    frames = []
    for kind, good in table:
        size = _AMR_BITS[encoding][kind]
        frames.append(bytes([kind << 3 | int(good) << 2]) + _octets(text[place : place + size]))
        place += -(-size // 8) * 8 if aligned else size
    assert -(-place // 8) == len(payload)
    return frames


def _octets(bits: str) -> bytes:
    whole = -(-len(bits) // 8)
    return int(bits.ljust(8 * whole, "0") or "0", 2).to_bytes(whole)


def likeness(name: str, said: Samples) -> float:
    """How like the speech of 8000 Hz `said` its coder alone leaves it: the typical half second (`compare`).

    Args:
        name: of the codec, as a configuration has it.
    """
    codec = CODECS[name]
    size = codec.sampling // 50
    samples = resample(np.concatenate([said, np.zeros(1600, np.int16)]), 8000, codec.sampling)
    coder = FramedCoder(codec)
    payloads = [coder.encode(frame) for frame in samples[: len(samples) // size * size].reshape(-1, size)]
    heard = np.concatenate([coder.decode(payload) for payload in payloads if payload])
    return compare(resample(heard, codec.sampling, 8000), said).typical


class SpeexEncoder:
    """libspeex's encoder, of `quality` 0 to 10."""

    def __init__(self, wide: bool, quality: int = 8) -> None:
        self._speex = ctypes.CDLL("libspeex.so.1")
        self._speex.speex_lib_get_mode.restype = self._speex.speex_encoder_init.restype = ctypes.c_void_p
        mode = ctypes.c_void_p(self._speex.speex_lib_get_mode(int(wide)))
        self._state = ctypes.c_void_p(self._speex.speex_encoder_init(mode))
        self._speex.speex_encoder_ctl(self._state, 4, ctypes.byref(ctypes.c_int(quality)))  # SPEEX_SET_QUALITY
        self._bits = ctypes.create_string_buffer(64)
        self._speex.speex_bits_init(self._bits)
        self._length = 320 if wide else 160

    def encode(self, samples: Samples) -> bytes:
        self._speex.speex_bits_reset(self._bits)
        for frame in samples.reshape(-1, self._length):
            self._speex.speex_encode_int(self._state, frame.copy().ctypes.data_as(ctypes.c_void_p), self._bits)
        self._speex.speex_bits_insert_terminator(self._bits)
        out = ctypes.create_string_buffer(1000)
        octets = self._speex.speex_bits_write(self._bits, out, len(out))
        return out.raw[:octets]


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
        self._g723 = _g723_encoder() if codec.encoding is Encoding.G723 else None
        self._ours = coder(codec, is_decoder=False) if codec.encoding in _OCTETS else None
        self._speex = SpeexEncoder(codec.rate == 16000) if codec.encoding is Encoding.SPEEX else None
        self._aligned = codec.parameter("octet-align") == "1"
        self._amr = amr_encoder(codec) if codec.encoding in _AMR_BITS else None

    def encode(self, samples: Samples) -> bytes:
        """Whole frames of a packet."""
        if self._ilbc is not None:
            return self._ilbc.encode(samples)
        if self._opus is not None:
            frame = av.AudioFrame.from_ndarray(resample(samples, 16000, 48000).reshape(1, -1), "s16", "mono")
            frame.sample_rate = 48000
            return b"".join(bytes(packet) for packet in self._opus.encode(frame))
        if self._g723 is not None:
            parts = samples.reshape(-1, 240)
            frames = [av.AudioFrame.from_ndarray(part.reshape(1, -1), "s16", "mono") for part in parts]
            for frame in frames:
                frame.sample_rate = 8000
            return b"".join(bytes(packet) for frame in frames for packet in self._g723.encode(frame))
        if self._speex is not None:
            return self._speex.encode(samples)
        if self._amr is not None:
            return amr_payload(self.codec.encoding, self._amr(samples), self._aligned)
        return self._by_library(samples)

    def decode(self, payload: bytes) -> Samples:
        """The samples of a packet, 8000 a second, or 16000 of Opus."""
        if self._amr is not None:
            frames = amr_frames(self.codec.encoding, payload, self._aligned)
            return np.concatenate([self._decode(frame) for frame in frames])
        size = len(payload)
        if self.codec.encoding in _OCTETS:
            size = _OCTETS[self.codec.encoding][0]
        elif self._g723 is not None:
            size = 24
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
    decoder.sample_rate = codec.rate
    return decoder


_AMR_ENCODERS = {
    Encoding.AMR: ("libopencore-amrnb.so.0", "Encoder_Interface_init", "Encoder_Interface_Encode", 7),
    Encoding.AMR_WB: ("libvo-amrwbenc.so.0", "E_IF_init", "E_IF_encode", 8),
}
"""The library, what makes an encoder and codes a frame in it, and the mode of the highest rate."""


def amr_encoder(codec: Codec) -> Callable[[Samples], list[bytes]]:
    """What makes frames as files have them, at the highest rate: OpenCORE, or VisualOn for wide ones."""
    name, made, coded, highest = _AMR_ENCODERS[codec.encoding]
    library = ctypes.CDLL(name)
    make = getattr(library, made)
    make.restype = ctypes.c_void_p
    state = ctypes.c_void_p(make(0))
    encode = getattr(library, coded)
    frame = codec.rate // 50

    def frames(samples: Samples) -> list[bytes]:
        found, out = [], ctypes.create_string_buffer(64)
        for part in samples.reshape(-1, frame):
            size = encode(state, highest, part.copy().ctypes.data_as(ctypes.c_void_p), out, 0)
            found.append(out.raw[:size])
        return found

    return frames


def _g723_encoder() -> Any:
    encoder: Any = av.AudioCodecContext.create("g723_1", "w")
    encoder.sample_rate, encoder.layout, encoder.format, encoder.bit_rate = 8000, "mono", "s16", 6300
    encoder.open()
    return encoder


def _opus_encoder() -> Any:
    encoder: Any = av.AudioCodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48000, "mono", "s16"
    encoder.bit_rate, encoder.time_base = 32000, Fraction(1, 48000)
    encoder.options = {"application": "voip"}
    encoder.open()
    return encoder
