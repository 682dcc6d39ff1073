"""Codings of whole frames: what FFmpeg hears of them, what we hear of it, and frames that pass untouched."""

from __future__ import annotations

import gc
import itertools
import weakref
from dataclasses import replace

import numpy as np
import pytest

from gateway.core.audio import Ceased, Samples, Sound
from gateway.core.codec import Codec, Encoding
from gateway.core.errors import LocalError, Unavailable
from gateway.media.codec import libraries
from gateway.media.resample import resample
from gateway.plane.rtp_row import RtpRow
from tests.support.framed import FramedCoder
from tests.support.rtp import RtpEndpoint
from tests.support.speech import speak
from tests.unit.plane.conftest import Studio, delay_and_likeness

CODECS = {
    "gsm": Codec(Encoding.GSM, 3),
    "g729": Codec(Encoding.G729, 18),
    "ilbc": Codec(Encoding.ILBC, 97, parameters="mode=20"),
    "ilbc30": Codec(Encoding.ILBC, 97, ptime=30),
    "opus": Codec(Encoding.OPUS, 107, 48000),
    "speex": Codec(Encoding.SPEEX, 110),
    "speex16": Codec(Encoding.SPEEX, 117, 16000),
    "amr": Codec(Encoding.AMR, 98),
    "amr-aligned": Codec(Encoding.AMR, 98, parameters="octet-align=1"),
    "amrwb": Codec(Encoding.AMR_WB, 99, 16000),
    "amrwb-aligned": Codec(Encoding.AMR_WB, 99, 16000, parameters="octet-align=1"),
    "g723": Codec(Encoding.G723, 4, parameters="annexa=no"),
}
LIKENESS = dict.fromkeys(CODECS, 0.8) | {"gsm": 0.93, "g729": 0.75, "opus": 0.88, "speex": 0.75, "g723": 0.75}
"""Of the waveform, which G.729 keeps least and iLBC's filters turn."""
SENTENCE = "The line to the workshop is free again."


def telephone(studio: Studio, codec: Codec) -> tuple[RtpRow, RtpEndpoint]:
    row, endpoint = studio.telephone(Encoding.PCMU, codec.payload_type)
    endpoint.rate = codec.rate
    endpoint.coder = FramedCoder(codec)  # type: ignore[assignment]
    endpoint.sampling = codec.sampling
    row.set_remote(endpoint.address, endpoint.port, codec, 101)
    studio.settle()
    return row, endpoint


def say(studio: Studio, speaker: RtpEndpoint, said: Samples, duration: int = 20) -> Samples:
    """Let `said`, 8000 a second, be spoken in packets of `duration` ms; returns what was said of it."""
    said = said[: len(said) // (8 * duration) * 8 * duration]
    wide = resample(said, 8000, speaker.sampling)
    frame = speaker.sampling * duration // 1000
    for start in range(0, len(wide), frame):
        speaker.say(wide[start : start + frame], ptime=frame)
        studio.tick()
    return said


@pytest.mark.parametrize("name", list(CODECS))
def test_a_telephone_with_frames_hears_one_without(studio: Studio, name: str) -> None:
    (a, alice), (b, bob) = studio.telephone(), telephone(studio, CODECS[name])
    a.join(b)
    said = say(studio, alice, speak(SENTENCE))
    heard = resample(bob.heard(), bob.sampling, 8000)
    lag, likeness = delay_and_likeness(said, heard)
    assert likeness > LIKENESS[name]
    assert lag < 8 * CODECS[name].frame + 80  # a frame at most, and what the coder looks ahead
    ticks = CODECS[name].rate * CODECS[name].packet // 1000
    assert {(y.timestamp - x.timestamp) & 0xFFFFFFFF for x, y in itertools.pairwise(bob.received)} == {ticks}


@pytest.mark.parametrize("name", list(CODECS))
def test_a_telephone_without_frames_hears_one_with(studio: Studio, name: str) -> None:
    (a, alice), (b, bob) = telephone(studio, CODECS[name]), studio.telephone()
    a.join(b)
    said = say(studio, alice, speak(SENTENCE), CODECS[name].packet)
    assert delay_and_likeness(said, bob.heard())[1] > LIKENESS[name]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        *itertools.permutations(list(CODECS)[:5], 2),
        *itertools.product(list(CODECS)[5:], ["g729", "opus"]),
        *itertools.product(["ilbc", "opus"], list(CODECS)[5:]),
        *itertools.permutations(["speex16", "amr", "amrwb"], 2),
    ],
)
def test_any_frames_reach_any_others(studio: Studio, first: str, second: str) -> None:
    (a, alice), (b, bob) = telephone(studio, CODECS[first]), telephone(studio, CODECS[second])
    a.join(b)
    said = say(studio, alice, speak(SENTENCE), CODECS[first].packet)
    heard = resample(bob.heard(), bob.sampling, 8000)
    assert delay_and_likeness(said, heard)[1] > LIKENESS[first] * LIKENESS[second] - 0.1


