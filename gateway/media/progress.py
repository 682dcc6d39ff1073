"""Call progress tones recognised by their frequencies and cadence, as a caller's ear does it.

In go samples at 8000 Hz in pieces of any size; `tone` is the name of what is heard now. A zone's texts are all that
is known: nothing here is particular to a country. Every 20 ms are given the group of frequencies that explains
them, blocks alike make a run, and the runs are laid against the cadences. A tone is told as soon as no other of the
zone fits, and is over when what is heard fits it no more. `hearing` tells how sure that is; `quiet` and `voice`
tell of what is no tone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.core.audio import Samples
from gateway.media.cadence import Part, parse
from gateway.media.level import dbm0
from gateway.media.tone import zone

__all__ = ["Hearing", "ToneRecogniser"]

_RATE: Final = 8000
_BLOCK: Final = 160
_BLOCK_MS: Final = 20
_QUIET: Final = -45.0
"""dBm0 below which a block is silence; the weakest tones of real networks are 15 dB above (ITU-T E.180)."""
_SHARE: Final = 0.75
"""Least part of a block's energy that a group of frequencies explains."""
_AS_GOOD: Final = 0.06
"""Difference of such parts that noise or a law may make."""
_ALIKE: Final = 30.0
"""Hz within which frequencies cannot be told apart in a block of 20 ms."""
_SURE: Final = 240
"""Milliseconds of one group before an unfinished sound is named."""
_TOLERANCE: Final = 45
"""Milliseconds that a run may differ from its cadence: two blocks; or a tenth, where that is more."""
_UNMEANT: Final = 2 * _BLOCK_MS
"""Milliseconds of silence that are not seen."""
_LOWERED: Final = 6.0
"""dB by which a part that is meant to be softer must be."""
_AFTERMATH: Final = 1000
"""Milliseconds for which a tone that falls silent for good is still told."""
_RUNS: Final = 24
"""Runs remembered: three times the longest cadence that repeats."""
_VOICE: Final = 1000
"""Milliseconds over which sound that is no tone is counted."""

_NAMES: Final = ("busy", "congestion", "ring", "info", "dial", "milliwatt")
"""The tones known, the likelier first: that one is told where a zone makes two alike."""
_TEXTS: Final = {"milliwatt": "1004"}

_NOTHING_LEARNED: Final[Mapping[str, str]] = MappingProxyType({})

_SILENCE: Final = -1
_OTHER: Final = -2


@dataclass(frozen=True, slots=True)
class _Step:
    """A part of a cadence: a group of frequencies (or silence), its length (None: endless), whether softer."""

    group: int
    ms: int | None
    soft: bool


@dataclass(frozen=True, slots=True)
class _Cadence:
    name: str
    steps: tuple[_Step, ...]
    cyclic: bool


@dataclass(slots=True)
class _Run:
    group: int
    ms: int
    level: float


@dataclass(frozen=True, slots=True)
class Hearing:
    """How sure a tone is.

    Attributes:
        tone: its name.
        bursts: sounds heard in a row that fit its cadence, the present one included.
        seconds: length of the present run.
        confidence: 0 to 1. Each burst, or second of a steady tone, halves the doubt; lengths at the edge of their
            tolerance double what is left of it at most.
    """

    tone: str
    bursts: int
    seconds: float
    confidence: float


