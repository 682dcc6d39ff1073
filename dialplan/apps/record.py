"""Record: keep what the leg says as a sound that Playback finds (Asterisk apps/app_record.c).

It is kept at 16000 Hz where the leg carries so much, as WAV whatever format its name has, in the folder of sounds
recorded here, and heard in this call in any case. Paths of Asterisk's own folders of sounds are taken as names in
it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import numpy as np

from dialplan.apps.answer import seconds
from dialplan.apps.digits import KEYS
from dialplan.apps.listen import LOUD
from dialplan.apps.play import bare, sound_named
from dialplan.arguments import options, split
from dialplan.script import Application, Script
from dialplan.substitution import ScriptError
from gateway.core.audio import Samples, Side, Sound
from gateway.core.errors import LocalError
from gateway.core.switch import HungUp

__all__ = ["APPLICATIONS", "record_sound", "said_name"]

_LONGEST: Final = 120.0
"""Seconds of one recording: 4 MB, so that a forgotten telephone does not fill the memory."""
_RECORDINGS: Final = 10
"""Recordings of one call."""
_NUMBERED: Final = 1000
"""Recordings of one name with %d in it."""
_SILENCE_KEPT: Final = 1.0
"""Seconds that are left of the silence that ended a recording (Asterisk's)."""
_UNREAD: Final = 5.0
"""Seconds of sound kept in memory while nobody looks."""
_LOOK: Final = 0.2
"""Seconds between looks at what has come in."""
_NAME: Final = 4.0
"""Seconds in which somebody says a name."""


async def record(script: Script, arguments: str) -> None:
    """`Record(name.format[,silence[,longest[,options]]])`: beep, then record until #, silence or the longest time.

    `%d` in the name is the first number that is free; RECORDED_FILE is the name. Options: `a` append; `k` keep what
    was said by who hangs up, too; `n` do not answer; `o` 0 ends it as well (OPERATOR); `q` no beep; `s` nothing
    unless answered; `t` * ends it in place of #; `u` all of the silence that ended it stays, else a second of
    it; `x` no key does; `y` any key. RECORD_STATUS says what did: DTMF, SILENCE, TIMEOUT, SKIP, OPERATOR, HANGUP or
    ERROR.
    """
    words = [*split(arguments, limit=4), "", "", ""]
    name = _name(script, words[0])
    silence = seconds(words[1], 0.0) or 0.0
    longest = min(seconds(words[2], 0.0) or _LONGEST, _LONGEST)
    chosen = options(words[3])
    script.assign("RECORDED_FILE", name)
    if "s" in chosen and not script.leg.answered:
        script.assign("RECORD_STATUS", "SKIP")
        return
    _room(script, name)
    if "n" not in chosen:
        await script.leg.answer()
    if "q" not in chosen:
        beep = script.switch.sounds.prompt("beep", script.language)
        await script.leg.play([beep] if beep is not None else [])
    before = sound_named(script, name) if "a" in chosen else None
    kept = {"always": "k" in chosen, "whole": "u" in chosen}
    try:
        _, key, status = await record_sound(script, name, silence, longest, _ends(chosen), before, **kept)
    except HungUp:
        script.assign("RECORD_STATUS", "HANGUP")
        raise
    script.assign("RECORD_STATUS", "OPERATOR" if "o" in chosen and key == "0" and status == "DTMF" else status)


def _ends(chosen: Mapping[str, str]) -> str:
    """The keys that end a recording."""
    if "x" in chosen:
        return ""
    keys = KEYS if "y" in chosen else "*" if "t" in chosen else "#"
    return f"{keys}0" if "o" in chosen else keys


async def record_sound(
    script: Script,
    name: str,
    silence: float,
    longest: float | None,
    keys: str,
    before: Sound | None = None,
    always: bool = True,
    whole: bool = False,
) -> tuple[Sound, str, str]:
    """Record until a key, so many seconds of silence or the longest time, and keep it under a name.

    Args:
        before: what the recording goes on from.
        always: what was said is kept also where the leg hangs up.
        whole: the silence that ended it is kept, all of it.

    Returns:
        What was recorded; the key that ended it, "" for none; what ended it: DTMF, SILENCE or TIMEOUT, and ERROR
        where it is heard in this call only.

    Raises:
        ScriptError: there are too many recordings in this call.
    """
    _room(script, name)
    most = min(longest or _LONGEST, _LONGEST)
    said = _Said(script.leg.audio.rate, most)
    try:
        key, status = await _listen(script, said, silence, most, keys)
    except HungUp:
        if always:
            await _keep(script, name, before, said)
        raise
    if status == "SILENCE" and silence > _SILENCE_KEPT and not whole:
        said.shorten(silence - _SILENCE_KEPT)
    sound, kept = await _keep(script, name, before, said)
    return sound, key, status if kept else "ERROR"


async def said_name(script: Script) -> Sound:
    """The name that the leg says now, up to a key; it is kept nowhere."""
    leg = script.leg
    rate = leg.audio.rate
    tap = leg.audio.tap(Side.IN, _NAME + 1.0, rate=rate)
    try:
        await leg.digit(_NAME)
    finally:
        tap.stop()
    return script.switch.sounds.recorded(f"the name of {leg.peer}", tap.read(), rate)


class _Said:
    """What the leg has said so far, at its own rate, and `longest` seconds of it at most."""

    def __init__(self, rate: int, longest: float) -> None:
        self.rate = rate
        self._most = int(longest * rate)
        self._parts: list[Samples] = []
        self._length = 0

    def add(self, part: Samples) -> None:
        part = part[: self._most - self._length]
        self._parts.append(part)
        self._length += len(part)

    @property
    def is_full(self) -> bool:
        return self._length >= self._most

    @property
    def samples(self) -> Samples:
        return np.concatenate(self._parts) if self._parts else np.zeros(0, np.int16)

    def shorten(self, seconds: float) -> None:
        """Leave out so much of its end."""
        samples = self.samples
        self._parts = [samples[: max(0, len(samples) - int(seconds * self.rate))]]


async def _keep(script: Script, name: str, before: Sound | None, said: _Said) -> tuple[Sound, bool]:
    """Keep a recording, after what it goes on from, for later calls: what is new of it, and whether it was kept."""
    sounds = script.switch.sounds
    sound = await asyncio.to_thread(sounds.recorded, f"recording {name}", said.samples, said.rate)
    whole = sound
    if before is not None:
        whole = await asyncio.to_thread(sounds.recorded, sound.name, said.samples, said.rate, before)
    script.recordings[name] = whole
    try:
        await asyncio.to_thread(sounds.keep, name, whole)
    except LocalError as fault:
        script.note(f"Record: {fault}")
        return sound, False
    return sound, True


def _room(script: Script, name: str) -> None:
    if name not in script.recordings and len(script.recordings) >= _RECORDINGS:
        raise ScriptError(f"Record: more than {_RECORDINGS} recordings in one call")


def _name(script: Script, text: str) -> str:
    """The name without its format; `%d` in it is the first number that is free."""
    stem, dot, _ = text.strip().replace(":", ".").rpartition(".")
    name = bare(stem if dot else text.strip())
    if not name:
        raise ScriptError("Record wants a name")
    if "%d" not in name:
        return name
    for number in range(_NUMBERED):
        numbered = name.replace("%d", str(number))
        if sound_named(script, numbered) is None:
            return numbered
    raise ScriptError(f"Record: {_NUMBERED} recordings {name[:60]!r} are there already")


async def _listen(script: Script, said: _Said, silence: float, longest: float, keys: str) -> tuple[str, str]:
    """Take in what is said, silence between words as long as it is; the key that ended it, and what did."""
    tap = script.leg.audio.tap(Side.IN, _UNREAD, rate=said.rate)
    quiet = looked = 0.0
    try:
        while looked < longest and not said.is_full:
            key = await script.leg.digit(_LOOK)
            looked += _LOOK
            part = tap.read()
            said.add(part)
            quiet = 0.0 if len(part) and int(np.abs(part.astype(np.int32)).max()) > LOUD else quiet + _LOOK
            if key and key in keys:
                return key, "DTMF"
            if silence and quiet > silence - _LOOK / 2:
                return "", "SILENCE"
    except HungUp:
        said.add(tap.read())
        raise
    finally:
        tap.stop()
    return "", "TIMEOUT"


APPLICATIONS: Final[Mapping[str, Application]] = {"Record": record}
