"""The conference rooms as the web sees them, and works them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from gateway.core.conference import Conference, Conferences, Member
from gateway.core.errors import LocalError
from gateway.web.conferences import MemberView, RoomView

__all__ = ["OperatedRooms"]


class OperatedRooms:
    """The rooms of one office (`gateway.web.conferences.Rooms`).

    Args:
        conferences: the rooms.
        clock: the engine clock, seconds.
    """

    def __init__(self, conferences: Conferences, clock: Callable[[], float]) -> None:
        self._conferences = conferences
        self._clock = clock

    def rooms(self) -> Sequence[RoomView]:
        """Those in which somebody is."""
        now = self._clock()
        return [
            RoomView(
                room.name,
                room.locked,
                room.participants_muted,
                room.profile.record,
                tuple(_shown(member, now) for member in room.members),
            )
            for room in self._conferences.rooms
        ]

    def act(self, room: str, act: str, member: str) -> None:
        """Do something to a room, or to one in it."""
        found = self._conferences.find(room)
        if found is None:
            raise LocalError(f"Nobody is in a conference room {room[:80]}.")
        if member:
            _TO_ONE.get(act, _neither)(_named(found, member))
        else:
            _TO_ALL[act](found)


def _named(room: Conference, member: str) -> Member:
    """The member of that number, leg or caller's number; of several, the one who came last."""
    wanted = member.lower()
    for each in reversed(room.members):
        if wanted in (str(each.number), each.leg.name.lower(), each.leg.party.number.lower()):
            return each
    raise LocalError(f"{member[:80]} is not in the conference room {room.name}.")


def _neither(member: Member) -> None:
    raise LocalError("A room is locked and unlocked, and nobody in it.")


def _send_all_out(room: Conference) -> None:
    for member in list(room.members):
        member.kick()


_TO_ONE: Final[Mapping[str, Callable[[Member], None]]] = {
    "mute": lambda member: member.mute(True),
    "unmute": lambda member: member.mute(False),
    "kick": lambda member: member.kick(),
}
_TO_ALL: Final[Mapping[str, Callable[[Conference], None]]] = {
    "lock": lambda room: room.lock(True),
    "unlock": lambda room: room.lock(False),
    "mute": lambda room: room.mute_participants(True),
    "unmute": lambda room: room.mute_participants(False),
    "kick": _send_all_out,
}


def _shown(member: Member, now: float) -> MemberView:
    profile, party = member.profile, member.leg.party
    return MemberView(
        member.number,
        member.leg.name,
        party.number,
        party.name,
        _state(member),
        member.talking,
        profile.admin,
        profile.marked,
        now - member.since,
    )


def _state(member: Member) -> str:
    if member.waiting:
        return "waits for the leader"
    if not member.settled:
        return "comes in"
    if member.held:
        return "on hold"
    return "muted" if member.muted else "heard"
