"""Whoever is at the far end of a call through the emulated network: a mouth, an ear, and what it does by itself.

Frames of 160 samples, 20 ms: `frame` is what it says, `hear` what it is told. By what network it was reached it
does not know.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

from gateway.core.audio import Samples
from gateway.media.tone import MILLIWATT, Zone, dtmf
from hardware.world.directory import Called, Speech
from hardware.world.ear import Ear
from hardware.world.mouth import Mouth

__all__ = ["FarParty"]

_MOMENT: Final = np.zeros(1600, np.int16)
"""200 ms: nobody keys at the instant of an answer, and what is between may need a moment to pass audio."""

ECHO_FRAMES: Final = 10
"""Frames (200 ms) after which it says what it heard: later than any echo that a canceller takes away."""


class FarParty:
    """The far party of one line, call after call.

    Args:
        zone: its country: the tones that it knows, and the levels of its keys.

    Attributes:
        mouth, ear: what it says and hears.
    """

    def __init__(self, zone: Zone) -> None:
        self.mouth = Mouth()
        self.ear = Ear(zone.name)
        self._levels = zone.dtmf
        self._speech = Speech.SILENCE
        self._echo: deque[Samples | None] = deque()

    def begin(self, called: Called, caller: str) -> None:
        """The call is answered: from now on it does what the directory says.

        Args:
            caller: the number that it saw.
        """
        self.mouth.hush()
        self.ear.rest()
        self.ear.forget()
        self._speech = called.speech
        if called.speech is Speech.MILLIWATT:
            self.mouth.play(MILLIWATT)
        elif called.speech is Speech.READ_BACK:
            self.mouth.say(_MOMENT)
            self.key(caller)

    def rest(self) -> None:
        """The call is over."""
        self.mouth.hush()
        self._speech = Speech.SILENCE
        self._echo.clear()

    def say(self, samples: Samples) -> None:
        """Speak (8000 Hz, int16), once what was said before has been said."""
        self.mouth.say(samples)

    def key(self, digits: str) -> None:
        """Key DTMF."""
        self.mouth.say(dtmf(digits, levels=self._levels))

    def frame(self) -> Samples | None:
        """What it says in the next 20 ms; None for silence."""
        if self._speech is not Speech.ECHO:
            return self.mouth.frame()
        return self._echo.popleft() if len(self._echo) > ECHO_FRAMES else None

    def hear(self, frame: Samples | None) -> None:
        """Take in 20 ms."""
        if self._speech is Speech.ECHO:
            self._echo.append(frame)
        self.ear.hear(frame)
