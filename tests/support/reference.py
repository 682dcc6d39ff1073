"""Each codec as the plane codes it, beside another's (FFmpeg's, spandsp's of G.726): the figures of docs/codecs.md.

What is said is a made voice: pulses at a pitch that glides, and noise, through three resonances that move.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import av
import numpy as np

from gateway.core.audio import Samples
from gateway.core.codec import CODECS, Codec, Encoding
from tests.bench.recoding import through_two_rows
from tests.support.framed import FramedCoder
from tests.support.spandsp import G726_BITS, SpandspDvi4, SpandspG726

__all__ = ["EXACT", "Measured", "measure", "signal_to_noise", "voice"]

EXACT: Final = float("inf")
_SECONDS: Final = 4
_FFMPEG: Final = {
    Encoding.PCMU: "pcm_mulaw",
    Encoding.PCMA: "pcm_alaw",
    Encoding.L16: "pcm_s16be",
    Encoding.G722: "g722",
}
_BY_SPANDSP: Final = (*G726_BITS, Encoding.DVI4)
"""FFmpeg's G.726 leaves the recommendation in the least bits, and its DVI4 is that of files."""
_LATEST: Final = 60
"""ms by which coders may be late."""
_CODED_BY_FFMPEG: Final = (Encoding.OPUS, Encoding.AMR, Encoding.G723)


@dataclass(frozen=True, slots=True)
class Measured:
    """Signal to noise in dB; EXACT where not one sample differs.

    Attributes:
        decoder: our decoder against the reference's, on the same packets.
        ours: what we code, as the reference hears it, against what was said.
        theirs: what the reference codes, as we hear it, against what was said; None where it has no encoder.
    """

    decoder: float
    ours: float
    theirs: float | None


def voice(rate: int) -> Samples:
    """A made voice, -22 dB below overload or so, for four seconds."""
    at = np.arange(_SECONDS * rate) / rate
    pitch = 130 + 40 * np.sin(2 * np.pi * 0.6 * at) + 15 * np.sin(2 * np.pi * 3.1 * at)
    beats = np.diff(np.floor(np.cumsum(pitch) / rate), prepend=0.0)
    loud = np.clip(1.3 * np.sin(2 * np.pi * 2.1 * at) + 0.8, 0.0, 1.0)
    source = loud * (40 * beats + np.random.default_rng(9).standard_normal(len(at)))
    for centre, swing, width, every in ((550, 250, 90, 1.3), (1500, 500, 130, 1.7), (2600, 300, 180, 0.9)):
        source = _resonance(source, centre + swing * np.sin(2 * np.pi * every * at), width, rate)
    return np.asarray(source / np.std(source) * 2600, np.int16)


def _resonance(samples: np.ndarray, centre: np.ndarray, width: float, rate: int) -> np.ndarray:
    radius = np.exp(-np.pi * width / rate)
    turn = 2 * radius * np.cos(2 * np.pi * centre / rate)
    out = np.zeros(len(samples) + 2)
    for n, sample in enumerate(samples):
        out[n + 2] = sample + turn[n] * out[n + 1] - radius * radius * out[n]
    return out[2:]


def measure(name: str) -> Measured:
    """The figures of the codec that a configuration calls `name`."""
    codec = CODECS[name]
    linear = Codec(Encoding.L16, 100, codec.sampling)
    said = voice(codec.sampling)
    _, coded = through_two_rows(linear, codec, _packets(said, codec.sampling))
    heard_by_them = _heard_by_them(codec, coded)
    theirs = None
    if codec.encoding in (*_FFMPEG, *_BY_SPANDSP, *_CODED_BY_FFMPEG):
        theirs = signal_to_noise(said, _heard_by_us(codec, linear, _encoded(codec, said)))
    return Measured(
        decoder=signal_to_noise(heard_by_them, _heard_by_us(codec, linear, coded)),
        ours=signal_to_noise(said, heard_by_them),
        theirs=theirs,
    )


def _packets(samples: Samples, rate: int) -> list[bytes]:
    size = rate // 50
    return [samples[start : start + size].astype(">i2").tobytes() for start in range(0, len(samples), size)]


