"""confbridge.conf: profiles of rooms and of those who are in them, and menus.

Asterisk docs: confbridge.conf.sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from dialplan.reader import Entry, Section
from gateway.asterisk.draft import Draft, is_yes, last, number
from gateway.core.conference_profile import (
    LONGEST_STAY,
    MOST_DIGITS,
    MOST_MEMBERS,
    SOUNDS,
    USER_OPTIONS,
    UserProfile,
)

__all__ = ["read_confbridge"]

_USER_ON: Final = {name: key for name, key in USER_OPTIONS.items() if isinstance(getattr(UserProfile(), key), bool)}
"""Options that are on or off."""
_USER_SAME: Final = frozenset(
    "type template jitterbuffer music_on_hold_class music_on_hold_when_empty talk_detection_events".split()
)
_ROOM_SAME: Final = frozenset(
    "type template record_file_append record_file_timestamp binaural_active internal_sample_rate "
    "maximum_sample_rate mixing_interval".split()
)
"""What needs no setting here: a room is mixed every 20 ms, as wide as its members carry."""


def read_confbridge(sections: Iterable[Section], draft: Draft) -> None:
    """Add the profiles to `draft`."""
    for section in sections:
        said = last(section)
        if section.name.lower() == "general":
            for entry in section.entries:
                draft.leave_entry(entry, "all conferences")
            continue
        kind = said.get("type", "").lower()
        reader = _KINDS.get(kind)
        if reader is None:
            what = f"section [{section.name}] of type {kind or '(none)'} is no conference profile"
            draft.leave(section.place, what, "its type is bridge, user or menu")
            continue
        reader(section, said, draft)


def _user(section: Section, said: Mapping[str, str], draft: Draft) -> None:
    user: dict[str, Any] = {}
    for entry in section.entries:
        key, value = entry.key.lower(), entry.value.strip()
        if key in _USER_ON:
            user[_USER_ON[key]] = is_yes(value)
        elif key == "announce_user_count_all":
            everybody = 1 if is_yes(value) else 0
            user["count_all"] = everybody or number(value, 0, MOST_MEMBERS) or 0
        elif key == "pin" and value.isascii() and value.isdecimal():
            user["pin"] = value[:MOST_DIGITS]
        elif key == "announcement" and value:
            user["announcement"] = value
        elif key == "timeout" and (seconds := number(value, 0, LONGEST_STAY)) is not None:
            user["timeout"] = seconds
        elif key not in _USER_SAME and (key, is_yes(value)) != ("denoise", False):
            draft.leave_entry(entry, f"conference user {section.name}")
    if is_yes(said.get("music_on_hold_when_empty", "no")):
        user["music"] = said.get("music_on_hold_class") or "default"
    draft.table("conferences", "users")[section.name] = user


def _room(section: Section, said: Mapping[str, str], draft: Draft) -> None:
    room: dict[str, Any] = {}
    sounds: dict[str, str] = {}
    for entry in section.entries:
        key, value = entry.key.lower(), entry.value.strip()
        taken = number(value, 0, MOST_MEMBERS * 10)
        if key == "max_members" and taken is not None:
            room["members"] = min(taken, MOST_MEMBERS)
        elif key == "record_conference":
            room["record"] = is_yes(value)
        elif key == "record_file" and value:
            room["file"] = value
        elif key == "language" and value:
            room["language"] = value
        elif key.removeprefix("sound_") in SOUNDS and key.startswith("sound_") and value:
            sounds[key.removeprefix("sound_")] = value
        elif key not in _ROOM_SAME and (key, value.lower()) != ("video_mode", "none"):
            draft.leave_entry(entry, f"conference room {section.name}")
    if sounds:
        room["sounds"] = sounds
    draft.table("conferences", "rooms")[section.name] = room


def _menu(section: Section, said: Mapping[str, str], draft: Draft) -> None:
    menu = {entry.key: entry.value.strip() for entry in section.entries if _is_keyed(entry)}
    draft.table("conferences", "menus")[section.name] = menu


def _is_keyed(entry: Entry) -> bool:
    return entry.key.lower() not in ("type", "template")


_KINDS: Final[Mapping[str, Callable[[Section, Mapping[str, str], Draft], None]]] = {
    "user": _user,
    "bridge": _room,
    "menu": _menu,
}
