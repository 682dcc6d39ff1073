"""AMD: does a person or a machine answer? (Asterisk apps/app_amd.c)

People say a word or two and wait; machines talk on, or are silent at first. In goes what the far side says, by
frames; out comes a verdict with what it rests on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final, NamedTuple

import numpy as np

from dialplan.arguments import split
from dialplan.script import Application, Script
from dialplan.substitution import ScriptError
from gateway.core.audio import Samples

__all__ = ["APPLICATIONS", "Greeting", "Listener", "Verdict"]

_FRAME: Final = 20
"""Milliseconds that are judged at a time."""
_RATE: Final = 8
"""Samples a millisecond."""
_LOOK: Final = 0.1
"""Seconds between looks at what has come in."""
_UNREAD: Final = 2.0


@dataclass(frozen=True, slots=True)
class Greeting:
    """What is held to be a person's greeting, in milliseconds, in the order of AMD's arguments."""

    initial_silence: int = 2500
    greeting: int = 1500
    after_greeting: int = 800
    total: int = 5000
    shortest_word: int = 100
    between_words: int = 50
    most_words: int = 2
    threshold: int = 256
    longest_word: int = 5000


class Verdict(NamedTuple):
    """AMDSTATUS and AMDCAUSE."""

    status: str
    cause: str


class Listener:
    """Judges what comes in, frame by frame."""

    def __init__(self, greeting: Greeting) -> None:
        self._by = greeting
        self._passed = self._quiet = self._word = self._voice = self._words = 0
        self._in_word = self._greeted = False

    def hear(self, frame: Samples) -> Verdict | None:
        """Take in 20 ms; the verdict, once there is one."""
        self._passed += _FRAME
        loud = float(np.abs(frame.astype(np.int32)).mean()) > self._by.threshold
        verdict = self._heard_voice() if loud else self._heard_nothing()
        if verdict is None and self._passed >= self._by.total:
            return Verdict("NOTSURE", f"TOOLONG-{self._passed}")
        return verdict

    def _heard_nothing(self) -> Verdict | None:
        by = self._by
        self._quiet += _FRAME
        if self._quiet >= by.between_words:
            self._in_word, self._word = False, 0
        if not self._greeted and self._quiet >= by.initial_silence:
            return Verdict("MACHINE", f"INITIALSILENCE-{self._quiet}-{by.initial_silence}")
        if self._greeted and self._quiet >= by.after_greeting:
            return Verdict("HUMAN", f"HUMAN-{self._quiet}-{by.after_greeting}")
        return None

    def _heard_voice(self) -> Verdict | None:
        by = self._by
        self._quiet = 0
        self._word += _FRAME
        self._voice += _FRAME
        if self._word >= by.shortest_word and not self._in_word:
            self._in_word = True
            self._words += 1
        if self._word >= by.longest_word:
            return Verdict("MACHINE", f"MAXWORDLENGTH-{self._word}")
        if self._words > by.most_words:
            return Verdict("MACHINE", f"MAXWORDS-{self._words}-{by.most_words}")
        if self._greeted and self._voice >= by.greeting:
            return Verdict("MACHINE", f"LONGGREETING-{self._voice}-{by.greeting}")
        if self._word >= by.shortest_word:
            self._greeted = True
        return None


async def detect(script: Script, arguments: str) -> None:
    """`AMD([initial silence[,greeting[,silence after[,total[,shortest word[,pause[,words[,threshold]]]]]]]])`.

    Listens until it is clear who has answered. AMDSTATUS says HUMAN, MACHINE or NOTSURE, AMDCAUSE why; times are
    milliseconds, with Asterisk's own where left out, and a ninth argument is the longest word.
    """
    greeting = _read(arguments)
    if not script.leg.answered:
        raise ScriptError("AMD has nothing to listen to before an answer")
    listener, rest = Listener(greeting), np.zeros(0, np.int16)
    capture = script.leg.audio.capture(_UNREAD)
    verdict, passed = None, 0.0
    try:
        while verdict is None and passed < greeting.total / 1000 + 1:
            await script.leg.wait(_LOOK)
            passed += _LOOK
            rest = np.concatenate((rest, capture.read()))
            while verdict is None and len(rest) >= _FRAME * _RATE:
                verdict = listener.hear(rest[: _FRAME * _RATE])
                rest = rest[_FRAME * _RATE :]
    finally:
        capture.stop()
    status, cause = verdict or Verdict("NOTSURE", "NOAUDIODATA-0")
    script.note(f"AMD: {status}, {cause}")
    script.assign("AMDSTATUS", status)
    script.assign("AMDCAUSE", cause)


def _read(arguments: str) -> Greeting:
    greeting = Greeting()
    for name, word in zip((field.name for field in fields(Greeting)), split(arguments), strict=False):
        text = word.strip()
        if text and not (text.isascii() and text.isdecimal() and len(text) < 7):
            raise ScriptError(f"AMD: {text[:40]!r} is no number")
        if text:
            greeting = replace(greeting, **{name: int(text)})
    return greeting


APPLICATIONS: Final[Mapping[str, Application]] = {"AMD": detect}
