"""Audio between an adapter's port and its row of the media plane, frame by frame.

The adapter is the clock: each 160 octets that it brings are a frame for the row, and each is answered by a frame,
of silence where the row says nothing. While a leg has no audio yet the row is kept going with silence, so that what
is played to it ends in its time.
"""

from __future__ import annotations

from typing import Final, Protocol

from drivers.isdn.profile import Profile
from gateway.core.audio import Encoding
from hardware.isdn.shielding import REVERSED, Unshielder, shield

__all__ = ["FRAME_TIME", "Frames", "VoicePath"]

FRAME: Final = 160
FRAME_TIME: Final = 0.02
AHEAD: Final = 3
"""Frames said before the first has come: what the adapter always has to say, however unevenly ports carry."""

_SILENCE: Final = {Encoding.PCMU: b"\xff" * FRAME, Encoding.PCMA: b"\xd5" * FRAME}
_AGAIN: Final = b"\r\nCONNECT\r\n"
"""isdn4linux tells of both directions, one after the other, and the audio begins after the second."""


class Frames(Protocol):
    """The device's end of a row that carries frames of 160 octets."""

    def say(self, frame: bytes) -> None:
        """Give the row a frame; lost where it takes none."""
        ...

    def hear(self) -> bytes | None:
        """The next frame that the row has given; None where there is none."""
        ...


class VoicePath:
    """One adapter's audio.

    Args:
        frames: the other end of its row.
        profile: its family.
        coding: on its port, and in the row.
    """

    def __init__(self, frames: Frames, profile: Profile, coding: Encoding) -> None:
        self._frames = frames
        self._table = REVERSED if coding in profile.reversed else None
        self._silence = _SILENCE[coding]
        self._said = bytearray()
        self._begun = b""
        self._unshielder = Unshielder()

    def begin(self) -> bytes:
        """Audio begins; what is to be said at once."""
        self._said.clear()
        self._begun = _AGAIN
        self._unshielder = Unshielder()
        while self._frames.hear() is not None:
            pass  # said to nobody
        return self._written(self._silence) * AHEAD

    def take(self, data: bytes) -> tuple[bytes, str, bytes]:
        """Read what the port brings, up to the first code.

        Returns:
            What the port is to be told, the code or "", and what follows it.
        """
        data = self._peeled(data)
        audio, code, rest = self._unshielder.take(data)
        self._said += audio
        out = b""
        while len(self._said) >= FRAME:
            frame = bytes(self._said[:FRAME])
            del self._said[:FRAME]
            self._frames.say(frame.translate(self._table))
            out += self._written(self._frames.hear() or self._silence)
        return out, code, rest

    def pass_time(self) -> None:
        """20 ms without audio."""
        self._frames.say(self._silence)
        self._frames.hear()

    def _written(self, frame: bytes) -> bytes:
        return shield(frame.translate(self._table))

    def _peeled(self, data: bytes) -> bytes:
        """`data` without a second CONNECT before it."""
        if not self._begun:
            return data
        common = min(len(data), len(self._begun))
        if data[:common] != self._begun[:common]:
            seen = len(_AGAIN) - len(self._begun)
            self._begun = b""
            return _AGAIN[:seen] + data
        self._begun = self._begun[common:]
        return data[common:]
