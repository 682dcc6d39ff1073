"""What is played where nobody speaks: tones alone, each test's own."""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime

from gateway.core.audio import Samples, Sound
from gateway.core.sounds import Sounds

__all__ = ["NoPrompts"]


class NoPrompts(Sounds):
    """Tones, and no prompts; nothing may be recorded."""

    @abstractmethod
    def tone(self, name: str, zone: str | None = None) -> Sound:
        """As `Sounds.tone`."""

    def music(self, name: str) -> Sound:
        return self.tone("callwaiting")

    def prompt(self, name: str, language: str | None = None) -> Sound | None:
        return None

    def recorded(self, name: str, samples: Samples, rate: int, after: Sound | None = None) -> Sound:
        raise AssertionError("nothing is recorded here")

    def keep(self, name: str, sound: Sound) -> None:
        raise AssertionError("nothing is recorded here")

    def spell(self, text: str, language: str | None = None) -> list[Sound]:
        return []

    def number(self, value: int, language: str | None = None) -> list[Sound]:
        return []

    def clock(self, when: datetime) -> list[Sound]:
        return []
