"""Privacy and screening of Dial: the called side hears who calls before it takes the call (options `P p n N`).

The caller says a name; whoever answers hears it and keys what is to become of the call. With `P` the answer is kept
for the caller's number in the database, in the family `privacy`, so that next time nobody is asked. Names are never
kept. (Asterisk apps/app_dial.c, main/privacy.c.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dialplan.apps.play import find_sounds
from dialplan.apps.record import said_name
from dialplan.script import Script
from gateway.core.audio import Sound
from gateway.core.switch import DialStatus, HungUp, Leg

__all__ = ["NOT_ASKED", "Screening", "screening"]

_ATTEMPTS: Final = 3
_PATIENCE: Final = 10.0
"""Seconds for a key, after each hearing of the menu."""

_VERDICTS: Final[Mapping[str, DialStatus]] = {
    "2": DialStatus.NOANSWER,
    "3": DialStatus.TORTURE,
    "4": DialStatus.DONTCALL,
}
"""How the dial ends by the key of whoever was called; 1 and 5 take the call."""
_KEPT: Final[Mapping[str, str]] = {"1": "ALLOW", "2": "DENY", "3": "TORTURE", "4": "KILL"}
"""What is kept for the caller's number by the key; 5 takes the call this time only."""
_KNOWN: Final[Mapping[str, DialStatus]] = {
    "DENY": DialStatus.NOANSWER,
    "TORTURE": DialStatus.TORTURE,
    "KILL": DialStatus.DONTCALL,
}


@dataclass(frozen=True, slots=True)
class Screening:
    """What is known of the caller before anybody is called.

    Attributes:
        verdict: how the dial ends without any call; None where somebody is to be asked, or nobody needs to be.
        path: where the answer is kept; "" for nowhere.
        name: what the caller said; None where nobody is asked.
    """

    verdict: DialStatus | None = None
    path: str = ""
    name: Sound | None = None

    async def admits(self, script: Script, other: Leg) -> DialStatus | None:
        """Ask whoever has answered; None where the call is taken.

        Raises:
            HungUp: one of the two has hung up.
        """
        if self.name is None:
            return None
        script.leg.audio.play(script.switch.sounds.tone("ring"))
        heard = [*find_sounds(script, "priv-callpending")[0], self.name]
        menu = find_sounds(script, "priv-callee-options" if self.path else "screen-callee-options")[0]
        key = await _asked(script, other, heard, menu)
        script.leg.audio.stop()
        if self.path and key in _KEPT:
            script.shared.database.put(self.path, _KEPT[key])
        script.note(f"{other.peer} keys {key or 'nothing'} at hearing who calls")
        return None if key in ("1", "5") else _VERDICTS.get(key, DialStatus.NOANSWER)


NOT_ASKED: Final = Screening()
"""Nobody is asked, and all are let through."""


async def screening(script: Script, chosen: Mapping[str, str]) -> Screening:
    """What Dial's options ask for: look the caller up, and have the name said where somebody will be asked."""
    if "p" not in chosen and "P" not in chosen:
        return NOT_ASKED
    number = "".join(digit for digit in script.leg.party.number if digit.isdigit())
    path = ""
    if "P" in chosen:
        family = chosen["P"].strip("/") or script.location.extension
        path = f"privacy/{family}/{number or 'NOCALLERID'}"
        known = (script.shared.database.get(path) or "").upper()
        if known == "ALLOW" or known in _KNOWN:
            return Screening(_KNOWN.get(known))
    elif "N" in chosen and number:
        return NOT_ASKED
    return Screening(path=path, name=await _name(script))


async def _name(script: Script) -> Sound:
    """Have the caller say a name; any key ends it."""
    leg = script.leg
    await leg.answer()
    await leg.play(find_sounds(script, "priv-recordintro")[0])
    name = await said_name(script)
    await leg.play(find_sounds(script, "vm-dialout")[0])
    return name


async def _asked(script: Script, other: Leg, heard: Sequence[Sound], menu: Sequence[Sound]) -> str:
    """The key of whoever has answered, "" where none came."""
    for _ in range(_ATTEMPTS):
        key = await other.play([*heard, *menu], escape="12345") or await other.digit(_PATIENCE)
        if script.leg.ending is not None:
            raise HungUp(script.leg.ending)
        if key in _KEPT or key == "5":
            return key
    return ""
