"""Dial: call others, and connect the caller to the first who answers (Asterisk apps/app_dial.c)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from dialplan.apps.answer import seconds
from dialplan.apps.answered import Connection, place, refused, turned_away
from dialplan.apps.limit import read_limit
from dialplan.apps.privacy import NOT_ASKED, screening
from dialplan.arguments import options, split
from dialplan.causes import read_cause
from dialplan.functions.caller import PRESENTATIONS
from dialplan.functions.channel import MUSIC_CLASS
from dialplan.script import NO_ATTEMPTS, Application, Last, Script
from dialplan.state import Location, Record
from dialplan.substitution import ScriptError
from gateway.core.audio import Sound
from gateway.core.cause import Cause
from gateway.core.ending import Act
from gateway.core.number import Party
from gateway.core.switch import DialOptions, DialStatus, Leg, Target

__all__ = ["APPLICATIONS", "IDLE", "OPTIONS", "inherited", "preparation", "targets"]

OPTIONS: Final = frozenset("AaBbCcDdeFfGgHhIiKkLMmNnoPpQRrSsTtUuWwXxz")
"""Letters that do something here, or that say what is so anyway."""
IDLE: Final[Mapping[str, str]] = {
    "E": "no key is sent as MF or SF tones",
    "j": "there is audio alone, in one stream",
    "O": "a telephone that hangs up is free, whoever it talked with",
    "v": "Asterisk has none of that name",
}
"""Letters that make no sense here, each with the reason."""
_PLAIN: Final[Mapping[str, str]] = MappingProxyType({})
_UNTOLD: Final = dict.fromkeys(("DIALEDPEERNAME", "DIALEDPEERNUMBER", "DIALEDTIME", "ANSWEREDTIME"), "")
"""Variables of an earlier Dial that are empty until this one sets them."""


def targets(text: str) -> list[Target] | None:
    """Read `TECH/address&TECH/address`; None where one of them is not of that form, or none is there."""
    found: list[Target] = []
    for word in filter(None, (part.strip() for part in text.split("&"))):
        technology, slash, address = word.partition("/")
        if not (technology and slash and address):
            return None
        found.append(Target.written(technology, address) if "/" in address else Target(technology, address))
    return found or None


async def dial(script: Script, arguments: str) -> Last:
    """`Dial(TECH/address[&...][,seconds[,options]])`: call all targets; the first to answer is connected.

    Unanswered, the next priority runs, with DIALSTATUS and HANGUPCAUSE saying why. Once connected, the end of
    either side ends the other. Options: `A(file[:file])` what the called side, and the caller, hear first; `a`
    answer the caller at once; `B(place)` a subroutine before anybody is called, `b(place)` one for each called
    channel; `C` the record begins anew; `c` those who still ring when the caller gives up are told that another
    has answered; `D(keys[:keys[:keys]])` keys sent to the called side, to the caller, and to the called side as
    soon as it sends audio before an answer; `d` a key of the caller that waits goes to the extension of that name,
    in the context EXITCONTEXT or here; `e` the `h` extension runs for the called side, too; `F[(place)]` where the
    called side goes when the caller hangs up, the next priority where none is written; `f(number)` and `o(number)`
    show that number as the caller's, `f` alone this extension where the call is diverted; `G(place)` once answered,
    the caller goes to that place and the called side to the priority after it; `g` go on here when the other side
    hangs up; `h` and `H` the called side, or the caller, may hang up by keys, the caller while it rings, too; `i`
    diversions are not followed; `I` nobody is told of new identities; `k K` parking by keys;
    `L(milliseconds[:warning[:repeat]])` and `S(seconds)` the longest talk; `M(macro)` and `U(context)` a
    subroutine on the called side before it is connected; `m[(class)]` music in the place of ringback; `o` alone and
    `s(tag)` and `n` change nothing: the caller is shown as it is, callers have no tags, and names are not kept;
    `p` the called side hears who calls, and takes the call or not, but for callers with a number with `N`;
    `P[(family)]` the same, and the answer is kept for that number; `Q(cause)` why others stop ringing once one has
    answered; `R` ringback at once, until there is something to hear; `r[(tone)]` ringback at once, or a tone of our
    own, and nothing else until an answer; `t T` transfer by keys; `u(presentation)` show the caller or not; `w W x
    X` recording by keys; `z` once the call is diverted, no time-out counts.
    """
    words = split(arguments, limit=4)
    wanted = targets(words[0])
    chosen = options(words[2]) if len(words) > 2 else _PLAIN
    if chosen:
        _tell(script, chosen)
    if not script.leg.variables.keys().isdisjoint(_UNTOLD):
        script.report(_UNTOLD)
    if wanted is None:
        script.report({"DIALSTATUS": DialStatus.INVALIDARGS.value})
        script.note(f"Dial: {words[0][:80]!r} names nobody: write TECHNOLOGY/address")
        return None
    limit = read_limit(script, chosen)
    if "C" in chosen:
        script.record = Record(script.switch.now(), script.record.first)
    if "B" in chosen:
        await script.runner.subroutine(script, *place(chosen["B"]))
    if "a" in chosen:
        await script.leg.answer()
    screened = await screening(script, chosen) if chosen else NOT_ASKED
    if screened.verdict is not None:
        turned_away(script, screened.verdict, script.ending(Cause.CALL_REJECTED, Act.REFUSED, "kept in privacy"))
        return None
    began = asyncio.get_running_loop().time()
    revealed = script.leg.reveals
    script.leg.reveals = revealed and "I" not in chosen
    script.report({"DIALSTATUS": DialStatus.CANCEL.value})
    timeout = seconds(words[1]) if len(words) > 1 else None
    outcome = await script.switch.dial(script.leg, wanted, _manner(script, chosen, timeout))
    script.report({"DIALSTATUS": outcome.status.value})
    attempts = outcome.attempts
    script.attempts = {str(target): ending for target, ending in attempts} if attempts else NO_ATTEMPTS
    if outcome.leg is not None:
        return Connection(script, outcome.leg, chosen, began, limit).make(screened)
    script.leg.reveals = revealed
    refused(script, outcome.status, outcome)
    if outcome.digit:
        script.go_to(Location(_exit_context(script), outcome.digit, 1))
    return None


def _tell(script: Script, chosen: Mapping[str, str]) -> None:
    """Note the letters that do nothing."""
    for letter in sorted(chosen.keys() - OPTIONS):
        why = f": {IDLE[letter]}" if letter in IDLE else ""
        script.note(f"Dial: option {letter} is not built in and does nothing{why}")


def _manner(script: Script, chosen: Mapping[str, str], timeout: float | None) -> DialOptions:
    """How the dial is to go."""
    carried = inherited(script.leg.variables)
    if not chosen:
        return DialOptions(timeout=timeout, variables=carried)
    return DialOptions(
        timeout=timeout,
        caller=_caller(script.leg.party, chosen),
        variables=carried,
        prepare=preparation(script, chosen),
        ringing="R" in chosen or "r" in chosen,
        ringback=_ringback(script, chosen),
        muffled="r" in chosen,
        progress_keys=[*chosen.get("D", "").split(":"), "", ""][2],
        follow="i" not in chosen,
        diverter=Party(script.location.extension) if "f" in chosen and not chosen["f"] else None,
        patient="z" in chosen,
        escape=_way_out(script) if "d" in chosen else None,
        keys_hang_up="H" in chosen,
        answered_elsewhere="c" in chosen,
        lost=_lost(chosen),
    )


def _lost(chosen: Mapping[str, str]) -> Cause:
    """Why those end whose call another one has answered."""
    word = chosen.get("Q", "").strip()
    if not word:
        return Cause.NON_SELECTED_USER_CLEARING
    return Cause.NORMAL_CLEARING if word.upper() == "NONE" else read_cause(word)


def _exit_context(script: Script) -> str:
    return script.variable("EXITCONTEXT") or script.location.context


def _way_out(script: Script) -> Callable[[str], bool]:
    """Whether a key is an extension to which the waiting caller goes."""
    return lambda digit: script.find(_exit_context(script), digit) is not None


def preparation(script: Script, chosen: Mapping[str, str]) -> Callable[[Leg], Awaitable[None]] | None:
    """What is done for each new channel before it is called."""
    if "b" not in chosen:
        return None

    async def prepare(leg: Leg) -> None:
        await script.runner.beside(script, leg, *place(chosen["b"]))

    return prepare


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
    """What the caller hears of ours while it rings; None where its own side sees to that."""
    if "m" in chosen:
        return script.switch.sounds.music(chosen["m"] or script.leg.variables.get(MUSIC_CLASS) or "default")
    return script.switch.sounds.tone(chosen["r"]) if chosen.get("r") else None


def inherited(variables: Mapping[str, str]) -> dict[str, str]:
    """What the new legs inherit: `_NAME` once, `__NAME` for ever."""
    found: dict[str, str] = {}
    for name, value in variables.items():
        if name[:1] == "_":
            found[name if name[:2] == "__" else name[1:]] = value
    return found


APPLICATIONS: Final[Mapping[str, Application]] = {"Dial": dial}
