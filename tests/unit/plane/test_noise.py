"""Comfort noise (RFC 3389): heard at its level, passed on, made for who takes none, told in place of silence."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from gateway.core.audio import Samples, Sound
from gateway.core.codec import Codec, Encoding
from gateway.core.errors import LocalError
from gateway.plane.rtp import RtpPacket
from gateway.plane.rtp_row import RtpRow
from tests.support.rtp import RtpEndpoint
from tests.unit.plane.conftest import Device, Studio, speech

CN = 13
ULAW = Codec(Encoding.PCMU, 0)
SILENCE = np.zeros(160, np.int16)


def agreed(studio: Studio, codec: Codec = ULAW, number: int = CN) -> tuple[RtpRow, RtpEndpoint]:
    """A telephone that has agreed to comfort noise."""
    row, endpoint = studio.telephone(codec.encoding, codec.payload_type, rate=codec.rate)
    row.set_remote(endpoint.address, endpoint.port, codec, 101, noise=(number, number))
    studio.settle()
    return row, endpoint


def tell(endpoint: RtpEndpoint, payload: bytes, number: int = CN) -> RtpPacket:
    packet = replace(endpoint.packet(SILENCE), payload_type=number, payload=payload, marker=False)
    endpoint.send(packet)
    return packet


def hiss(level: float, frames: int, seed: int = 3) -> list[Samples]:
    """Frames of noise, `level` dB below overload."""
    random = np.random.default_rng(seed)
    rms = 32768 * 10 ** (-level / 20)
    return [np.clip(random.standard_normal(160) * rms, -32768, 32767).astype(np.int16) for _ in range(frames)]


def level_of(samples: Samples) -> float:
    """dB below overload."""
    return float(-20 * np.log10(np.sqrt(np.mean(samples.astype(float) ** 2)) / 32768))


def talk(studio: Studio, device: Device, frames: list[Samples], ear: RtpEndpoint) -> list[RtpPacket]:
    """What `ear` is sent while a device says `frames`."""
    heard = ear.hear()
    for frame in frames:
        device.say(frame)
        studio.tick()
        heard += ear.hear()
    return heard


# Noise that comes in.


def test_it_is_taken_unasked_and_keeps_the_peer_alive(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone()
    a.join(b)
    for _ in range(6):
        tell(alice, bytes([60]))
        studio.tick(250)
    assert (a.stats().received, a.stats().refused, a.stats().lost) == (6, 0, 0)
    assert studio.happened(a) == []
    assert {packet.payload_type for packet in bob.hear()} == {0}


@pytest.mark.parametrize("level", [30, 50])
def test_comfort_noise_is_heard_at_its_level_until_speech_comes(studio: Studio, level: int) -> None:
    (a, alice), (d, device) = studio.telephone(Encoding.L16, 97), studio.device(Encoding.L16)
    a.join(d)
    alice.say(np.full(160, 1000, np.int16))
    studio.settle()
    alice.send(replace(alice.packet(np.zeros(160, np.int16)), payload_type=13, payload=bytes([level])))
    studio.settle()
    for _ in range(60):
        device.say(np.zeros(160, np.int16))
        studio.tick()
    noise = device.heard()[20 * 160 :].astype(float)
    assert abs(20 * np.log10(np.sqrt(np.mean(noise**2)) / 32767) + level) < 1
    alice.pause(9600)
    alice.say(np.full(960, 1000, np.int16))
    device.frames.clear()
    for _ in range(6):
        device.say(np.zeros(160, np.int16))
        studio.tick()
    # The queue starts anew with its full depth of 40 ms, silent, not noisy.
    assert np.array_equal(np.unique(device.heard()), [0, 1000])


def test_who_was_never_told_of_pauses_hears_noise_until_talk_comes(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone(Encoding.L16, 97)
    a.join(b)
    alice.say(speech(0.02))
    studio.tick()
    bob.hear()
    bob.received.clear()
    tell(alice, bytes([40]))
    for _ in range(50):
        alice.pause(160)
        studio.tick()
    noise = bob.hear()
    assert len(noise) == 50 and [packet.marker for packet in noise] == [True] + 49 * [False]
    assert abs(level_of(bob.heard()) - 40) < 1
    bob.received.clear()
    for _ in range(5):
        alice.say(speech(0.02))
        studio.tick()
    talk = bob.hear()
    assert len(talk) == 5 and talk[0].marker
    assert talk[0].sequence == (noise[-1].sequence + 1) & 0xFFFF
    assert 0 < (talk[0].timestamp - noise[-1].timestamp) & 0xFFFFFFFF <= 480


def test_the_same_coding_on_both_sides_gets_noise_too(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone()
    a.join(b)
    alice.say(speech(0.02))
    tell(alice, bytes([45]))
    studio.tick(20)
    heard = bob.hear()
    assert len(heard) == 21
    assert [(y.sequence - x.sequence) & 0xFFFF for x, y in itertools.pairwise(heard)] == 20 * [1]


def test_noise_ends_with_a_peer_that_has_gone(studio: Studio) -> None:
    (a, alice), (b, bob) = studio.telephone(), studio.telephone()
    a.join(b)
    tell(alice, bytes([45]))
    studio.tick(700)
    bob.hear()
    studio.tick(50)
    assert bob.hear() == []


def test_who_takes_it_is_passed_it_as_it_came(studio: Studio) -> None:
    """With what it says of the spectrum (RFC 3389 3.3), under the number that this peer has for it."""
    (a, alice), (b, bob) = agreed(studio), agreed(studio, number=96)
    a.join(b)
    for _ in range(3):
        alice.say(speech(0.02))
    tell(alice, bytes([50, 120, 127, 3]))
    alice.pause(4000)
    alice.say(speech(0.02))
    studio.tick(5)
    heard = bob.hear()
    assert [packet.payload_type for packet in heard] == [0, 0, 0, 96, 0]
    assert heard[3].payload == bytes([50, 120, 127, 3])
    assert [(packet.sequence - heard[0].sequence) & 0xFFFF for packet in heard] == [0, 1, 2, 3, 4]
    assert (heard[4].timestamp - heard[2].timestamp) & 0xFFFFFFFF > 4000


def test_between_two_codings_it_is_passed_by_its_level_and_the_clock_of_each(studio: Studio) -> None:
    (a, alice), (b, bob) = agreed(studio), agreed(studio, Codec(Encoding.L16, 98, 16000), 119)
    a.join(b)
    for _ in range(3):
        alice.say(speech(0.02))
        studio.tick()
    tell(alice, bytes([50, 120, 127]))
    studio.tick(25)
    alice.pause(24 * 160)
    alice.say(speech(0.02))
    studio.tick()
    heard = bob.hear()
    assert [packet.payload_type for packet in heard] == [98, 98, 98, 119, 98]
    assert heard[3].payload == bytes([50])
    assert [packet.sequence - heard[0].sequence & 0xFFFF for packet in heard] == [0, 1, 2, 3, 4]
    assert heard[4].marker
    assert abs((heard[4].timestamp - heard[3].timestamp & 0xFFFFFFFF) - 25 * 320) <= 320


@pytest.mark.parametrize(
    ("payload", "taken"), [(b"", False), (bytes(481), False), (b"\xff", True), (b"\x7f", True)]
)
def test_what_is_empty_or_endless_is_refused_and_the_unused_bit_means_nothing(
    studio: Studio, payload: bytes, taken: bool
) -> None:
    """RFC 3389 3.1: the highest bit is not of the level."""
    (a, alice), (b, bob) = studio.telephone(), studio.telephone(Encoding.L16, 97)
    a.join(b)
    tell(alice, payload)
    studio.tick(3)
    assert (a.stats().received, a.stats().refused) == ((1, 0) if taken else (0, 1))
    assert len(bob.hear()) == (3 if taken else 0)
    assert not np.any(np.abs(bob.heard()) > 1)  # level 127 is as good as nothing


def test_that_of_another_clock_has_no_number_of_its_own(studio: Studio) -> None:
    a, alice = studio.telephone(Encoding.L16, 98, rate=16000)
    tell(alice, bytes([50]))
    studio.settle()
    assert a.stats().refused == 1


G729, G723 = Codec(Encoding.G729, 18), Codec(Encoding.G723, 4, ptime=30)


@pytest.mark.parametrize(
    ("codec", "pause", "ticks"),
    [(G729, bytes(2), 80), (G729, bytes(10) + b"\x60\x00", 160), (G723, bytes.fromhex("02007e22"), 240)],
    ids=["annex B", "after speech", "annex A"],
)
@pytest.mark.parametrize("takes", [True, False])
def test_a_pause_by_the_codec_s_own_word_is_told_or_made_in_another_coding(
    studio: Studio, codec: Codec, pause: bytes, ticks: int, takes: bool
) -> None:
    """G.729 annex B and G.723.1 annex A to who codes otherwise: comfort noise of RFC 3389, or noise."""
    a, alice = studio.telephone(Encoding.PCMU, codec.payload_type)
    a.set_remote(alice.address, alice.port, codec, 101)
    b, bob = agreed(studio) if takes else studio.telephone()
    a.join(b)
    studio.settle()
    alice.send_raw(alice.next.serialise() + pause)
    alice.pause(ticks)
    studio.tick()
    decoded = bob.hear()
    studio.tick(20)
    kinds = [packet.payload_type for packet in (*decoded, *bob.hear())]
    if takes:
        assert kinds.count(CN) == 1 and kinds[-1] == CN and len(kinds) <= 3
    else:
        assert CN not in kinds and len(kinds) >= 20


# Silence that is told of.


def test_a_silent_device_is_told_of_and_not_sent(studio: Studio) -> None:
    (a, alice), (d, device) = agreed(studio), studio.device(Encoding.L16)
    a.join(d)
    heard = talk(studio, device, [*[speech(0.02)] * 20, *hiss(62, 200), *[speech(0.02)] * 5], alice)
    kinds = [packet.payload_type for packet in heard]
    assert kinds == [0] * 30 + [CN] + [0] * 5
    told = heard[30]
    assert len(told.payload) == 1 and abs(told.payload[0] - 62) <= 1 and not told.marker
    assert [(y.sequence - x.sequence) & 0xFFFF for x, y in itertools.pairwise(heard)] == [1] * 35
    assert heard[31].marker and not any(packet.marker for packet in heard[32:])
    # By the clock: 190 frames were told of.
    assert abs((heard[31].timestamp - told.timestamp & 0xFFFFFFFF) - 190 * 160) <= 160


def test_noise_that_changes_and_noise_that_lasts_are_told_of_again(studio: Studio) -> None:
    (a, alice), (d, device) = agreed(studio), studio.device(Encoding.L16)
    a.join(d)
    heard = talk(studio, device, hiss(66, 100), alice)
    assert [packet.payload_type for packet in heard].count(CN) == 1
    assert talk(studio, device, [SILENCE] * 200, alice)[-1].payload[0] == 127
    assert [packet.payload for packet in talk(studio, device, [SILENCE] * 550, alice)] == [
        b"\x7f"
    ] * 2  # every five seconds


def test_a_hum_becomes_silence_and_what_is_louder_does_not(studio: Studio) -> None:
    (a, alice), (d, device) = agreed(studio), studio.device(Encoding.L16)
    a.join(d)
    talk(studio, device, hiss(52, 400), alice)
    assert len(talk(studio, device, hiss(52, 50, seed=4), alice)) <= 1
    assert len(talk(studio, device, hiss(44, 50, seed=5), alice)) > 45


def test_a_steady_tone_is_never_silence(studio: Studio) -> None:
    (a, alice), (d, device) = agreed(studio), studio.device(Encoding.L16)
    a.join(d)
    tone = (1000 * np.sin(2 * np.pi * 425 / 8000 * np.arange(160 * 500))).astype(np.int16)
    heard = talk(studio, device, [tone[start : start + 160] for start in range(0, len(tone), 160)], alice)
    assert [packet.payload_type for packet in heard] == [0] * 500


def test_signals_of_modems_are_never_silence(studio: Studio) -> None:
    (a, alice), (d, device) = agreed(studio), studio.device(Encoding.L16)
    a.carry_voiceband(True)
    a.join(d)
    heard = talk(studio, device, [SILENCE] * 50, alice)
    assert {packet.payload_type for packet in heard} == {0}


def test_a_silent_room_is_told_of(studio: Studio) -> None:
    (a, alice), (b, bob) = agreed(studio), studio.telephone()
    room = studio.plane.room()
    for row in (a, b):
        room.sit(row)
    for _ in range(50):
        bob.say(SILENCE)
        studio.tick()
    assert [packet.payload_type for packet in alice.hear()].count(CN) == 1
    for _ in range(10):
        bob.say(speech(0.02))
        studio.tick()
    assert alice.hear()[-1].payload_type == 0


def test_a_prompt_with_a_pause_is_told_in_parts(studio: Studio) -> None:
    a, alice = agreed(studio, Codec(Encoding.G722, 9))
    a.play(Sound("two words", np.concatenate([speech(0.4), np.zeros(8000, np.int16), speech(0.4)])))
    studio.tick(92)
    kinds = [packet.payload_type for packet in alice.hear()]
    assert kinds.count(CN) == 1 and kinds[0] == kinds[-1] == 9 and len(kinds) < 65


def test_who_has_not_agreed_is_sent_silence(studio: Studio) -> None:
    (a, alice), (d, device) = studio.telephone(), studio.device(Encoding.L16)
    a.join(d)
    heard = talk(studio, device, [SILENCE] * 50, alice)
    assert [packet.payload_type for packet in heard] == [0] * 50


@pytest.mark.parametrize("numbers", [(128, 13), (-1, 13), (0, 13), (13, 0)])
def test_payload_types_that_cannot_be_are_refused(studio: Studio, numbers: tuple[int, int]) -> None:
    row, endpoint = studio.telephone()
    with pytest.raises(LocalError, match="comfort noise"):
        row.set_remote(endpoint.address, endpoint.port, Codec(Encoding.PCMU, 0), 101, noise=numbers)
