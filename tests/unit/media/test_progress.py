"""Which call progress tone is heard: by frequency, cadence and nothing else."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.audio import Samples, Sound
from gateway.core.codec import Encoding
from gateway.core.errors import LocalError
from gateway.media.cadence import render
from gateway.media.g711 import decode, encode
from gateway.media.level import peak
from gateway.media.progress import ToneRecogniser
from gateway.media.tone import ZONES, dtmf

UNLIKE = ("us", "uk", "de", "fr", "jp", "au", "it", "es", "sg", "tr")
"""Zones of which no two have tones of one kind."""
KNOWN = ("dial", "busy", "ring", "congestion", "info", "milliwatt")


def played(sound: Sound, seconds: float) -> Samples:
    length = round(seconds * 8000)
    samples = sound.samples
    while len(samples) < length and sound.loop_from is not None:
        samples = np.concatenate([samples, sound.samples[sound.loop_from :]])
    return samples[:length]


def told(zone: str, samples: Samples) -> list[str | None]:
    """What is told, block by block, without repetitions."""
    recogniser, names = ToneRecogniser(zone), list[str | None]()
    for start in range(0, len(samples), 160):
        recogniser.feed(samples[start : start + 160])
        if not names or names[-1] != recogniser.tone:
            names.append(recogniser.tone)
    return names


@pytest.mark.parametrize("zone", ZONES)
def test_every_tone_of_every_zone_is_told_and_no_other(zone: str) -> None:
    assert {name: set(told(zone, on_the_line(zone, name, lead=1005, loss=20))) for name in KNOWN} == {
        name: {None, same_as(zone, name)} for name in KNOWN
    }


@pytest.mark.parametrize("zone", UNLIKE)
def test_a_tone_is_told_once_and_without_a_break(zone: str) -> None:
    for name in KNOWN:
        names = told(zone, on_the_line(zone, name, lead=0, loss=0))
        assert [heard for heard in names if heard] == [same_as(zone, name)]


def on_the_line(zone: str, name: str, *, lead: int, loss: float) -> Samples:
    """Nine seconds of a tone through the zone's law, `lead` samples late and `loss` dB down."""
    tone = played(ZONES[zone].tone(name), 9) * 10 ** (-loss / 20)
    line = np.concatenate([np.zeros(lead, np.int16), np.round(tone).astype(np.int16)])
    return decode(encode(line, ZONES[zone].law), ZONES[zone].law)


def same_as(zone: str, name: str) -> str:
    """In some countries congestion tone is busy tone."""
    return "busy" if name == "congestion" and ZONES[zone].tones[name] == ZONES[zone].tones["busy"] else name


@pytest.mark.parametrize(("name", "within"), [("dial", 0.3), ("busy", 0.5), ("ring", 0.3), ("congestion", 0.5)])
def test_us_tones_are_told_soon(name: str, within: float) -> None:
    recogniser = ToneRecogniser("us")
    recogniser.feed(np.zeros(4000, np.int16))
    recogniser.feed(played(ZONES["us"].tone(name), within))
    assert recogniser.tone == name


@pytest.mark.parametrize("zone", UNLIKE)
def test_ringing_is_told_through_its_pauses_and_is_over_when_it_stops(zone: str) -> None:
    recogniser = ToneRecogniser(zone)
    ring = ZONES[zone].tone("ring")
    recogniser.feed(played(ring, 2 * ring.duration - 0.3))
    assert recogniser.tone == "ring"
    recogniser.feed(np.zeros(round(ring.duration * 8000), np.int16))
    assert recogniser.tone is None


def test_dial_tone_is_over_when_a_digit_is_pressed() -> None:
    recogniser = ToneRecogniser("us")
    recogniser.feed(played(ZONES["us"].tone("dial"), 1))
    recogniser.feed(dtmf("6"))
    assert recogniser.tone is None


def test_busy_after_talking_is_told() -> None:
    noise = np.random.default_rng(1).normal(0, 3000, 16000).astype(np.int16)
    names = told("de", np.concatenate([noise, played(ZONES["de"].tone("busy"), 3)]))
    assert [name for name in names if name] == ["busy"]


def test_tones_are_told_through_noise() -> None:
    for name in ("dial", "busy", "ring", "congestion"):
        tone = played(ZONES["us"].tone(name), 7)
        noise = np.random.default_rng(2).normal(0, peak(-48) / math.sqrt(2), len(tone))
        assert [heard for heard in told("us", (tone + noise).astype(np.int16)) if heard] == [name]


def test_stutter_dial_tone_becomes_dial_tone() -> None:
    assert told("us", played(ZONES["us"].tone("stutter"), 3))[-1] == "dial"


def test_a_tone_with_an_opening_may_repeat_all_of_it_or_the_rest_alone() -> None:
    """Turkey's congestion tone: three short sounds and a long one; some exchanges give the long ones alone."""
    short, long = (played(render("", f"450/{ms},0/200"), ms / 1000 + 0.2) for ms in (200, 600))
    for sounds in ([short, short, short, long] * 3, [long] * 8):
        recogniser = ToneRecogniser("tr")
        recogniser.feed(np.concatenate([np.zeros(4000, np.int16), *sounds, short[:800]]))
        assert recogniser.hearing is not None
        assert recogniser.hearing.tone == "congestion" and recogniser.hearing.bursts >= 5


@pytest.mark.parametrize("zone", UNLIKE)
def test_noise_digits_and_a_gliding_voice_are_no_tone(zone: str) -> None:
    time = np.arange(80000) / 8000
    phase = 2 * np.pi * np.cumsum(160 * 2 ** (0.75 * np.sin(2 * np.pi * 0.31 * time))) / 8000
    voice = sum((np.sin(harmonic * phase) / harmonic for harmonic in range(1, 12)), np.zeros(80000)) * 6000
    noise = np.random.default_rng(3).normal(0, 3000, 40000)
    for samples in (voice, noise, dtmf("0123456789*#")):
        assert told(zone, samples.astype(np.int16)) == [None]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 3000), max_size=20))
def test_the_size_of_the_pieces_does_not_matter(sizes: list[int]) -> None:
    samples = played(ZONES["uk"].tone("congestion"), 4)
    recogniser, start = ToneRecogniser("uk"), 0
    for size in [*sizes, len(samples)]:
        recogniser.feed(samples[start : start + size])
        start += size
    assert recogniser.tone == "congestion"


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(LocalError, match="atlantis"):
        ToneRecogniser("atlantis")


def test_a_law_s_idle_noise_is_silence() -> None:
    idle = decode(bytes([0xD5, 0x55] * 8000), Encoding.PCMA)
    assert told("uk", idle) == [None]
