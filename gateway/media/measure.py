"""A call progress tone measured: its frequencies, cadence and level, as text that renders it and recognises it.

In goes a recording of some seconds of one tone, out comes what `gateway.media.cadence` reads. Frequencies are those
of the spectrum's peaks over each sound (1 Hz), lengths those of an envelope in steps of 10 ms, made one cadence by
finding after how many sounds and pauses they repeat. Nothing here knows any country; `nearest` compares what was
measured with those that are known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.core.audio import Samples
from gateway.media.cadence import Part, parse
from gateway.media.level import PEAK_0DBM0, dbm0
from gateway.media.tone import ZONES

__all__ = ["MeasuredTone", "alike", "measure", "nearest"]

_RATE: Final = 8000
_BLOCK: Final = 80
_BLOCK_MS: Final = 10
_QUIET: Final = -45.0
"""dBm0 below which nothing is taken for a tone."""
_BELOW: Final = 12.0
"""dB below the loudest at which a sound has ended."""
_SHORTEST: Final = 5
"""Blocks (50 ms) that are a sound or a pause; what is shorter is an edge or a click."""
_WEAKER: Final = 15.0
"""dB by which a frequency may be weaker than the strongest of its sound: those of real tones are alike within 6."""
_LONGEST_CYCLE: Final = 8
_ALIKE: Final = 40
"""Milliseconds within which two lengths are the same, or a tenth."""
_MOST: Final = 4
"""Frequencies of one sound."""
_SIDEBAND: Final = 3.0
"""Hz within which both sidebands of a modulated tone are equally far from it."""
_FASTEST: Final = 60.0
"""Hz of the fastest modulation: Thailand's dial tone has 50."""
_WEAKEST, _STRONGEST = 0.2, 0.7
"""Of the tone's amplitude, what each of its sidebands has: half of the depth of modulation."""


@dataclass(frozen=True, slots=True)
class MeasuredTone:
    """What was measured.

    Attributes:
        text: the tone as the configuration has it: "425@-12/480,0/520".
        level: dBm0 while it sounds.
        cycles: how often its cadence was heard whole; 0 for a steady tone.
    """

    text: str
    level: float
    cycles: int


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A sound or a pause of the recording: its first block and the one after its last."""

    sounds: bool
    begin: int
    end: int

    @property
    def ms(self) -> int:
        return (self.end - self.begin) * _BLOCK_MS


def measure(samples: Samples) -> MeasuredTone | None:
    """The tone in a recording (8000 Hz); None where there is none.

    Of a tone with a cadence two whole cycles must be there, or what comes out is the first sound alone.
    """
    whole = len(samples) // _BLOCK * _BLOCK
    power = np.mean(np.square(samples[:whole].reshape(-1, _BLOCK), dtype=np.float64), axis=1)
    if not len(power) or dbm0(float(np.quantile(power, 0.95))) < _QUIET:
        return None
    loud = power > np.quantile(power, 0.95) * 10 ** (-_BELOW / 10)
    stretches = _stretches(loud)
    sounding = [stretch for stretch in stretches if stretch.sounds]
    level = dbm0(float(np.mean(np.concatenate([power[one.begin : one.end] for one in sounding]))))
    if len(sounding) == 1 and sounding[0].ms >= 2000:
        return MeasuredTone(_voices(samples, sounding[0]), level, 0)
    inner = stretches[1:-1]
    cycle = _cycle(inner)
    if not cycle:
        longest = max(sounding, key=lambda one: one.ms)
        return MeasuredTone(_voices(samples, longest), level, 0)
    # It begins with the sound after its longest pause, as tones are written.
    lengths = [0 if one.sounds else one.ms for one in inner[:cycle]]
    begin = (lengths.index(max(lengths)) + 1) % cycle
    steps = []
    for place in (*range(begin, cycle), *range(begin)):
        alike = inner[place::cycle]
        ms = round(float(np.mean([stretch.ms for stretch in alike])), -1)
        best = max(alike, key=lambda one: one.ms)
        steps.append(f"{_voices(samples, best) if best.sounds else '0'}/{ms:.0f}")
    return MeasuredTone(",".join(steps), level, len(inner) // cycle)


def _stretches(loud: NDArray[np.bool_]) -> list[_Stretch]:
    """Sounds and pauses in turn; what is too short to be either belongs to what is around it.

    Gaps are filled first: a tone that is modulated by 16 to 50 Hz is a row of short sounds.
    """
    loud = _filled(loud)
    edges = [0, *(np.flatnonzero(np.diff(loud.astype(np.int8))) + 1).tolist(), len(loud)]
    found: list[_Stretch] = []
    for begin, end in pairwise(edges):
        sounds = bool(loud[begin])
        if found and (end - begin < _SHORTEST or found[-1].sounds is sounds):
            found[-1] = _Stretch(found[-1].sounds, found[-1].begin, end)
        else:
            found.append(_Stretch(sounds, begin, end))
    if len(found) > 1 and found[0].end < _SHORTEST:
        found[:2] = [_Stretch(found[1].sounds, 0, found[1].end)]
    return found


def _filled(loud: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The same without gaps that are too short for pauses."""
    filled = loud.copy()
    sounding = np.flatnonzero(loud)
    for before, after in pairwise(sounding.tolist()):
        if after - before <= _SHORTEST:
            filled[before:after] = True
    return filled


