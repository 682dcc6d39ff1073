"""Applications that make or look for a signal: Morsecode Zapateller ChanIsAvail (Asterisk
apps/app_morsecode.c, app_zapateller.c, app_chanisavail.c)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from dialplan.apps.dial import targets
from dialplan.arguments import split
from dialplan.script import Application, Script
from dialplan.substitution import ScriptError
from gateway.core.audio import Samples, Sound
from gateway.core.switch import DeviceState

__all__ = ["APPLICATIONS"]

_RATE: Final = 8000
_DIT: Final = 80
"""Milliseconds of a dot, where MORSEDITLEN says nothing."""
_TONE: Final = 800
"""Hz, where MORSETONE says nothing."""
_LEVEL: Final = 8000.0
_LONGEST: Final = 500
"""Letters that are sent."""
_MORSE: Final[Mapping[str, str]] = dict(
    pair.split(":")
    for pair in (
        "a:.- b:-... c:-.-. d:-.. e:. f:..-. g:--. h:.... i:.. j:.--- k:-.- l:.-.. m:-- n:-. o:--- p:.--. q:--.- "
        "r:.-. s:... t:- u:..- v:...- w:.-- x:-..- y:-.-- z:--.. 0:----- 1:.---- 2:..--- 3:...-- 4:....- 5:..... "
        "6:-.... 7:--... 8:---.. 9:----. .:.-.-.- ,:--..-- ?:..--.. /:-..-. @:.--.-. =:-...- +:.-.-. -:-....-"
    ).split()
)
"""ITU-R M.1677-1."""
_INFORMATION: Final = ((950, 330), (1400, 330), (1800, 330))
"""Special information tone (ITU-T E.180): Hz and milliseconds."""


def _tone(frequency: float, milliseconds: int) -> Samples:
    time = np.arange(milliseconds * _RATE // 1000) / _RATE
    return (np.sin(2 * np.pi * frequency * time) * _LEVEL).astype(np.int16)


def _pause(milliseconds: int) -> Samples:
    return np.zeros(milliseconds * _RATE // 1000, np.int16)


def _within(script: Script, name: str, default: int, least: int, most: int) -> int:
    text = script.variable(name).strip()
    return max(least, min(int(text[:6]), most)) if text.isascii() and text.isdecimal() else default


async def morse(script: Script, arguments: str) -> None:
    """`Morsecode(text)`: send it in Morse code; MORSEDITLEN is a dot's length in ms, MORSETONE the pitch in Hz."""
    dit = _within(script, "MORSEDITLEN", _DIT, 10, 1000)
    pitch = _within(script, "MORSETONE", _TONE, 100, 3400)
    marks = {".": _tone(pitch, dit), "-": _tone(pitch, 3 * dit)}
    parts: list[Samples] = []
    for sign in arguments.lower()[:_LONGEST]:
        if sign == " ":
            parts.append(_pause(4 * dit))
        for mark in _MORSE.get(sign, ""):
            parts += [marks[mark], _pause(dit)]
        if sign in _MORSE:
            parts.append(_pause(2 * dit))
    if not script.leg.answered:
        script.leg.early_media()
    if parts:
        await script.leg.play([Sound(f"Morse code {arguments[:40]}", np.concatenate(parts))])


async def zapateller(script: Script, arguments: str) -> None:
    """`Zapateller([answer][,nocallerid])`: the tone of a number that is out of order, for machines that call.

    `answer` answers first; `nocallerid` plays it only to callers without a number. ZAPATELLERSTATUS says NOTHING,
    ANSWERED or ZAPPED.
    """
    chosen = {word.strip().lower() for word in arguments.replace("|", ",").split(",")}
    if "nocallerid" in chosen and script.leg.party.number:
        script.assign("ZAPATELLERSTATUS", "NOTHING")
        return
    if script.leg.answered:
        script.assign("ZAPATELLERSTATUS", "ANSWERED")
        return
    if "answer" in chosen:
        await script.leg.answer()
    else:
        script.leg.early_media()
    samples = np.concatenate([_tone(*part) for part in _INFORMATION])
    await script.leg.play([Sound("special information tone", samples)])
    script.assign("ZAPATELLERSTATUS", "ZAPPED")


async def available(script: Script, arguments: str) -> None:
    """`ChanIsAvail(TECH/address[&...][,options])`: which of them is free: AVAILORIGCHAN and AVAILCHAN, or nothing.

    AVAILSTATUS is the state of the last one that was asked, as a number; option `a` names all that are free, `s`
    takes one in use as not free, too.
    """
    words = [*split(arguments, limit=2), ""]
    wanted = targets(words[0])
    if wanted is None:
        raise ScriptError(f"ChanIsAvail: {words[0][:80]!r} names nobody: write TECHNOLOGY/address")
    barred = _ENGAGED | ({DeviceState.INUSE, DeviceState.RINGING, DeviceState.ONHOLD} if "s" in words[1] else set())
    free, state = [], DeviceState.UNKNOWN
    for target in wanted:
        state = script.switch.device_state(str(target))
        if state not in barred:
            free.append(str(target))
            if "a" not in words[1]:
                break
    script.assign("AVAILCHAN", "&".join(free))
    script.assign("AVAILORIGCHAN", "&".join(free))
    script.assign("AVAILSTATUS", str(list(DeviceState).index(state)))


_ENGAGED: Final = {DeviceState.BUSY, DeviceState.INVALID, DeviceState.UNAVAILABLE}

APPLICATIONS: Final[Mapping[str, Application]] = {
    "ChanIsAvail": available,
    "Morsecode": morse,
    "Zapateller": zapateller,
}
