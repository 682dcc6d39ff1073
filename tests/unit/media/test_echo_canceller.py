"""The line echo canceller against ITU-T G.168: convergence, double talk, changes of the path, tones, and its cost.

Every signal passes G.711, as on a card; so no test can see more than the 33 dB or so that its noise leaves.
"""

from __future__ import annotations

import time

import numpy as np
import pytest

from gateway.core.audio import Samples
from gateway.core.codec import Encoding
from gateway.media import g711
from gateway.media.cadence import render
from gateway.media.echo_canceller import EchoCanceller, partitions
from gateway.media.level import level, peak
from hardware.analog.copper import hybrid
from tests.support.composite import composite
from tests.support.speech import speak

RATE = 8000
ENGLISH = "Please leave a message after the tone, and we will call you back as soon as we can. The quick brown fox."
GERMAN = "Guten Tag, hier spricht der automatische Anrufbeantworter, bitte warten Sie einen Augenblick."


def coded(samples: Samples) -> Samples:
    return g711.decode(g711.encode(samples, Encoding.PCMU), Encoding.PCMU)


def quiet(seconds: float, dbm0: float = -62.0, seed: int = 5) -> Samples:
    """The noise of a line."""
    noise = np.random.default_rng(seed).normal(scale=peak(dbm0) / np.sqrt(2), size=round(seconds * RATE))
    return np.rint(noise).astype(np.int16)


