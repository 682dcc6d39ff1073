"""G.726 at 32 kbit/s: how near what comes out is to what went in, packing, loss and hostile octets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.audio import Samples
from tests.support.coders import G726Decoder, G726Encoder


def tone(frequency: float, peak: float, seconds: float = 1.0) -> Samples:
    return (peak * np.sin(2 * np.pi * frequency * np.arange(round(seconds * 8000)) / 8000)).astype(np.int16)


def noise(rms: float, seconds: float = 1.0) -> Samples:
    return (np.random.default_rng(1).standard_normal(round(seconds * 8000)) * rms).astype(np.int16)


def ratio(sent: Samples, heard: Samples) -> float:
    """Signal to noise in dB after the first 100 ms, in which the scale factor finds its place."""
    signal, error = sent[800:].astype(float), sent[800:].astype(float) - heard[800:]
    return float(10 * np.log10(np.sum(signal**2) / np.sum(error**2)))


@pytest.mark.parametrize(
    ("samples", "least"),
    [
        (tone(1004, 8000), 35),
        (tone(300, 32000), 45),
        (tone(3300, 8000), 30),
        (tone(1004, 100), 18),
        (noise(3000), 17),  # nothing in it can be foreseen: what is left is a 4-bit quantiser
    ],
)
def test_what_comes_out_is_near_what_went_in(samples: Samples, least: float) -> None:
    assert ratio(samples, G726Decoder().decode(G726Encoder().encode(samples))) > least


def test_two_samples_make_an_octet_and_silence_is_all_ones() -> None:
    assert G726Encoder().encode(np.zeros(160, np.int16)) == b"\xff" * 80
    assert not G726Decoder().decode(b"\xff" * 80).any()


def test_the_earlier_sample_is_in_the_lower_bits() -> None:
    (octet,) = G726Encoder().encode(np.array([3000, 0], np.int16))
    assert octet & 0x0F == 7  # the largest step up
    assert octet >> 4 >= 8  # and then down


def test_a_stream_may_be_cut_anywhere() -> None:
    samples = noise(2000, 0.2)
    whole = G726Encoder().encode(samples)
    encoder, decoder = G726Encoder(), G726Decoder()
    pieces = [encoder.encode(samples[start : start + 22]) for start in range(0, len(samples), 22)]
    assert b"".join(pieces) == whole
    heard = np.concatenate([decoder.decode(piece) for piece in pieces])
    assert np.array_equal(heard, G726Decoder().decode(whole))


def test_a_lost_packet_is_forgotten() -> None:
    samples = noise(3000)
    coded = G726Encoder().encode(samples)
    whole, cut = G726Decoder(), G726Decoder()
    want = whole.decode(coded)
    cut.decode(coded[:800])
    heard = cut.decode(coded[880:])
    assert ratio(want[-1600:], heard[-1600:]) > 40


def test_the_last_of_an_odd_number_is_left_out() -> None:
    assert len(G726Encoder().encode(np.zeros(161, np.int16))) == 80


def test_the_loudest_steps_stay_in_range() -> None:
    square = np.where(np.arange(8000) // 40 % 2, 32767, -32768).astype(np.int16)
    heard = G726Decoder().decode(G726Encoder().encode(square))
    assert ratio(square, heard) > 8  # wrapping round once would make it negative


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=400))
def test_any_octets_are_a_stream_after_which_another_one_is_understood(data: bytes) -> None:
    decoder = G726Decoder()
    assert len(decoder.decode(data)) == 2 * len(data)
    samples = noise(3000)
    assert ratio(samples, decoder.decode(G726Encoder().encode(samples))) > 3
