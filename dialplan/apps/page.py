"""Page: speak to many telephones at once (Asterisk apps/app_page.c).

Who pages is in a conference room of its own, with whoever answers; they are heard only where that is asked for. The
page is over when it hangs up: telephones that ring are let go then, and those that listen, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from dialplan.apps.answer import seconds
from dialplan.apps.answered import place
from dialplan.apps.conference_menu import Stay
from dialplan.apps.dial import inherited, targets
from dialplan.apps.play import find_sounds
from dialplan.arguments import options, split
from dialplan.script import Application, Script
from dialplan.substitution import ScriptError
from gateway.core.cause import Cause
from gateway.core.conference import Member, Refusal
from gateway.core.conference_profile import RoomProfile, UserProfile
from gateway.core.errors import Exhausted
from gateway.core.switch import DeviceState, Leg, Place, Target

__all__ = ["APPLICATIONS", "OPTIONS"]

OPTIONS: Final = frozenset("ABbdinqrs")
"""Letters that do something here, or that say what is so anyway."""
_PATIENCE: Final = 30.0
"""Seconds for an answer where none are written."""
_IDLE: Final = frozenset({DeviceState.NOT_INUSE, DeviceState.UNKNOWN})


async def page(script: Script, arguments: str) -> None:
    """`Page(TECH/address[&...][,options[,seconds]])`: whoever answers hears the caller, until that hangs up.

    Telephones that are to answer by themselves want a header for it, which a subroutine adds in `b`: Alert-Info or
    Call-Info, as the telephone's book has it (PJSIP_HEADER). Options: `A(file)` what those who answer
    hear first, and the caller, too, but with `n`; `B(place)` a subroutine before anybody is called, `b(place)` one
    for each called channel; `d` all are heard; `i` changes nothing: diversions are not followed; `q` the caller
    hears no tone before it speaks; `r` the page is recorded; `s` those in use are not called.
    """
    words = [*(word.strip() for word in split(arguments, limit=3)), "", ""]
    wanted, chosen = targets(words[0]), options(words[1])
    if wanted is None:
        raise ScriptError(f"Page: {words[0][:80]!r} names nobody: write TECHNOLOGY/address")
    if "B" in chosen:
        await script.runner.subroutine(script, *place(chosen["B"]))
    await _Page(script, chosen).run(wanted, seconds(words[2]) or _PATIENCE)


class _Page:
    """One page: its room, and the legs that were called into it."""

    def __init__(self, script: Script, chosen: Mapping[str, str]) -> None:
        self._script = script
        self._chosen = chosen
        self._legs: list[Leg] = []
        self._room = RoomProfile(record="r" in chosen)
        self._name = f"page by {script.leg.name}"

    async def run(self, wanted: Sequence[Target], timeout: float) -> None:
        """Call all, and let the caller speak until it has hung up."""
        script = self._script
        await script.leg.answer()
        for target in self._free(wanted):
            script.operator.originate(
                target,
                self._listen,
                by=script.leg,
                caller=script.leg.party,
                timeout=timeout,
                variables=inherited(script.leg.variables),
                prepare=self._prepare,
            )
        try:
            await self._speak()
        finally:
            over = script.ending(Cause.NORMAL_CLEARING, evidence=f"the page by {script.leg.name} is over")
            for leg in list(self._legs):
                if leg.ending is None:
                    script.operator.hang_up(leg, over)

    def _free(self, wanted: Sequence[Target]) -> list[Target]:
        """Those that are to be called: all, or all that are not in use."""
        busy: list[Target] = []
        if "s" in self._chosen:
            state = self._script.switch.device_state
            busy = [target for target in wanted if state(str(target)) not in _IDLE]
        for target in busy:
            self._script.note(f"Page: {target} is in use, and is not called")
        return [target for target in wanted if target not in busy]

    async def _speak(self) -> None:
        script, chosen = self._script, self._chosen
        first = chosen.get("A", "") if "n" not in chosen else ""
        tone = "" if "q" in chosen else "beep"
        await script.leg.play(find_sounds(script, f"{first}&{tone}")[0])
        member = self._enter(script.leg, UserProfile(quiet=True, told_alone=False))
        if member is not None:
            await Stay(script, member, {}).run()
        elif script.leg.ending is None:
            await script.leg.released()

    async def _prepare(self, leg: Leg) -> None:
        """A leg is about to be called."""
        self._legs.append(leg)
        if "b" in self._chosen:
            await self._script.runner.beside(self._script, leg, *place(self._chosen["b"]))

    async def _listen(self, leg: Leg) -> None:
        """A leg has answered: it hears what is said until the page is over, or it hangs up or is sent elsewhere."""
        try:
            await leg.play(find_sounds(self._script, self._chosen.get("A", ""))[0])
            member = self._enter(leg, UserProfile(quiet=True, told_alone=False, muted="d" not in self._chosen))
            if member is not None:
                await self._stay(leg, member)
        finally:
            self._legs.remove(leg)

    @staticmethod
    async def _stay(leg: Leg, member: Member) -> None:
        try:
            member.settle()
            while member.out is None:
                await leg.attend()
        finally:
            member.leave()

    def _enter(self, leg: Leg, profile: UserProfile) -> Member | None:
        """Let a leg into the room; None where there is no room left, which is noted, or in a dry run."""
        at = self._script.location
        step = Place(at.context, at.extension, at.priority)
        try:
            entered = self._script.operator.conferences.enter(self._name, self._room, leg, profile, step)
        except Exhausted as fault:
            leg.note(f"Page: {fault}")
            return None
        return None if isinstance(entered, Refusal) else entered


APPLICATIONS: Final[Mapping[str, Application]] = {"Page": page}
