"""Music on hold: folders of sound files by class, and a piece of our own where there are none.

A class goes in, one sound comes out that loops and is `live`: all who hear it are at the same place in it, and
whoever comes back finds that it went on. Files are played in the order of their names. Our own piece is composed
here: soft bells over slow chords in a major key, a little below speech; a wide leg hears how the bells shimmer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.core.audio import Samples, Sound
from gateway.core.errors import MalformedError
from gateway.media.resample import resample
from gateway.media.soundfile import SUFFIXES, Loaded, load

__all__ = ["ASTERISK_MUSIC", "DEFAULT", "MusicClass", "MusicLibrary", "compose"]

ASTERISK_MUSIC: Final = Path("/usr/share/asterisk/moh")
"""Where Debian's asterisk-moh packages put theirs."""
DEFAULT: Final = "default"

_RATE: Final = 8000
_WIDE: Final = 16000
_PAUSE: Final = np.zeros(_RATE, np.int16)
"""Between two pieces."""
_MAX_FAULTS: Final = 100

_BEAT: Final = 0.42
"""Seconds of a note."""
_CHORDS: Final[Mapping[str, Sequence[int]]] = MappingProxyType(
    {
        "C": (60, 64, 67, 72),
        "a": (57, 60, 64, 69),
        "F": (53, 57, 60, 65),
        "G": (55, 59, 62, 67),
        "e": (52, 55, 59, 64),
    }
)
"""Notes (MIDI numbers) of each chord."""
_SONG: Final = "CaFGCeFGaFCGFGaFCaFGeFGC"
"""A chord a bar of eight notes."""
_FIGURES: Final = ((0, 1, 2, 3, 2, 1, 2, 1), (0, 2, 1, 3, 1, 2, 3, 2), (3, 2, 1, 0, 1, 2, 1, 2))
"""Which note of its chord each of a bar's eight is, turn about."""
_PARTIALS: Final = (
    (1.0, 1.0, 2.2),
    (2.0, 0.35, 3.5),
    (3.01, 0.12, 6.0),
    (4.17, 0.10, 8.0),
    (5.43, 0.08, 11.0),
    (6.79, 0.06, 15.0),
)
"""Of a bell: how many times its frequency, how loud, and how fast it fades."""
_HIGHEST: Final = 7000.0
"""Hz."""
_PEAK: Final = 5500
"""Of the loudest moment: -22 dBm0 while it sounds, a little below speech."""


@dataclass(frozen=True, slots=True)
class MusicClass:
    """What belongs to a class.

    Attributes:
        folder: all sound files in it, or None.
        files: others, played after these in the order given.
        shuffled: play the folder's files in any order, a new one in each library.
    """

    folder: Path | None = None
    files: tuple[Path, ...] = ()
    shuffled: bool = False


