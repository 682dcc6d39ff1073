"""Audio between an adapter's port and its row of the media plane, frame by frame.

The adapter is the clock: each 160 octets that it brings are a frame for the row, and each is answered by a frame,
of silence where the row says nothing. While a leg has no audio yet the row is kept going with silence, so that what
is played to it ends in its time.

Ports bring frames in bunches, and we may come late. What then waits, before the adapter and before us, is delay
that nobody needs once all goes smoothly again: what was spare for ten seconds is left out.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Protocol

from drivers.isdn.profile import Profile
from gateway.core.codec import Encoding
from hardware.isdn.shielding import REVERSED, Unshielder, shield

__all__ = ["FRAME_TIME", "Frames", "VoicePath"]

FRAME: Final = 160
FRAME_TIME: Final = 0.02
AHEAD: Final = 3
"""Frames said before the first has come: what the adapter always has to say, however unevenly ports carry."""

MOST_WAITING: Final = 100
"""Frames of the row that wait at most."""
WINDOW: Final = 500
"""Frames (10 s) for which something must have been spare."""
EVERY: Final = 10
"""Frames between two that are left out: a gap of 20 ms now and then is hardly heard."""
BUNCH: Final = 8
"""Frames of one read from which on it is one of a stall, of which the port may keep more (the kernel gives 25)."""
KEPT: Final = 1
"""Frames of the row that may be spare: what answers a frame may come a moment after the next."""

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


class _Spare:
    """How much of a level nobody has needed, the least that was there within a window; it goes frame by frame.

    Args:
        kept: how much may be spare.
    """

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._least = MOST_WAITING
        self._frames = self._since = self._due = 0

    def leaves_out(self, level: int, frames: int) -> bool:
        """`frames` have passed, and `level` was there at the lowest: whether one is to be left out now."""
        self._least = min(self._least, level)
        self._frames += frames
        self._since += frames
        if self._frames >= WINDOW:
            self._due = max(0, self._least - self._kept)
            self._least, self._frames = MOST_WAITING, 0
        if not self._due or self._since < EVERY:
            return False
        self._due, self._since = self._due - 1, 0
        return True


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
        self._heard: deque[bytes] = deque(maxlen=MOST_WAITING)
        self._level = self._unread = 0
        self._read_at = 0.0
        self._spare_there, self._spare_here = _Spare(AHEAD - 1), _Spare(KEPT)

    def begin(self, now: float) -> bytes:
        """Audio begins; what is to be said at once."""
        self._said.clear()
        self._begun = _AGAIN
        self._unshielder = Unshielder()
        self._spare_there, self._spare_here = _Spare(AHEAD - 1), _Spare(KEPT)
        self._fetch()
        self._heard.clear()  # said to nobody
        self._level = AHEAD
        self._read_at, self._unread = now, 0
        return self._written(self._silence) * AHEAD

    def take(self, data: bytes, now: float) -> tuple[bytes, str, bytes]:
        """Read what the port brings, up to the first code.

        Returns:
            What the port is to be told, the code or "", and what follows it.
        """
        data = self._peeled(data)
        audio, code, rest = self._unshielder.take(data)
        self._said += audio
        count = len(self._said) // FRAME
        if not count:
            return b"", code, rest
        self._fetch()
        for place in range(0, count * FRAME, FRAME):
            self._frames.say(bytes(self._said[place : place + FRAME]).translate(self._table))
        del self._said[: count * FRAME]
        return self._answer(count, now), code, rest

    def _answer(self, count: int, now: float) -> bytes:
        """What answers so many frames: as many, but for what is spare."""
        answers = [self._heard.popleft() if self._heard else self._silence for _ in range(count)]
        if self._spare_here.leaves_out(len(self._heard), count):
            self._heard.popleft()
        self._level = max(0, self._level - self._passed(count, now))
        if self._spare_there.leaves_out(self._level, count):
            del answers[0]
        self._level += len(answers)
        return b"".join(map(self._written, answers))

    def _passed(self, count: int, now: float) -> int:
        """How many frames of ours the adapter has said, or had none left to say, since the read before this one.

        As many as it brought meanwhile, be they read now or, after a stall, in the reads that follow.
        """
        unread = self._unread
        self._unread = max(0, unread + round((now - self._read_at) / FRAME_TIME) - count) if count >= BUNCH else 0
        self._read_at = now
        return max(0, count + self._unread - unread)

    def _fetch(self) -> None:
        """Take all that the row has given."""
        while (frame := self._frames.hear()) is not None:
            self._heard.append(frame)

    def pass_time(self) -> None:
        """20 ms without audio."""
        self._frames.say(self._silence)
        self._fetch()
        self._heard.clear()

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
