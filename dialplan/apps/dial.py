"""Dial: call others, and connect the caller to the first who answers (Asterisk apps/app_dial.c)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Final

from dialplan.apps.answer import seconds
from dialplan.apps.limit import read_limit
from dialplan.apps.play import find_sounds
from dialplan.apps.privacy import Screening, screening
from dialplan.arguments import options, split
from dialplan.functions.caller import PRESENTATIONS
from dialplan.script import Application, Script
from dialplan.state import Location, Record
from dialplan.substitution import ScriptError
from gateway.core.audio import Sound
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import CopperlineError
from gateway.core.feature import Feature, TalkLimit
from gateway.core.number import Party
from gateway.core.switch import DialOutcome, DialStatus, HungUp, Leg, Place, Target

__all__ = ["APPLICATIONS", "OPTIONS", "targets"]

OPTIONS: Final = frozenset("ABCDFGHIKLMNPRSTUWXabcdfghikmnoprstuwxz")
"""Letters that are built in. `R` is the way of every Dial; `s` and `z` change nothing, since no leg has a number of
its own to be tagged with, or a time-out that a diversion would begin anew; nor does `n`: names are never kept."""
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
_DIGIT: Final = 0.2
"""Seconds that a key of D() takes with the gap after it."""


def targets(text: str) -> list[Target] | None:
    """Read `TECH/address&TECH/address`; None where one of them is not of that form, or none is there."""
    found: list[Target] = []
    for word in filter(None, (part.strip() for part in text.split("&"))):
        technology, slash, address = word.partition("/")
        if not (technology and slash and address):
            return None
        found.append(Target(technology, address))
    return found or None


async def dial(script: Script, arguments: str) -> None:
    """`Dial(TECH/address[&...][,seconds[,options]])`: call all targets; the first to answer is connected.

    Unanswered, the next priority runs, with DIALSTATUS and HANGUPCAUSE saying why. Once connected, the end of
    either side ends the other. Options: `A(file[:file])` what the called side, and the caller, hear first; `a`
    answer the caller at once; `B(place)` a subroutine before anybody is called, `b(place)` one for each called
    channel; `C` the record begins anew; `c` those who still ring when the caller gives up are told that another
    has answered; `D(keys[:keys])` keys sent to the called side, and to the caller; `d` a key of the caller that
    waits goes to the extension of that name, in the context EXITCONTEXT or here; `F[(place)]` where the called
    side goes when the caller hangs up, the next priority where none is written; `f(number)` and `o(number)`
    show that number as the caller's; `G(place)` once answered, the caller goes to that place and the called
    side to the priority after it; `g` go on here when the other side hangs up; `h` and `H` the called side, or
    the caller, may hang up by keys; `i` diversions are not followed; `I` nobody is told of new identities; `k
    K` parking by keys; `p` the called side hears who calls, and takes the call or not, but for callers with a
    number with `N`; `P[(family)]` the same, and the answer is kept for that number;
    `L(milliseconds[:warning[:repeat]])` and `S(seconds)` the longest talk; `M(macro)` and `U(context)` a
    subroutine on the called side before it is connected; `m[(class)]` music in the place of ringback;
    `r[(tone)]` ringback of our own; `t T` transfer by keys; `u(presentation)` show the caller or not; `w W x X`
    recording by keys.
    """
    words = split(arguments, limit=4)
    wanted = targets(words[0])
    chosen = options(words[2]) if len(words) > 2 else {}
    for letter in sorted(set(chosen) - OPTIONS):
        script.leg.note(f"Dial: option {letter} is not built in and does nothing")
    for name in ("DIALEDPEERNAME", "DIALEDPEERNUMBER", "DIALEDTIME", "ANSWEREDTIME"):
        script.assign(name, "")
    if wanted is None:
        script.assign("DIALSTATUS", DialStatus.INVALIDARGS.value)
        script.leg.note(f"Dial: {words[0][:80]!r} names nobody: write TECHNOLOGY/address")
        return
    limit = read_limit(script, chosen)
    if "C" in chosen:
        script.record = Record(script.switch.now(), script.record.first)
    if "B" in chosen:
        await script.runner.subroutine(script, *_place(chosen["B"]))
    if "a" in chosen:
        await script.leg.answer()
    screened = await screening(script, chosen)
    if screened.verdict is not None:
        _turned_away(script, screened.verdict, script.ending(Cause.CALL_REJECTED, Act.REFUSED, "kept in privacy"))
        return
    clock = asyncio.get_running_loop().time
    began = clock()
    script.assign("DIALSTATUS", DialStatus.CANCEL.value)
    outcome = await script.switch.dial(
        script.leg,
        wanted,
        timeout=seconds(words[1]) if len(words) > 1 else None,
        caller=_caller(script.leg.party, chosen),
        ringback=_ringback(script, chosen),
        variables=_inherited(script.leg.variables),
        prepare=_preparation(script, chosen),
        follow="i" not in chosen,
        answered_elsewhere="c" in chosen,
        escape=_way_out(script) if "d" in chosen else None,
    )
    script.assign("DIALSTATUS", outcome.status.value)
    script.attempts = {str(target): ending for target, ending in outcome.attempts}
    if outcome.leg is not None:
        await _answered(script, outcome.leg, chosen, screened, began, limit)
        return
    _refused(script, outcome.status, outcome)
    if outcome.digit:
        script.go_to(Location(_exit_context(script), outcome.digit, 1))


async def _answered(
    script: Script,
    other: Leg,
    chosen: Mapping[str, str],
    screened: Screening,
    began: float,
    limit: TalkLimit | None,
) -> None:
    """What comes once somebody has answered."""
    if "I" in chosen:
        script.leg.reveals = other.reveals = False
    if not await _prepared(script, other, chosen, screened):
        return
    if "G" in chosen:
        await _part(script, other, chosen["G"])
    else:
        _allow(script, other, chosen)
        await _connect(script, other, began, "g" in chosen, limit)


def _exit_context(script: Script) -> str:
    return script.variable("EXITCONTEXT") or script.location.context


def _way_out(script: Script) -> Callable[[str], bool]:
    """Whether a key is an extension to which the waiting caller goes."""
    return lambda digit: script.find(_exit_context(script), digit) is not None


def _preparation(script: Script, chosen: Mapping[str, str]) -> Callable[[Leg], Awaitable[None]] | None:
    """What is done for each new channel before it is called."""
    if "b" not in chosen:
        return None

    async def prepare(leg: Leg) -> None:
        await script.runner.beside(script, leg, *_place(chosen["b"]))

    return prepare


def _allow(script: Script, other: Leg, chosen: Mapping[str, str]) -> None:
    """What the two may ask for by keys, and where the called side goes in the end."""
    none: frozenset[Feature] = frozenset()
    other.features = none.union(*(_FEATURES[letter] for letter in _FEATURES if letter in chosen))
    script.leg.features = none.union(*(_FEATURES[letter] for letter in _FEATURES if letter.upper() in chosen))
    if "F" in chosen:
        here = script.location
        if chosen["F"]:
            other.afterwards = Place(*script.locate(_place(chosen["F"])[0]))
        else:
            other.afterwards = Place(here.context, here.extension, here.priority + 1)


async def _part(script: Script, other: Leg, place: str) -> None:
    """Send the caller to a place, and the called side to the priority after it."""
    to = script.locate(_place(place)[0])
    await script.leg.answer()
    script.operator.send(other, Place(to.context, to.extension, to.priority + 1))
    script.go_to(to)


def _place(text: str) -> tuple[str, list[str]]:
    """Read `[[context^]extension^]priority[(argument^argument)]`: the place and the arguments."""
    place, _, rest = text.replace("^", ",").partition("(")
    return place, split(rest.removesuffix(")")) if rest else []


def _context(text: str) -> tuple[str, list[str]]:
    """Read `context[^argument^argument]`: the place, which is its extension `s`, and the arguments."""
    name, *given = text.split("^")
    return f"{name},s,1", given


def _caller(party: Party, chosen: Mapping[str, str]) -> Party | None:
    """Whom to show as calling; None where the caller itself."""
    shown = party
    for letter in "fo":
        if chosen.get(letter):
            shown = replace(shown, number=chosen[letter], name="" if letter == "o" else shown.name)
    if "u" in chosen:
        presentation = PRESENTATIONS.get(chosen["u"].partition("_")[0].lower() or "prohib")
        if presentation is None:
            raise ScriptError(f"Dial: {chosen['u'][:40]!r} is no presentation: allowed, prohib or unavailable")
        shown = replace(shown, presentation=presentation)
    return None if shown == party else shown


def _ringback(script: Script, chosen: Mapping[str, str]) -> Sound | None:
    if "m" in chosen:
        return script.switch.sounds.music(chosen["m"] or script.settings.get("musicclass", "") or "default")
    return script.switch.sounds.tone(chosen["r"] or "ring") if "r" in chosen else None


def _refused(script: Script, status: DialStatus, outcome: DialOutcome) -> None:
    script.refusal = outcome.ending
    script.record.status = _DISPOSITION.get(status, "FAILED")
    script.cause = outcome.ending.cause if outcome.ending is not None else None
    script.leg.note(f"Dial: {status.value}", str(outcome.ending or ""))


async def _prepared(script: Script, other: Leg, chosen: Mapping[str, str], screened: Screening) -> bool:
    """What happens to the called side before it is connected; whether it is to be connected at all."""
    try:
        verdict = await screened.admits(script, other)
        if verdict is not None:
            ending = script.ending(Cause.CALL_REJECTED, Act.REFUSED, f"{verdict.value} was keyed")
            other.hang_up(ending)
            return _turned_away(script, verdict, ending)
        if "A" in chosen:
            to_other, _, to_caller = chosen["A"].partition(":")
            await other.play(find_sounds(script, to_other)[0])
            await script.leg.play(find_sounds(script, to_caller)[0])
        if "D" in chosen:
            to_other, to_caller = ([*chosen["D"].split(":"), ""])[:2]
            await _send(other, to_other)
            await _send(script.leg, to_caller)
        if "U" in chosen:
            await script.runner.beside(script, other, *_context(chosen["U"]))
        if "M" in chosen:
            await script.runner.beside(script, other, *_context(f"macro-{chosen['M']}"))
    except HungUp as over:
        if script.leg.ending is not None:
            other.hang_up(script.leg.ending)
            raise
        return _turned_away(script, DialStatus.NOANSWER, over.ending)
    except (CopperlineError, asyncio.CancelledError):
        other.hang_up(script.ending(Cause.NORMAL_CLEARING))
        raise
    asked = "GOSUB_RESULT" if "U" in chosen else "MACRO_RESULT"
    wish = other.variables.get(asked, "").upper() if {"U", "M"} & set(chosen) else ""
    if wish not in _WISHES:
        return True
    cause, status = _WISHES[wish]
    ending = script.ending(cause, Act.REFUSED, f"{asked} {wish}")
    other.hang_up(ending)
    if wish == "ABORT":
        raise script.hang_up(ending)
    return _turned_away(script, status, ending)


_WISHES: Final[Mapping[str, tuple[Cause, DialStatus]]] = {
    "ABORT": (Cause.NORMAL_CLEARING, DialStatus.CANCEL),
    "BUSY": (Cause.USER_BUSY, DialStatus.BUSY),
    "CONGESTION": (Cause.SWITCHING_EQUIPMENT_CONGESTION, DialStatus.CONGESTION),
    "CONTINUE": (Cause.NORMAL_CLEARING, DialStatus.NOANSWER),
}
"""What the subroutine of `U` may want by GOSUB_RESULT, other than that the two be connected."""


async def _send(leg: Leg, keys: str) -> None:
    """Send keys, and wait until they are out."""
    if keys:
        leg.send_digits(keys.replace("w", ""), _DIGIT / 2, _DIGIT / 2)
        await leg.wait(_DIGIT * len(keys))


def _turned_away(script: Script, status: DialStatus, ending: Ending) -> bool:
    script.assign("DIALSTATUS", status.value)
    _refused(script, status, DialOutcome(status, ending=ending))
    return False


async def _connect(script: Script, other: Leg, began: float, go_on: bool, limit: TalkLimit | None) -> None:
    """Answer the caller, connect the two, and see to the one that is left."""
    clock = asyncio.get_running_loop().time
    script.refusal = None
    script.assign("DIALEDPEERNAME", other.name)
    script.assign("DIALEDPEERNUMBER", other.called)
    try:
        await script.leg.answer()
    except HungUp as over:
        other.hang_up(over.ending)
        raise
    answered = clock()
    script.record.other = other.name
    try:
        end = await script.switch.bridge(script.leg, other, limit)
        if end.ending is None or end.leg is None:
            return
        ended = end.ending
    finally:
        script.assign("DIALEDTIME", str(int(clock() - began)))
        script.assign("ANSWEREDTIME", str(int(clock() - answered)))
    script.cause = ended.cause
    if not go_on:
        raise script.hang_up(ended)


def _inherited(variables: Mapping[str, str]) -> dict[str, str]:
    """What the new legs inherit: `_NAME` once, `__NAME` for ever."""
    found: dict[str, str] = {}
    for name, value in variables.items():
        if name.startswith("__"):
            found[name] = value
        elif name.startswith("_"):
            found[name[1:]] = value
    return found


APPLICATIONS: Final[Mapping[str, Application]] = {"Dial": dial}
