"""Conferences in the configuration: [conferences.rooms.NAME], [conferences.users.NAME], [conferences.menus.NAME].

ConfBridge(room,room's profile,user's profile,menu) names them: how a room is, what somebody in it is and may, and
what keys do there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from gateway.config.values import Digits, Label, Name, Settings, refuse, word_or_none

__all__ = ["ConferenceSettings", "RoomSettings", "UserSettings"]

_ACTIONS: Final = frozenset(
    "playback playback_and_continue toggle_mute no_op decrease_listening_volume increase_listening_volume "
    "reset_listening_volume decrease_talking_volume increase_talking_volume reset_talking_volume dialplan_exec "
    "leave_conference admin_kick_last admin_toggle_conference_lock set_as_single_video_src "
    "release_as_single_video_src admin_toggle_mute_participants participant_count".split()
)
_ACTION: Final = re.compile(r"(?P<name>[a-z_]+)(?:\([^()]*\))?")
_KEYS: Final = frozenset("0123456789*#ABCD")
_MOST: Final = 32
"""Keys of one entry of a menu."""


def _keyed(keys: str) -> str:
    if not keys or len(keys) > _MOST or not set(keys) <= _KEYS:
        raise refuse(f'"{keys[:40]}" cannot be keyed in a conference', "use digits, * and #")
    return keys


def _actions(text: str) -> str:
    for action in re.split(r",(?![^(]*\))", text):
        found = _ACTION.fullmatch(action.strip())
        if found is None or found["name"] not in _ACTIONS:
            known = ", ".join(sorted(_ACTIONS))
            raise refuse(f'keys in a conference cannot "{action.strip()[:40]}"', f"known here: {known}")
    return text


Menu = Annotated[
    Mapping[Annotated[str, AfterValidator(_keyed)], Annotated[str, AfterValidator(_actions)]],
    AfterValidator(MappingProxyType),
]


class RoomSettings(Settings):
    """[conferences.rooms.NAME]: how a room is.

    Attributes:
        members: the most in it at once; 0 is no bound.
        record: record it; file: the recording's name.
        language: of its prompts; where empty, the office's.
        rate: samples a second that are mixed; 0 takes what its members need.
        interval: milliseconds of one step of mixing.
        sounds: prompts in place of the usual ones, by what they are for: join, leave, has_joined, has_left, …
    """

    members: Annotated[int, Field(ge=0, le=10_000)] = 0
    record: bool = False
    file: Label = ""
    language: Annotated[str, AfterValidator(word_or_none)] = ""
    rate: Literal[0, 8000, 16000, 32000, 48000] = 0
    interval: Literal[10, 20, 40, 80] = 20
    sounds: Annotated[Mapping[str, Label], AfterValidator(MappingProxyType)] = {}


class UserSettings(Settings):
    """[conferences.users.NAME]: what somebody in a room is and may.

    Attributes:
        admin: may lock the room and send others out.
        marked: others can wait for it.
        wait_marked: wait until somebody marked is there; end_marked: leave when the last one marked has.
        muted: begin muted.
        pin: digits that are asked for first.
        quiet: nothing is played to it.
        music: class of music while it is alone; where empty, silence.
        count: it is told how many are there; count_all: everybody is, once there are so many (0 never).
        told_alone: it is told that it is alone.
        announce: its recorded name is said when it comes and goes; review: it may record it again.
        announcement: prompt that it hears as it comes in.
        timeout: seconds after which it is sent out; 0 never.
        pass_digits: others hear its keys.
        drop_silence, denoise: its sound is left out while it says nothing; noise is taken out of it.
        talking_events: what is needed to show who speaks.
    """

    admin: bool = False
    marked: bool = False
    wait_marked: bool = False
    end_marked: bool = False
    muted: bool = False
    pin: Annotated[Digits, Field(repr=False)] = ""
    quiet: bool = False
    music: Annotated[str, AfterValidator(word_or_none)] = ""
    count: bool = False
    count_all: Annotated[int, Field(ge=0, le=10_000)] = 0
    told_alone: bool = True
    announce: bool = False
    review: bool = False
    announcement: Label = ""
    timeout: Annotated[int, Field(ge=0, le=604_800)] = 0
    pass_digits: bool = False
    drop_silence: bool = False
    denoise: bool = False
    talking_events: bool = False


class ConferenceSettings(Settings):
    """[conferences]: rooms for many.

    Attributes:
        menus: by name, what keys do: "1" = "toggle_mute", several actions with commas between.
    """

    rooms: Annotated[Mapping[Name, RoomSettings], AfterValidator(MappingProxyType)] = {}
    users: Annotated[Mapping[Name, UserSettings], AfterValidator(MappingProxyType)] = {}
    menus: Annotated[Mapping[Name, Menu], AfterValidator(MappingProxyType)] = {}
