"""Record: keep what the leg says as a sound that Playback finds (Asterisk apps/app_record.c).

It is written into the folder of sounds recorded here, and heard in this call in any case. Paths of Asterisk's own
folders of sounds are taken as names in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from dialplan.apps.answer import seconds
from dialplan.apps.digits import KEYS
from dialplan.apps.listen import LOUD
from dialplan.apps.play import bare, sound_named
from dialplan.arguments import options, split
from dialplan.script import Application, Script
from dialplan.substitution import ScriptError
from gateway.core.audio import Samples, Sound
from gateway.core.errors import LocalError
from gateway.core.switch import HungUp

__all__ = ["APPLICATIONS", "record_sound"]

_RATE: Final = 8000
_LONGEST: Final = 120.0
"""Seconds of one recording: 2 MB, so that a forgotten telephone does not fill the memory."""
_RECORDINGS: Final = 10
"""Recordings of one call."""
_NUMBERED: Final = 1000
"""Recordings of one name with %d in it."""
_SILENCE_KEPT: Final = 1.0
"""Seconds that are left of the silence that ended a recording (Asterisk's)."""
_LOOK: Final = 0.2
"""Seconds between looks at what has come in."""


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
    parts: list[Samples] = []
    most = min(longest or _LONGEST, _LONGEST)
    try:
        key, status = await _capture(script, parts, silence, most, keys)
    except HungUp:
        if always:
            await _keep(script, name, before, _joined(parts, most))
        raise
    samples = _joined(parts, most)
    if status == "SILENCE" and silence > _SILENCE_KEPT and not whole:
        samples = samples[: max(0, len(samples) - int((silence - _SILENCE_KEPT) * _RATE))]
    kept = await _keep(script, name, before, samples)
    return Sound(name, samples), key, status if kept else "ERROR"


async def _keep(script: Script, name: str, before: Sound | None, samples: Samples) -> bool:
    """Keep a recording for later calls; whether that could be done."""
    whole = samples if before is None else np.concatenate((before.samples, samples))
    script.recordings[name] = Sound(f"recording {name}", whole)
    try:
        await asyncio.to_thread(script.switch.sounds.keep, name, whole)
    except LocalError as fault:
        script.leg.note(f"Record: {fault}")
        return False
    return True


def _joined(parts: Sequence[Samples], longest: float) -> Samples:
    samples = np.concatenate(parts) if parts else np.zeros(0, np.int16)
    return samples[: int(longest * _RATE)]


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


async def _capture(
    script: Script, parts: list[Samples], silence: float, longest: float, keys: str
) -> tuple[str, str]:
    """Put what is said into `parts`; the key that ended it, and what did."""
    capture = script.leg.audio.capture(longest)
    quiet = looked = 0.0
    taken = 0
    try:
        while looked < longest and taken < longest * _RATE:
            key = await script.leg.digit(_LOOK)
            looked += _LOOK
            part = capture.read()
            parts.append(part)
            taken += len(part)
            quiet = 0.0 if len(part) and int(np.abs(part.astype(np.int32)).max()) > LOUD else quiet + _LOOK
            if key and key in keys:
                return key, "DTMF"
            if silence and quiet > silence - _LOOK / 2:
                return "", "SILENCE"
    except HungUp:
        parts.append(capture.read())
        raise
    finally:
        capture.stop()
    return "", "TIMEOUT"


APPLICATIONS: Final[Mapping[str, Application]] = {"Record": record}