def fitted(samples: Samples, seconds: float) -> Samples:
    """As long as that, said over and over."""
    length = round(seconds * RATE)
    return np.tile(samples, length // len(samples) + 1)[:length]


class Line:
    """A canceller on a line whose echo path a test chooses."""

    def __init__(self, path: tuple[float, ...], tail: int = 64, *, suppress: bool = False) -> None:
        self.path = np.array(path)
        self.canceller = EchoCanceller(tail, suppress=suppress)
        self._said = np.zeros(2048)

    def talk(self, far: Samples, near: Samples | None = None) -> tuple[Samples, Samples]:
        """The echo of what is sent, and what is heard of everything once it is cancelled."""
        sent = coded(far)
        said = np.concatenate([self._said, sent])
        self._said = said[-2048:]
        echo = np.convolve(said, self.path)[2048 : 2048 + len(sent)]
        line = echo + (quiet(len(far) / RATE) if near is None else near)
        heard = coded(np.clip(np.rint(line), -32768, 32767).astype(np.int16))
        return np.rint(echo).astype(np.int16), self.canceller.feed(sent, heard)


def loss(echo: Samples, left: Samples, begin: float, end: float) -> float:
    """Echo return loss enhancement in dB between two times."""
    part = slice(round(begin * RATE), round(end * RATE))
    return level(echo[part]) - level(left[part])


# G.168 6.4.2.2: convergence.

PATHS = [
    hybrid(erl, delay=delay, dispersion=dispersion, seed=seed)
    for seed, (erl, delay, dispersion) in enumerate(
        [(6, 0, 8), (6, 5, 12), (10, 25, 16), (6, 48, 12), (12, 2, 8), (18, 10, 6), (8, 30, 30)]
    )
]
"""Within a tail of 64 ms: near and far, short and long, at the least loss that G.168 asks for and above."""


@pytest.mark.parametrize("path", PATHS)
def test_a_composite_signal_is_cancelled_within_a_second(path: tuple[float, ...]) -> None:
    line = Line(path)
    echo, left = line.talk(composite(3.0))
    assert loss(echo, left, 1.0, 1.35) >= 26, "the filter alone, with the noise of G.711 in the measure"
    assert loss(echo, left, 2.3, 3.0) >= 28
    echo, left = Line(path, suppress=True).talk(composite(2.0))
    assert loss(echo, left, 1.0, 2.0) >= 30, "with the suppressor"


@pytest.mark.parametrize("dbm0", [-25.0, -17.0, -5.0])
def test_it_converges_at_every_level(dbm0: float) -> None:
    echo, left = Line(PATHS[1], suppress=True).talk(composite(3.0, dbm0))
    assert loss(echo, left, 1.0, 3.0) >= min(30, level(echo) + 58), "or down to the noise of the line"


def test_speech_is_cancelled() -> None:
    speech = fitted(speak(ENGLISH, -22.0), 8.0)
    echo, left = Line(PATHS[1]).talk(speech)
    assert loss(echo, left, 3.0, 8.0) >= 22
    echo, left = Line(PATHS[1], suppress=True).talk(speech)
    assert loss(echo, left, 3.0, 8.0) >= 30


@pytest.mark.parametrize("tail, delay", [(16, 4), (32, 20), (64, 50), (128, 110)])
def test_every_tail_reaches_as_far_as_it_says(tail: int, delay: float) -> None:
    line = Line(hybrid(8, delay=delay, dispersion=8), tail)
    echo, left = line.talk(composite(3.0))
    assert loss(echo, left, 2.0, 3.0) >= 26


def test_a_tail_takes_no_more_than_it_needs() -> None:
    assert [partitions(tail) for tail in (16, 24, 32, 64, 96, 128, 500)] == [1, 1, 2, 2, 3, 4, 4]


# G.168 6.4.2.4: double talk.


def test_both_may_talk_at_once_and_nothing_diverges() -> None:
    line = Line(PATHS[1])
    line.talk(composite(2.0, -14.0))
    near = fitted(speak(GERMAN, -20.0), 3.0)
    echo, left = line.talk(composite(3.0, -14.0), near)
    assert loss(echo, left - near, 0.0, 3.0) >= 20, "the echo within what is heard stays away"
    echo, left = line.talk(composite(1.0, -14.0))
    assert loss(echo, left, 0.0, 1.0) >= 24, "and is away at once when the near side falls silent"


def test_a_near_side_that_talks_from_the_beginning_is_heard_and_only_delays_it() -> None:
    line = Line(PATHS[1])
    near = composite(2.0, -14.0, double_talk=True)
    _, left = line.talk(composite(2.0, -14.0), near)
    assert np.corrcoef(left[RATE:], near[RATE:])[0, 1] > 0.98
    echo, left = line.talk(composite(2.0, -14.0))
    assert loss(echo, left, 1.0, 2.0) >= 26


def test_the_suppressor_lets_the_near_side_through_while_both_talk() -> None:
    line = Line(PATHS[1], suppress=True)
    line.talk(composite(2.0, -14.0))
    near = fitted(speak(GERMAN, -20.0), 3.0)
    _, left = line.talk(composite(3.0, -14.0), near)
    frames = [slice(at, at + 160) for at in range(0, len(near) - 160, 160)]
    spoken = [part for part in frames if level(near[part]) > -30]
    kept = [part for part in spoken if abs(level(left[part]) - level(near[part])) < 3]
    assert len(spoken) > 60 and len(kept) >= 0.95 * len(spoken)


def test_a_near_side_alone_passes_untouched() -> None:
    near = fitted(speak(GERMAN, -20.0), 3.0)
    line = Line(PATHS[1], suppress=True)
    line.talk(composite(2.0))
    line.talk(quiet(0.5))
    _, left = line.talk(np.zeros(3 * RATE, np.int16), near)
    assert np.abs(left.astype(int) - coded(near))[RATE // 10 :].max() <= 1


# What changes.


def test_a_new_echo_path_is_learned_anew() -> None:
    line = Line(PATHS[1])
    line.talk(composite(2.0))
    line.path = np.array(PATHS[2])
    echo, left = line.talk(composite(2.0))
    assert loss(echo, left, 1.2, 2.0) >= 24


def test_a_line_without_any_echo_is_left_alone() -> None:
    line = Line((0.0,), suppress=False)
    near = fitted(speak(GERMAN, -20.0), 3.0)
    _, left = line.talk(composite(3.0), near)
    spoilt = (left - coded(near)).astype(np.int16)
    assert level(spoilt[:RATE]) < level(near[:RATE]) - 8, (
        "though the first second is double talk with nothing known"
    )
    assert level(spoilt[RATE:]) < level(near[RATE:]) - 18


def test_silence_full_scale_and_noise_do_no_harm() -> None:
    line = Line(PATHS[0], suppress=True)
    loud = np.where(np.arange(RATE) % 16 < 8, 32767, -32768).astype(np.int16)
    for far in (np.zeros(RATE, np.int16), loud, quiet(1.0, 0.0), np.zeros(RATE, np.int16)):
        _, left = line.talk(far)
        assert np.abs(left.astype(int)).max() <= 32768
    echo, left = line.talk(composite(3.0))
    assert loss(echo, left, 2.0, 3.0) >= 26, "it works as ever afterwards"


# The suppressor (G.168 8) and its noise.


def test_the_line_does_not_go_dead_while_the_echo_is_suppressed() -> None:
    line = Line(PATHS[1], suppress=True)
    noise = quiet(4.0, -50.0)
    line.talk(np.zeros(RATE, np.int16), noise[:RATE])
    _, left = line.talk(composite(3.0), noise[RATE:])
    assert abs(level(left[RATE:]) - -50.0) < 5


# Answer tone (G.168 7, V.25).


def answer_tone(seconds: float, *, reverses: bool, hertz: float = 2100.0, dbm0: float = -12.0) -> Samples:
    tone = np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE) * peak(dbm0)
    if reverses:
        tone *= np.where(np.arange(len(tone)) // 3600 % 2, -1, 1)  # every 450 ms
    return np.rint(tone).astype(np.int16)


@pytest.mark.parametrize("hertz", [2079.0, 2100.0, 2121.0])
@pytest.mark.parametrize("from_near", [False, True])
def test_phase_reversals_from_either_side_disable_it(hertz: float, from_near: bool) -> None:
    line = Line(PATHS[0], suppress=True)
    tone, silence = answer_tone(1.5, reverses=True, hertz=hertz), np.zeros(round(1.5 * RATE), np.int16)
    line.talk(*((silence, tone) if from_near else (tone, None)))
    assert line.canceller.disabled
    modem = composite(2.0)
    _, left = line.talk(np.zeros(2 * RATE, np.int16), modem)
    assert np.array_equal(left[800:], coded(modem)[800:]), "what modems say passes bit for bit"
    line.talk(quiet(0.5))
    assert not line.canceller.disabled, "silence on both sides for 250 ms ends it"


def test_a_plain_answer_tone_disables_the_suppressor_alone() -> None:
    line = Line(PATHS[0], suppress=True)
    line.talk(composite(1.5))
    tone = answer_tone(1.5, reverses=False)
    line.talk(np.zeros(len(tone), np.int16), tone)
    assert not line.canceller.disabled
    echo, left = line.talk(composite(1.0))
    assert 20 <= loss(echo, left, 0.2, 1.0) < 45


@pytest.mark.parametrize("text", ["1004@-10", "2000@-12", "2225@-12", "480+620/500,0/500"])
def test_other_tones_disable_nothing(text: str) -> None:
    sound = render("other", text)
    line = Line(PATHS[0])
    line.talk(fitted(sound.samples, 3.0))
    assert not line.canceller.disabled


def test_speech_disables_nothing() -> None:
    line = Line(PATHS[0])
    line.talk(fitted(speak(ENGLISH, -18.0), 6.0), fitted(speak(GERMAN, -18.0), 6.0))
    assert not line.canceller.disabled


def test_a_frame_costs_far_less_than_it_lasts() -> None:
    line = Line(PATHS[0])
    far = composite(10.0)
    line.talk(far[:RATE])
    began = time.process_time()
    line.canceller.feed(far, far // 4)
    assert time.process_time() - began < 10.0 / 20, "measured 100 times as little; a bound for slow machines"
