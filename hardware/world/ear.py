"""What somebody hears on a line: which tone, which DTMF digits, and a recording of the last while.

Frames of 160 samples come in, None for silence; nothing is heard that is not in them. The recognisers are those of
`gateway.media.detect`, the same that listen in an office.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

from gateway.core.audio import Samples
from gateway.media.detect import DtmfReceiver
from gateway.media.progress import ToneRecogniser

__all__ = ["Ear"]

FRAME: Final = 160
RECORDED: Final = 3000
"""Frames kept: the last minute, 1 MB."""
MAX_DIGITS: Final = 256
"""Digits kept, the latest."""

_SILENCE: Final = np.zeros(FRAME, np.int16)


class Ear:
    """Listens to one line.

    Args:
        zone: the country whose tones are known: "us".
    """

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._digits = ""
        self._frames: deque[Samples] = deque(maxlen=RECORDED)
        self.rest()

    def hear(self, frame: Samples | None) -> None:
        """Take in 20 ms."""
        samples = _SILENCE if frame is None else frame
        self._frames.append(samples)
        self._tones.feed(samples)
        for digit, _ in self._dtmf.feed(samples):
            self._digits = (self._digits + digit)[-MAX_DIGITS:]

    def rest(self) -> None:
        """Put the handset down: no tone is heard, and what is heard next is something new."""
        self._tones = ToneRecogniser(self._zone)
        self._dtmf = DtmfReceiver()

    def forget(self) -> None:
        """Empty the recording and the digits heard."""
        self._frames.clear()
        self._digits = ""

    @property
    def tone(self) -> str | None:
        """The call progress tone heard now: "dial", "busy", "ring", …"""
        return self._tones.tone

    @property
    def digits(self) -> str:
        """DTMF digits heard since `forget`."""
        return self._digits

    @property
    def recording(self) -> Samples:
        """What was heard since `forget`, at most the last minute (a copy)."""
        return np.concatenate(list(self._frames)) if self._frames else np.zeros(0, np.int16)
