"""The office's tones and prompts: `gateway.core.sounds.Sounds` over folders of sound files.

A prompt's name (from a dialplan) goes in, a Sound comes out; it is looked for where `gateway.media.places` says,
and kept in memory up to a bound. Files that do not read are passed over and remembered in `faults`. What scripts
record is kept in a folder of its own. Nothing is synthesised here (see `gateway.media.speech`).
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from os.path import isfile
from pathlib import Path
from typing import Final

import numpy as np

from gateway.core.audio import Samples, Sound
from gateway.core.errors import LocalError, MalformedError
from gateway.media.music import MusicLibrary
from gateway.media.places import LAST_LANGUAGE, stems
from gateway.media.resample import resample
from gateway.media.soundfile import SUFFIXES, load
from gateway.media.tone import ZONES, Zone
from gateway.media.tone import zone as zone_of
from gateway.media.wavefile import SoundWriter
from gateway.media.wording import clock, number, spelling

__all__ = ["SoundLibrary"]

_NARROW: Final = 8000
_WIDE: Final = 16000
_MAX_SPELT: Final = 100
"""Characters spelt at once: nobody listens longer."""
_MAX_CACHED: Final = 32 * 2**20
"""Samples kept (64 MB): more than an hour of prompts."""
_MAX_FAULTS: Final = 100
_MAX_OWN: Final = 5000
"""Sounds that are kept: scripts that record under ever new names must not fill the disk."""


class SoundLibrary:
    """Tones of one country and prompts of some folders.

    Args:
        folders: searched in order; each holds folders by language ("en"), as Asterisk's does, or files.
        language: used where none is asked for.
        zone: whose tones are given where none is named.
        zones: those that go before the built-in ones of the same names.
        music: what those on hold hear.
        own: the folder of sounds that were recorded here, looked at first; none are kept where None.

    Raises:
        LocalError: there is no such zone.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        language: str = "en",
        zone: str = "us",
        zones: Mapping[str, Zone] = ZONES,
        music: MusicLibrary | None = None,
        own: Path | None = None,
    ) -> None:
        self._folders = tuple(folders) if own is None else (own, *folders)
        self._own = own
        self._changed: deque[str] = deque()
        self._language = language
        self._music = music or MusicLibrary({})
        self._zones = zones
        self._zone = self._named(zone).name
        self._tones: dict[tuple[str, str], Sound] = {}
        self._prompts: OrderedDict[tuple[str, str], Sound] = OrderedDict()
        self._cached = 0
        self.faults: dict[Path, str] = {}
        """Files that did not read, with what is wrong with them."""

    def tone(self, name: str, zone: str | None = None) -> Sound:
        """A call progress tone of a zone.

        Raises:
            LocalError: no such tone or zone.
        """
        key = (name, zone or self._zone)
        if key not in self._tones:
            self._tones[key] = self._named(key[1]).tone(name)
        return self._tones[key]

    def _named(self, name: str) -> Zone:
        return self._zones.get(name) or zone_of(name)

    def music(self, name: str) -> Sound:
        """The music of a class, or the default one where there is no such class."""
        return self._music.music(name)

    def prepare(self, is_over: Callable[[], bool]) -> None:
        """Read the music; see `MusicLibrary.prepare`."""
        self._music.prepare(is_over)

    def prompt(self, name: str, language: str | None = None) -> Sound | None:
        """A prompt by its file name without suffix, or None where no folder has it."""
        key = (name, language or self._language)
        while self._changed:
            self._forget(self._changed.popleft())
        known = self._prompts.get(key)
        if known is not None:
            self._prompts.move_to_end(key)
            return known
        for path in self._candidates(*key):
            sound = self._read(name, path)
            if sound is not None:
                self._keep(key, sound)
                return sound
        return None

    def recorded(self, name: str, samples: Samples, rate: int, after: Sound | None = None) -> Sound:
        """What was recorded at `rate` as a sound, which goes on from another; wide where either of them is."""
        wide = None
        if rate > _NARROW:
            wide = samples[: len(samples) & ~1]
            samples = resample(wide, rate, _NARROW)
        if after is not None:
            if wide is not None or after.wide is not None:
                parts = ((after.samples, after.wide), (samples, wide))
                wide = np.concatenate([resample(one, _NARROW, _WIDE) if two is None else two for one, two in parts])
            samples = np.concatenate((after.samples, samples))
        return Sound(name, samples, wide=wide)

    def keep(self, name: str, sound: Sound) -> None:
        """Write a sound into the folder of those recorded here; see `Sounds.keep`. May run in a thread of its own.

        Raises:
            LocalError: there is no such folder, it is full, the disk is, or the name could leave it.
        """
        stem = next(stems([self._own], name, ()), None) if self._own is not None else None
        if self._own is None or stem is None:
            raise LocalError(f"{name[:80]!r} cannot be kept: write a name without leading slash or dots")
        path = stem.with_name(f"{stem.name}.wav")
        try:
            if not path.exists() and sum(1 for _ in self._own.rglob("*.wav")) >= _MAX_OWN:
                raise LocalError(f"{self._own} holds {_MAX_OWN} sounds already; delete what nobody needs")
            part = path.with_name(f".{path.name}")
            try:
                _write(part, sound)
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
        except OSError as fault:
            raise LocalError(f"{path} cannot be written: {fault.strerror or fault}") from fault
        self._changed.append(name)

    def _forget(self, name: str) -> None:
        for key in [key for key in self._prompts if key[0] == name]:
            self._cached -= _size(self._prompts.pop(key))

    def spell(self, text: str, language: str | None = None) -> list[Sound]:
        """Say digits, letters and signs one by one, the first hundred of them."""
        return self._said(spelling(text[:_MAX_SPELT]), language)

    def number(self, value: int, language: str | None = None) -> list[Sound]:
        """Say a whole number."""
        return self._said(number(value), language)

    def clock(self, when: datetime) -> list[Sound]:
        """Say the time of day of `when`, to the second."""
        return self._said(clock(when))

    def _said(self, names: list[str], language: str | None = None) -> list[Sound]:
        return [sound for name in names if (sound := self.prompt(name, language)) is not None]

    def _candidates(self, name: str, language: str) -> Iterator[Path]:
        """Files that may hold it: in the language that is asked for, in the usual one, then in English."""
        for languages in ((language, self._language), (LAST_LANGUAGE,)):
            for stem in stems(self._folders, name, languages):
                for suffix in SUFFIXES:
                    yield stem.with_name(f"{stem.name}{suffix}")

    def _read(self, name: str, path: Path) -> Sound | None:
        if not isfile(path):
            return None
        try:
            loaded = load(path)
        except MalformedError as fault:
            if len(self.faults) < _MAX_FAULTS:
                self.faults[path] = str(fault)
            return None
        for samples in loaded:
            if samples is not None:
                samples.setflags(write=False)
        return Sound(f"prompt {name}", loaded.samples, wide=loaded.wide)

    def _keep(self, key: tuple[str, str], sound: Sound) -> None:
        self._prompts[key] = sound
        self._cached += _size(sound)
        while self._cached > _MAX_CACHED and len(self._prompts) > 1:
            _, forgotten = self._prompts.popitem(last=False)
            self._cached -= _size(forgotten)


def _size(sound: Sound) -> int:
    """Samples held."""
    return len(sound.samples) + (0 if sound.wide is None else len(sound.wide))


def _write(path: Path, sound: Sound) -> None:
    writer = SoundWriter(path, rate=_NARROW if sound.wide is None else _WIDE)
    try:
        writer.write(sound.samples if sound.wide is None else sound.wide)
    finally:
        writer.close()
