"""Conferences in the configuration: [conferences.rooms.NAME], [conferences.users.NAME], [conferences.menus.NAME].

ConfBridge(room,room's profile,user's profile,menu) names them: how a room is, what somebody in it is and may, and
what keys do there.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from gateway.config.values import Digits, Label, Name, Settings, refuse, word_or_none
from gateway.core.conference_profile import (
    ACTIONS,
    LONGEST_STAY,
    MOST_DIGITS,
    MOST_MEMBERS,
    SOUNDS,
    Profiles,
    RoomProfile,
    UserProfile,
    actions_of,
)
from gateway.core.errors import LocalError

__all__ = ["ConferenceSettings", "RoomSettings", "UserSettings", "conference_profiles"]

_KEYS: Final = frozenset("0123456789*#ABCD")
_MOST: Final = 32
"""Keys of one entry of a menu."""


def _keyed(keys: str) -> str:
    if not keys or len(keys) > _MOST or not set(keys) <= _KEYS:
        raise refuse(f'"{keys[:40]}" cannot be keyed in a conference', "use digits, * and #")
    return keys


def _actions(text: str) -> str:
    try:
        actions_of(text)
    except LocalError as fault:
        raise refuse(str(fault), f"known here: {', '.join(sorted(ACTIONS))}") from fault
    return text


def _occasion(name: str) -> str:
    if name not in SOUNDS:
        raise refuse(f'nothing is said in a conference on "{name[:40]}"', f"known are: {', '.join(SOUNDS)}")
    return name


def _pin(digits: str) -> str:
    if len(digits) > MOST_DIGITS or (not digits.isdecimal() and digits):
        raise refuse("a PIN is digits alone", f"at most {MOST_DIGITS} of them")
    return digits


Menu = Annotated[
    Mapping[Annotated[str, AfterValidator(_keyed)], Annotated[str, AfterValidator(_actions)]],
    AfterValidator(MappingProxyType),
]


class RoomSettings(Settings):
    """[conferences.rooms.NAME]: how a room is.

    Attributes:
        members: the most in it at once; 0 is no bound.
        record: record it, as a WAV file in the folder of recordings; file: the recording's name, under which all
            talks in the room are kept one after the other; where empty, each has a file with the room's name and
            the time.
        language: of its prompts; where empty, that of each caller.
        sounds: prompts in place of the usual ones, by what they are for: join, leave, has_joined, has_left, …
    """

    members: Annotated[int, Field(ge=0, le=MOST_MEMBERS)] = 0
    record: bool = False
    file: Label = ""
    language: Annotated[str, AfterValidator(word_or_none)] = ""
    sounds: Annotated[
        Mapping[Annotated[str, AfterValidator(_occasion)], Label], AfterValidator(MappingProxyType)
    ] = {}


class UserSettings(Settings):
    """[conferences.users.NAME]: what somebody in a room is and may.

    Attributes:
        admin: may lock the room, mute others and send them out, and enters a locked or full room.
        invites: may have others called into the room, by REFER (RFC 4579), at numbers that it could dial.
        marked: others can wait for it.
        wait_marked: wait until somebody marked is there; end_marked: leave when the last one marked has.
        muted: begin muted.
        pin: digits that are asked for first.
        quiet: neither it nor others are told that it comes or goes, or how many are there.
        music: class of music while it is alone or waits; where empty, silence.
        count: it is told how many are there; count_all: everybody is, once there are so many (0 never).
        told_alone: it is told that it is alone.
        announce: its recorded name is said when it comes and goes; review: it may record it again.
        announcement: prompt that it hears as it comes in.
        timeout: seconds after which it is sent out; 0 never.
        pass_digits: others hear its keys.
        drop_silence: its sound is left out while it says nothing.
    """

    admin: bool = False
    invites: bool = False
    marked: bool = False
    wait_marked: bool = False
    end_marked: bool = False
    muted: bool = False
    pin: Annotated[Digits, AfterValidator(_pin), Field(repr=False)] = ""
    quiet: bool = False
    music: Annotated[str, AfterValidator(word_or_none)] = ""
    count: bool = False
    count_all: Annotated[int, Field(ge=0, le=MOST_MEMBERS)] = 0
    told_alone: bool = True
    announce: bool = False
    review: bool = False
    announcement: Label = ""
    timeout: Annotated[int, Field(ge=0, le=LONGEST_STAY)] = 0
    pass_digits: bool = False
    drop_silence: bool = False


class ConferenceSettings(Settings):
    """[conferences]: rooms for many.

    Attributes:
        menus: by name, what keys do: "1" = "toggle_mute", several actions with commas between.
    """

    rooms: Annotated[Mapping[Name, RoomSettings], AfterValidator(MappingProxyType)] = {}
    users: Annotated[Mapping[Name, UserSettings], AfterValidator(MappingProxyType)] = {}
    menus: Annotated[Mapping[Name, Menu], AfterValidator(MappingProxyType)] = {}


def conference_profiles(settings: ConferenceSettings) -> Profiles:
    """The profiles as conferences take them."""
    return Profiles(
        {name: RoomProfile(**dict(room)) for name, room in settings.rooms.items()},
        {name: UserProfile(**dict(user)) for name, user in settings.users.items()},
        {
            name: {keys: actions_of(actions) for keys, actions in menu.items()}
            for name, menu in settings.menus.items()
        },
    )
