"""What the story of a leg tells of its audio: kept as it came, written out for those who read the story."""

from __future__ import annotations

from gateway.core.audio import AudioStats
from gateway.core.frozen import frozen
from gateway.core.quality import sentence

__all__ = ["AudioCarried"]


@frozen
class AudioCarried:
    """What had come and gone when the leg ended."""

    stats: AudioStats

    def __str__(self) -> str:
        return f"audio: {sentence(self.stats)}"