@pytest.mark.parametrize("name", list(CODECS))
def test_frames_of_one_kind_pass_untouched(studio: Studio, name: str) -> None:
    codec = CODECS[name]
    (a, alice), (b, bob) = telephone(studio, codec), telephone(studio, codec)
    a.join(b)
    sent = []
    said = resample(speak(SENTENCE), 8000, codec.sampling)
    frame = codec.sampling * codec.packet // 1000
    for start in range(0, 20 * frame, frame):
        packet = alice.packet(said[start : start + frame])
        alice.send(packet)
        sent.append(packet.payload)
        studio.plane.step(studio.now)  # and at once
        assert len(bob.hear()) == 1
    assert [packet.payload for packet in bob.received] == sent


def test_wide_band_goes_through_opus(studio: Studio) -> None:
    """RFC 7587: 48000 ticks a second whatever it carries."""
    (a, alice), (b, bob) = studio.telephone(Encoding.L16, 98, rate=16000), telephone(studio, CODECS["opus"])
    a.join(b)
    tone = (8000 * np.sin(2 * np.pi * 5000 / 16000 * np.arange(16000))).astype(np.int16)
    for start in range(0, len(tone), 320):
        alice.say(tone[start : start + 320], ptime=320)
        studio.tick()
    heard = bob.heard()[3200:].astype(float)
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    assert abs(np.argmax(spectrum) * 16000 / len(heard) - 5000) < 20
    assert np.std(heard) > 3000


@pytest.mark.parametrize("name", list(CODECS))
@pytest.mark.parametrize("duration", [10, 30, 60])
def test_packets_of_other_lengths_are_cut_into_frames(studio: Studio, name: str, duration: int) -> None:
    (a, alice), (b, bob) = studio.telephone(), telephone(studio, CODECS[name])
    a.join(b)
    said = say(studio, alice, speak(SENTENCE)[: 8 * 1200], duration)
    heard = resample(bob.heard(), bob.sampling, 8000)
    assert abs(len(heard) - len(said)) <= 8 * CODECS[name].packet
    assert delay_and_likeness(said, heard)[1] > LIKENESS[name] - 0.05


@pytest.mark.parametrize(
    ("name", "wished", "sent"),
    [("gsm", 30, 40), ("g729", 30, 30), ("ilbc30", 20, 30), ("opus", 50, 60), ("speex", 30, 40), ("amrwb", 60, 60)],
)
def test_a_packet_is_a_whole_number_of_frames(studio: Studio, name: str, wished: int, sent: int) -> None:
    codec = CODECS[name]
    row, endpoint = telephone(studio, codec)
    other = Codec(codec.encoding, codec.payload_type, codec.rate, wished, codec.parameters)
    row.set_remote(endpoint.address, endpoint.port, other, 101)
    row.play(Sound("speech", speak(SENTENCE)))
    studio.tick(30)
    endpoint.hear()
    assert {(y.timestamp - x.timestamp) & 0xFFFFFFFF for x, y in itertools.pairwise(endpoint.received)} == {
        codec.rate * sent // 1000
    }


@pytest.mark.parametrize("name", list(CODECS))
def test_a_device_talks_and_listens_in_frames(studio: Studio, name: str) -> None:
    (a, alice), (d, device) = telephone(studio, CODECS[name]), studio.device(Encoding.L16)
    a.join(d)
    said, answer = speak(SENTENCE), speak("Please hold the line.", voice="en-gb")
    duration = CODECS[name].packet
    wide, frame = resample(said, 8000, alice.sampling), alice.sampling * duration // 1000
    packets = 0
    for k in range(60):
        while packets * duration <= 20 * k:
            alice.say(wide[packets * frame :][:frame], ptime=frame)
            packets += 1
        device.say(answer[160 * k : 160 * k + 160])
        studio.tick()
    heard = resample(alice.heard(), alice.sampling, 8000)
    assert delay_and_likeness(answer[: 160 * 60], heard)[1] > LIKENESS[name] - 0.05
    assert delay_and_likeness(said[: 160 * 60], device.heard())[1] > LIKENESS[name] - 0.05


