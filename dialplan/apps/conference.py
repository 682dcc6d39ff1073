"""ConfBridge ConfKick: talk with many in a room (Asterisk apps/app_confbridge.c).

Whoever enters is asked for the PIN and the name where its profile wants that, is told who is there, and is then
seated. What its keys do there is in `dialplan.apps.conference_menu`.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final

from dialplan.apps.conference_menu import Stay
from dialplan.apps.play import find_sounds
from dialplan.apps.read import keyed
from dialplan.apps.record import said_name
from dialplan.arguments import split
from dialplan.conference import menu_of, room_profile, user_profile
from dialplan.script import Application, Script
from dialplan.substitution import ScriptError
from gateway.core.audio import Sound
from gateway.core.conference import VOUCHED, Departure, Refusal
from gateway.core.conference_profile import MOST_DIGITS, Menu, RoomProfile, UserProfile, prompts
from gateway.core.errors import Exhausted
from gateway.core.switch import HungUp, Place

__all__ = ["APPLICATIONS"]

_ATTEMPTS: Final = 3
"""At the PIN, and at the name."""
_LONGEST_NAME: Final = 80
"""Characters of a room's name."""
_REVIEW: Final = 10.0
"""Seconds for a key, once the name has been heard."""


async def conf_bridge(script: Script, arguments: str) -> None:
    """`ConfBridge(room[,bridge profile[,user profile[,menu]]])`: talk with all who are in the room of that name.

    Profiles and menus are those of `[conferences]`; where none is named, what CONFBRIDGE() has built for the leg,
    or `default_bridge`, `default_user` and `default_menu`. CONFBRIDGE_RESULT says how it ended: HANGUP, KICKED,
    ENDMARKED, DTMF, TIMEOUT, or FAILED for somebody who was not let in: after three wrong PINs, or where the room
    is locked or full. The script then goes on.
    """
    words = [*(word.strip() for word in split(arguments)), "", "", "", ""]
    name = words[0]
    if not name or len(name) > _LONGEST_NAME:
        raise ScriptError(f"ConfBridge wants the name of a room, of {_LONGEST_NAME} characters at most")
    script.assign("CONFBRIDGE_RESULT", Departure.FAILED.value)
    try:
        room, user, menu = room_profile(script, words[1]), user_profile(script, words[2]), menu_of(script, words[3])
    except ScriptError as fault:
        script.note(f"ConfBridge: {fault}")
        return
    visit = _Visit(script, name, room, user, menu)
    try:
        departure = await visit.run()
    except HungUp:
        script.assign("CONFBRIDGE_RESULT", Departure.HANGUP.value)
        raise
    script.assign("CONFBRIDGE_RESULT", departure.value)
    script.note(f"has left the conference {name}: {departure.value}")


class _Visit:
    """One leg's way into a room, and out of it."""

    def __init__(self, script: Script, name: str, room: RoomProfile, user: UserProfile, menu: Menu) -> None:
        self._script = script
        self._name = name
        self._profile = room
        self._user = user
        self._menu = menu

    async def run(self) -> Departure:
        """Enter, stay, and leave; why it has left."""
        self._script.leg.confer(self._script.location.extension)
        try:
            return await self._enter()
        finally:
            if self._script.leg.ending is None:
                self._script.leg.confer("")

    async def _enter(self) -> Departure:
        script = self._script
        await script.leg.answer()
        if not await self._knows_pin():
            script.note(f"not let into the conference {self._name}: the PIN was wrong {_ATTEMPTS} times")
            return Departure.FAILED
        spoken = await self._ask_name() if self._user.announce and not self._user.quiet else None
        location = script.location
        step = Place(location.context, location.extension, location.priority)
        try:
            entered = script.operator.conferences.enter(self._name, self._profile, script.leg, self._user, step)
        except Exhausted as fault:
            script.note(f"not let into the conference {self._name}: {fault}")
            await script.leg.play(find_sounds(script, "all-circuits-busy-now")[0])
            return Departure.FAILED
        if entered is None:
            await script.leg.released()
            return Departure.HANGUP
        if isinstance(entered, Refusal):
            script.note(f"not let into the conference {self._name}: {entered.value}")
            await script.leg.play(self._prompts("locked"))
            return Departure.FAILED
        entered.name = spoken
        return await Stay(script, entered, self._menu).run()

    def _prompts(self, occasion: str) -> list[Sound]:
        script = self._script
        return prompts(script.switch.sounds, self._profile, occasion, script.language)

    async def _knows_pin(self) -> bool:
        if self._script.leg.variables.pop(VOUCHED, "").lower() == self._name.lower():
            return True
        wanted = self._user.pin
        for _ in range(_ATTEMPTS if wanted else 0):
            given, _late = await keyed(self._script, self._prompts("get_pin"), MOST_DIGITS, "#", None)
            if hmac.compare_digest(wanted.encode(), given.encode()):
                return True
            await self._script.leg.play(self._prompts("invalid_pin"))
        return not wanted

    async def _ask_name(self) -> Sound:
        """The leg's name as it says it, which it may hear and say again where its profile has that."""
        script, leg = self._script, self._script.leg
        for _ in range(_ATTEMPTS):
            await leg.play([*find_sounds(script, "vm-rec-name")[0], *find_sounds(script, "beep")[0]])
            name = await said_name(script)
            if not self._user.review:
                return name
            key = "2"
            while key == "2":
                menu = find_sounds(script, "vm-review")[0]
                key = await leg.play([name, *menu], escape="123") or await leg.digit(_REVIEW)
            if key != "3":
                return name
        return name


async def conf_kick(script: Script, arguments: str) -> None:
    """`ConfKick(room[,channel])`: send a channel out of a room; `participants` all who are no admins, `all`, or
    none named, everybody. CONFKICKSTATUS says SUCCESS or FAILURE."""
    name, channel, *_ = [*(word.strip() for word in split(arguments)), "", ""]
    room = script.operator.conferences.find(name)
    wanted = channel.lower() or "all"
    members = [] if room is None else room.members
    chosen = [
        member
        for member in members
        if wanted == "all"
        or (wanted == "participants" and not member.profile.admin)
        or member.leg.name.lower() == wanted
    ]
    for member in chosen:
        member.kick()
    script.assign("CONFKICKSTATUS", "SUCCESS" if chosen else "FAILURE")


APPLICATIONS: Final[Mapping[str, Application]] = {"ConfBridge": conf_bridge, "ConfKick": conf_kick}