class ToneRecogniser:
    """Hears which call progress tone of a zone there is.

    Args:
        name: of the zone, "us".
        learned: texts of tones that differ from the zone's, by their names.

    Raises:
        LocalError: there is no such zone.
    """

    def __init__(self, name: str, learned: Mapping[str, str] = _NOTHING_LEARNED) -> None:
        texts = {**zone(name).tones, **_TEXTS, **learned}
        parts = {tone: parse(texts[tone]) for tone in _NAMES}
        groups = _groups(
            sorted({_lines(part) for tone in parts.values() for part in tone if part.voices}, key=sorted)
        )
        bases = [_basis(max(group, key=len)) for group in groups]
        self._bases: NDArray[np.float64] = np.hstack(bases)
        self._starts = np.cumsum([0, *(basis.shape[1] for basis in bases[:-1])])
        self._cadences: list[_Cadence] = []
        for tone, whole in parts.items():
            for written in (whole, _repeated(whole)):
                cadence = _cadence(tone, written, groups)
                if all(cadence.steps != known.steps for known in self._cadences):
                    self._cadences.append(cadence)
        self._rest: Samples = np.zeros(0, np.int16)
        self._runs: deque[_Run] = deque([_Run(_SILENCE, 0, _QUIET)], maxlen=_RUNS)
        self._unfit = 0
        self._held = 0
        self._voice = 0
        self._tone: str | None = None

    @property
    def tone(self) -> str | None:
        """What is heard now: dial busy congestion ring info milliwatt, or None."""
        return self._tone

    @property
    def hearing(self) -> Hearing | None:
        """What is heard now, and how sure that is."""
        if self._tone is None:
            return None
        runs = list(self._runs)
        known = [cadence for cadence in self._cadences if cadence.name == self._tone]
        bursts, deviation = max((_evidence(cadence, runs) for cadence in known), default=(0, 0.0))
        seconds = runs[-1].ms / 1000
        doubt = 0.5 ** (max(bursts, seconds) if bursts < 2 else bursts)
        return Hearing(self._tone, bursts, seconds, 1 - min(1.0, doubt * (1 + deviation)))

    @property
    def quiet(self) -> float:
        """Seconds of silence until now; 0 while anything sounds."""
        last = self._runs[-1]
        return last.ms / 1000 if last.group == _SILENCE else 0.0

    @property
    def voice(self) -> float:
        """Seconds of sound that is no tone of the zone, at most 1; what is long past counts no more."""
        return self._voice / 1000

    def feed(self, samples: Samples) -> None:
        """Take samples."""
        signal = np.concatenate([self._rest, samples])
        whole = len(signal) // _BLOCK * _BLOCK
        self._rest = signal[whole:]
        blocks = signal[:whole].reshape(-1, _BLOCK).astype(np.float64)
        energies = np.einsum("ij,ij->i", blocks, blocks)
        explained = np.add.reduceat(np.square(blocks @ self._bases), self._starts, axis=1)
        for energy, shares in zip(energies, explained, strict=True):
            loud = dbm0(float(energy) / _BLOCK)
            group = _group(shares, float(energy)) if loud >= _QUIET else _SILENCE
            self._extend(group, loud)
            self._count_voice(group)
            self._tone = self._judge()

    def _count_voice(self, group: int) -> None:
        """Blocks that fit nothing fill a measure that others empty at half the pace: edges of tones never do."""
        change = _BLOCK_MS if group == _OTHER else -_BLOCK_MS // 2
        self._voice = min(_VOICE, max(0, self._voice + change))

    def _extend(self, group: int, loud: float) -> None:
        """Lengthen the last run or begin another.

        Up to two blocks that fit nothing lie on the edge of two runs: the first counts to the one before it, the
        second to the one after it. More of them are a run of something else.
        """
        last = self._runs[-1]
        self._unfit = self._unfit + 1 if group == _OTHER else 0
        if group == last.group:
            last.ms += _BLOCK_MS + self._held
            last.level = max(last.level, loud)
        elif self._unfit == 1:
            last.ms += _BLOCK_MS
        elif self._unfit == 2:
            self._held = _BLOCK_MS
            return
        else:
            self._begin(group, loud)
        self._held = 0

    def _begin(self, group: int, loud: float) -> None:
        """Begin another run.

        If the last one was a sound of one block, that was the edge of a sound beside it; silence of one or two
        between sounds was a pause too short to be meant (30 ms within information tones).
        """
        ms = _BLOCK_MS + self._held
        last = self._runs[-1]
        if last.group == _SILENCE and last.ms <= _UNMEANT and group >= 0 and len(self._runs) > 1:
            self._runs.pop()
            self._runs[-1].ms += last.ms
            if self._runs[-1].group == group:
                self._runs[-1].ms += ms
                return
        elif last.group >= 0 and last.ms == _BLOCK_MS and len(self._runs) > 1:
            self._runs.pop()
            if self._runs[-1].group == group:
                self._runs[-1].ms += _BLOCK_MS + ms
                return
            if group >= 0:
                ms += _BLOCK_MS
            else:
                self._runs[-1].ms += _BLOCK_MS
        self._runs.append(_Run(group, ms, loud))

    def _judge(self) -> str | None:
        last = self._runs[-1]
        if last.ms <= (_UNMEANT if last.group == _SILENCE else _BLOCK_MS) and last.group != _OTHER:
            return self._tone  # this may be no more than an edge
        best, names = 0, set[str]()
        runs = list(self._runs)
        for cadence in self._cadences:
            fits = _fits(cadence, runs)
            if fits > best:
                best, names = fits, {cadence.name}
            elif fits == best and fits:
                names.add(cadence.name)
        if not names:
            names = self._possible()
        if len(names) == 1:
            return names.pop()
        return self._tone if self._tone in names else None

    def _possible(self) -> set[str]:
        """What the last run may be the first sound of, once it is long enough to be anything."""
        last = self._runs[-1]
        if last.group < 0 or last.ms < _SURE:
            return set()
        return {
            cadence.name
            for cadence in self._cadences
            if any(step.group == last.group and _not_over(step, last) for step in cadence.steps)
        }


def _group(explained: NDArray[np.float64], energy: float) -> int:
    """Which group of frequencies explains a block of that energy."""
    best = float(explained.max())
    if best < _SHARE * energy:
        return _OTHER
    # A tone is explained by every pair that holds it: the smallest group that does nearly as well is meant.
    return int(np.argmax(explained > best - _AS_GOOD * energy))