def _cycle(inner: Sequence[_Stretch]) -> int:
    """After how many stretches they repeat, beginning with a sound where they can; 0 where they do not."""
    for size in range(2, min(_LONGEST_CYCLE, len(inner) // 2) + 1, 2):
        pairs = zip(inner, inner[size:], strict=False)
        if all(abs(one.ms - other.ms) <= max(_ALIKE, one.ms / 10) for one, other in pairs):
            return size
    return 0


def _voices(samples: Samples, stretch: _Stretch) -> str:
    """The frequencies of one sound with their levels: "350@-13+440@-13"."""
    edge = 2 if stretch.end - stretch.begin > 6 else 0
    part = samples[(stretch.begin + edge) * _BLOCK : (stretch.end - edge) * _BLOCK][: 2 * _RATE].astype(np.float64)
    window = np.hanning(len(part))
    size = 1 << (8 * len(part) - 1).bit_length()
    spectrum = np.abs(np.fft.rfft(part * window, size)) * 2 / np.sum(window)
    apart = max(12.0, 2.2 * _RATE / len(part))
    bins = round(apart * size / _RATE)
    peaks: list[tuple[float, float]] = []
    left = spectrum.copy()
    left[: round(100 * size / _RATE)] = 0
    for _ in range(_MOST):
        top = int(np.argmax(left))
        amplitude = float(left[top])
        if peaks and amplitude < peaks[0][1] * 10 ** (-_WEAKER / 20):
            break
        peaks.append((top * _RATE / size, amplitude))
        left[max(0, top - bins) : top + bins + 1] = 0
    return _modulated(sorted(peaks)) or "+".join(
        f"{frequency:.0f}@{_level(amplitude):.0f}" for frequency, amplitude in sorted(peaks)
    )


def _modulated(peaks: Sequence[tuple[float, float]]) -> str:
    """A frequency with one on either side, alike and weaker: one that is modulated, as text; else nothing."""
    if len(peaks) != 3:
        return ""
    (low, below), (middle, amplitude), (high, above) = peaks
    spacing = (high - low) / 2
    shares, apart = (below / amplitude, above / amplitude), abs(high - middle - spacing)
    if apart > _SIDEBAND or spacing > _FASTEST or min(shares) < _WEAKEST or max(shares) > _STRONGEST:
        return ""
    total = float(np.sqrt(below**2 + amplitude**2 + above**2))
    return f"{middle:.0f}*{spacing:.0f}@{_level(total):.0f}"


def _level(amplitude: float) -> float:
    return float(20 * np.log10(amplitude / PEAK_0DBM0))


def nearest(tones: Mapping[str, str]) -> list[tuple[str, float]]:
    """Countries whose tones these may be, the likeliest first, each with the share of them that it explains.

    Args:
        tones: texts by name: "dial", "busy", "ring".
    """
    found = []
    for name, zone in ZONES.items():
        fits = [_alike(parse(text), parse(zone.tones[tone])) for tone, text in tones.items() if tone in zone.tones]
        if any(fits):
            found.append((name, sum(fits) / len(tones)))
    return sorted(found, key=lambda one: (-one[1], one[0]))


def alike(one: str, other: str) -> bool:
    """Whether two tones, as text, are the same within what can be measured."""
    return _alike(parse(one), parse(other))


def _alike(measured: Sequence[Part], known: Sequence[Part]) -> bool:
    known = [part for part in known if not part.once] or known
    for turn in range(len(known)):
        if len(measured) == len(known) and all(
            _same(one, other) for one, other in zip(measured, [*known[turn:], *known[:turn]], strict=True)
        ):
            return True
    return False


def _same(one: Part, other: Part) -> bool:
    if one.endless is not other.endless or len(one.voices) != len(other.voices):
        return False
    if not one.endless and abs(one.length - other.length) > max(_ALIKE * 8, other.length / 10):
        return False
    pairs = zip(
        sorted(voice.frequency for voice in one.voices),
        sorted(voice.frequency for voice in other.voices),
        strict=True,
    )
    if not all(abs(here - there) <= max(5.0, 0.015 * there) for here, there in pairs):
        return False
    modulated = [sorted(voice.modulator for voice in part.voices if voice.modulator) for part in (one, other)]
    return len(modulated[0]) == len(modulated[1]) and all(
        abs(here - there) <= _SIDEBAND for here, there in zip(*modulated, strict=True)
    )
