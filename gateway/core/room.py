"""Rooms in which legs hear one another: conferences, three-way calls, and listening in.

A room has four buses, each the sum of what those say who talk on it; whoever hears a bus hears that less himself.
Bus 0 is the room's talk. A leg's `Manner` says which it talks on and which it hears:

    conference member      Manner()                             muted: talks nowhere; deaf: hears nothing
    a call listened to     Manner(hears=NONE, tells=TALK)       both its sides, although but one leg sits here
    who listens in         Manner(talks=NONE)
    who whispers           Manner(talks=WHISPER)                the call's leg hears it; `through`: its peer, too

A leg keeps whom it is joined with, and may sit in several rooms.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final, Protocol

from gateway.core.audio import Audio, Capture, Sound, SoundEnd
from gateway.core.frozen import frozen

__all__ = [
    "MEMBER",
    "NONE",
    "TALK",
    "WHISPER",
    "Manner",
    "Room",
    "RoomEvent",
    "Rooms",
    "Seat",
    "SpeakerChanged",
    "Talking",
]

NONE: Final[frozenset[int]] = frozenset()
TALK: Final[frozenset[int]] = frozenset({0})
WHISPER: Final[frozenset[int]] = frozenset({1})


@frozen
class Manner:
    """How a leg takes part in a room.

    Attributes:
        talks: buses 0..3 to which what the leg says is added.
        hears: buses that it hears.
        tells: buses to which what the leg is sent is added.
        through: buses that the leg it is joined with hears.
        gain_in, gain_out: dB, -60..24: how much louder than it speaks it is heard; how much louder it hears.
        gated: it is heard only while it talks, so that the noise of many does not add up.
    """

    talks: frozenset[int] = TALK
    hears: frozenset[int] = TALK
    tells: frozenset[int] = NONE
    through: frozenset[int] = NONE
    gain_in: float = 0.0
    gain_out: float = 0.0
    gated: bool = False


MEMBER: Final = Manner()


@frozen
class Talking:
    """The leg in `seat` has begun to talk, or has ended."""

    seat: Seat
    on: bool


@frozen
class SpeakerChanged:
    """The leg in `seat` speaks louder than all others now."""

    seat: Seat


RoomEvent = Talking | SpeakerChanged


class Seat(Protocol):
    """One leg's place in a room."""

    @property
    def audio(self) -> Audio:
        """The leg's row."""
        ...

    @property
    def manner(self) -> Manner:
        """How it takes part."""
        ...

    def change(self, manner: Manner) -> None:
        """Take part in another manner: mute, unmute, whisper.

        Raises:
            LocalError: no such bus, or a gain out of range.
        """
        ...

    def leave(self) -> None:
        """Get up; harmless when done before. A leg whose row is closed has left."""
        ...


class Room(Protocol):
    """Legs that hear one another. What it says takes effect within one tick, in the order said."""

    listener: Callable[[RoomEvent, float], None] | None
    """Who is told of talk, with the time (engine clock, seconds)."""

    @property
    def seats(self) -> Collection[Seat]:
        """The seats taken."""
        ...

    @property
    def rate(self) -> int:
        """Samples a second that its legs hear, 8000 or 16000: the most that one of them carries."""
        ...

    def sit(self, audio: Audio, manner: Manner = MEMBER) -> Seat:
        """Give a leg a seat.

        Raises:
            Exhausted: no seat is free.
            LocalError: the row is of another plane, closed or in here already; or the manner makes no sense.
        """
        ...

    def play(self, sound: Sound, on_end: Callable[[SoundEnd], None] | None = None) -> None:
        """Play to all who hear bus 0, added to what they say, in place of what was played before.

        `on_end` is called exactly once, from the plane's event pump.
        """
        ...

    def stop(self) -> None:
        """Stop playing."""
        ...

    def tap(self, seconds: float, rate: int = 8000) -> Capture:
        """Start to keep what is said on bus 0 and played, at most `seconds` of it unread at a time.

        Args:
            rate: samples a second of what is kept, 8000 or 16000.

        Raises:
            Exhausted: no tap is free, or there is no memory for so many seconds.
        """
        ...

    def close(self) -> None:
        """Send everybody out and close it."""
        ...


class Rooms(Protocol):
    """Where rooms come from."""

    def room(self) -> Room:
        """Open an empty room.

        Raises:
            Exhausted: no room is free.
        """
        ...
