"""Our codecs against another's: FFmpeg's, by PyAV, and G.711 against its definition written out."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from gateway.core.audio import Samples
from gateway.core.codec import Encoding
from gateway.media import g711
from gateway.media.codec.dvi4 import DVI4_STATE, decode_dvi4, encode_dvi4
from gateway.media.codec.g722 import G722Decoder, G722Encoder
from tests.support.coders import G726Decoder, G726Encoder
from tests.support.spandsp import G726_BITS, SpandspDvi4, SpandspG726


def sound(rate: int) -> Samples:
    """A tone that glides through the band, and noise."""
    at = np.arange(2 * rate) / rate
    glide = np.sin(2 * np.pi * rate / 5 * at * (0.05 + at / 4))
    noise = np.random.default_rng(3).standard_normal(len(at))
    return (5000 * glide + 600 * noise).astype(np.int16)


def their_encoding(name: str, samples: Samples, rate: int, bits: int | None = None) -> bytes:
    coder = av.AudioCodecContext.create(name, "w")
    coder.sample_rate, coder.layout, coder.format, coder.time_base = rate, "mono", "s16", Fraction(1, rate)
    if bits is not None:
        coder.bit_rate = bits
    coder.open()
    size = coder.frame_size or 320
    coded = b""
    for start in range(0, len(samples) - size + 1, size):
        frame = av.AudioFrame.from_ndarray(samples[start : start + size].reshape(1, -1), "s16", "mono")
        frame.sample_rate, frame.pts = rate, start
        coded += b"".join(bytes(packet) for packet in coder.encode(frame))
    return coded


def their_decoding(name: str, coded: bytes, rate: int) -> Samples:
    coder = av.AudioCodecContext.create(name, "r")
    coder.sample_rate, coder.layout = rate, "mono"
    parts = [
        frame.to_ndarray().ravel()
        for start in range(0, len(coded), 160)
        for frame in coder.decode(av.Packet(coded[start : start + 160]))
    ]
    return np.concatenate(parts)


def test_g722_is_coded_bit_for_bit_as_by_ffmpeg() -> None:
    samples = sound(16000)
    theirs = their_encoding("g722", samples, 16000)
    assert len(theirs) == len(samples) // 2
    assert G722Encoder().encode(samples) == theirs


def test_g722_is_decoded_bit_for_bit_as_by_ffmpeg() -> None:
    coded = np.random.default_rng(4).integers(0, 256, 8000, dtype=np.uint8).tobytes()
    assert np.array_equal(G722Decoder().decode(coded), their_decoding("g722", coded, 16000))


@pytest.mark.parametrize("encoding", list(G726_BITS))
def test_g726_is_bit_for_bit_as_by_spandsp(encoding: Encoding) -> None:
    """At each of its rates and in both orders, of all kinds of sound, and of codes that no encoder has chosen."""
    bits, high_first = G726_BITS[encoding], encoding.value.startswith("AAL2")
    loud = np.random.default_rng(5).integers(-32768, 32768, 8000).astype(np.int16)
    for samples in (sound(8000), loud, np.zeros(800, np.int16)):
        ours = G726Encoder(bits, high_first=high_first).encode(samples)
        assert ours == SpandspG726(encoding).encode(samples)
    coded = np.random.default_rng(4).integers(0, 256, 8000, dtype=np.uint8).tobytes()
    heard = G726Decoder(bits, high_first=high_first).decode(coded)
    theirs = SpandspG726(encoding).decode(coded)
    within = (heard > -32768) & (heard < 32767)  # beyond, its samples wrap
    assert within.sum() > 7500 and np.array_equal(heard[within], theirs[within])


def test_dvi4_is_bit_for_bit_as_by_spandsp() -> None:
    """RFC 3551 4.5.1: packet after packet, each of which says where its predictor is."""
    ours, theirs = np.zeros(1, DVI4_STATE), SpandspDvi4()
    loud = np.random.default_rng(5).integers(-32768, 32768, 1600).astype(np.int16)
    said = np.concatenate([sound(8000), loud])
    for start in range(0, len(said), 160):
        payload = np.zeros(200, np.uint8)
        octets = encode_dvi4(ours[0], said[start : start + 160], 160, payload, 7)
        assert payload[7 : 7 + octets].tobytes() == theirs.encode(said[start : start + 160])
        heard = np.zeros(200, np.int16)
        assert decode_dvi4(payload, 7, octets, heard) == 160
        assert np.array_equal(heard[:160], SpandspDvi4().decode(payload[7 : 7 + octets].tobytes()))


def ulaw_by_definition(sample: int) -> int:
    """G.711 table 2 as G.191 computes it: 14 bits, bias 33, eight segments of sixteen steps."""
    magnitude = min((~sample >> 2) if sample < 0 else sample >> 2, 8158) + 33
    segment = magnitude.bit_length() - 6
    code = segment << 4 | (magnitude >> (segment + 1) & 0xF)
    return (~code & 0x7F) | (0 if sample < 0 else 0x80)


def alaw_by_definition(sample: int) -> int:
    """G.711 table 1 as G.191 computes it: 12 bits, even bits inverted."""
    magnitude = (~sample if sample < 0 else sample) >> 4
    segment = max(magnitude.bit_length() - 4, 0)
    code = magnitude if segment == 0 else segment << 4 | (magnitude >> (segment - 1) & 0xF)
    return (code | (0 if sample < 0 else 0x80)) ^ 0x55


@pytest.mark.parametrize(
    ("encoding", "definition"), [(Encoding.PCMU, ulaw_by_definition), (Encoding.PCMA, alaw_by_definition)]
)
def test_every_sample_has_the_code_of_the_recommendation(encoding: Encoding, definition: object) -> None:
    every = np.arange(-32768, 32768).astype(np.int16)
    expected = bytes(definition(int(sample)) for sample in every)  # type: ignore[operator]  # one of the above
    assert g711.encode(every, encoding) == expected