@pytest.mark.parametrize("name", list(CODECS))
def test_hostile_payloads_are_refused_or_silence(studio: Studio, name: str) -> None:
    (a, alice), (b, bob) = telephone(studio, CODECS[name]), studio.telephone()
    a.join(b)
    random = np.random.default_rng(7)
    for _ in range(400):
        payload = random.integers(0, 256, int(random.integers(1, 400)), dtype=np.uint8).tobytes()
        alice.skip(CODECS[name].rate // 50)
        alice.send_raw(alice.next.serialise() + payload)
        studio.tick()
    stats = a.stats()
    assert stats.received + stats.refused == 400
    bob.hear()
    bob.received.clear()
    said = say(studio, alice, speak(SENTENCE), CODECS[name].packet)
    heard = bob.heard()
    heard = np.concatenate((np.zeros(200, np.int16), heard))  # the hostile may have taken the first frame's place
    assert delay_and_likeness(said, heard)[1] > LIKENESS[name] - 0.1


def test_another_coding_in_mid_call_has_coders_of_its_own(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), telephone(studio, CODECS["gsm"])
    a.join(b)
    say(studio, alice, speak(SENTENCE))
    bob.hear()
    bob.received.clear()
    bob.coder = FramedCoder(CODECS["opus"])  # type: ignore[assignment]
    bob.payload_type, bob.sampling = 107, 16000
    b.set_remote(bob.address, bob.port, CODECS["opus"], 101)
    studio.settle()
    said = say(studio, alice, speak(SENTENCE))
    heard = resample(bob.heard(), 16000, 8000)
    assert {packet.payload_type for packet in bob.received} == {107}
    assert delay_and_likeness(said, heard)[1] > LIKENESS["opus"]


def test_coders_go_with_their_row_or_their_codec(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[weakref.ref[libraries.Coder]] = []
    original = libraries.Coder.__init__

    def noted(self: libraries.Coder, *arguments: object) -> None:
        original(self, *arguments)  # type: ignore[arg-type]
        made.append(weakref.ref(self))

    monkeypatch.setattr(libraries.Coder, "__init__", noted)
    row, endpoint = studio.telephone()
    for name in ("gsm", "opus", "opus", "g729"):
        row.set_remote(endpoint.address, endpoint.port, CODECS[name], 101)
        studio.settle()
    gc.collect()
    assert [reference() is not None for reference in made] == [False] * 4 + [True] * 2
    row.close()
    studio.settle()
    del row
    gc.collect()
    assert not any(reference() for reference in made)


def test_a_codec_without_its_library_says_what_to_install(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries, "_PACKAGES", {Encoding.G729: ("libnowhere.so.9", "libbcg729-0")})
    libraries._library.cache_clear()
    row, endpoint = studio.telephone()
    with pytest.raises(Unavailable, match=r"G729 needs libnowhere\.so\.9.*apt-get install libbcg729-0"):
        row.set_remote(endpoint.address, endpoint.port, CODECS["g729"], 101)
    libraries._library.cache_clear()


@pytest.mark.parametrize("encoding", [Encoding.OPUS, Encoding.G723])
def test_libraries_that_pyav_brings_along_are_found(monkeypatch: pytest.MonkeyPatch, encoding: Encoding) -> None:
    load = libraries._load
    monkeypatch.setattr(libraries, "_load", lambda wanted: load(wanted) if "/" in wanted else None)
    libraries._library.cache_clear()
    missing = libraries.needs(encoding)
    libraries._library.cache_clear()
    assert missing is None


@pytest.mark.parametrize("name", ["libopencore-amrwb.so.0", "libvo-amrwbenc.so.0"])
def test_amr_wb_needs_a_library_for_each_way(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    load = libraries._load
    monkeypatch.setattr(libraries, "_load", lambda wanted: None if wanted == name else load(wanted))
    monkeypatch.setattr(libraries, "_bundled", lambda wanted: None)
    for kept in (libraries._library, libraries._wide_encoder):
        kept.cache_clear()
    said = libraries.needs(Encoding.AMR_WB)
    for kept in (libraries._library, libraries._wide_encoder):
        kept.cache_clear()
    assert said is not None and said.startswith(f"AMR-WB needs {name}, which is not installed: apt-get install lib")


def test_opus_has_its_own_clock_alone(studio: Studio) -> None:
    row, endpoint = studio.telephone()
    with pytest.raises(LocalError, match="opus at 8000 Hz"):
        row.set_remote(endpoint.address, endpoint.port, Codec(Encoding.OPUS, 107, 8000), 101)


@pytest.mark.parametrize(
    ("name", "payload", "announces"),
    [
        ("g729", bytes(12), True),  # a frame, and annex B's noise
        ("g729", bytes(20), False),
        ("opus", bytes((0x08,)), True),  # RFC 6716 3.1: a TOC and no frame
        ("opus", bytes((0x08, 0x10, 0x20)), False),
        ("amr", bytes((0xF4, 0x40, 0, 0, 0, 0, 0)), True),  # RFC 4867 4.3: SID, of 39 bits
        ("amr-aligned", bytes((0xF0, 0x44, 0, 0, 0, 0, 0)), True),
        ("amr-aligned", bytes((0xF0, 0x3C)) + bytes(31), False),  # 12.2 kbit/s
    ],
)
@pytest.mark.parametrize("relayed", [False, True])
def test_what_a_coder_announces_is_no_silence_to_tell_of(
    studio: Studio, name: str, payload: bytes, announces: bool, relayed: bool
) -> None:
    (a, alice), (b, _) = telephone(studio, CODECS[name]), telephone(studio, CODECS[name])
    if relayed:
        a.join(b)
    alice.send(replace(alice.next, payload=payload))
    studio.tick(230)
    assert a.stats().received == 1
    assert [type(event) for event in studio.happened(a)] == ([] if announces else [Ceased])
