"""Tones, prompts and what is spoken, for whoever plays them: the Protocol of `gateway.media.prompt`.

A sound is looked up by what it says and given ready to play; where it comes from (a recording, a synthesiser, a
cadence) is its owner's matter.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from gateway.core.audio import Samples, Sound

__all__ = ["Sounds"]


class Sounds(Protocol):
    """Tones and prompts, as sounds ready to play. Looking one up never blocks on a synthesiser."""

    def tone(self, name: str, zone: str | None = None) -> Sound:
        """A call progress tone: dial busy ring congestion callwaiting dialrecall record info stutter milliwatt.

        Raises:
            LocalError: no such tone or zone.
        """
        ...

    def prompt(self, name: str, language: str | None = None) -> Sound | None:
        """A recorded prompt by its file name without extension ("demo-thanks"), or None where there is none."""
        ...

    def recorded(self, name: str, samples: Samples, rate: int, after: Sound | None = None) -> Sound:
        """What was recorded at `rate`, 8000 or 16000 samples a second, as a sound, which goes on from another."""
        ...

    def keep(self, name: str, sound: Sound) -> None:
        """Keep what was recorded under a name, where `prompt` finds it after a restart as well; waits for the disk.

        It is kept as wide as it is.

        Raises:
            LocalError: it cannot be kept, under this name or at all.
        """
        ...

    def music(self, name: str) -> Sound:
        """Music on hold of a class, or what stands for it; goes on for ever."""
        ...

    def spell(self, text: str, language: str | None = None) -> list[Sound]:
        """Say digits and letters one by one."""
        ...

    def number(self, value: int, language: str | None = None) -> list[Sound]:
        """Say a whole number."""
        ...

    def clock(self, when: datetime) -> list[Sound]:
        """Say the time of day of `when`, to the second."""
        ...