class MusicLibrary:
    """The office's music, by class.

    Args:
        classes: by name.
        longest: seconds of one class that are kept, three times over where it is wide; what is longer is cut.
        chance: shuffles.
    """

    def __init__(
        self, classes: Mapping[str, MusicClass], *, longest: float = 120.0, chance: Random | None = None
    ) -> None:
        self._classes = {DEFAULT: MusicClass(ASTERISK_MUSIC), **classes}
        self._longest = round(longest * _RATE)
        self._chance = chance or Random()
        self._sounds: dict[str, Sound] = {}
        self.faults: dict[Path, str] = {}
        """Files that did not read, with what is wrong with them."""

    def music(self, name: str = DEFAULT) -> Sound:
        """The music of a class; of the default one where there is no such class, or nothing in it."""
        known = self._sounds.get(name)
        if known is not None:
            return known
        loaded = self._read(self._classes[name]) if name in self._classes else None
        if loaded is None and name != DEFAULT:
            sound = self.music()
        else:
            if loaded is None:
                loaded = compose()
            for samples in loaded:
                if samples is not None:
                    samples.setflags(write=False)
            sound = Sound(f"music {name}", loaded.samples, loop_from=0, live=True, wide=loaded.wide)
        if name in self._classes:
            self._sounds[name] = sound
        return sound

    def prepare(self, is_over: Callable[[], bool]) -> None:
        """Read all classes, which takes seconds, beside all else: nobody waits for those that are wanted then.

        Args:
            is_over: asked before each whether it is still wanted.
        """
        for name in self._classes:
            if not is_over():
                self.music(name)

    def _files(self, music: MusicClass) -> list[Path]:
        folder = music.folder
        try:
            found = sorted(folder.iterdir()) if folder is not None else []
        except OSError:  # there is none, or none that we may look into: check has told
            found = []
        if music.shuffled:
            self._chance.shuffle(found)
        return [*(path for path in found if path.suffix.lower() in SUFFIXES), *music.files]

    def _read(self, music: MusicClass) -> Loaded | None:
        pieces: list[Loaded] = []
        length = 0
        for path in self._files(music):
            if length >= self._longest:
                break
            try:
                piece = load(path)
            except MalformedError as fault:
                if len(self.faults) < _MAX_FAULTS:
                    self.faults[path] = str(fault)
                continue
            pieces += [piece, Loaded(_PAUSE, None)]
            length += len(piece.samples) + len(_PAUSE)
        if length <= len(_PAUSE):
            return None
        narrow = np.concatenate([piece.samples for piece in pieces])[: self._longest]
        if all(piece.wide is None for piece in pieces):
            return Loaded(narrow, None)
        wide = [resample(piece.samples, _RATE, _WIDE) if piece.wide is None else piece.wide for piece in pieces]
        return Loaded(narrow, np.concatenate(wide)[: 2 * self._longest])


def compose() -> Loaded:
    """The built-in piece, about a minute and a quarter of it, whose end flows into its beginning."""
    beat = round(_BEAT * _WIDE)
    total = np.zeros(len(_SONG) * 8 * beat)
    pads = {chord: _pad(_CHORDS[chord], 8 * beat) for chord in set(_SONG)}
    bells = {note: _bell(note + 12) for chord in pads for note in _CHORDS[chord]}
    for bar, chord in enumerate(_SONG):
        start = bar * 8 * beat
        _add(total, start, pads[chord])
        for step, which in enumerate(_FIGURES[bar % len(_FIGURES)]):
            _add(total, start + step * beat, (0.5 if step % 4 else 0.8) * bells[_CHORDS[chord][which]])
    total *= _PEAK / np.abs(total).max()
    wide: Samples = np.round(total).astype(np.int16)
    return Loaded(_halved(total), wide)


def _halved(total: NDArray[np.float64]) -> Samples:
    """The same at half the rate, and as seamless: what goes round and round is a sum of waves that do, too."""
    waves = np.fft.rfft(total)[: len(total) // 4 + 1]
    narrow: Samples = np.round(np.fft.irfft(waves, len(total) // 2) / 2).astype(np.int16)
    return narrow


def _add(total: NDArray[np.float64], start: int, part: NDArray[np.float64]) -> None:
    """Add a part from `start` on; what hangs over the end rings on at the beginning."""
    places = (start + np.arange(len(part))) % len(total)
    total[places] += part


def _frequency(note: int) -> float:
    return float(440.0 * 2 ** ((note - 69) / 12))


def _bell(note: int) -> NDArray[np.float64]:
    """A struck tone that fades within two seconds: its partials, the higher ones sooner gone."""
    time = np.arange(2 * _WIDE) / _WIDE
    wave = np.zeros(len(time))
    for partial, share, fade in _PARTIALS:
        if _frequency(note) * partial < _HIGHEST:
            wave += share * np.exp(-fade * time) * np.sin(2 * np.pi * _frequency(note) * partial * time)
    attack = np.minimum(time / 0.006, 1.0)
    return wave * attack


def _pad(notes: Sequence[int], length: int) -> NDArray[np.float64]:
    """A held chord that swells and dies over the bar and into the next one."""
    time = np.arange(length + _WIDE // 2) / _WIDE
    shape = np.sin(np.pi * np.arange(len(time)) / len(time)) ** 1.5
    wave = np.zeros(len(time))
    for note in notes[:3]:
        for detune in (-0.4, 0.4):
            wave += np.sin(2 * np.pi * (_frequency(note) + detune) * time)
    return 0.09 * wave * shape
