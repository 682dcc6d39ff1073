"""What the loop says of a row, as whoever holds the row is told it."""

from __future__ import annotations

import os
from typing import Final

from gateway.core.audio import AudioEvent, AudioLost, DigitHeard, FaxHeard, FaxTone, FlashHeard, Silent
from gateway.plane import events
from gateway.plane.control import Happening
from gateway.plane.dtmf import FLASHED

__all__ = ["heard"]

_RATE: Final = 8000


def heard(happening: Happening) -> AudioEvent:
    """A digit, a tone, silence or the loss of a row, of what the loop has said."""
    if happening.kind == events.DIGIT and happening.value == FLASHED:
        return FlashHeard()
    if happening.kind == events.DIGIT:
        return DigitHeard(chr(happening.value), happening.extra / _RATE, event=happening.serial == 1)
    if happening.kind == events.FAX_HEARD:
        return FaxHeard(FaxTone(happening.value))
    if happening.kind == events.SILENT:
        return Silent(happening.value / 1e9)
    return AudioLost(os.strerror(happening.value))
