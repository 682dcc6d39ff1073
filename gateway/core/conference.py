"""Conferences as scripts, lamps and operators see them: who is in a room, and what can be done there.

`gateway.services` keeps the rooms; dialplan applications are written against this alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Final, Protocol

from gateway.core.audio import Sound
from gateway.core.conference_profile import Profiles, RoomProfile, UserProfile
from gateway.core.switch import Leg, Place

__all__ = ["DEVICE", "NO_CONFERENCES", "VOUCHED", "Conference", "Conferences", "Departure", "Member", "Refusal"]

DEVICE: Final = "confbridge:"
"""What a room is called as a device begins with, in any case: `Confbridge:8500`."""
VOUCHED: Final = "CONFBRIDGE_VOUCHED"
"""Variable of a leg with the room into which somebody who is in it sends it: it need not know the PIN."""


class Departure(Enum):
    """Why somebody is no longer in a room, with the values that dialplans read in CONFBRIDGE_RESULT."""

    FAILED = "FAILED"
    HANGUP = "HANGUP"
    KICKED = "KICKED"
    ENDMARKED = "ENDMARKED"
    KEYS = "DTMF"
    TIMEOUT = "TIMEOUT"


class Refusal(Enum):
    """Why somebody is not let into a room."""

    LOCKED = "it is locked"
    FULL = "it is full"


class Member(Protocol):
    """Somebody in a room, from the moment it is let in.

    What others do to it is put down here, and its script, which is nudged, does what it hears of that.
    """

    leg: Leg
    """Its leg."""
    profile: UserProfile
    """What it is and may."""
    step: Place
    """The step of the dialplan that brought it here."""
    name: Sound | None
    """Its name as it has said it; None where it was not asked."""
    number: int
    """The how manieth it was to come."""
    since: float
    """When it came (engine clock, seconds)."""
    talking: bool
    """Whether it talks at the moment."""
    settled: bool
    """Whether it has been told what it is to know, and is about nothing else."""
    notices: list[str]
    """Occasions of `SOUNDS` that it is to hear of."""
    out: Departure | None
    """Why it is to leave; None while it may stay."""
    muted: bool
    """Whether it is not heard, by its own or an admin's wish."""

    @property
    def room(self) -> Conference:
        """Where it is."""
        ...

    @property
    def held(self) -> bool:
        """Whether its far side has put us on hold; it is not heard then."""
        ...

    @property
    def waiting(self) -> bool:
        """Whether it waits for somebody marked, and neither hears the others nor is heard."""
        ...

    @property
    def music(self) -> str:
        """Class of music that it should hear now; "" for none."""
        ...

    def tune(self, *, said: float | None = None, heard: float | None = None) -> None:
        """Be heard, and hear, louder by so many dB than at first."""
        ...

    @property
    def volume(self) -> tuple[float, float]:
        """dB by which it is heard, and hears, louder than at first."""
        ...

    def settle(self) -> None:
        """It has been told what it is to know, and hears and is heard from now on; the others are told of it."""
        ...

    def leave(self) -> None:
        """It has gone; harmless when that has been said. A room that nobody is in ends."""
        ...

    def mute(self, on: bool) -> None:
        """Let it be heard no more, or again; it is told so."""
        ...

    def kick(self, why: Departure = Departure.KICKED) -> None:
        """Have it leave; it hears and is heard no more."""
        ...

    def hold_changed(self) -> None:
        """Its far side has put us on hold, or takes us back."""
        ...

    def step_out(self, on: bool) -> None:
        """It is about something else, and hears nobody meanwhile; or it is back."""
        ...


class Conference(Protocol):
    """A room with people in it."""

    name: str
    """As it was first called."""
    profile: RoomProfile
    """What it is like."""
    locked: bool
    """Whether only admins are let in."""
    participants_muted: bool
    """Whether those who are no admins are not heard."""

    @property
    def members(self) -> Sequence[Member]:
        """Who is in it, in the order of their coming."""
        ...

    def mute_participants(self, on: bool) -> None:
        """Let all who are no admins be heard no more, or again, those too who come."""
        ...

    def lock(self, on: bool) -> None:
        """Let in admins alone, or everybody again."""
        ...

    def counted(self, language: str | None = None) -> list[Sound]:
        """How many others are there, as each member may be told.

        Args:
            language: of the words, where the room has none of its own.
        """
        ...

    def announce(self, sounds: Sequence[Sound]) -> None:
        """Have all hear something, after what they are being told already."""
        ...


class Conferences(Protocol):
    """All rooms of an office."""

    profiles: Profiles
    """May be exchanged at any time; who is in a room keeps its own."""

    @property
    def rooms(self) -> Sequence[Conference]:
        """Those in which somebody is."""
        ...

    def find(self, name: str) -> Conference | None:
        """The room of a name, in any case; None where nobody is in it."""
        ...

    @property
    def members(self) -> Mapping[str, Member]:
        """Who is in a room, by leg."""
        ...

    def enter(
        self, name: str, room: RoomProfile, leg: Leg, user: UserProfile, step: Place
    ) -> Member | Refusal | None:
        """Let a leg into a room, which is made where nobody is in it. It hears nothing of it before `settle`.

        Args:
            room: what a room that is made is like.

        Returns:
            Its place in the room; None where that is but supposed, as in a dry run.

        Raises:
            Exhausted: there is no room left in the media plane.
        """
        ...

    on_change: Callable[[str], None]
    """Told of each room that begins, changes or ends, by its name."""


class _NoConferences:
    """An office in which rooms are but supposed."""

    profiles = Profiles()
    rooms: Sequence[Conference] = ()

    def __init__(self) -> None:
        self.on_change: Callable[[str], None] = lambda name: None
        self.members: Mapping[str, Member] = {}

    def find(self, name: str) -> Conference | None:
        return None

    def enter(self, name: str, room: RoomProfile, leg: Leg, user: UserProfile, step: Place) -> None:
        return None


NO_CONFERENCES: Final[Conferences] = _NoConferences()
"""Of an office without anybody in it."""
