"""What the audio of an exchange line tells of a call: dial tone, ringing, an answer, a refusal, a release.

Samples from the exchange go in, signs come out, each once when it appears, with the words and the confidence that
an Ending or a record names as evidence. Nothing is decided here: whether a busy tone refuses a call or ends a
conversation, the line knows. For exchanges that tell by neither battery nor polarity (ITU-T E.180 tones; the rules
are those of Asterisk's dsp.c: several cycles of a tone, ringback that stops, speech).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from gateway.core.audio import Samples
from gateway.media.progress import Hearing, ToneRecogniser
from gateway.media.tone import zone

__all__ = ["CallProgress", "Sign", "SignKind"]

STEADY: Final = 2.0
"""Seconds of dial tone that release a call: nobody hums that long on one note, and exchanges give it for ten."""
VOICE: Final = 0.3
"""Seconds of sound that is no tone within a second: a word. Clicks of the network are shorter."""
VOICE_UNRUNG: Final = 0.8
"""The same before any ringback: crosstalk and the noise of switching are longer."""
AFTER_RINGING: Final = 2.0
"""Seconds by which ringback must be overdue before its absence is an answer."""
_PIECE: Final = 800
"""Samples judged at once, 100 ms: half of the shortest thing that is looked for."""


class SignKind(Enum):
    """What audio can tell. The value completes "the exchange gives …" or "… is heard"."""

    DIAL_TONE = "dial tone"
    RINGING = "ringback"
    BUSY = "busy tone"
    CONGESTION = "congestion tone"
    UNOBTAINABLE = "special information tone"
    ANSWER = "an answer"


_TONES: Final = {
    "dial": SignKind.DIAL_TONE,
    "ring": SignKind.RINGING,
    "busy": SignKind.BUSY,
    "congestion": SignKind.CONGESTION,
    "info": SignKind.UNOBTAINABLE,
}


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that was heard.

    Attributes:
        kind: what.
        words: the evidence: "busy tone 480+620/500,0/500, 3 bursts".
        confidence: 0 to 1.
    """

    kind: SignKind
    words: str
    confidence: float

    def __str__(self) -> str:
        return f"{self.words}, {self.confidence:.0%} sure"


class CallProgress:
    """Follows one call, from dialling or from its answer on.

    Args:
        country: the zone whose tones the exchange gives.
        cycles: bursts of a tone that are needed before it is told.
        steady: seconds of unbroken dial tone before it is told.
        learned: texts of tones that differ from the zone's, by their names.

    Raises:
        LocalError: there is no such zone.
    """

    def __init__(
        self, country: str, *, cycles: int = 3, steady: float = STEADY, learned: Mapping[str, str] | None = None
    ) -> None:
        self._zone = zone(country)
        self._tones = {**self._zone.tones, **(learned or {})}
        self._ear = ToneRecogniser(country, learned or {})
        self._cycles = cycles
        self._steady = steady
        self._told: set[SignKind] = set()
        self._longest_pause = max(self._zone.ring[1::2]) / 1000

    @property
    def conversed(self) -> bool:
        """Whether ringback or a voice has been heard at all."""
        return bool(self._told & {SignKind.RINGING, SignKind.ANSWER})

    def feed(self, samples: Samples) -> list[Sign]:
        """Take samples (8000 Hz, a piece of any size) and say what has appeared in them."""
        signs = []
        for start in range(0, len(samples), _PIECE):
            self._ear.feed(samples[start : start + _PIECE])
            sign = self._tone_sign() or self._answer_sign()
            if sign is not None and sign.kind not in self._told:
                self._told.add(sign.kind)
                signs.append(sign)
        return signs

    def _tone_sign(self) -> Sign | None:
        hearing = self._ear.hearing
        kind = _TONES.get(hearing.tone) if hearing is not None else None
        if hearing is None or kind is None or not self._is_enough(hearing):
            return None
        text = self._tones[hearing.tone]
        heard = f"{hearing.seconds:.1f} s" if hearing.bursts < 2 else f"{hearing.bursts} bursts"
        return Sign(kind, f"{kind.value} {text}, {heard}", hearing.confidence)

    def _is_enough(self, hearing: Hearing) -> bool:
        if hearing.tone == "ring":
            return True
        if hearing.tone == "dial" and hearing.bursts < 2:
            return hearing.seconds >= self._steady
        # Of special information tone no other is made; once through its three pitches is enough.
        return hearing.bursts >= (3 if hearing.tone == "info" else self._cycles)

    def _answer_sign(self) -> Sign | None:
        rung = SignKind.RINGING in self._told
        if self._ear.voice >= (VOICE if rung else VOICE_UNRUNG):
            when = "after ringback" if rung else "without ringback"
            return Sign(SignKind.ANSWER, f"a voice {when}", 0.9 if rung else 0.6)
        if rung and self._ear.tone == "milliwatt":
            return Sign(SignKind.ANSWER, "a test tone after ringback", 0.9)
        overdue = self._ear.quiet - self._longest_pause
        if rung and overdue >= AFTER_RINGING:
            return Sign(SignKind.ANSWER, f"ringback overdue for {overdue:.0f} s", 0.7)
        return None