def _evidence(cadence: _Cadence, runs: Sequence[_Run]) -> tuple[int, float]:
    """Sounds in a row that follow a cadence, and how far the lengths are off, 0 to 1 of what is allowed."""
    best = (0, 0.0)
    for place, last in enumerate(cadence.steps):
        if last.group != runs[-1].group or not _not_over(last, runs[-1]):
            continue
        bursts, off = int(last.group >= 0), list[float]()
        for back, run in enumerate(reversed(runs[:-1]), 1):
            if back > place and not cadence.cyclic:
                break
            step = cadence.steps[(place - back) % len(cadence.steps)]
            if step.group != run.group or step.ms is None or abs(run.ms - step.ms) > _tolerance(step.ms):
                break
            off.append(abs(run.ms - step.ms) / _tolerance(step.ms))
            bursts += step.group >= 0
        best = max(best, (bursts, sum(off) / max(1, len(off))))
    return best


def _fits(cadence: _Cadence, runs: Sequence[_Run]) -> int:
    """How many whole runs before the last one, up to a sound, follow a cadence which the last one carries on."""
    return max((_fits_at(cadence, place, runs) for place in range(len(cadence.steps))), default=0)


def _fits_at(cadence: _Cadence, place: int, runs: Sequence[_Run]) -> int:
    step = cadence.steps[place]
    if step.group != runs[-1].group or not _not_over(step, runs[-1]):
        return 0
    sounding = [(step.soft, runs[-1].level)] if step.group >= 0 else []
    heard = fits = 0
    for run in reversed(runs[:-1]):
        place -= 1
        if place < 0 and not cadence.cyclic:
            break
        step = cadence.steps[place % len(cadence.steps)]
        if step.group != run.group or step.ms is None or abs(run.ms - step.ms) > _tolerance(step.ms):
            break
        fits += 1
        if step.group >= 0:
            sounding.append((step.soft, run.level))
            heard = fits
    return heard if _levels_fit(sounding) else 0


def _levels_fit(sounding: list[tuple[bool, float]]) -> bool:
    """Whether the parts meant to be softer are, and the others alike."""
    loud = [value for soft, value in sounding if not soft]
    quiet = [value for soft, value in sounding if soft]
    if loud and max(loud) - min(loud) > _LOWERED:
        return False
    return not (loud and quiet) or min(loud) - max(quiet) > _LOWERED


def _not_over(step: _Step, run: _Run) -> bool:
    if step.ms is None:
        return step.group >= 0 or run.ms <= _AFTERMATH
    return run.ms <= step.ms + _tolerance(step.ms)


def _tolerance(ms: int) -> float:
    return max(_TOLERANCE, ms / 10)


def _lines(part: Part) -> frozenset[float]:
    """The spectral lines of a part: a modulated voice has two more."""
    return frozenset(voice.frequency + side * voice.modulator for voice in part.voices for side in (-1, 0, 1))


def _groups(sets: Sequence[frozenset[float]]) -> list[list[frozenset[float]]]:
    """Sets of frequencies put together where a block cannot tell them apart; groups of fewer tones first."""
    groups: list[list[frozenset[float]]] = []
    for tones in sets:
        for group in groups:
            if all(_near(tones, other) and _near(other, tones) for other in group):
                group.append(tones)
                break
        else:
            groups.append([tones])
    return sorted(groups, key=lambda group: len(max(group, key=len)))


def _near(tones: frozenset[float], others: frozenset[float]) -> bool:
    return all(min(abs(tone - other) for other in others) <= _ALIKE for tone in tones)


@cache
def _basis(tones: frozenset[float]) -> NDArray[np.float64]:
    """Orthonormal columns that span sines of these frequencies, of any phase, in a block."""
    angles = 2 * np.pi * np.outer(np.arange(_BLOCK), sorted(tones)) / _RATE
    basis: NDArray[np.float64] = np.linalg.qr(np.hstack([np.cos(angles), np.sin(angles)]))[0]
    return basis


def _repeated(parts: Sequence[Part]) -> Sequence[Part]:
    """What is heard over and over of a tone that begins otherwise; exchanges repeat either that or all of it."""
    loop = [part for part in parts if not part.once]
    return parts if not loop or loop[-1].endless else loop


def _cadence(name: str, parts: Sequence[Part], groups: Sequence[Sequence[frozenset[float]]]) -> _Cadence:
    """A tone's parts as runs will show them: pauses too short for a block are not seen."""
    loudest = max((voice.level for part in parts for voice in part.voices), default=0.0)
    steps = []
    for part in parts:
        ms = None if part.endless else part.length * 1000 // _RATE
        if part.voices:
            group = next(number for number, group in enumerate(groups) if _lines(part) in group)
            steps.append(_Step(group, ms, max(voice.level for voice in part.voices) < loudest - _LOWERED))
        elif ms is None or ms > _UNMEANT:
            steps.append(_Step(_SILENCE, ms, False))
    return _Cadence(name, tuple(steps), not parts[-1].endless and not parts[-1].once)
