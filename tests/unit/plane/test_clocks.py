"""Linear samples of clocks that the plane has no rate for: RFC 3551 4.5.11, at 32000, 44100 and 48000 Hz."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gateway.core.audio import Samples
from gateway.core.codec import Codec, Encoding
from gateway.core.errors import LocalError
from gateway.plane.rtp_row import RtpRow
from tests.support.rtp import RtpEndpoint
from tests.unit.plane.conftest import Studio

CLOCKS = [32000, 44100, 48000]
MILLISECONDS = {32000: 20, 44100: 10, 48000: 10}
"""Of the packets that we send: no more fits in 1,400 octets."""


def telephone(studio: Studio, clock: int) -> tuple[RtpRow, RtpEndpoint]:
    row, endpoint = studio.telephone(Encoding.L16, 102, rate=clock)
    endpoint.sampling = clock
    return row, endpoint


def say(studio: Studio, speaker: RtpEndpoint, said: Samples) -> None:
    """In packets of 10 ms."""
    size = speaker.sampling // 100
    for k, start in enumerate(range(0, len(said), size)):
        speaker.say(said[start : start + size], ptime=size)
        if k % 2:
            studio.tick()


def tone(frequency: float, rate: int, seconds: float = 1.0) -> Samples:
    return np.asarray(8000 * np.sin(2 * np.pi * frequency / rate * np.arange(round(seconds * rate))), np.int16)


def peak(heard: Samples, rate: int) -> tuple[float, float, float]:
    """Frequency of the strongest tone, its effective value, and dB by which it is above all else."""
    kept = heard[rate // 5 :].astype(float)
    spectrum = np.abs(np.fft.rfft(kept * np.blackman(len(kept)))) ** 2
    top = int(np.argmax(spectrum))
    around = slice(max(top - 4, 0), top + 5)
    ours = float(spectrum[around].sum())
    rest = float(spectrum.sum()) - ours
    return top * rate / len(kept), float(np.std(kept)), 10 * float(np.log10(ours / rest))


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_wide_telephone_hears_it_whole(studio: Studio, clock: int) -> None:
    (a, alice), (b, bob) = telephone(studio, clock), studio.telephone(Encoding.L16, 98, rate=16000)
    a.join(b)
    say(studio, alice, tone(6000, clock))
    heard = bob.heard()
    assert abs(len(heard) - 16000) <= 1
    frequency, effective, clean = peak(heard, 16000)
    assert abs(frequency - 6000) < 3 and abs(effective - 8000 / np.sqrt(2)) < 60 and clean > 60


@pytest.mark.parametrize("clock", CLOCKS)
def test_it_hears_a_wide_telephone_whole_in_packets_that_cross_an_ethernet(studio: Studio, clock: int) -> None:
    (a, alice), (b, bob) = studio.telephone(Encoding.L16, 98, rate=16000), telephone(studio, clock)
    a.join(b)
    for start in range(0, 16000, 320):
        alice.say(tone(6000, 16000)[start : start + 320], ptime=320)
        studio.tick()
        bob.hear()  # a socket holds no more than 90 of them
    heard = bob.heard()
    assert len(heard) == clock
    frequency, effective, clean = peak(heard, clock)
    assert abs(frequency - 6000) < 3 and abs(effective - 8000 / np.sqrt(2)) < 60 and clean > 60
    steps = {(y.timestamp - x.timestamp) & 0xFFFFFFFF for x, y in itertools.pairwise(bob.received)}
    assert steps == {clock * MILLISECONDS[clock] // 1000}
    assert max(len(packet.payload) for packet in bob.received) <= 1400


@pytest.mark.parametrize("clock", CLOCKS)
def test_what_a_wide_leg_cannot_carry_does_not_fold_into_it(studio: Studio, clock: int) -> None:
    (a, alice), (b, bob) = telephone(studio, clock), studio.telephone(Encoding.L16, 98, rate=16000)
    a.join(b)
    say(studio, alice, tone(10000, clock))
    assert np.std(bob.heard()[1600:].astype(float)) < 8  # 57 dB down and more


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_narrow_telephone_and_it_understand_each_other(studio: Studio, clock: int) -> None:
    """Packets of 60 ms, which are six of it or three."""
    (a, alice), (b, bob) = studio.telephone(), telephone(studio, clock)
    a.join(b)
    for start in range(0, 7680, 480):
        alice.say(tone(1000, 8000)[start : start + 480], ptime=480)
        studio.tick(3)
        bob.hear()
    frequency, effective, _ = peak(bob.heard(), clock)
    assert abs(frequency - 1000) < 3 and abs(effective - 8000 / np.sqrt(2)) < 100
    say(studio, bob, tone(2000, clock))
    frequency, effective, _ = peak(alice.heard(), 8000)
    assert abs(frequency - 2000) < 3 and abs(effective - 8000 / np.sqrt(2)) < 100


def test_packets_of_one_clock_pass_untouched(studio: Studio) -> None:
    (a, alice), (b, bob) = telephone(studio, 44100), telephone(studio, 44100)
    a.join(b)
    said = tone(6000, 44100, 0.2)
    say(studio, alice, said)
    assert np.array_equal(bob.heard(), said)


def test_a_packet_of_half_a_sample_or_of_more_than_60_ms_is_refused(studio: Studio) -> None:
    a, alice = telephone(studio, 32000)
    for octets in (1, 1279, 3840 + 2):
        alice.send_raw(alice.next.serialise() + bytes(octets))
    studio.settle()
    assert a.stats().refused == 3


def test_other_clocks_cannot_be_carried(studio: Studio) -> None:
    row, endpoint = studio.telephone()
    with pytest.raises(LocalError, match="L16 at 22050 Hz"):
        row.set_remote(endpoint.address, endpoint.port, Codec(Encoding.L16, 100, 22050), 101)
