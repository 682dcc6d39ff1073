"""G.723.1 (RFC 3551 4.5.3): frames of four lengths, the pauses of its annex A, and libraries that will not do."""

from __future__ import annotations

import ctypes
from types import SimpleNamespace

import numpy as np
import pytest

from gateway.core.codec import Codec, Encoding
from gateway.media.codec import libavcodec, libraries
from gateway.plane.rtp_row import RtpRow
from tests.support.framed import FramedCoder
from tests.support.rtp import RtpEndpoint
from tests.support.speech import speak
from tests.unit.plane.conftest import Studio, delay_and_likeness

G723 = Codec(Encoding.G723, 4, ptime=30, parameters="annexa=no")
NOISE = bytes.fromhex("02 00 7e 22")
"""A frame that tells of comfort noise: its lowest bits are 10."""
UNCHANGED = b"\x03"
"""And one that says that it goes on."""


def telephone(studio: Studio) -> tuple[RtpRow, RtpEndpoint]:
    row, endpoint = studio.telephone(Encoding.PCMU, 4)
    endpoint.coder = FramedCoder(G723)  # type: ignore[assignment]
    row.set_remote(endpoint.address, endpoint.port, G723, 101)
    studio.settle()
    return row, endpoint


def say(studio: Studio, speaker: RtpEndpoint, payload: bytes, frames: int = 1) -> None:
    speaker.send_raw(speaker.next.serialise() + payload)
    speaker.skip(240 * frames)
    studio.tick()


def power(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(samples.astype(float) ** 2))) if len(samples) else 0.0


def test_frames_of_all_lengths_share_packets(studio: Studio) -> None:
    (a, alice), (b, _) = telephone(studio), studio.telephone()
    a.join(b)
    speech = FramedCoder(G723).encode(speak("One moment.")[:480])
    slow = b"\x01" + bytes(19)
    for payload, frames in ((speech, 2), (speech[:24] + slow, 2), (speech[:24] + NOISE, 2), (slow + UNCHANGED, 2)):
        say(studio, alice, payload, frames)
    assert a.stats().received == 4 and a.stats().refused == 0


@pytest.mark.parametrize("payload", [b"\x00" * 23, b"\x00" * 25, b"\x01" * 19, b"\x02\x00\x00", b"\x00" * 24 * 3])
def test_what_is_no_whole_number_of_frames_or_too_long_is_refused(studio: Studio, payload: bytes) -> None:
    a, alice = telephone(studio)
    say(studio, alice, payload)
    assert (a.stats().received, a.stats().refused) == (0, 1)


def test_in_a_pause_of_annex_a_its_noise_goes_on_until_talk_comes(studio: Studio) -> None:
    (a, alice), (b, bob) = telephone(studio), studio.telephone()
    a.join(b)
    coder, said = FramedCoder(G723), speak("One moment.")[: 240 * 20]
    for start in range(0, len(said), 240):
        say(studio, alice, coder.encode(said[start : start + 240]))
    say(studio, alice, NOISE)
    bob.hear()
    bob.received.clear()
    for _ in range(30):
        alice.pause(160)
        studio.tick()
    noise = bob.heard()
    assert len(noise) == 30 * 160
    assert 1 < power(noise[:2400]) < 1000 and 0.5 < power(noise[:2400]) / power(noise[2400:]) < 2
    bob.received.clear()
    say(studio, alice, coder.encode(said[:240]))
    studio.tick(3)
    assert len(bob.heard()) <= 240  # no noise besides, or after


def test_a_device_hears_the_noise_of_a_pause(studio: Studio) -> None:
    (a, alice), (d, device) = telephone(studio), studio.device(Encoding.L16)
    a.join(d)
    for _ in range(4):
        say(studio, alice, NOISE)
    for _ in range(40):
        device.say(np.zeros(160, np.int16))
        studio.tick()
    assert power(device.heard()[-1600:]) > 1


def test_a_peer_of_the_same_codec_is_told_of_a_pause_by_the_codec(studio: Studio) -> None:
    (a, alice), (b, bob) = telephone(studio), telephone(studio)
    a.join(b)
    say(studio, alice, NOISE)
    studio.tick(10)
    assert [packet.payload for packet in bob.hear()] == [NOISE]


def test_what_we_code_is_at_the_high_rate_and_heard_by_another(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), telephone(studio)
    a.join(b)
    said = speak("The line to the workshop is free again.")
    for start in range(0, len(said) - 160, 160):
        alice.say(said[start : start + 160])
        studio.tick()
    packets = bob.hear()
    assert {len(packet.payload) for packet in packets} == {24} and {
        packet.payload[0] & 3 for packet in packets
    } == {0}
    assert delay_and_likeness(said, bob.heard())[1] > 0.75


def test_every_libavcodec_that_is_here_is_fit() -> None:
    """PyAV's, and the distribution's."""
    names = [f"libavcodec.so.{version}" for version in libavcodec.VERSIONS]
    found = [library for library in (libraries._bundled("libavcodec.so"), *map(libraries._load, names)) if library]
    assert found
    assert all(libavcodec.is_fit(library) for library in found)


def test_another_library_or_another_version_is_not_fit() -> None:
    assert not libavcodec.is_fit(ctypes.CDLL("libspandsp.so.2"))
    assert not libavcodec.is_fit(SimpleNamespace(avcodec_version=lambda: 58 << 16))


def test_a_libavcodec_without_the_codec_or_laid_out_otherwise_is_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    library = libraries._library(Encoding.G723)
    assert libavcodec.is_fit(library)
    for name, other in (("_CODEC", b"g723_9"), ("_FRAME_SAMPLES", 108), ("_PACKET_SIZE", 36)):
        with monkeypatch.context() as patch:
            patch.setattr(libavcodec, name, other)
            assert not libavcodec.is_fit(library), name


def test_without_libavcodec_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries, "_load", lambda _: None)
    monkeypatch.setattr(libraries, "_bundled", lambda _: None)
    libraries._library.cache_clear()
    said = libraries.needs(Encoding.G723)
    libraries._library.cache_clear()
    assert said == (
        "G723 needs libavcodec.so.59 or later, which is not installed: apt-get install libavcodec-extra"
    )
