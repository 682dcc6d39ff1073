"""All conference rooms of an office: each begins with the first who enters, and ends with the last who leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from gateway.core.conference import Refusal
from gateway.core.conference_profile import Profiles, RoomProfile, UserProfile
from gateway.core.recording import Media
from gateway.core.sounds import Sounds
from gateway.core.switch import Leg, Place
from gateway.core.watch import ConferenceShown, ParticipantShown
from gateway.services.conference import OpenConference, Participant

__all__ = ["OfficeConferences"]


class OfficeConferences:
    """Implements `gateway.core.conference.Conferences`.

    Args:
        media: opens and records rooms.
        sounds: prompts.
        clock: engine clock, seconds.
        wall: wall clock in the office's zone.

    Attributes:
        members: who is in a room, by leg.
    """

    def __init__(
        self, *, media: Media, sounds: Sounds, clock: Callable[[], float], wall: Callable[[], datetime]
    ) -> None:
        self.profiles = Profiles()
        self.on_change: Callable[[str], None] = lambda name: None
        self._media = media
        self._sounds = sounds
        self._clock = clock
        self._wall = wall
        self._rooms: dict[str, OpenConference] = {}
        self.members: dict[str, Participant] = {}

    @property
    def rooms(self) -> Sequence[OpenConference]:
        """Those in which somebody is."""
        return list(self._rooms.values())

    def find(self, name: str) -> OpenConference | None:
        """The room of a name, in any case."""
        return self._rooms.get(name.lower())

    def enter(
        self, name: str, room: RoomProfile, leg: Leg, user: UserProfile, step: Place
    ) -> Participant | Refusal:
        """Let a leg into a room; see `Conferences.enter`."""
        found = self.find(name)
        if found is None:
            found = self._rooms[name.lower()] = self._open(name, room)
        elif not user.admin and (found.locked or found.is_full):
            return Refusal.LOCKED if found.locked else Refusal.FULL
        outer = self.members.get(leg.name)
        member = found.enter(leg, user, step, self._clock(), outer)
        self.members[leg.name] = member
        return member

    def shown(self, name: str) -> ConferenceShown:
        """What may be watched of a room, also while nobody is in it."""
        room = self.find(name)
        if room is None:
            return ConferenceShown(name)
        return ConferenceShown(
            room.name,
            room.locked,
            room.profile.members,
            tuple(
                ParticipantShown(
                    each.leg.name, each.leg.party, muted=each.muted, held=each.held or each.seat is None
                )
                for each in room.members
            ),
        )

    def _open(self, name: str, profile: RoomProfile) -> OpenConference:
        return OpenConference(
            name,
            profile,
            self._media.room(),
            media=self._media,
            sounds=self._sounds,
            file=lambda stem: f"confbridge-{stem}-{int(self._wall().timestamp())}.wav",
            changed=partial(self._tell, name),
            gone=partial(self._gone, name),
        )

    def _tell(self, name: str) -> None:
        self.on_change(name)

    def _gone(self, name: str, member: Participant) -> None:
        if member.outer is not None:
            self.members[member.leg.name] = member.outer
        else:
            del self.members[member.leg.name]
        if not member.room.members:
            del self._rooms[name.lower()]
            self.on_change(name)
