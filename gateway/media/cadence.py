"""Tones rendered from their text form, and DTMF digits.

In goes text as in Asterisk's indications.conf and DAHDI's zonedata.c: parts parted by commas, each
`frequencies/milliseconds`, silence as frequency 0, a part without a length for ever:

    480+620/500,0/500       two tones for half a second, then silence, over and over
    !350+440/100,!0/100,350+440     parts marked ! are heard once, before the others
    400*16/1000,0/2000      400 Hz with its amplitude modulated by 16 Hz
    1004@0   425@/375,…     @ and a level in dBm0 for this tone; @ alone is DAHDI's 0.3 of the usual amplitude

Out come Sounds that loop without a click: what sounds across the loop's seam keeps its phase there, and a tone that
is switched on or off within it rises and falls in 2 ms. Every tone has -10 dBm0 where nothing else is said.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.core.audio import Samples, Sound
from gateway.core.errors import LocalError
from gateway.media.level import peak

__all__ = ["Part", "Voice", "dtmf", "parse", "render"]

_RATE: Final = 8000
_LEVEL: Final = -10.0
"""dBm0 of each frequency (DAHDI zonedata.c)."""
_LOWERED: Final = 20 * math.log10(0.3)
"""dB of a bare `@` against that."""
_DEPTH: Final = 0.9
"""Modulation depth of `*` (Asterisk's indications.conf)."""
_RAMP: Final = 16
"""Samples (2 ms) in which a tone rises or falls: no click, and short against the 40 ms of the shortest digit."""
_LEAD_IN: Final = 80
"""Samples (10 ms) put before a loop that begins in the midst of a tone."""
_MAX_PARTS: Final = 64
"""Parts of a text; the longest in use, Germany's call waiting, has 21."""
_MAX_SECONDS: Final = 120
"""Length of a rendered sound: 2 MB. The longest cadences in use are of one minute."""
_MAX_DIGITS: Final = 128
"""Digits rendered at once; no number is longer."""

_ROWS: Final = (697, 770, 852, 941)
_COLUMNS: Final = (1209, 1336, 1477, 1633)
_KEYS: Final = "123A456B789C*0#D"


@dataclass(frozen=True, slots=True)
class Voice:
    """One frequency that sounds in a part.

    Attributes:
        frequency: Hz.
        modulator: Hz by which its amplitude is modulated, or 0.
        level: dBm0.
    """

    frequency: float
    modulator: float = 0
    level: float = _LEVEL

    def at(self, time: NDArray[np.int64]) -> NDArray[np.float64]:
        """Its wave, `time` in samples counted from where its phase is zero (may be negative)."""
        wave = peak(self.level) * np.sin(2 * np.pi * self.frequency * time / _RATE)
        if self.modulator:
            envelope = 1 + _DEPTH * np.cos(2 * np.pi * self.modulator * time / _RATE)
            wave *= envelope / math.sqrt(1 + _DEPTH**2 / 2)
        return wave

    def fitted(self, length: int) -> Voice:
        """The voice nearest to it whose phase is the same again after `length` samples."""
        unit = _RATE / length
        return Voice(round(self.frequency / unit) * unit, round(self.modulator / unit) * unit, self.level)

    def order(self) -> tuple[float, float, float]:
        """Voices are added in this order, so that rounding is the same in every process."""
        return (self.frequency, self.modulator, self.level)


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a tone.

    Attributes:
        voices: what sounds; empty for silence.
        length: samples; a second for a part without end.
        once: whether it was marked with `!`.
        endless: whether it was written without a length.
    """

    voices: frozenset[Voice]
    length: int
    once: bool
    endless: bool = False


def render(name: str, text: str) -> Sound:
    """Make the sound that `text` describes.

    Raises:
        LocalError: the text does not read as a tone, or is longer than any tone needs to be.
    """
    parts = parse(text)
    once = [part for part in parts if part.once]
    loop = parts[len(once) :]
    body = _Track(loop * _repeats(loop) if loop else [])
    opening = _Track([*once, *_lead_in(once, body)])
    if opening.length + body.length > _MAX_SECONDS * _RATE:
        raise LocalError(f"tone {text!r} is longer than {_MAX_SECONDS} s; shorten its parts")
    total = np.zeros(opening.length + body.length)
    for voice in sorted({*opening.voices, *body.voices}, key=Voice.order):
        joined = body.sounds_through_seam(voice)
        total[: opening.length] += opening.wave(voice, runs_on=joined, phase_at_end=body.phase_at_start(voice))
        total[opening.length :] += body.looped_wave(voice)
    samples = np.round(total).clip(-32768, 32767).astype(np.int16)
    samples.setflags(write=False)
    return Sound(name, samples, opening.length if loop else None)


def dtmf(digits: str, on: float = 0.1, off: float = 0.1, levels: tuple[float, float] = (-11.0, -9.0)) -> Samples:
    """Samples of DTMF digits (ITU-T Q.23), each `on` seconds long and followed by `off` seconds of silence.

    Args:
        digits: of 0-9 * # A-D.
        levels: of the low and the high group, dBm0.

    Raises:
        LocalError: there is no such digit, or there are too many.
    """
    if len(digits) > _MAX_DIGITS:
        raise LocalError(f"{len(digits)} digits are more than the {_MAX_DIGITS} that are sent at once")
    parts = []
    for digit in digits.upper():
        place = _KEYS.find(digit)
        if place < 0:
            raise LocalError(f"{digit!r} is not a DTMF digit; use 0-9 * # A-D")
        row, column = Voice(_ROWS[place // 4], 0, levels[0]), Voice(_COLUMNS[place % 4], 0, levels[1])
        parts.append(Part(frozenset((row, column)), round(on * _RATE), True))
        parts.append(Part(frozenset(), round(off * _RATE), True))
    track = _Track(parts)
    total = np.zeros(track.length)
    for voice in track.voices:
        total += track.wave(voice)
    return np.round(total).clip(-32768, 32767).astype(np.int16)


class _Track:
    """Parts on end: when each voice sounds among them."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self.length = sum(part.length for part in parts)
        self.voices = sorted(frozenset[Voice]().union(*(part.voices for part in parts)), key=Voice.order)

    def runs(self, voice: Voice) -> list[tuple[int, int]]:
        """First and last-plus-one sample of each stretch through which `voice` sounds."""
        runs: list[tuple[int, int]] = []
        start = 0
        for part in self._parts:
            if voice in part.voices:
                if runs and runs[-1][1] == start:
                    runs[-1] = (runs[-1][0], start + part.length)
                else:
                    runs.append((start, start + part.length))
            start += part.length
        return runs

    def sounds_through_seam(self, voice: Voice) -> bool:
        """Whether `voice` sounds both at the end and at the beginning."""
        runs = self.runs(voice)
        return bool(runs) and runs[0][0] == 0 and runs[-1][1] == self.length

    def phase_at_start(self, voice: Voice) -> int:
        """How many samples `voice` has sounded when a further pass begins."""
        runs = self.runs(voice)
        if not self.sounds_through_seam(voice) or len(runs) == 1:
            return 0
        return runs[-1][1] - runs[-1][0]

    def wave(self, voice: Voice, *, runs_on: bool = False, phase_at_end: int = 0) -> NDArray[np.float64]:
        """The wave of `voice` in one pass; with `runs_on` it meets, at the end, a loop at `phase_at_end`."""
        total = np.zeros(self.length)
        for start, end in self.runs(voice):
            joins = runs_on and end == self.length
            origin = end - phase_at_end if joins else start
            total[start:end] = voice.at(np.arange(start, end) - origin) * _gate(end - start, True, not joins)
        return total

    def looped_wave(self, voice: Voice) -> NDArray[np.float64]:
        """The wave of `voice` in a pass that follows and is followed by another."""
        runs = self.runs(voice)
        if not self.sounds_through_seam(voice):
            return self.wave(voice)
        if len(runs) == 1:
            return voice.fitted(self.length).at(np.arange(self.length))
        total = np.zeros(self.length)
        before, after = runs[-1][1] - runs[-1][0], runs[0][1]
        stretch = voice.at(np.arange(before + after)) * _gate(before + after, True, True)
        total[runs[-1][0] :] = stretch[:before]
        total[:after] = stretch[before:]
        for start, end in runs[1:-1]:
            total[start:end] = voice.at(np.arange(end - start)) * _gate(end - start, True, True)
        return total


def _gate(length: int, rises: bool, falls: bool) -> NDArray[np.float64]:
    """An envelope of ones whose ends rise and fall as half a cosine."""
    gate = np.ones(length)
    ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(min(_RAMP, length // 2)) / _RAMP)
    if rises:
        gate[: len(ramp)] *= ramp
    if falls:
        gate[length - len(ramp) :] *= ramp[::-1]
    return gate


def _repeats(loop: Sequence[Part]) -> int:
    """How often a loop is repeated so that voices that never pause can end on whole periods at its seam.

    Where they do not by themselves they are tuned to; in a loop of two seconds that takes less than 0.25 Hz.
    """
    length = sum(part.length for part in loop)
    steady = frozenset.intersection(*(part.voices for part in loop))
    if all(voice.fitted(length) == voice for voice in steady):
        return 1
    return -(-2 * _RATE // length)


def _lead_in(once: Sequence[Part], body: _Track) -> list[Part]:
    """A short part in which voices rise that would otherwise be cut in where the loop is entered."""
    joined = frozenset(voice for voice in body.voices if body.sounds_through_seam(voice))
    already = once[-1].voices if once else frozenset(voice for voice in joined if not body.phase_at_start(voice))
    return [Part(joined, _LEAD_IN, True)] if joined - already else []


def parse(text: str) -> list[Part]:
    """The parts of a tone's text form.

    Raises:
        LocalError: the text does not read as a tone.
    """
    written = [piece.strip() for piece in text.split(",")]
    if len(written) > _MAX_PARTS:
        raise LocalError(f"a tone of {len(written)} parts is too long; {_MAX_PARTS} are allowed")
    parts: list[Part] = []
    for number, piece in enumerate(written):
        once = piece.startswith("!")
        if once and parts and not parts[-1].once:
            raise LocalError(f"tone {text!r}: a part heard once ({piece!r}) stands after one that repeats")
        frequencies, slash, duration = piece.removeprefix("!").partition("/")
        if not slash and (number != len(written) - 1 or once):
            raise LocalError(f"tone {text!r}: only the last part may go without a length, {piece!r} has none")
        # One second is a whole number of periods of any whole frequency.
        length = _number(duration, text, 1, _MAX_SECONDS * 1000) * _RATE // 1000 if slash else _RATE
        voices = frozenset(_voice(word.strip(), text) for word in frequencies.split("+"))
        parts.append(Part(frozenset(voice for voice in voices if voice.frequency), length, once, not slash))
        if not slash and any(not part.once for part in parts[:-1]):
            raise LocalError(f"tone {text!r}: the parts before one for ever must be marked with !")
    return parts


def _voice(word: str, text: str) -> Voice:
    tone, at, level = word.partition("@")
    frequency, star, modulator = tone.partition("*")
    try:
        dbm0 = _LEVEL if not at else float(level) if level else _LEVEL + _LOWERED
    except ValueError:
        raise LocalError(f"tone {text!r}: {level!r} is not a level in dBm0") from None
    if not -60 <= dbm0 <= 3:
        raise LocalError(f"tone {text!r}: a level of {level} dBm0 is not between -60 and 3")
    return Voice(
        _number(frequency, text, 0, _RATE // 2 - 1),
        _number(modulator, text, 1, 400) if star else 0,
        dbm0,
    )


def _number(word: str, text: str, least: int, most: int) -> int:
    if not (word.isascii() and word.isdigit() and len(word) < 10 and least <= int(word) <= most):
        raise LocalError(f"tone {text!r}: {word!r} is not a whole number from {least} to {most}")
    return int(word)
