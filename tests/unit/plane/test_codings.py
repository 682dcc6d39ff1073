"""Codings of rows: any to any, wide band kept where both sides have it, payload types changed in mid-call."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from gateway.core.audio import DigitHeard, Samples, Sound
from gateway.core.codec import Codec, Encoding
from gateway.media.resample import resample
from gateway.media.tone import dtmf
from gateway.plane.rtp_row import RtpRow
from tests.support.rtp import RtpEndpoint
from tests.support.spandsp import G726_BITS
from tests.unit.plane.conftest import Studio, delay_and_likeness, speech

CODECS = {
    "ulaw": Codec(Encoding.PCMU, 0),
    "alaw": Codec(Encoding.PCMA, 8),
    "slin": Codec(Encoding.L16, 96),
    "slin16": Codec(Encoding.L16, 97, 16000),
    "g722": Codec(Encoding.G722, 9),
    "g726": Codec(Encoding.G726, 98),
    "aal2": Codec(Encoding.AAL2_G726, 99),
}
RARE = {
    "g726-16": Codec(Encoding.G726_16, 104),
    "g726-24": Codec(Encoding.G726_24, 105),
    "g726-40": Codec(Encoding.G726_40, 106),
    "aal2-16": Codec(Encoding.AAL2_G726_16, 120),
    "aal2-24": Codec(Encoding.AAL2_G726_24, 121),
    "aal2-40": Codec(Encoding.AAL2_G726_40, 122),
    "dvi4": Codec(Encoding.DVI4, 5),
}
"""Those that differ from another by their bits alone: each way is gone once."""
FRAMES = {8000: 160, 16000: 320}


def telephone(
    studio: Studio, name: str, ptime: int = 20, event_type: int | None = 101
) -> tuple[RtpRow, RtpEndpoint]:
    codec = (CODECS | RARE)[name]
    return studio.telephone(codec.encoding, codec.payload_type, event_type, ptime=ptime, rate=codec.rate)


def voice(seconds: float, rate: int) -> Samples:
    """The same speech at either rate, all of it below 3400 Hz."""
    return resample(speech(seconds), 8000, rate)


def converse(studio: Studio, speaker: RtpEndpoint, rate: int, seconds: float = 1.0) -> Samples:
    said = voice(seconds, rate)
    for start in range(0, len(said), FRAMES[rate]):
        speaker.say(said[start : start + FRAMES[rate]], ptime=FRAMES[rate])
        studio.tick()
    return said


@pytest.mark.parametrize(("first", "second"), [pair for pair in itertools.product(CODECS, CODECS)])
def test_any_coding_reaches_any_other(studio: Studio, first: str, second: str) -> None:
    (a, alice), (b, bob) = telephone(studio, first), telephone(studio, second)
    a.join(b)
    rate = CODECS[first].sampling
    said = resample(converse(studio, alice, rate), rate, 8000)
    heard = resample(bob.heard(), CODECS[second].sampling, 8000)
    lag, likeness = delay_and_likeness(said, heard)
    assert 0 <= lag <= 60  # filters alone, no buffer
    assert likeness > 0.97
    assert len(bob.received) == 50
    assert {(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in itertools.pairwise(bob.received)} == {
        CODECS[second].rate // 50
    }
    assert b.stats().sent == 50


@pytest.mark.parametrize("name", list(RARE))
def test_adpcm_of_every_kind_there_and_back(studio: Studio, name: str) -> None:
    """RFC 3551 4.5.1, 4.5.4, and the other order of I.366.2: packets of as many octets as the bits say."""
    (a, alice), (b, bob) = telephone(studio, "slin"), telephone(studio, name)
    a.join(b)
    said = converse(studio, alice, 8000)
    bob.hear()
    octets = 84 if name == "dvi4" else 20 * G726_BITS[RARE[name].encoding]
    assert {len(packet.payload) for packet in bob.received} == {octets}
    assert delay_and_likeness(said, bob.heard())[1] > 0.9
    answered = converse(studio, bob, 8000)
    assert delay_and_likeness(answered, alice.heard())[1] > 0.9


@pytest.mark.parametrize("name", list(CODECS))
def test_the_same_coding_on_both_sides_passes_untouched(studio: Studio, name: str) -> None:
    (a, alice), (b, bob) = telephone(studio, name), telephone(studio, name)
    a.join(b)
    sent = []
    rate = CODECS[name].sampling
    for k in range(10):
        packet = alice.packet(voice(0.02, rate))
        alice.send(packet)
        sent.append(packet.payload)
        studio.plane.step(studio.now)  # and at once
        assert len(bob.hear()) == 1, k
    assert [packet.payload for packet in bob.received] == sent


@pytest.mark.parametrize(("first", "second"), [("g722", "slin16"), ("slin16", "g722"), ("g722", "g722")])
def test_wide_band_is_kept_from_end_to_end(studio: Studio, first: str, second: str) -> None:
    (a, alice), (b, bob) = telephone(studio, first), telephone(studio, second)
    a.join(b)
    tone = (8000 * np.sin(2 * np.pi * 6000 / 16000 * np.arange(16000))).astype(np.int16)
    for start in range(0, len(tone), 320):
        alice.say(tone[start : start + 320], ptime=320)
        studio.tick()
    heard = bob.heard()[3200:].astype(float)
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    assert abs(np.argmax(spectrum) * 16000 / len(heard) - 6000) < 5
    assert np.sqrt(np.mean(heard**2)) > 4000


def test_nothing_folds_down_from_above_into_the_narrow_band(studio: Studio) -> None:
    (a, alice), (b, bob) = telephone(studio, "slin16"), telephone(studio, "slin")
    a.join(b)
    tone = (8000 * np.sin(2 * np.pi * 6000 / 16000 * np.arange(16000))).astype(np.int16)
    for start in range(0, len(tone), 320):
        alice.say(tone[start : start + 320], ptime=320)
        studio.tick()
    assert np.sqrt(np.mean(bob.heard()[800:].astype(float) ** 2)) < 8  # 56 dB down and more


@pytest.mark.parametrize("name", ["g722", "slin16", "g726"])
@pytest.mark.parametrize("ptime", [10, 30, 60])
def test_packets_of_other_lengths_for_every_coding(studio: Studio, name: str, ptime: int) -> None:
    (a, alice), (b, bob) = telephone(studio, "ulaw"), telephone(studio, name, ptime)
    a.join(b)
    said = converse(studio, alice, 8000, 1.2)
    heard = resample(bob.heard(), CODECS[name].sampling, 8000)
    assert len(bob.received) == 1200 // min(ptime, 40 if name == "slin16" else 60)  # 60 ms would fill two packets
    assert delay_and_likeness(said, heard)[1] > 0.97


@pytest.mark.parametrize("name", ["g722", "slin16", "g726", "aal2"])
def test_a_device_talks_and_listens_in_any_coding(studio: Studio, name: str) -> None:
    (a, alice), (d, device) = telephone(studio, name), studio.device(Encoding.L16)
    a.join(d)
    rate = CODECS[name].sampling
    said = voice(1.0, rate)
    answer = speech(1.0, seed=2)
    for k in range(50):
        alice.say(said[k * FRAMES[rate] : (k + 1) * FRAMES[rate]], ptime=FRAMES[rate])
        device.say(answer[160 * k : 160 * k + 160])
        studio.tick()
    assert delay_and_likeness(answer, resample(alice.heard(), rate, 8000))[1] > 0.97
    assert delay_and_likeness(resample(said, rate, 8000), device.heard())[1] > 0.97


@pytest.mark.parametrize("name", ["g722", "slin16", "g726"])
def test_sounds_are_played_in_any_coding(studio: Studio, name: str) -> None:
    a, alice = telephone(studio, name)
    said = speech(0.5)
    a.play(Sound("speech", said))
    studio.tick(26)
    assert delay_and_likeness(said, resample(alice.heard(), CODECS[name].sampling, 8000))[1] > 0.97


def test_a_lost_packet_of_wide_band_leaves_the_rest_in_its_place(studio: Studio) -> None:
    (a, alice), (b, bob) = telephone(studio, "g722"), telephone(studio, "slin16")
    a.join(b)
    packets = [alice.packet(voice(0.02, 16000)) for _ in range(10)]
    for k in (0, 1, 2, 5, 4, 6, 7, 7, 8, 9):
        alice.send(packets[k])
    studio.settle()
    got = bob.hear()
    assert [(p.timestamp - got[0].timestamp) // 320 for p in got] == [0, 1, 2, 5, 6, 7, 8, 9]
    assert [(p.sequence - got[0].sequence) & 0xFFFF for p in got] == [0, 1, 2, 5, 6, 7, 8, 9]


@pytest.mark.parametrize("coding", ["g722", "g726"])
def test_what_comes_late_or_twice_does_not_touch_a_decoder_that_keeps_a_state(studio: Studio, coding: str) -> None:
    rate = CODECS[coding].sampling
    said = voice(0.4, rate)
    heard = []
    for order in ([*range(4), *range(5, 20)], [*range(4), 5, 6, 4, 6, *range(7, 20)]):
        (a, alice), (b, bob) = telephone(studio, coding), telephone(studio, "slin16" if rate == 16000 else "slin")
        a.join(b)
        studio.settle()
        packets = [alice.packet(said[at : at + FRAMES[rate]]) for at in range(0, 20 * FRAMES[rate], FRAMES[rate])]
        for k in order:
            alice.send(packets[k])
            studio.settle()
        heard.append(bob.heard())
    assert len(heard[0]) == 19 * FRAMES[rate]
    assert np.array_equal(*heard)


def test_another_coding_in_the_middle_of_a_call(studio: Studio) -> None:
    (a, alice), (b, bob) = telephone(studio, "ulaw"), telephone(studio, "ulaw")
    a.join(b)
    converse(studio, alice, 8000)
    bob.hear()
    before = bob.received[-1]
    bob.received.clear()
    wide = RtpEndpoint(Encoding.G722, 9, ssrc=alice.next.ssrc, port=0)
    studio._opened.append(wide)
    b.set_remote(wide.address, wide.port, CODECS["g722"], 101)
    studio.settle()
    said = converse(studio, alice, 8000)
    heard = resample(wide.heard(), 16000, 8000)
    assert delay_and_likeness(said, heard)[1] > 0.97
    assert {packet.payload_type for packet in wide.received} == {9}
    assert (wide.received[0].ssrc, (wide.received[0].sequence - before.sequence) & 0xFFFF) == (before.ssrc, 1)


@pytest.mark.parametrize("name", ["g722", "g726"])
def test_a_row_begins_as_if_nobody_had_had_its_place(studio: Studio, name: str) -> None:
    def through_a_line(seed: int, packets: int) -> tuple[bytes, int, int]:
        """What a line hears of so many packets of which two are lost, and how many frames were made up."""
        (row, phone), (line, device) = telephone(studio, name), studio.device(Encoding.L16)
        row.join(line)
        said = resample(speech(0.02 * packets, seed), 8000, row.rate)
        for k in range(packets):
            packet = phone.packet(said[FRAMES[row.rate] * k :][: FRAMES[row.rate]])
            if k not in (0, packets // 2):
                phone.send(packet)
            studio.settle()
            device.say(np.zeros(160, np.int16))
            studio.tick()
        stats = row.stats()
        line.close()
        row.close()
        studio.settle()
        return device.heard().tobytes(), stats.concealed, stats.late

    first = through_a_line(1, 20)
    assert first[1] > 0
    through_a_line(2, 13)
    assert through_a_line(1, 20) == first


def test_payload_types_may_differ_by_direction(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(Encoding.L16, 97), telephone(studio, "ulaw")
    a.set_remote(alice.address, alice.port, Codec(Encoding.L16, 118), 110, accepts=(97, 101))
    a.join(b)
    alice.say(speech(0.02))
    bob.say(speech(0.02))
    studio.settle()
    assert [packet.payload_type for packet in alice.hear()] == [118]
    assert len(bob.hear()) == 1
    alice.press("7")
    studio.settle()
    assert [event.digit for event in studio.happened(a) if isinstance(event, DigitHeard)] == ["7"]
    a.send_digits("5")
    studio.tick(20)
    assert {packet.payload_type for packet in alice.hear()} == {110}


def test_digits_keep_their_length_whatever_the_clock(studio: Studio) -> None:
    a, alice = telephone(studio, "slin16")
    a.send_digits("1", duration=0.1)
    studio.tick(12)
    assert [packet.payload[2] << 8 | packet.payload[3] for packet in alice.hear()][-1] == 1600
    for length in range(320, 1600, 320):
        alice.send(alice.event("9", length))
    for _ in range(3):
        alice.send(alice.event("9", 1600, end=True))
    studio.settle()
    assert studio.happened(a) == [DigitHeard("9", 0.1, event=True)]


def test_tones_are_heard_in_wide_band_and_kept_from_a_peer_that_gets_events(studio: Studio) -> None:
    (a, alice), (b, bob) = telephone(studio, "g722", event_type=None), telephone(studio, "g722")
    a.detect_digits(True)
    a.join(b)
    said = resample(dtmf("5", 0.2, 0.2), 8000, 16000)
    for start in range(0, len(said), 320):
        alice.say(said[start : start + 320], ptime=320)
        studio.tick()
    assert [(event.digit, event.event) for event in studio.happened(a) if isinstance(event, DigitHeard)] == [
        ("5", False)
    ]
    assert np.sqrt(np.mean(bob.heard()[1600:4800].astype(float) ** 2)) < 300


@pytest.mark.parametrize(
    ("name", "octets"),
    [
        ("dvi4", 4),
        ("dvi4", 3),
        ("dvi4", 4 + 241),
        ("g726-24", 61),
        ("g726-40", 99),
        ("g726-16", 121),
        ("slin", 319),
    ],
)
def test_payloads_of_no_whole_number_of_samples_or_of_more_than_60_ms_are_refused(
    studio: Studio, name: str, octets: int
) -> None:
    a, alice = telephone(studio, name)
    alice.send_raw(alice.next.serialise() + bytes(octets))
    studio.settle()
    assert (a.stats().received, a.stats().refused) == (0, 1)


def test_a_packet_of_dvi4_begins_anew_whatever_its_header_says(studio: Studio) -> None:
    """RFC 3551 4.5.1: a place in a table of 89 steps has eight bits; each packet is understood alone."""
    (a, alice), (b, bob) = telephone(studio, "dvi4"), telephone(studio, "slin")
    a.join(b)
    alice.send_raw(alice.next.serialise() + b"\x7f\xff\xff\xff" + b"\x77" * 80)
    alice.skip(160)
    studio.settle()
    assert bob.heard().max() == 32767, "as loud as can be, and not round the corner"
    bob.received.clear()
    alice.send_raw(alice.next.serialise() + bytes(4) + b"\x08" * 80)
    studio.settle()
    assert abs(bob.heard()).max() < 10
