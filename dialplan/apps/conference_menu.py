"""A leg's stay in a conference: what it is told, the music while it is alone, and what its keys do.

Keys are those of a menu: one or several in a row, each with actions that are done in turn. Where "*" and "*1" both
mean something, a moment after the first decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from dialplan.apps.digits import KEYS
from dialplan.apps.play import find_sounds
from dialplan.script import Script
from dialplan.substitution import ScriptError
from gateway.core.audio import Sound
from gateway.core.conference import Departure, Member
from gateway.core.conference_profile import Menu, prompts

__all__ = ["Stay"]

_BETWEEN_KEYS: Final = 1.5
"""Seconds within which the keys of one entry follow one another."""
_STEP: Final = 6.0
"""dB of a step of volume."""
_LOUDEST: Final = 24.0


class Stay:
    """One leg in a room, from the moment it was let in.

    Args:
        menu: what its keys do.
    """

    def __init__(self, script: Script, member: Member, menu: Menu) -> None:
        self._script = script
        self._leg = script.leg
        self._room = member.room
        self._member = member
        self._menu = menu
        self._keyed = ""
        self._keys_end: float | None = None
        self._music = ""
        stay = member.profile.timeout
        self._time_up = asyncio.get_running_loop().time() + stay if stay else None

    async def run(self) -> Departure:
        """Be told who is there, be seated, and stay until there is a reason to leave; the reason."""
        member, room = self._member, self._room
        self._leg.note(f"enters the conference {room.name}; others there: {len(room.members) - 1}")
        try:
            await self._greeted()
            member.settle()
            while member.out is None:
                await self._step()
        finally:
            member.leave()
            if self._leg.ending is None:
                self._leg.audio.stop()
        for occasion in [*member.notices, *(["kicked"] if member.out is Departure.KICKED else [])]:
            await self._leg.play(self._prompts(occasion))
        return member.out

    async def _greeted(self) -> None:
        """What it alone hears as it comes in."""
        profile = self._member.profile
        await self._play(find_sounds(self._script, profile.announcement)[0])
        if profile.quiet:
            return
        if self._member.waiting:
            await self._play(self._prompts("wait_for_leader"))
            return
        alone = len(self._room.members) == 1
        if profile.told_alone if alone else profile.count:
            await self._play(self._room.counted(self._script.language))

    async def _step(self) -> None:
        """See to what others have done, then wait for a key and do what it says."""
        member = self._member
        while member.notices and member.out is None:
            await self._play(self._prompts(member.notices.pop(0)))
        if member.out is not None:
            return
        self._see_to_music()
        loop = asyncio.get_running_loop()
        ends = [end for end in (self._keys_end, self._time_up) if end is not None]
        key = await self._leg.attend(max(0.0, min(ends) - loop.time()) if ends else None)
        if key:
            await self._press(key)
        elif self._keys_end is not None and loop.time() >= self._keys_end:
            await self._act(self._keyed)
        elif self._time_up is not None and loop.time() >= self._time_up:
            member.kick(Departure.TIMEOUT)

    # What it hears.

    def _prompts(self, occasion: str) -> list[Sound]:
        return prompts(self._script.switch.sounds, self._room.profile, occasion, self._script.language)

    async def _play(self, sounds: list[Sound], escape: str = "") -> str:
        """Play, until it is sent out; a key of `escape` ends it and is returned."""
        self._music = ""
        for sound in sounds:
            if self._member.out is not None:
                return ""
            key = await self._leg.play([sound], escape)
            if key:
                return key
        return ""

    def _see_to_music(self) -> None:
        wanted = self._member.music
        if wanted == self._music:
            return
        self._music = wanted
        if wanted:
            self._leg.audio.play(self._script.switch.sounds.music(wanted))
        else:
            self._leg.audio.stop()

    # What its keys do.

    async def _press(self, key: str) -> None:
        self._keyed += key
        if any(keys.startswith(self._keyed) and keys != self._keyed for keys in self._menu):
            self._keys_end = asyncio.get_running_loop().time() + _BETWEEN_KEYS
            return
        await self._act(self._keyed)

    async def _act(self, keys: str) -> None:
        """Do what keys mean; where they mean nothing, others may hear them."""
        self._keyed, self._keys_end = "", None
        if keys not in self._menu:
            self._pass_on(keys)
            return
        for action in self._menu[keys]:
            if self._member.out is not None:
                return
            if action.name.startswith("admin_") and not self._member.profile.admin:
                self._leg.note(f"keys {keys}: {action.name} is for admins")
                await self._play(self._prompts("error_menu"))
                continue
            more = await _DO[action.name](self, action.argument)
            if more:
                self._keyed = keys
                await self._press(more)
                return

    def _pass_on(self, keys: str) -> None:
        if not self._member.profile.pass_digits:
            return
        for other in self._room.members:
            if other is not self._member and other.leg.ending is None and not other.waiting:
                other.leg.send_digits(keys)

    async def _playback(self, argument: str) -> str:
        await self._play(find_sounds(self._script, argument)[0])
        return ""

    async def _playback_and_continue(self, argument: str) -> str:
        return await self._play(find_sounds(self._script, argument)[0], KEYS)

    async def _toggle_mute(self, argument: str) -> str:
        self._member.mute(not self._member.muted)
        return ""

    async def _nothing(self, argument: str) -> str:
        return ""

    async def _leave(self, argument: str) -> str:
        self._member.kick(Departure.KEYS)
        return ""

    async def _count(self, argument: str) -> str:
        await self._play(self._room.counted(self._script.language))
        return ""

    async def _dialplan(self, argument: str) -> str:
        """Run a place of the dialplan; the room goes on without it meanwhile."""
        self._music = ""
        self._member.step_out(True)
        self._leg.audio.stop()
        try:
            await self._script.runner.subroutine(self._script, argument, [])
        except ScriptError as fault:
            self._script.note(f"dialplan_exec: {fault}")
        finally:
            self._member.step_out(False)
        return ""

    async def _lock(self, argument: str) -> str:
        self._room.lock(not self._room.locked)
        await self._play(self._prompts("locked_now" if self._room.locked else "unlocked_now"))
        return ""

    async def _kick_last(self, argument: str) -> str:
        last = self._room.members[-1]
        if last.profile.admin:
            await self._play(self._prompts("error_menu"))
        else:
            last.kick()
        return ""

    async def _mute_others(self, argument: str) -> str:
        self._room.mute_participants(not self._room.participants_muted)
        return ""

    def _louder(self, *, said: float = 0.0, heard: float = 0.0) -> None:
        before = self._member.volume
        volumes = [max(-_LOUDEST, min(_LOUDEST, now + by)) for now, by in zip(before, (said, heard), strict=True)]
        self._member.tune(said=volumes[0], heard=volumes[1])


def _volume(*, said: float = 0.0, heard: float = 0.0) -> Callable[[Stay, str], Awaitable[str]]:
    async def change(stay: Stay, argument: str) -> str:
        stay._louder(said=said, heard=heard)
        return ""

    return change


def _level(*, said: float | None = None, heard: float | None = None) -> Callable[[Stay, str], Awaitable[str]]:
    async def reset(stay: Stay, argument: str) -> str:
        stay._member.tune(said=said, heard=heard)
        return ""

    return reset


_DO: Final[Mapping[str, Callable[[Stay, str], Awaitable[str]]]] = {
    "playback": Stay._playback,
    "playback_and_continue": Stay._playback_and_continue,
    "toggle_mute": Stay._toggle_mute,
    "no_op": Stay._nothing,
    "decrease_listening_volume": _volume(heard=-_STEP),
    "increase_listening_volume": _volume(heard=_STEP),
    "reset_listening_volume": _level(heard=0.0),
    "decrease_talking_volume": _volume(said=-_STEP),
    "increase_talking_volume": _volume(said=_STEP),
    "reset_talking_volume": _level(said=0.0),
    "dialplan_exec": Stay._dialplan,
    "leave_conference": Stay._leave,
    "admin_kick_last": Stay._kick_last,
    "admin_toggle_conference_lock": Stay._lock,
    "admin_toggle_mute_participants": Stay._mute_others,
    "participant_count": Stay._count,
    "set_as_single_video_src": Stay._nothing,
    "release_as_single_video_src": Stay._nothing,
}
"""What each action does; it returns a key that was pressed meanwhile, "" for none."""
