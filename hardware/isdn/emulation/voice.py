"""Audio between an emulated adapter's B channel and its port: coding, shielding, digits and silences told by codes.

20 ms at a time: `hear` turns what the network says into octets for the port, `speak` what the port wrote into
samples for the network; `take` reads what the port writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from gateway.core.audio import Encoding, Samples
from gateway.media.detect import DtmfReceiver
from gateway.media.g711 import decode, encode
from hardware.isdn.shielding import DC4, DLE, END, ETX, REVERSED, Unshielder, shield

__all__ = ["CODINGS", "Streams", "VoiceSettings"]

FRAME: Final = 160
BUFFER: Final = 8 * FRAME
"""Octets (160 ms) that wait for the network before the port is not read any more."""
XON, XOFF = 0x11, 0x13

_ADPCM: Final = (2, 3, 4)
CODINGS: Final[Mapping[int, Encoding | None]] = {
    **dict.fromkeys(_ADPCM),
    5: Encoding.PCMA,
    6: Encoding.PCMU,
}
"""Values of +VSM; what has no coding can be chosen, and no audio be begun with it."""

_SILENCE: Final = np.zeros(FRAME, np.int16)


class VoiceSettings:
    """What +V commands set.

    Attributes:
        line: 2 passes audio, 0 none (+VLS).
        coding: a key of `CODINGS` (+VSM).
        silence: sensitivity, and tenths of a second after which a silence is told (+VSD).
        digits: threshold and time of the digit receiver (+VDD), which are kept and not acted on.
        no_hang_up: whether a call outlives a change of mode (+VNH).
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """As +VIP has them."""
        self.line = 2
        self.coding = 2
        self.silence = (0, 70)
        self.digits = (0, 8)
        self.no_hang_up = 1


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
        self._both = False
        self._ending = False
        self._written = bytearray()
        self._unshielder = Unshielder()
        self._dtmf = DtmfReceiver()
        self._quiet = 0
        self._loud = False

    def begin(self, *, hears: bool, speaks: bool) -> bool:
        """Begin one direction, or both one after the other; False where the coding cannot be."""
        encoding = CODINGS[self._settings.coding]
        if encoding is None:
            return False
        self._encoding = encoding
        self.hears, self.speaks = self.hears or hears, self.speaks or speaks
        self._both = self.hears and self.speaks
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
        return octets.translate(REVERSED) if self._encoding is Encoding.PCMA else octets

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
