"""Tones measured: what comes out renders what went in, and is recognised; countries are found by it."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.core.audio import Samples
from gateway.core.codec import Encoding
from gateway.media import g711
from gateway.media.cadence import Part, parse, render
from gateway.media.level import peak
from gateway.media.measure import measure, nearest
from gateway.media.tone import ZONES, zone
from tests.support.speech import speak

RATE = 8000


def recorded(text: str, seconds: float, loss: float = 6.0, noise: float = -55.0, skip: float = 0.13) -> Samples:
    """What a line gives of a tone, from somewhere within it."""
    sound = render("tone", text)
    start = 0 if sound.loop_from is None else sound.loop_from
    body = np.tile(sound.samples[start:], round(seconds * RATE) // (len(sound.samples) - start) + 2)
    piece = body[round(skip * RATE) :][: round(seconds * RATE)] * 10 ** (-loss / 20)
    piece = piece + np.random.default_rng(1).normal(scale=peak(noise) / np.sqrt(2), size=len(piece))
    return g711.decode(
        g711.encode(np.clip(np.rint(piece), -32768, 32767).astype(np.int16), Encoding.PCMU), Encoding.PCMU
    )


@pytest.mark.parametrize(
    ("text", "measured"),
    [
        ("350+440", "350@-16+440@-16"),
        ("437@-12", "437@-18"),
        ("480+620/500,0/500", "480@-16+620@-16/500,0/500"),
        ("433/350,0/370", "433@-16/350,0/370"),
        ("400*25", "400*25@-16"),
        ("400*16/1000,0/2000", "400*16@-16/1000,0/2000"),
        ("400*33/400,0/200,400*33/400,0/2000", "400*33@-16/400,0/200,400*33@-16/400,0/2000"),
        ("440+480/2000,0/4000", "440@-16+480@-16/2000,0/4000"),
        ("400+450/400,0/200,400+450/400,0/2000", "400@-16+450@-16/400,0/200,400@-16+450@-16/400,0/2000"),
    ],
)
def test_frequencies_cadence_and_level_are_measured(text: str, measured: str) -> None:
    found = measure(recorded(text, 15.0))
    assert found is not None
    parts, wanted = parse(found.text), parse(measured)
    assert len(parts) == len(wanted)
    assert any(same(parts, [*wanted[turn:], *wanted[:turn]]) for turn in range(len(wanted))), found.text


def same(parts: list[Part], wanted: list[Part]) -> bool:
    for part, want in zip(parts, wanted, strict=True):
        if (
            part.endless != want.endless
            or abs(part.length - want.length) > 160
            or len(part.voices) != len(want.voices)
        ):
            return False
        voices = zip(*(sorted(one.voices, key=lambda v: v.frequency) for one in (part, want)), strict=True)
        if any(abs(a.frequency - b.frequency) > 1 or abs(a.level - b.level) > 1 for a, b in voices):
            return False
    return True


@pytest.mark.parametrize("country", ["us", "de", "uk", "fr", "se", "jp", "au"])
def test_a_country_is_found_by_its_tones(country: str) -> None:
    tones = {}
    for name in ("dial", "busy", "ring"):
        found = measure(recorded(zone(country).tones[name], 16.0, noise=-60.0))
        assert found is not None
        tones[name] = found.text
    best = nearest(tones)[0][1]
    assert country in [name for name, share in nearest(tones) if share == best]


def test_silence_noise_and_speech_have_no_cadence() -> None:
    assert measure(np.zeros(8 * RATE, np.int16)) is None
    spoken = measure(speak("One moment please, you are being connected to the operator of this office.", -20.0))
    assert spoken is None or spoken.cycles < 2
    assert nearest({"dial": "1234@-10"}) == []
    assert len(ZONES) > 5
