"""Audio between an emulated adapter's B channel and its port: coding, shielding, digits and silences told by codes.

20 ms at a time: `hear` turns what the network says into octets for the port, `speak` what the port wrote into
samples for the network; `take` reads what the port writes.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from gateway.core.audio import Samples
from gateway.core.codec import Encoding
from gateway.media.detect import DtmfReceiver
from gateway.media.g711 import decode, encode
from hardware.isdn.emulation.dialect import Dialect
from hardware.isdn.shielding import DC4, DLE, END, ETX, REVERSED, Unshielder, shield

__all__ = ["Streams", "VoiceSettings"]

FRAME: Final = 160
BUFFER: Final = 8 * FRAME
"""Octets (160 ms) that wait for the network before the port is not read any more."""
XON, XOFF = 0x11, 0x13

_DUPLEX_END: Final = "^"
"""The code that ends both directions of +VTR (V.253)."""

_SILENCE: Final = np.zeros(FRAME, np.int16)


class VoiceSettings:
    """What +V commands set.

    Args:
        dialect: the adapter's family.

    Attributes:
        line: 0 passes no audio (+VLS).
        coding: a key of the family's codings (+VSM).
        silence: sensitivity, and tenths of a second after which a silence is told (+VSD).
        digits: threshold and time of the digit receiver (+VDD), which are kept and not acted on.
        no_hang_up: whether a call outlives a change of mode (+VNH).
        caller_id: whether who calls is told, as modems do it (+VCID).
        inactivity: tenths of a second after which a mode is left (+VIT), kept and not acted on.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.dialect: Final = dialect
        self.caller_id = 0
        self.reset()

    def reset(self) -> None:
        """As +VIP has them."""
        self.line = self.dialect.line
        self.coding = self.dialect.coding
        self.silence = (0, 70)
        self.digits = (0, 8)
        self.no_hang_up = 1
        self.inactivity = 0


class Streams:
    """The streams of one call.

    Args:
        settings: of the adapter, as they are when a stream begins.

    Attributes:
        hears: the port is told what the network says.
        speaks: the network is told what the port says.
    """

    def __init__(self, settings: VoiceSettings) -> None:
        self._settings = settings
        self._encoding = Encoding.PCMU
        self.hears = self.speaks = False
        self._ending = False
        self._written = bytearray()
        self._unshielder = Unshielder()
        self._dtmf = DtmfReceiver()
        self._quiet = 0
        self._loud = False

    def begin(self, *, hears: bool, speaks: bool) -> bool:
        """Begin one direction, or both one after the other; False where the coding cannot be."""
        encoding = self._settings.dialect.codings[self._settings.coding]
        if encoding is None:
            return False
        self._encoding = encoding
        self.hears, self.speaks = self.hears or hears, self.speaks or speaks
        self._ending = False
        self._dtmf = DtmfReceiver()
        self._quiet, self._loud = 0, False
        return True

    @property
    def active(self) -> bool:
        """Whether there is a stream at all."""
        return self.hears or self.speaks

    @property
    def full(self) -> bool:
        """Whether no more is to be read from the port for now."""
        return len(self._written) >= BUFFER

    def take(self, data: bytes) -> tuple[bytes, bytes]:
        """Read what the port writes; returns what the port is told of it, and what is left for the commands."""
        if not self.speaks:
            return self._interrupted(data)
        told = b""
        while data and self.active:
            audio, code, data = self._unshielder.take(data)
            if not self._ending:
                self._written += audio
            if code == ETX:
                self._ending = True
            elif code == _DUPLEX_END and "+VTR" in self._settings.dialect.commands:
                self.hears = self.speaks = self._ending = False
                self._written.clear()
                return told + END, data
            elif code == DC4 and self.hears:
                self.hears = False
                told += END
            if self._ending and not self.hears:
                return told, b""  # nothing is taken until what was written has been said
        return told, data

    def _interrupted(self, data: bytes) -> tuple[bytes, bytes]:
        """Only heard: any octet but XON and XOFF ends it; the code for that is two."""
        for place, octet in enumerate(data):
            if octet not in (XON, XOFF):
                self.hears = False
                rest = data[place + 1 :]
                whole = octet == DLE[0] and rest[:1] == DC4.encode()
                return END, rest[1:] if whole else rest
        return b"", b""

    def hear(self, frame: Samples | None) -> bytes:
        """What the port is told of 20 ms."""
        if not self.hears:
            return b""
        samples = _SILENCE if frame is None else frame
        told = shield(self._coded(encode(samples, self._encoding)))
        for digit, _ in self._dtmf.feed(samples):
            told += DLE + digit.encode()
        return told + self._silence(samples)

    def speak(self) -> Samples | None:
        """What the port says in 20 ms; None where nothing has come. The end of a stream counts once it is empty."""
        if not self.speaks:
            return None
        octets = bytes(self._written[:FRAME])
        del self._written[:FRAME]
        if self._ending and not self._written:
            self.speaks = self._ending = False
        if not octets:
            return None
        said = decode(self._coded(octets), self._encoding)
        return np.concatenate([said, _SILENCE[len(said) :]]) if len(said) < FRAME else said

    def _coded(self, octets: bytes) -> bytes:
        return octets.translate(REVERSED) if self._encoding in self._settings.dialect.reversed else octets

    def _silence(self, samples: Samples) -> bytes:
        """DLE s after a silence from the beginning, DLE q after one that follows a sound (isdn_audio.c)."""
        sensitivity, tenths = self._settings.silence
        if not sensitivity or not tenths:
            return b""
        if np.abs(samples.astype(np.int32)).mean() / 32 > 4 * sensitivity:
            self._quiet, self._loud = 0, True
            return b""
        self._quiet += 1
        return DLE + (b"q" if self._loud else b"s") if self._quiet == tenths * 5 else b""
