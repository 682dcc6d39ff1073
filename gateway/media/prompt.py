"""The office's tones and prompts: `gateway.core.switch.Sounds` over folders of sound files.

A prompt's name (from a dialplan) goes in, a Sound comes out; it is looked for where `gateway.media.places` says,
and kept in memory up to a bound. Files that do not read are passed over and remembered in `faults`. Nothing is
synthesised here (see `gateway.media.speech`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.core.audio import Sound
from gateway.core.errors import MalformedError
from gateway.media.music import MusicLibrary
from gateway.media.places import stems
from gateway.media.soundfile import SUFFIXES, read
from gateway.media.tone import ZONES, Zone
from gateway.media.tone import zone as zone_of
from gateway.media.wording import clock, number, spelling

__all__ = ["SoundLibrary"]

_MAX_SPELT: Final = 100
"""Characters spelt at once: nobody listens longer."""
_MAX_CACHED: Final = 32 * 2**20
"""Samples kept (64 MB): more than an hour of prompts."""
_MAX_FAULTS: Final = 100


class SoundLibrary:
    """Tones of one country and prompts of some folders.

    Args:
        folders: searched in order; each holds folders by language ("en"), as Asterisk's does, or files.
        language: used where none is asked for.
        zone: whose tones are given where none is named.
        zones: those that go before the built-in ones of the same names.
        music: what those on hold hear.

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
    ) -> None:
        self._folders = tuple(folders)
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

    def prompt(self, name: str, language: str | None = None) -> Sound | None:
        """A prompt by its file name without suffix, or None where no folder has it."""
        key = (name, language or self._language)
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

    def spell(self, text: str) -> list[Sound]:
        """Say digits, letters and signs one by one, the first hundred of them."""
        return self._said(spelling(text[:_MAX_SPELT]))

    def number(self, value: int) -> list[Sound]:
        """Say a whole number."""
        return self._said(number(value))

    def clock(self, when: datetime) -> list[Sound]:
        """Say the time of day of `when`, to the second."""
        return self._said(clock(when))

    def _said(self, names: list[str]) -> list[Sound]:
        return [sound for sound in map(self.prompt, names) if sound is not None]

    def _candidates(self, name: str, language: str) -> Iterator[Path]:
        """Files that may hold it, those of the usual language after those of the one that is asked for."""
        for stem in stems(self._folders, name, (language, self._language)):
            for suffix in SUFFIXES:
                yield stem.with_name(f"{stem.name}{suffix}")

    def _read(self, name: str, path: Path) -> Sound | None:
        if not path.is_file():
            return None
        try:
            samples = read(path)
        except MalformedError as fault:
            if len(self.faults) < _MAX_FAULTS:
                self.faults[path] = str(fault)
            return None
        samples.setflags(write=False)
        return Sound(f"prompt {name}", samples)

    def _keep(self, key: tuple[str, str], sound: Sound) -> None:
        self._prompts[key] = sound
        self._cached += len(sound.samples)
        while self._cached > _MAX_CACHED and len(self._prompts) > 1:
            _, forgotten = self._prompts.popitem(last=False)
            self._cached -= len(forgotten.samples)
