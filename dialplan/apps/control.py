"""ControlPlayback: a prompt that the caller winds by keys (Asterisk apps/app_controlplayback.c)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from dialplan.apps.play import find_sounds
from dialplan.arguments import options, split
from dialplan.script import Application, Script
from gateway.core.audio import Sound

__all__ = ["APPLICATIONS", "Control", "Ended", "control"]

_RATE: Final = 8000
_PAUSE: Final = 3600.0
"""Seconds that a caller may keep a prompt waiting."""


@dataclass(frozen=True, slots=True)
class Control:
    """Which keys do what while a prompt plays; `step` is in milliseconds."""

    stop: str = ""
    step: int = 3000
    forward: str = ""
    rewind: str = ""
    pause: str = ""
    restart: str = ""

    @property
    def keys(self) -> str:
        """All of them."""
        return self.stop + self.forward + self.rewind + self.pause + self.restart


class Ended(NamedTuple):
    """How it ended: the key of `stop` that was pressed, "" at the prompt's end, and the sample it had come to."""

    key: str
    position: int


async def control(script: Script, sound: Sound, by: Control, begin: int = 0) -> Ended:
    """Play a prompt from sample `begin`, wound by keys, up to its end or a key of `by.stop`."""
    clock = asyncio.get_running_loop().time
    at, step = max(0, min(begin, len(sound.samples))), max(0, by.step) * _RATE // 1000
    while at < len(sound.samples):
        began = clock()
        part = sound if at == 0 else sound.since(at)
        key = await script.leg.play([part], escape=by.keys)
        if not key:
            break
        at = min(at + int((clock() - began) * _RATE), len(sound.samples))
        if key in by.stop:
            return Ended(key, at)
        if key in by.restart:
            at = 0
        elif key in by.pause:
            key = await script.leg.digit(_PAUSE)
            if key and key in by.stop:
                return Ended(key, at)
        else:
            at = max(0, at + (step if key in by.forward else -step))
    return Ended("", len(sound.samples))


async def control_playback(script: Script, arguments: str) -> None:
    """`ControlPlayback(file[,milliseconds[,forward[,rewind[,stop[,pause[,restart[,options]]]]]]])`.

    Plays a prompt that the caller winds by keys: `#` forward and `*` back where none are written. Option
    `o(milliseconds)`: begin there. CPLAYBACKSTATUS says SUCCESS, USERSTOPPED or ERROR; CPLAYBACKOFFSET how far it
    had come, in milliseconds, and CPLAYBACKSTOPKEY which key ended it.
    """
    words = [*(word.strip() for word in split(arguments)), *[""] * 8]
    chosen = options(words[7])
    await script.leg.answer()
    sounds, missing = find_sounds(script, words[0])
    if missing or not sounds:
        script.assign("CPLAYBACKSTATUS", "ERROR")
        return
    by = Control(words[4], _number(words[1], 3000), words[2] or "#", words[3] or "*", words[5], words[6])
    end = await control(script, sounds[0], by, _number(chosen.get("o", ""), 0) * _RATE // 1000)
    script.assign("CPLAYBACKSTATUS", "USERSTOPPED" if end.key else "SUCCESS")
    script.assign("CPLAYBACKSTOPKEY", end.key)
    script.assign("CPLAYBACKOFFSET", str(end.position * 1000 // _RATE))


def _number(text: str, default: int) -> int:
    return int(text[:9]) if text.isascii() and text.isdecimal() else default


APPLICATIONS: Final[Mapping[str, Application]] = {"ControlPlayback": control_playback}