def _heard_by_us(codec: Codec, linear: Codec, coded: list[bytes]) -> Samples:
    _, heard = through_two_rows(codec, linear, coded)
    return np.frombuffer(b"".join(heard), ">i2").astype(np.int16)


def _heard_by_them(codec: Codec, coded: list[bytes]) -> Samples:
    """What the reference makes of packets."""
    if codec.encoding in _BY_SPANDSP:
        spandsp = _of_spandsp(codec.encoding)
        return np.concatenate([spandsp.decode(packet) for packet in coded])
    if codec.encoding not in _FFMPEG:
        decode = FramedCoder(codec).decode
        return np.concatenate([decode(packet) for packet in coded])
    if codec.rate > codec.sampling:
        return _at_rate(np.frombuffer(b"".join(coded), ">i2").astype(np.int16), codec.rate, codec.sampling)
    decoder: Any = av.AudioCodecContext.create(_FFMPEG[codec.encoding], "r")
    decoder.sample_rate, decoder.layout = codec.sampling, "mono"
    frames = (frame for packet in coded for frame in decoder.decode(av.Packet(packet)))
    return np.concatenate([frame.to_ndarray().ravel() for frame in frames]).astype(np.int16)


def _at_rate(samples: Samples, rate: int, wanted: int) -> Samples:
    """By FFmpeg's libswresample."""
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), "s16", "mono")
    frame.sample_rate = rate
    changer = av.AudioResampler(format="s16", layout="mono", rate=wanted)
    parts = [*changer.resample(frame), *changer.resample(None)]
    return np.concatenate([part.to_ndarray().ravel() for part in parts]).astype(np.int16)


def _of_spandsp(encoding: Encoding) -> SpandspDvi4 | SpandspG726:
    return SpandspDvi4() if encoding is Encoding.DVI4 else SpandspG726(encoding)


def _encoded(codec: Codec, said: Samples) -> list[bytes]:
    """Packets of `said` by the reference."""
    size = codec.sampling * codec.packet // 1000
    if codec.rate > codec.sampling and codec.encoding is Encoding.L16:
        raised = _at_rate(said, codec.sampling, codec.rate)
        step = codec.rate * codec.packet // 1000
        return [raised[start : start + step].astype(">i2").tobytes() for start in range(0, len(raised), step)]
    if codec.encoding not in _FFMPEG:
        coder = _of_spandsp(codec.encoding) if codec.encoding in _BY_SPANDSP else FramedCoder(codec)
        made = [coder.encode(said[start : start + size]) for start in range(0, len(said) // size * size, size)]
        return [packet for packet in made if packet]
    encoder: Any = av.AudioCodecContext.create(_FFMPEG[codec.encoding], "w")
    encoder.sample_rate, encoder.layout, encoder.format = codec.sampling, "mono", "s16"
    encoder.time_base = Fraction(1, codec.sampling)
    encoder.open()
    stream = b""
    step = encoder.frame_size or size
    for start in range(0, len(said) - step + 1, step):
        frame = av.AudioFrame.from_ndarray(said[start : start + step].reshape(1, -1), "s16", "mono")
        frame.sample_rate, frame.pts = codec.sampling, start
        stream += b"".join(bytes(packet) for packet in encoder.encode(frame))
    octets = len(stream) * size // (len(said) // step * step)
    return [stream[start : start + octets] for start in range(0, len(stream) - octets + 1, octets)]


def signal_to_noise(said: Samples, heard: Samples) -> float:
    """In dB, at the delay at which it is best."""
    best = -EXACT
    count = min(len(said), len(heard))
    first, second = said[:count].astype(float), heard[:count].astype(float)
    reach = min(_LATEST * count // (1000 * _SECONDS), count // 2)
    spectrum = np.fft.rfft(second, 2 * count) * np.conj(np.fft.rfft(first, 2 * count))
    alike = np.fft.irfft(spectrum)
    for lag in np.argsort(-alike[: reach + 1])[:3]:
        kept = first[: count - lag]
        noise = second[lag:] - kept
        if not np.any(noise):
            return EXACT
        best = max(best, float(10 * np.log10(np.mean(kept**2) / np.mean(noise**2))))
    return best
