"""What a conference room is like, what somebody in it may, and what keys do there: profiles.

Their fields have names of our own; `USER_OPTIONS` and `ROOM_OPTIONS` are their names in Asterisk's confbridge.conf,
which dialplans write, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field, fields, replace
from typing import Any, Final

from gateway.core.audio import Sound
from gateway.core.errors import LocalError
from gateway.core.frozen import frozen
from gateway.core.sounds import Sounds

__all__ = [
    "ACTIONS",
    "LONGEST_STAY",
    "MOST_DIGITS",
    "MOST_MEMBERS",
    "ROOM_OPTIONS",
    "SOUNDS",
    "USER_OPTIONS",
    "Action",
    "Menu",
    "Profiles",
    "RoomProfile",
    "UserProfile",
    "actions_of",
    "prompts",
    "room_with",
    "user_with",
]

MOST_MEMBERS: Final = 10_000
LONGEST_STAY: Final = 604_800
"""Seconds."""
MOST_DIGITS: Final = 32
"""Of a PIN."""

SOUNDS: Final[Mapping[str, str]] = {
    "join": "confbridge-join",
    "leave": "confbridge-leave",
    "has_joined": "conf-hasjoin",
    "has_left": "conf-hasleft",
    "kicked": "conf-kicked",
    "muted": "conf-muted",
    "unmuted": "conf-unmuted",
    "only_person": "conf-onlyperson",
    "only_one": "conf-onlyone",
    "there_are": "conf-thereare",
    "other_in_party": "conf-otherinparty",
    "place_into_conference": "conf-placeintoconf",
    "wait_for_leader": "conf-waitforleader",
    "leader_has_left": "conf-leaderhasleft",
    "get_pin": "conf-getpin",
    "invalid_pin": "conf-invalidpin",
    "locked": "conf-locked",
    "locked_now": "conf-lockednow",
    "unlocked_now": "conf-unlockednow",
    "error_menu": "conf-errormenu",
    "participants_muted": "conf-now-muted",
    "participants_unmuted": "conf-now-unmuted",
}
"""The usual prompt of each occasion; a room may have others."""


@frozen
class RoomProfile:
    """What a room is like.

    Attributes:
        members: the most in it at once; 0 is no bound.
        record: it is recorded; file: the recording's name, "" for one with its name and the time.
        language: of its prompts; "" for that of each caller.
        sounds: names of prompts in place of those in `SOUNDS`.
    """

    members: int = 0
    record: bool = False
    file: str = ""
    language: str = ""
    sounds: Mapping[str, str] = field(default_factory=dict)

    def sound(self, occasion: str) -> str:
        """The name of the prompt for one of `SOUNDS`."""
        return self.sounds.get(occasion) or SOUNDS[occasion]


def prompts(sounds: Sounds, room: RoomProfile, occasion: str, language: str | None) -> list[Sound]:
    """What is said in a room on one of `SOUNDS`; nothing where there is no such prompt.

    Args:
        language: where the room has none of its own.
    """
    sound = sounds.prompt(room.sound(occasion), room.language or language)
    return [] if sound is None else [sound]


@frozen
class UserProfile:
    """What somebody in a room is, hears and may.

    Attributes:
        admin: may lock the room, mute others and send them out, and enters where it is locked or full.
        invites: may have others called into the room.
        marked: others can wait for it.
        wait_marked: hears nobody until somebody marked is there; end_marked: leaves when the last one marked has.
        muted: is not heard at first.
        pin: digits that are asked for first; "" for none.
        quiet: no tone, name or count is heard for it, by itself or by others.
        music: class of music that it hears while it is alone or waits; "" for silence.
        count: is told how many are there; count_all: everybody is when it comes, once there are so many (0 never).
        told_alone: is told that it is alone.
        announce: its name, which it is asked for, is said as it comes and goes; review: it may say it again.
        announcement: prompt that it alone hears as it comes in; "" for none.
        timeout: seconds after which it is sent out; 0 never.
        pass_digits: others are sent its keys.
        drop_silence: it is heard only while it talks, so that the noise of many does not add up.
    """

    admin: bool = False
    invites: bool = False
    marked: bool = False
    wait_marked: bool = False
    end_marked: bool = False
    muted: bool = False
    pin: str = field(default="", repr=False)
    quiet: bool = False
    music: str = ""
    count: bool = False
    count_all: int = 0
    told_alone: bool = True
    announce: bool = False
    review: bool = False
    announcement: str = ""
    timeout: int = 0
    pass_digits: bool = False
    drop_silence: bool = False


USER_OPTIONS: Final[Mapping[str, str]] = {
    "admin": "admin",
    "invites": "invites",
    "marked": "marked",
    "startmuted": "muted",
    "quiet": "quiet",
    "announce_user_count": "count",
    "announce_user_count_all": "count_all",
    "announce_only_user": "told_alone",
    "wait_marked": "wait_marked",
    "end_marked": "end_marked",
    "dsp_drop_silence": "drop_silence",
    "announce_join_leave": "announce",
    "announce_join_leave_review": "review",
    "dtmf_passthrough": "pass_digits",
    "pin": "pin",
    "announcement": "announcement",
    "timeout": "timeout",
}
"""Fields of `UserProfile` by their names in confbridge.conf, which has no `invites`. Music has two names there."""
ROOM_OPTIONS: Final[Mapping[str, str]] = {
    "max_members": "members",
    "record_conference": "record",
    "record_file": "file",
    "language": "language",
}
"""Fields of `RoomProfile` by their names in confbridge.conf; sounds are called sound_ and the occasion."""
_MOST: Final[Mapping[str, int]] = {"members": MOST_MEMBERS, "count_all": MOST_MEMBERS, "timeout": LONGEST_STAY}
_YES: Final = frozenset({"yes", "true", "y", "t", "1", "on"})
_PIN: Final = re.compile(rf"[0-9]{{0,{MOST_DIGITS}}}")


def user_with(profile: UserProfile, option: str, value: str) -> UserProfile:
    """A profile with an option of confbridge.conf set, as dialplans write it.

    Raises:
        LocalError: there is no such option here, or it takes no such value.
    """
    name, text = option.strip().lower(), value.strip()
    if name == "music_on_hold_class":
        return replace(profile, music=text) if profile.music else profile
    if name == "music_on_hold_when_empty":
        return replace(profile, music=(profile.music or "default") if text.lower() in _YES else "")
    return replace(profile, **_changed(UserProfile, USER_OPTIONS, name, text))


def room_with(profile: RoomProfile, option: str, value: str) -> RoomProfile:
    """As `user_with`, for a room."""
    name, text = option.strip().lower(), value.strip()
    if name.startswith("sound_") and name.removeprefix("sound_") in SOUNDS:
        return replace(profile, sounds={**profile.sounds, name.removeprefix("sound_"): text})
    return replace(profile, **_changed(RoomProfile, ROOM_OPTIONS, name, text))


def _changed(kind: type, known: Mapping[str, str], name: str, text: str) -> dict[str, Any]:
    """The field that an option sets, with its value."""
    if name not in known:
        raise LocalError(f"no option {name[:40]!r} here; there are {', '.join(sorted(known))}")
    key, yes = known[name], text.lower() in _YES
    if key in _MOST:
        number = "1" if key == "count_all" and yes else "0" if key == "count_all" and text.lower() == "no" else text
        if not (number.isascii() and number.isdecimal() and len(number) < 10 and int(number) <= _MOST[key]):
            raise LocalError(f"{name} takes a number up to {_MOST[key]}, not {text[:40]!r}")
        return {key: int(number)}
    if key == "pin" and _PIN.fullmatch(text) is None:
        raise LocalError(f"a pin is up to {MOST_DIGITS} digits")
    is_text = next(each for each in fields(kind) if each.name == key).type == "str"
    return {key: text if is_text else yes}


@frozen
class Action:
    """One thing that keys do in a room: "playback(conf-menu)" is `Action("playback", "conf-menu")`."""

    name: str
    argument: str = ""


ACTIONS: Final = frozenset(
    "playback playback_and_continue toggle_mute no_op decrease_listening_volume increase_listening_volume "
    "reset_listening_volume decrease_talking_volume increase_talking_volume reset_talking_volume dialplan_exec "
    "leave_conference admin_kick_last admin_toggle_conference_lock set_as_single_video_src "
    "release_as_single_video_src admin_toggle_mute_participants participant_count".split()
)
"""What keys can do. There is no video, so that two of them do nothing."""
_ACTION: Final = re.compile(r"(?P<name>[a-z_]+)(?:\((?P<argument>[^()]*)\))?")

Menu = Mapping[str, Sequence[Action]]
"""What keys do: "*1" alone or several in a row, to what is then done in turn."""


def actions_of(text: str) -> tuple[Action, ...]:
    """Actions as confbridge.conf writes them: "playback_and_continue(conf-menu),no_op".

    Raises:
        LocalError: keys cannot do one of them.
    """
    found: list[Action] = []
    for word in re.split(r",(?![^(]*\))", text):
        written = _ACTION.fullmatch(word.strip())
        if written is None or written["name"] not in ACTIONS:
            raise LocalError(f'keys in a conference cannot "{word.strip()[:40]}"')
        found.append(Action(written["name"], written["argument"] or ""))
    return tuple(found)


@frozen
class Profiles:
    """All profiles by name. Those named `default_bridge`, `default_user` and `default_menu` need not be named."""

    rooms: Mapping[str, RoomProfile] = field(default_factory=dict)
    users: Mapping[str, UserProfile] = field(default_factory=dict)
    menus: Mapping[str, Menu] = field(default_factory=dict)
