"""The profiles with which a leg enters a conference: those that it names, or those that CONFBRIDGE() has built."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeVar

from dialplan.script import Script
from dialplan.substitution import ScriptError
from gateway.core.conference_profile import Menu, RoomProfile, UserProfile, actions_of, room_with, user_with
from gateway.core.errors import LocalError

__all__ = ["KINDS", "menu_of", "room_profile", "set_option", "user_profile"]

KINDS: Final = ("bridge", "user", "menu")
"""What CONFBRIDGE() builds."""
_KEY: Final = "confbridge "
"""What such settings of a script begin with."""
_MOST: Final = 100
"""Options of one leg."""
_FIRST: Final = "music_on_hold_when_empty"
"""Without it a class of music means nothing; it is looked at before all others."""

_Profile = TypeVar("_Profile", RoomProfile, UserProfile)


def set_option(script: Script, kind: str, option: str, value: str) -> None:
    """Set an option of a profile that is built for this leg; `clear` forgets all, `template` names what it is
    built upon.

    Raises:
        ScriptError: there is no such kind or option, or it takes no such value.
    """
    if kind not in KINDS:
        raise ScriptError(f"CONFBRIDGE knows no {kind[:20]!r}: {', '.join(KINDS)}")
    stem = f"{_KEY}{kind} "
    if option == "clear":
        for key in [key for key in script.settings if key.startswith(stem)]:
            del script.settings[key]
        return
    if sum(key.startswith(_KEY) for key in script.settings) >= _MOST:
        raise ScriptError(f"more than {_MOST} options of CONFBRIDGE on one leg")
    if option != "template":
        _try(kind, option, value)
    script.settings[stem + option] = value.strip()


def room_profile(script: Script, name: str) -> RoomProfile:
    """What a room that this leg opens is like.

    Raises:
        ScriptError: there is no profile of that name.
    """
    return _built(script, "bridge", name, script.operator.conferences.profiles.rooms, RoomProfile(), room_with)


def user_profile(script: Script, name: str) -> UserProfile:
    """What this leg is and may in a room; raises as `room_profile`."""
    return _built(script, "user", name, script.operator.conferences.profiles.users, UserProfile(), user_with)


def menu_of(script: Script, name: str) -> Menu:
    """What this leg's keys do in a room; raises as `room_profile`."""
    menus = script.operator.conferences.profiles.menus
    built = dict(_options(script, "menu")) if not name else {}
    base = name or built.pop("template", "") or "default_menu"
    if base not in menus and base != "default_menu":
        raise ScriptError(f"there is no conference menu {base[:40]!r}")
    return {**menus.get(base, {}), **{keys: actions_of(actions) for keys, actions in built.items()}}


def _options(script: Script, kind: str) -> Iterator[tuple[str, str]]:
    stem = f"{_KEY}{kind} "
    return ((key.removeprefix(stem), value) for key, value in script.settings.items() if key.startswith(stem))


def _built(
    script: Script,
    kind: str,
    name: str,
    profiles: Mapping[str, _Profile],
    usual: _Profile,
    change: Callable[[_Profile, str, str], _Profile],
) -> _Profile:
    options = dict(_options(script, kind)) if not name else {}
    base, default = name or options.pop("template", ""), f"default_{kind}"
    if base and base != default and base not in profiles:
        known = ", ".join(sorted(profiles)) or "none"
        raise ScriptError(f"there is no conference {kind} profile {base[:40]!r}; known are {known}")
    profile = profiles.get(base or default, usual)
    for option in sorted(options, key=lambda each: each != _FIRST):
        profile = change(profile, option, options[option])
    return profile


def _try(kind: str, option: str, value: str) -> None:
    try:
        if kind == "menu":
            actions_of(value)
        elif kind == "user":
            user_with(UserProfile(), option, value)
        else:
            room_with(RoomProfile(), option, value)
    except LocalError as fault:
        raise ScriptError(str(fault)) from fault
