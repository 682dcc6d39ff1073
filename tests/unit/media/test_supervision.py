"""What the audio of an exchange line tells of a call."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.audio import Samples
from gateway.media.cadence import parse
from gateway.media.supervision import CallProgress, SignKind
from gateway.media.tone import MILLIWATT, ZONES
from tests.unit.media.test_progress import UNLIKE, played

SILENCE = np.zeros(8000, np.int16)


def noise(seconds: float, amplitude: float = 2000) -> Samples:
    return np.random.default_rng(7).normal(0, amplitude, round(seconds * 8000)).astype(np.int16)


def tone(name: str, seconds: float, zone: str = "us") -> Samples:
    return played(ZONES[zone].tone(name), seconds)


def heard(*sounds: Samples, zone: str = "us", **how: float) -> list[SignKind]:
    progress = CallProgress(zone, **how)  # type: ignore[arg-type]
    return [sign.kind for sign in progress.feed(np.concatenate(sounds))]


def test_dial_tone_that_is_waited_for_is_told_at_once_and_in_a_call_only_when_it_stays() -> None:
    assert heard(tone("dial", 0.5), steady=0.3) == [SignKind.DIAL_TONE]
    assert heard(tone("dial", 1.5)) == []
    assert heard(tone("dial", 2.5)) == [SignKind.DIAL_TONE]


@pytest.mark.parametrize("zone", UNLIKE)
@pytest.mark.parametrize(("name", "kind"), [("busy", SignKind.BUSY), ("congestion", SignKind.CONGESTION)])
def test_a_release_tone_is_told_after_its_cycles_and_not_before(zone: str, name: str, kind: SignKind) -> None:
    parts = parse(ZONES[zone].tones[name])
    third = [place for place, part in enumerate(parts * 3) if part.voices][2]
    two_bursts = sum(part.length for part in (parts * 3)[:third]) / 8000
    found = heard(noise(2), tone(name, 14, zone), zone=zone)
    alike = ZONES[zone].tones["busy"] == ZONES[zone].tones["congestion"]
    assert [SignKind.BUSY if alike else kind] == [sign for sign in found if sign is not SignKind.ANSWER]
    assert heard(tone(name, two_bursts, zone), zone=zone) == []


def test_evidence_names_tone_and_confidence() -> None:
    [sign] = CallProgress("us").feed(tone("busy", 3.2))
    assert str(sign).startswith("busy tone 480+620/500,0/500, 3 bursts, ") and 0.8 < sign.confidence < 1
    [surer] = CallProgress("us", cycles=5).feed(tone("busy", 6))
    assert surer.confidence > sign.confidence


def test_a_tone_whose_cadence_is_off_is_less_sure() -> None:
    off = np.concatenate([np.concatenate([tone("busy", 0.5)[:4320], np.zeros(3680, np.int16)])] * 5)
    [sign] = CallProgress("us").feed(off)
    [exact] = CallProgress("us").feed(tone("busy", 5))
    assert sign.kind is SignKind.BUSY and sign.confidence < exact.confidence


def test_ringback_then_a_voice_is_an_answer() -> None:
    assert heard(tone("ring", 7), SILENCE, noise(1)) == [SignKind.RINGING, SignKind.ANSWER]


def test_ringback_that_stops_is_an_answer_only_when_it_is_overdue() -> None:
    assert heard(tone("ring", 8), np.zeros(5 * 8000, np.int16)) == [SignKind.RINGING]
    assert heard(tone("ring", 8), np.zeros(7 * 8000, np.int16)) == [SignKind.RINGING, SignKind.ANSWER]


def test_a_test_tone_after_ringback_is_an_answer() -> None:
    assert heard(tone("ring", 7), played(MILLIWATT, 1)) == [SignKind.RINGING, SignKind.ANSWER]


def test_a_click_is_none_and_crosstalk_before_ringing_neither() -> None:
    assert heard(tone("ring", 7), SILENCE, noise(0.08), SILENCE) == [SignKind.RINGING]
    assert heard(SILENCE, noise(0.4), SILENCE) == []
    assert heard(SILENCE, noise(1.2)) == [SignKind.ANSWER]


def test_talking_is_never_a_release() -> None:
    time = np.arange(240000) / 8000
    phase = 2 * np.pi * np.cumsum(160 * 2 ** (0.75 * np.sin(2 * np.pi * 0.31 * time))) / 8000
    voice = sum((np.sin(k * phase) / k for k in range(1, 12)), np.zeros(240000)) * 4000
    assert set(heard(voice.astype(np.int16))) <= {SignKind.ANSWER}


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 4000), max_size=20))
def test_the_size_of_the_pieces_hardly_matters(sizes: list[int]) -> None:
    samples, progress, start, kinds = tone("busy", 5), CallProgress("us"), 0, []
    for size in [*sizes, len(samples)]:
        kinds += [sign.kind for sign in progress.feed(samples[start : start + size])]
        start += size
    assert kinds == [SignKind.BUSY]


@settings(max_examples=20, deadline=None)
@given(st.binary(max_size=8000))
def test_rubbish_raises_nothing(rubbish: bytes) -> None:
    CallProgress("de").feed(np.frombuffer(rubbish[: len(rubbish) // 2 * 2], np.int16))
