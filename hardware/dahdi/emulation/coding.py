"""How the audio of an emulated channel is coded for whoever has it open: law or linear, and the tables of gains.

Samples of the copper on one side, octets of the descriptor on the other. As in dahdi-base.c, gains are the last
thing before the line and the last thing before the reader, behind the echo canceller.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from gateway.core.audio import Samples
from gateway.core.codec import Encoding
from gateway.media import g711
from hardware.dahdi.abi import Law
from hardware.dahdi.gain import UNCHANGED

__all__ = ["Coding"]

FRAME: Final = 160
_ENCODINGS: Final = {Law.MULAW: Encoding.PCMU, Law.ALAW: Encoding.PCMA}
_SILENCE: Final = {Encoding.PCMU: b"\xff", Encoding.PCMA: b"\xd5"}
_NOTHING: Final = np.zeros(FRAME, np.int16)


class Coding:
    """One channel's.

    Args:
        law: the card's own.

    Attributes:
        law: that holds now.
        encoding: the same as an encoding.
        quiet: its octet of silence.
        linear: samples pass as 16 bits of the machine's byte order (SETLINEAR).
        muted: silence goes to the line, whatever is written (CONFMUTE).
        received, sent: tables of gains.
    """

    def __init__(self, law: Law) -> None:
        self._own = law
        self.reset()

    def reset(self) -> None:
        """As after an open."""
        self.set_law(self._own)
        self.linear = self.muted = False
        self.received = self.sent = UNCHANGED

    def set_law(self, law: Law) -> None:
        """Code by this law; DEFAULT is the card's own."""
        self.law = law or self._own
        self.encoding = _ENCODINGS.get(self.law, Encoding.PCMU)
        self.quiet = _SILENCE[self.encoding]

    @property
    def width(self) -> int:
        """Octets of a sample."""
        return 2 if self.linear else 1

    @property
    def silence(self) -> bytes:
        """A sample of silence."""
        return b"\0\0" if self.linear else self.quiet

    def written(self, octets: bytes) -> Samples:
        """What an opener has written, as samples."""
        return np.frombuffer(octets, np.int16) if self.linear else g711.decode(octets, self.encoding)

    def to_line(self, samples: Samples | None) -> Samples | None:
        """A frame on its way to the line."""
        if self.muted or samples is None:
            return None
        if self.sent == UNCHANGED:
            return samples
        return g711.decode(g711.encode(samples, self.encoding).translate(self.sent), self.encoding)

    def from_line(self, samples: Samples | None) -> bytes:
        """A frame on its way to the reader."""
        if self.linear:
            heard = _NOTHING if samples is None else samples
            if self.received != UNCHANGED:
                heard = g711.decode(g711.encode(heard, self.encoding).translate(self.received), self.encoding)
            return heard.astype(np.int16).tobytes()
        octets = self.silence * FRAME if samples is None else g711.encode(samples, self.encoding)
        return octets.translate(self.received)
