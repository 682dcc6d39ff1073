"""Record: keep what the leg says, for the rest of this call (Asterisk apps/app_record.c).

What is recorded stays in memory under its name, where Playback finds it; nothing is written to disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from dialplan.apps.answer import seconds
from dialplan.apps.listen import LOUD
from dialplan.arguments import options, split
from dialplan.script import Application, Script
from dialplan.substitution import ScriptError
from gateway.core.audio import Samples, Sound

__all__ = ["APPLICATIONS", "capture_sound"]

_RATE: Final = 8000
_LONGEST: Final = 120.0
"""Seconds of one recording: 2 MB, so that a forgotten telephone does not fill the memory."""
_RECORDINGS: Final = 10
"""Recordings of one call."""
_LOOK: Final = 0.2
"""Seconds between looks at what has come in."""


async def record(script: Script, arguments: str) -> None:
    """`Record(name.format[,silence[,longest[,options]]])`: beep, then record until #, silence or the longest time.

    Options: `q` no beep, `n` do not answer, `y` any key ends it, `t` * ends it. RECORD_STATUS says what did.
    """
    words = [*split(arguments, limit=4), "", "", ""]
    name = _name(words[0])
    silence = seconds(words[1], 0.0) or 0.0
    longest = min(seconds(words[2], 0.0) or _LONGEST, _LONGEST)
    chosen = options(words[3])
    _room(script, name)
    if "n" not in chosen:
        await script.leg.answer()
    if "q" not in chosen:
        beep = script.switch.sounds.prompt("beep", script.language)
        await script.leg.play([beep] if beep is not None else [])
    keys = "0123456789*#ABCD" if "y" in chosen else "*" if "t" in chosen else "#"
    _, _, status = await capture_sound(script, name, silence, longest, keys)
    script.assign("RECORD_STATUS", status)
    script.assign("RECORDED_FILE", name)


async def capture_sound(
    script: Script, name: str, silence: float, longest: float | None, keys: str
) -> tuple[Sound, str, str]:
    """Record under a name until a key, so many seconds of silence or the longest time.

    Returns:
        The recording; the key that ended it, "" for none; what ended it: DTMF, SILENCE or TIMEOUT.

    Raises:
        ScriptError: there are too many recordings in this call.
    """
    _room(script, name)
    samples, key, status = await _capture(script, silence, min(longest or _LONGEST, _LONGEST), keys)
    sound = script.recordings[name] = Sound(f"recording {name}", samples)
    return sound, key, status


def _room(script: Script, name: str) -> None:
    if name not in script.recordings and len(script.recordings) >= _RECORDINGS:
        raise ScriptError(f"Record: more than {_RECORDINGS} recordings in one call")


def _name(text: str) -> str:
    name = text.strip().replace(":", ".").rpartition(".")[0] or text.strip()
    if not name:
        raise ScriptError("Record wants a name")
    return name


async def _capture(script: Script, silence: float, longest: float, keys: str) -> tuple[Samples, str, str]:
    capture = script.leg.audio.capture(longest)
    parts: list[Samples] = []
    quiet = looked = 0.0
    key = ""
    taken = 0
    status = "TIMEOUT"
    try:
        while looked < longest and taken < longest * _RATE:
            key = await script.leg.digit(_LOOK)
            looked += _LOOK
            part = capture.read()
            parts.append(part)
            taken += len(part)
            quiet = 0.0 if len(part) and int(np.abs(part.astype(np.int32)).max()) > LOUD else quiet + _LOOK
            if key and key in keys:
                status = "DTMF"
                break
            if silence and quiet >= silence:
                status = "SILENCE"
                break
    finally:
        capture.stop()
    samples = np.concatenate(parts) if parts else np.zeros(0, np.int16)
    return samples[: int(longest * _RATE)], key if status == "DTMF" else "", status


APPLICATIONS: Final[Mapping[str, Application]] = {"Record": record}
