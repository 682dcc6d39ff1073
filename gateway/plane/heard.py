"""What the loop says of a row, as whoever holds the row is told it."""

from __future__ import annotations

import os
from errno import ELOOP
from typing import Final

from gateway.core.audio import AudioEvent, AudioLost, Ceased, DigitHeard, FaxHeard, FaxTone, FlashHeard, Silent
from gateway.plane import events
from gateway.plane.dtmf import FLASHED

__all__ = ["heard"]

_RATE: Final = 8000
_LOOP: Final = (
    "thousands of packets a second come in: its session description leads them back to this machine in a circle, "
    "or its peer floods it"
)


def heard(kind: int, serial: int, value: int, extra: int) -> AudioEvent:
    """A digit, a tone, silence or the loss of a row, of what the loop has said (events.py)."""
    if kind == events.DIGIT and value == FLASHED:
        return FlashHeard()
    if kind == events.DIGIT:
        return DigitHeard(chr(value), extra / _RATE, event=serial == 1)
    if kind == events.FAX_HEARD:
        return FaxHeard(FaxTone(value))
    if kind == events.SILENT:
        return Silent(value / 1e9)
    if kind == events.CEASED:
        return Ceased(value / 1e9, extra / 1e9 if extra >= 0 else None, rejected=serial == 1)
    return AudioLost(_LOOP if value == ELOOP else os.strerror(value))
