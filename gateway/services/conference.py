"""One conference room: who is in it, who hears whom, who waits, and what all are told.

Members come (`enter`), are seated in the media plane once they have been told what they are to know (`settle`),
and go. Whoever waits for somebody marked is in the room and has no seat. What others do to a member is put down
with it, and its leg's script is nudged to see to it.
"""

from __future__ import annotations

import logging
import re
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from gateway.core.audio import Sound, SoundEnd
from gateway.core.conference import Departure
from gateway.core.conference_profile import RoomProfile, UserProfile, prompts
from gateway.core.errors import CopperlineError
from gateway.core.recording import Media, Recording, RecordingPlan
from gateway.core.room import NONE, TALK, Manner, Room, RoomEvent, Seat, Talking
from gateway.core.sounds import Sounds
from gateway.core.switch import Leg, Place

__all__ = ["OpenConference", "Participant"]

_log = logging.getLogger("copperline.conference")

_MOST_TOLD: Final = 12
"""Sounds that wait to be told to all: when a hundred come at once, not each one's name is worth the wait."""
_LOUDEST: Final = 24.0
_FAINTEST: Final = -60.0
"""dB that the media plane adds and takes."""
_UNWRITABLE: Final = re.compile(r"[^\w.+-]")


class Participant:
    """Somebody in a room; see `gateway.core.conference.Member`.

    Attributes:
        outer: the same leg where it has been since before, in a room that it has left for this one meanwhile.
    """

    def __init__(
        self,
        room: OpenConference,
        leg: Leg,
        profile: UserProfile,
        step: Place,
        number: int,
        since: float,
        outer: Participant | None,
    ) -> None:
        self.leg = leg
        self.profile = profile
        self.step = step
        self.number = number
        self.since = since
        self.name: Sound | None = None
        self.notices: list[str] = []
        self.out: Departure | None = None
        self.muted = profile.muted or (room.participants_muted and not profile.admin)
        self.talking = False
        self.settled = False
        self.seat: Seat | None = None
        self.told_music = ""
        self.outer = outer
        self._volume = (0.0, 0.0)
        self.room = room

    @property
    def held(self) -> bool:
        """Whether its far side has put us on hold."""
        return self.leg.held

    @property
    def waiting(self) -> bool:
        """Whether it waits for somebody marked."""
        return self.profile.wait_marked and not self.room.has_marked

    @property
    def music(self) -> str:
        """Class of music that it should hear now; none over what all are being told."""
        alone = self.room.is_alone(self) and not (self.seat is not None and self.room.tells)
        return self.profile.music if self.waiting or alone else ""

    @property
    def volume(self) -> tuple[float, float]:
        """dB by which it is heard, and hears, louder than at first."""
        return self._volume

    def tune(self, *, said: float | None = None, heard: float | None = None) -> None:
        """Be heard, and hear, louder by so many dB than at first."""
        before = self._volume
        self._volume = (before[0] if said is None else said, before[1] if heard is None else heard)
        self.room.reseat(self)

    def settle(self) -> None:
        """Hear and be heard from now on; the others are told of it."""
        if self.out is None:
            self.settled = True
            self.room.settled(self)

    def leave(self) -> None:
        """Be gone; harmless when that has been said."""
        self.room.left(self)

    def mute(self, on: bool) -> None:
        """Be heard no more, or again; it is told so."""
        if self.muted is not on:
            self.muted = on
            self.room.reseat(self)
            self.nudge("muted" if on else "unmuted")

    def hold_changed(self) -> None:
        """Its far side has put us on hold, or takes us back."""
        self.room.reseat(self)

    def kick(self, why: Departure = Departure.KICKED) -> None:
        """Have it leave; it hears and is heard no more."""
        if self.out is None:
            self.out = why
            self.get_up()
            if self.leg.ending is None:
                self.leg.audio.stop()  # whatever it was being told
            self.nudge()

    def step_out(self, on: bool) -> None:
        """Be about something else, and hear nobody meanwhile; or be back."""
        self.settled = not on
        self.room.reseat(self)
        self.room.look_round()

    def reseat(self) -> None:
        """Take part as it should by now."""
        if self.waiting or not self.settled or self.out is not None:
            self.get_up()
        elif self.seat is None:
            self.seat = self.room.audio.sit(self.leg.audio, self._manner())
            self.room.seated += 1
        else:
            self.seat.change(self._manner())

    def get_up(self) -> None:
        """Hear nobody, and be heard by nobody."""
        seat, self.seat = self.seat, None
        self.talking = False
        if seat is not None:
            self.room.seated -= 1
            seat.leave()

    def nudge(self, notice: str = "") -> None:
        """Have its script look at what has changed, and let it hear of an occasion."""
        if notice:
            self.notices.append(notice)
        self.leg.nudge()

    def _manner(self) -> Manner:
        own, volume = self.leg.gains, self._volume
        said, heard = (max(_FAINTEST, min(_LOUDEST, own[each] + volume[each])) for each in (0, 1))
        silent = self.muted or self.held
        return Manner(talks=NONE if silent else TALK, gain_in=said, gain_out=heard, gated=self.profile.drop_silence)


