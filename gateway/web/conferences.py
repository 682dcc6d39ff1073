"""Conference rooms by HTTP: who is there and who speaks; locked, muted, sent out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from starlette.exceptions import HTTPException
from starlette.requests import Request

from gateway.core.errors import LocalError
from gateway.web.body import json_of
from gateway.web.endpoint import Endpoint

__all__ = ["ACTS", "ConferenceApi", "MemberView", "RoomView", "Rooms"]

ACTS: Final = ("lock", "unlock", "mute", "unmute", "kick")
"""What can be done: to a room, to one in it, or to all."""
_ACT: Final = {
    "type": "object",
    "properties": {
        "act": {"enum": list(ACTS)},
        "member": {
            "type": "string",
            "description": "the number or leg of one in it; else all are sent out, and all who are no admins "
            "are muted or heard again",
        },
    },
    "required": ["act"],
}


@dataclass(frozen=True, slots=True)
class MemberView:
    """Somebody in a room.

    Attributes:
        number: the how manieth it was to come.
        leg: its leg: "SIP/6001-00000007"; caller, caller_name: who it is.
        state: "heard", "muted", "on hold", "waits for the leader" or "comes in".
        talking: whether it talks at the moment.
        admin, marked: by its profile.
        seconds: since it has come.
    """

    number: int
    leg: str
    caller: str
    caller_name: str
    state: str
    talking: bool
    admin: bool
    marked: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class RoomView:
    """A room in which somebody is.

    Attributes:
        name: of it.
        locked: whether only admins are let in; muted: whether all others are muted.
        recorded: whether its profile has it recorded.
        members: who is in it, in the order of their coming.
    """

    name: str
    locked: bool
    muted: bool
    recorded: bool
    members: tuple[MemberView, ...]


class Rooms(Protocol):
    """The office's conference rooms."""

    def rooms(self) -> Sequence[RoomView]:
        """Those in which somebody is."""
        ...

    def act(self, room: str, act: str, member: str) -> None:
        """Do one of `ACTS` to a room, or to one in it.

        Raises:
            LocalError: there is no such room or member; the text says so.
        """
        ...


class ConferenceApi:
    """The questions about one office's conference rooms.

    Args:
        rooms: whom to ask.
    """

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    def endpoints(self) -> list[Endpoint]:
        """The rows of the interface."""
        path = "/api/v1/conferences"
        return [
            Endpoint("GET", path, "Conference rooms, and who is in them.", self._list, Sequence[RoomView]),
            Endpoint(
                "POST",
                f"{path}/{{room:path}}",
                "Lock a conference room; mute or send out one who is in it, or all.",
                self._act,
                body=_ACT,
            ),
        ]

    async def _list(self, request: Request) -> Any:
        return self._rooms.rooms()

    async def _act(self, request: Request) -> None:
        given = await json_of(request)
        act, member = given.get("act"), given.get("member", "")
        if act not in ACTS or not isinstance(member, str):
            raise HTTPException(400, f'The body must be {{"act": one of {", ".join(ACTS)}, "member": "NUMBER"}}.')
        try:
            self._rooms.act(request.path_params["room"], act, member)
        except LocalError as fault:
            raise HTTPException(404, str(fault)) from fault
