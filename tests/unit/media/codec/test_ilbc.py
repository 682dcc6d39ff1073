"""Our iLBC frames heard by FFmpeg's decoder (RFC 3951)."""

from __future__ import annotations

import av
import numpy as np
import pytest

from gateway.core.audio import Samples
from gateway.media.codec.ilbc.coder import IlbcState, ilbc
from gateway.media.codec.ilbc.scratch import ILBC_SCRATCH
from tests.support.coders import IlbcDecoder, IlbcEncoder
from tests.support.speech import speak

SENTENCE = "The line to the workshop is free again. Please hold while we try to connect you."
SIZES = {20: 38, 30: 50}


def heard(frames: bytes, duration: int) -> Samples:
    """What FFmpeg makes of `frames` after one of silence; its very first frame of 20 ms is always noise."""
    size = SIZES[duration]
    frames = IlbcEncoder(duration).encode(np.zeros(8 * duration, np.int16)) + frames
    decoder = av.AudioCodecContext.create("ilbc", "r")
    decoder.sample_rate, decoder.layout, decoder.bit_rate = 8000, "mono", size * 8000 // duration
    parts = [
        frame.to_ndarray().ravel()
        for start in range(0, len(frames), size)
        for frame in decoder.decode(av.Packet(frames[start : start + size]))
    ]
    return np.concatenate(parts[1:])


def without_rumble(samples: Samples) -> np.ndarray:
    """Through the filter with which the encoder begins (clause 3.1), which turns the phase of speech."""
    line = np.concatenate((np.zeros(2), samples.astype(float)))
    out = np.zeros(len(line))
    for n in range(2, len(line)):
        out[n] = 0.92727436 * (line[n] + line[n - 2]) - 1.8544941 * line[n - 1]
        out[n] += 1.9059465 * out[n - 1] - 0.9114024 * out[n - 2]
    return out[2:]


def likeness(said: np.ndarray, got: np.ndarray) -> float:
    return float(np.corrcoef(said, got)[0, 1])


@pytest.mark.parametrize("duration", SIZES)
def test_speech_is_heard_as_it_was_said(duration: int) -> None:
    encoder = IlbcEncoder(duration)
    said = speak(SENTENCE)
    said = said[: len(said) // encoder.frame * encoder.frame]
    frames = encoder.encode(said)
    assert len(frames) == len(said) // encoder.frame * SIZES[duration]
    got, wanted = heard(frames, duration).astype(float), without_rumble(said)
    assert likeness(wanted, got) > 0.95
    assert abs(20 * np.log10(np.std(got) / np.std(wanted))) < 1.0


@pytest.mark.parametrize("duration", SIZES)
def test_a_frame_can_be_heard_without_those_before_it(duration: int) -> None:
    encoder = IlbcEncoder(duration)
    said = speak(SENTENCE)[8000:24000]
    said = said[: len(said) // encoder.frame * encoder.frame]
    frames = encoder.encode(said)
    lost = 10
    got = heard(frames[lost * SIZES[duration] :], duration).astype(float)
    wanted = without_rumble(said)[lost * encoder.frame :]
    assert likeness(wanted[encoder.frame :], got[encoder.frame :]) > 0.9


@pytest.mark.parametrize("duration", SIZES)
def test_what_comes_in_pieces_is_coded_as_what_comes_at_once(duration: int) -> None:
    said = speak(SENTENCE)[:9600]
    whole, part = IlbcEncoder(duration), IlbcEncoder(duration)
    frame = part.frame
    assert whole.encode(said) == b"".join(part.encode(said[n : n + frame]) for n in range(0, len(said), frame))


@pytest.mark.parametrize("duration", SIZES)
def test_silence_and_the_loudest_noise_are_frames_as_well(duration: int) -> None:
    encoder = IlbcEncoder(duration)
    noise = np.where(np.random.default_rng(5).random(4800) < 0.5, -32768, 32767).astype(np.int16)
    quiet = heard(encoder.encode(np.zeros(4800, np.int16)), duration)
    loud = heard(encoder.encode(noise), duration)
    assert np.max(np.abs(quiet.astype(int))) < 50
    assert np.std(loud.astype(float)) > 8000


@pytest.mark.parametrize("duration", SIZES)
def test_the_last_bit_says_that_a_frame_was_not_lost(duration: int) -> None:
    """Clause 3.8: a decoder takes a frame whose last bit is set for an empty one."""
    frames = IlbcEncoder(duration).encode(speak(SENTENCE)[:9600])
    assert not any(frames[n] & 1 for n in range(SIZES[duration] - 1, len(frames), SIZES[duration]))


def test_other_durations_and_broken_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="20 or 30 ms, not 25"):
        IlbcEncoder(25)
    with pytest.raises(ValueError, match="161 samples"):
        IlbcEncoder(20).encode(np.zeros(161, np.int16))


@pytest.mark.parametrize("duration", SIZES)
def test_our_decoder_hears_what_another_hears(duration: int) -> None:
    """FFmpeg's has the enhancer of clause 4.6 besides, which makes of a period more like the next."""
    encoder = IlbcEncoder(duration)
    said = speak(SENTENCE)
    said = said[: len(said) // encoder.frame * encoder.frame]
    frames = encoder.encode(said)
    ours = IlbcDecoder(duration).decode(frames).astype(float)
    theirs = heard(frames, duration).astype(float)
    assert likeness(theirs, ours) > 0.95
    assert abs(20 * np.log10(np.std(ours) / np.std(theirs))) < 0.5


@pytest.mark.parametrize("duration", SIZES)
def test_a_frame_that_is_none_is_silence_and_spoils_no_other(duration: int) -> None:
    encoder, decoder = IlbcEncoder(duration), IlbcDecoder(duration)
    said = speak(SENTENCE)[8000 : 8000 + 20 * encoder.frame]
    frames = encoder.encode(said)
    size = SIZES[duration]
    empty = bytes(size - 1) + b"\x01"
    assert not decoder.decode(empty).any()
    hostile = np.random.default_rng(6).integers(0, 256, 200 * size, dtype=np.uint8).tobytes()
    decoder.decode(hostile)
    got = decoder.decode(frames).astype(float)
    assert likeness(without_rumble(said)[encoder.frame :], got[encoder.frame :]) > 0.9


@pytest.mark.parametrize("duration", SIZES)
def test_hostile_frames_tell_nothing_of_what_was_coded_before(duration: int) -> None:
    """A start state of 20 ms makes 126 rows of its codebook, and seven bits name 128."""
    frames = np.random.default_rng(6).integers(0, 256, (200, SIZES[duration]), np.uint8)
    frames[:, -1] &= 0xFE  # the last bit says that a frame is none
    heard = []
    for left_behind in (0.0, 1000.0):
        work = np.zeros(1, ILBC_SCRATCH)
        state, out = IlbcState(is_decoder=True), np.zeros(8 * duration, np.int16)
        parts = []
        for frame in frames:
            work["book"] = work["memory"] = work["heard"] = work["residual"] = left_behind
            ilbc.ctypes(state.address, frame.ctypes.data, len(frame), out.ctypes.data, work.ctypes.data, 0, 0)
            parts.append(out.copy())
        heard.append(np.concatenate(parts))
    assert np.any(heard[0]) and np.array_equal(*heard)
