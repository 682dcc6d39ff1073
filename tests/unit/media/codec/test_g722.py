"""G.722 at 64 kbit/s: both bands, how near what comes out is to what went in, loss and hostile octets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.audio import Samples
from gateway.media.codec.g722 import G722Decoder, G722Encoder

DELAY = 22
"""Samples through both filters."""


def tone(frequency: float, peak: float, seconds: float = 1.0) -> Samples:
    return (peak * np.sin(2 * np.pi * frequency * np.arange(round(seconds * 16000)) / 16000)).astype(np.int16)


def noise(rms: float, seconds: float = 1.0) -> Samples:
    return (np.random.default_rng(1).standard_normal(round(seconds * 16000)) * rms).astype(np.int16)


def ratio(sent: Samples, heard: Samples) -> float:
    """Signal to noise in dB, `heard` being late by both filters, after the first 100 ms."""
    signal = sent[1600:-DELAY].astype(float)
    error = heard[1600 + DELAY :] - signal
    return float(10 * np.log10(np.sum(signal**2) / np.sum(error**2)))


def through(samples: Samples) -> Samples:
    return G722Decoder().decode(G722Encoder().encode(samples))


@pytest.mark.parametrize(
    ("samples", "least"),
    [
        (tone(1004, 8000), 46.5),
        (tone(300, 30000), 55),
        (tone(3400, 8000), 35),
        (tone(1004, 100), 26),
        (tone(6000, 8000), 18),  # two bits a sample
        (tone(4000, 8000), 12),  # on the border of the bands
        (noise(3000), 8),
    ],
)
def test_what_comes_out_is_near_what_went_in_and_22_samples_late(samples: Samples, least: float) -> None:
    assert ratio(samples, through(samples)) > least


def test_two_samples_make_an_octet_and_silence_stays_silent() -> None:
    coded = G722Encoder().encode(np.zeros(320, np.int16))
    assert len(coded) == 160
    assert np.abs(G722Decoder().decode(coded)).max() <= 4


def test_the_bands_are_where_the_octet_says() -> None:
    low, high = (np.frombuffer(G722Encoder().encode(tone(f, 8000)), np.uint8)[800:] for f in (500, 7000))
    assert len(np.unique(low & 63)) > 20 and len(np.unique(high >> 6)) == 4
    # Without its upper two bits a low tone sounds as it did, a high one does not.
    for coded, frequency, survives in ((low, 500, True), (high, 7000, False)):
        plain = G722Decoder().decode(coded.tobytes())[800:]
        cut = G722Decoder().decode((coded & 63 | 0xC0).astype(np.uint8).tobytes())[800:]
        wave = np.exp(-2j * np.pi * frequency * np.arange(len(plain)) / 16000)
        assert (abs(np.vdot(wave, cut)) > 0.9 * abs(np.vdot(wave, plain))) == survives


def test_a_stream_may_be_cut_anywhere() -> None:
    samples = noise(2000, 0.2)
    whole = G722Encoder().encode(samples)
    encoder, decoder = G722Encoder(), G722Decoder()
    pieces = [encoder.encode(samples[start : start + 34]) for start in range(0, len(samples), 34)]
    assert b"".join(pieces) == whole
    heard = np.concatenate([decoder.decode(piece) for piece in pieces])
    assert np.array_equal(heard, G722Decoder().decode(whole))


def test_a_lost_packet_is_forgotten() -> None:
    coded = G722Encoder().encode(noise(3000))
    whole, cut = G722Decoder(), G722Decoder()
    want = whole.decode(coded)[-1600:].astype(float)
    cut.decode(coded[:1600])
    heard = cut.decode(coded[1760:])[-1600:]
    assert 10 * np.log10(np.sum(want**2) / max(1.0, np.sum((heard - want) ** 2))) > 40


def test_the_loudest_steps_stay_in_range() -> None:
    square = np.where(np.arange(16000) // 80 % 2, 32767, -32768).astype(np.int16)
    assert ratio(square, through(square)) > 10


def test_the_last_of_an_odd_number_is_left_out() -> None:
    assert len(G722Encoder().encode(np.zeros(321, np.int16))) == 160


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=400))
def test_any_octets_are_a_stream_after_which_another_one_is_understood(data: bytes) -> None:
    decoder = G722Decoder()
    assert len(decoder.decode(data)) == 2 * len(data)
    samples = tone(1004, 8000)
    assert ratio(samples, decoder.decode(G722Encoder().encode(samples))) > 10