class OpenConference:
    """A room with people in it; see `gateway.core.conference.Conference`.

    Args:
        name: of it.
        profile: what it is like.
        audio: an empty room of the media plane, closed here at the end.
        media: records it.
        sounds: prompts.
        file: gives a recording that has no name of its own one.
        changed: told of whatever changes, but for who talks.
        gone: told of each member who has gone; nobody is in it any more once `members` is empty, and it is closed.

    Attributes:
        came: how many have come so far; seated: how many of those who are there hear one another.
        tells: something is being told to all.
    """

    def __init__(
        self,
        name: str,
        profile: RoomProfile,
        audio: Room,
        *,
        media: Media,
        sounds: Sounds,
        file: Callable[[str], str],
        changed: Callable[[], None],
        gone: Callable[[Participant], None],
    ) -> None:
        self.name = name
        self.profile = profile
        self.audio = audio
        self.locked = False
        self.participants_muted = False
        self.came = 0
        self.seated = 0
        self._media = media
        self._sounds = sounds
        self._file = file
        self._changed = changed
        self._gone = gone
        self._members: list[Participant] = []
        self._to_tell: deque[Sound] = deque()
        self.tells = False
        self._recording: Recording | None = None
        self._tried_to_record = False
        audio.listener = self._heard

    @property
    def members(self) -> Sequence[Participant]:
        """Who is in it, in the order of their coming."""
        return self._members

    @property
    def has_marked(self) -> bool:
        """Whether somebody marked is there."""
        return any(member.profile.marked and member.out is None for member in self._members)

    @property
    def is_full(self) -> bool:
        """Whether nobody but an admin fits in."""
        return bool(self.profile.members) and len(self._members) >= self.profile.members

    def is_alone(self, member: Participant) -> bool:
        """Whether nobody else is there who hears `member`."""
        return self.seated == (member.seat is not None)

    def enter(
        self, leg: Leg, user: UserProfile, step: Place, now: float, outer: Participant | None = None
    ) -> Participant:
        """Let a leg in; it hears nothing of the room before `settle`."""
        self.came += 1
        member = Participant(self, leg, user, step, self.came, now, outer)
        begins = user.marked and not self.has_marked
        self._members.append(member)
        for other in self._members if begins else ():
            if other is not member and other.profile.wait_marked:
                self._seat(other)
                other.nudge("place_into_conference")
        self._changed()
        return member

    def settled(self, member: Participant) -> None:
        """A member hears and is heard from now on; the others are told of it."""
        self._seat(member)
        self._record(member.leg)
        if not member.profile.quiet and not member.waiting and not self.is_alone(member):
            self._greet(member, "join", "has_joined")
            if 0 < member.profile.count_all <= len(self._members):
                self.announce(self.counted())
        self.look_round()
        self._changed()

    def left(self, member: Participant) -> None:
        """A member has gone; harmless when that has been said."""
        if member not in self._members:
            return
        self._members.remove(member)
        was_there = member.settled and not member.waiting
        member.get_up()
        member.out = member.out or Departure.HANGUP
        if not self._members:
            self._end()
        self._gone(member)
        if not self._members:
            return
        if member.profile.marked and not self.has_marked:
            self._leaders_have_left()
        if was_there and not member.profile.quiet:
            self._greet(member, "leave", "has_left")
        self.look_round()
        self._changed()

    def reseat(self, member: Participant) -> None:
        """A member takes part in another way."""
        if member in self._members:
            self._seat(member)
            self._changed()

    def mute_participants(self, on: bool) -> None:
        """Let all who are no admins be heard no more, or again."""
        self.participants_muted = on
        for member in self._members:
            if not member.profile.admin:
                member.muted = on
                self._seat(member)
        self.announce(self._prompts("participants_muted" if on else "participants_unmuted"))
        self._changed()

    def lock(self, on: bool) -> None:
        """Let in admins alone, or everybody again."""
        self.locked = on
        self._changed()

    def counted(self, language: str | None = None) -> list[Sound]:
        """How many others are there, as each member may be told.

        Args:
            language: of the words, where the room has none of its own.
        """
        others = len(self._members) - 1
        if others < 2:
            return self._prompts("only_one" if others else "only_person", language)
        count = self._sounds.number(others, self.profile.language or language)
        return [*self._prompts("there_are", language), *count, *self._prompts("other_in_party", language)]

    def announce(self, sounds: Sequence[Sound]) -> None:
        """Have all hear something, after what they are being told already."""
        if len(self._to_tell) + len(sounds) > _MOST_TOLD or not self.seated:
            return
        self._to_tell.extend(sounds)
        if not self.tells:
            self._tell()

    def _tell(self) -> None:
        self.tells = bool(self._to_tell)
        if not self.tells:
            self.look_round()
            return
        try:
            self.audio.play(self._to_tell.popleft(), self._told)
        except CopperlineError as fault:
            _log.warning("conference %s is not told who comes and goes: %s", self.name, fault)
            self._to_tell.clear()
            self.tells = False

    def _told(self, end: SoundEnd) -> None:
        if end is not SoundEnd.PLAYED:
            self._to_tell.clear()
        self._tell()

    def _prompts(self, occasion: str, language: str | None = None) -> list[Sound]:
        return prompts(self._sounds, self.profile, occasion, language)

    def _greet(self, member: Participant, tone: str, words: str) -> None:
        """Tell all that a member has come, or gone."""
        if member.name is None:
            self.announce(self._prompts(tone))
        else:
            self.announce([*self._prompts(tone), member.name, *self._prompts(words)])

    def _leaders_have_left(self) -> None:
        """The last one marked has gone: who is to leave then does, who waits for one waits again."""
        for member in list(self._members):
            if member.profile.end_marked:
                member.notices.append("leader_has_left")
                member.kick(Departure.ENDMARKED)
            elif member.profile.wait_marked and member.out is None:
                self._seat(member)
                member.nudge("wait_for_leader")

    def _seat(self, member: Participant) -> None:
        """Have a member take part as it should; one for whom the media plane has no place leaves."""
        if member.leg.ending is not None:
            return
        try:
            member.reseat()
        except CopperlineError as fault:
            member.leg.note(f"cannot be heard in the conference: {fault}")
            member.kick(Departure.FAILED)

    def look_round(self) -> None:
        """Whoever hears music, or should, may have to see to it."""
        for member in self._members:
            if member.profile.music and member.told_music != member.music:
                member.told_music = member.music
                member.nudge()

    def _record(self, leg: Leg) -> None:
        """Begin the recording that the room is to have, once, when somebody can be heard."""
        if not self.profile.record or self._tried_to_record or not self.seated:
            return
        self._tried_to_record = True
        name = self.profile.file or self._file(_UNWRITABLE.sub("_", self.name))
        if "." not in name.rpartition("/")[2]:
            name += ".wav"
        try:
            plan = RecordingPlan(name, append=bool(self.profile.file))
            self._recording = self._media.record(self.audio, plan, leg.note)
        except CopperlineError as fault:
            leg.note(f"the conference is not recorded: {fault}")
            _log.warning("conference %s is not recorded: %s", self.name, fault)

    def _heard(self, event: RoomEvent, now: float) -> None:
        if isinstance(event, Talking):
            for member in self._members:
                if member.seat is event.seat:
                    member.talking = event.on

    def _end(self) -> None:
        self._to_tell.clear()
        if self._recording is not None:
            self._recording.stop()
        self.audio.close()
