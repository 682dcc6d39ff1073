"""What comes once somebody has answered a Dial: what the called side is asked and hears, and the talk.

Asterisk apps/app_dial.c, main/features.c.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Final

from dialplan.apps.keys import send_keys
from dialplan.apps.play import find_sounds
from dialplan.apps.privacy import Screening
from dialplan.arguments import split
from dialplan.script import Script
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import CopperlineError
from gateway.core.feature import Feature, TalkLimit
from gateway.core.frozen import frozen
from gateway.core.switch import DialOutcome, DialStatus, HungUp, Leg, Place

__all__ = ["Connection", "allowed", "place", "refused", "turned_away"]

_FEATURES: Final[Mapping[str, frozenset[Feature]]] = {
    "t": frozenset({Feature.BLIND_TRANSFER, Feature.ATTENDED_TRANSFER}),
    "h": frozenset({Feature.HANG_UP}),
    "k": frozenset({Feature.PARK}),
    "w": frozenset({Feature.RECORD}),
    "x": frozenset({Feature.RECORD}),
}
"""What the called side may ask for by keys; the caller, by the same letters in capitals."""
_DISPOSITION: Final[Mapping[DialStatus, str]] = {
    DialStatus.BUSY: "BUSY",
    DialStatus.NOANSWER: "NO ANSWER",
    DialStatus.CANCEL: "NO ANSWER",
    DialStatus.CONGESTION: "CONGESTION",
}
"""CDR(disposition) by DIALSTATUS; all others are FAILED."""
_WISHES: Final[Mapping[str, tuple[Cause, DialStatus]]] = {
    "ABORT": (Cause.NORMAL_CLEARING, DialStatus.CANCEL),
    "BUSY": (Cause.USER_BUSY, DialStatus.BUSY),
    "CONGESTION": (Cause.SWITCHING_EQUIPMENT_CONGESTION, DialStatus.CONGESTION),
    "CONTINUE": (Cause.NORMAL_CLEARING, DialStatus.NOANSWER),
}
"""What the subroutine of `U` may want by GOSUB_RESULT, other than that the two be connected."""
_NO_FEATURES: Final[frozenset[Feature]] = frozenset()
_GO: Final = "GOTO:"
"""What begins the wish that the caller go to a place."""
_KEY: Final = 0.1
"""Seconds of each key of D(), and of the silence after it."""


def place(text: str) -> tuple[str, list[str]]:
    """Read `[[context^]extension^]priority[(argument^argument)]`: the place and the arguments."""
    where, _, rest = text.replace("^", ",").partition("(")
    return where, split(rest.removesuffix(")")) if rest else []


def _context(text: str) -> tuple[str, list[str]]:
    """Read `context[^argument^argument]`: the place, which is its extension `s`, and the arguments."""
    name, *given = text.split("^")
    return f"{name},s,1", given


def allowed(chosen: Mapping[str, str], capital: bool) -> frozenset[Feature]:
    """What one of the two may ask for by keys: the caller by capitals, the called side by small letters."""
    letters = (letter for letter in _FEATURES if (letter.upper() if capital else letter) in chosen)
    return _NO_FEATURES.union(*(_FEATURES[letter] for letter in letters))


def refused(script: Script, status: DialStatus, outcome: DialOutcome) -> None:
    """Nobody is connected: keep why."""
    script.refusal = outcome.ending
    script.record.status = _DISPOSITION.get(status, "FAILED")
    script.cause = outcome.ending.cause if outcome.ending is not None else None
    script.note(f"Dial: {status.value}", str(outcome.ending or ""))


def turned_away(script: Script, status: DialStatus, ending: Ending) -> None:
    """Somebody has answered, or would have, and is not connected."""
    script.report({"DIALSTATUS": status.value})
    refused(script, status, DialOutcome(status, ending=ending))


@frozen
class Connection:
    """A caller and who has answered, with the options of their Dial.

    Attributes:
        began: when the dial began (event loop's clock).
        limit: of their talk.
    """

    script: Script
    other: Leg
    chosen: Mapping[str, str]
    began: float
    limit: TalkLimit | None

    def make(self, screened: Screening) -> Awaitable[None]:
        """Do what comes before the talk, and let them talk; returns where the caller goes on.

        Raises:
            HungUp: the caller is over.
        """
        if self.chosen:
            return self._make_as_chosen(screened)
        self.other.features = self.script.leg.features = _NO_FEATURES
        return self._talk()

    async def _make_as_chosen(self, screened: Screening) -> None:
        script, other, chosen = self.script, self.other, self.chosen
        if "I" in chosen:
            other.reveals = False
        if not await self._prepared(screened):
            return
        if "G" in chosen:
            await self._part(chosen["G"])
            return
        other.features, script.leg.features = allowed(chosen, False), allowed(chosen, True)
        if "F" in chosen:
            here = script.location
            then = script.locate(place(chosen["F"])[0]) if chosen["F"] else None
            other.afterwards = (
                Place(*then) if then is not None else Place(here.context, here.extension, here.priority + 1)
            )
        try:
            await self._talk()
        finally:
            if "e" in chosen and script.special("h") is not None:
                await self._h_of_the_called()

    async def _part(self, to: str) -> None:
        """Send the caller to a place, and the called side to the priority after it."""
        then = self.script.locate(place(to)[0])
        await self.script.leg.answer()
        self.script.operator.send(self.other, Place(then.context, then.extension, then.priority + 1), called=True)
        self.script.go_to(then)

    async def _prepared(self, screened: Screening) -> bool:
        """What happens to the called side before it is connected; whether it is to be connected at all."""
        script, other, chosen = self.script, self.other, self.chosen
        try:
            verdict = await screened.admits(script, other)
            if verdict is not None:
                ending = script.ending(Cause.CALL_REJECTED, Act.REFUSED, f"{verdict.value} was keyed")
                other.hang_up(ending)
                turned_away(script, verdict, ending)
                return False
            await self._greet()
            if "U" in chosen:
                await script.runner.beside(script, other, *_context(chosen["U"]))
            if "M" in chosen:
                await script.runner.beside(script, other, *_context(f"macro-{chosen['M']}"))
        except HungUp as over:
            if script.leg.ending is not None:
                other.hang_up(script.leg.ending)
                raise
            turned_away(script, DialStatus.NOANSWER, over.ending)
            return False
        except (CopperlineError, asyncio.CancelledError):
            other.hang_up(script.ending(Cause.NORMAL_CLEARING))
            raise
        return self._wanted()

    async def _greet(self) -> None:
        """What is played and keyed to the two."""
        script, other = self.script, self.other
        if "A" in self.chosen:
            to_other, _, to_caller = self.chosen["A"].partition(":")
            await other.play(find_sounds(script, to_other)[0])
            await script.leg.play(find_sounds(script, to_caller)[0])
        if "D" in self.chosen:
            to_other, to_caller, *_ = [*self.chosen["D"].split(":"), "", ""]
            await send_keys(other, other, to_other, duration=_KEY, gap=_KEY)
            await send_keys(script.leg, script.leg, to_caller, duration=_KEY, gap=_KEY)

    def _wanted(self) -> bool:
        """Whether the called side's subroutine wants the two connected."""
        script, other = self.script, self.other
        asked = "GOSUB_RESULT" if "U" in self.chosen else "MACRO_RESULT"
        wish = other.variables.get(asked, "") if {"U", "M"} & set(self.chosen) else ""
        word = wish.upper()
        if word.startswith(_GO):
            ending = script.ending(Cause.NORMAL_CLEARING, Act.REFUSED, f"{asked} {wish}")
            other.hang_up(ending)
            turned_away(script, DialStatus.NOANSWER, ending)
            script.go_to(script.locate(wish[len(_GO) :].replace("^", ",")))
            return False
        if word not in _WISHES:
            return True
        cause, status = _WISHES[word]
        ending = script.ending(cause, Act.REFUSED, f"{asked} {word}")
        other.hang_up(ending)
        if word == "ABORT":
            raise script.hang_up(ending)
        turned_away(script, status, ending)
        return False

    async def _talk(self) -> None:
        """Answer the caller, connect the two, and see to the one that is left."""
        script, other = self.script, self.other
        script.refusal = None
        script.report({"DIALEDPEERNAME": other.name, "DIALEDPEERNUMBER": other.called})
        try:
            await script.leg.answer()
        except HungUp as over:
            other.hang_up(over.ending)
            raise
        answered = asyncio.get_running_loop().time()
        script.record.other = other.name
        try:
            end = await script.switch.bridge(script.leg, other, self.limit)
            if end.ending is None or end.leg is None:
                return
            ended = end.ending
        finally:
            now = asyncio.get_running_loop().time()
            dialled, talked = str(int(now - self.began)), str(int(now - answered))
            script.report({"DIALEDTIME": dialled, "ANSWEREDTIME": talked})
        script.cause = ended.cause
        if "g" not in self.chosen:
            raise script.hang_up(ended)

    async def _h_of_the_called(self) -> None:
        """The `h` extension of this context runs for the called side, too, whose call is over."""
        try:
            await self.script.runner.beside(self.script, self.other, "h,1", [])
        except HungUp:
            return
        except CopperlineError as fault:
            self.script.note(f"h of {self.other.name}: {fault}")
