"""What the story of a leg tells of its audio: kept as it came, written out for those who read the story."""

from __future__ import annotations

from typing import NamedTuple

from gateway.core.audio import AudioStats
from gateway.core.quality import sentence
from gateway.sdp.negotiate import Agreement

__all__ = ["AudioAgreed", "AudioCarried"]


class AudioAgreed(NamedTuple):
    """What was agreed by offer and answer."""

    agreement: Agreement

    def __str__(self) -> str:
        agreement = self.agreement
        codec, events, protection = agreement.codec, agreement.event_payload_type, agreement.protection
        digits = f"digits as events {events}" if events else "digits as tones"
        secrecy = "" if protection is None else f", encrypted by {protection.suite.value}"
        return (
            f"audio {agreement.direction.value} with {agreement.address}:{agreement.port}, "
            f"{codec.encoding.value} {codec.ptime} ms, {digits}{secrecy}"
        )


class AudioCarried(NamedTuple):
    """What had come and gone when the leg ended."""

    stats: AudioStats

    def __str__(self) -> str:
        return f"audio: {sentence(self.stats)}"
