"""Applications that wait for something: WaitUntil WaitForSilence WaitForNoise (Asterisk apps/app_waituntil.c,
app_waitforsilence.c)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from dialplan.apps.answer import seconds
from dialplan.arguments import split
from dialplan.script import Application, Script
from dialplan.substitution import ScriptError

__all__ = ["APPLICATIONS", "LOUD"]

LOUD: Final = 256
"""A sample beyond this is not silence (the silence threshold of Asterisk's dsp.conf)."""
_LOOK: Final = 0.1
"""Seconds between looks at what has come in."""
_UNREAD: Final = 2.0
"""Seconds of sound kept between two looks."""
_LONGEST: Final = 600.0
"""Seconds after which a wait without a time-out of its own ends."""


async def wait_until(script: Script, arguments: str) -> None:
    """`WaitUntil(epoch)`: wait until that moment; WAITUNTILSTATUS says OK, PAST or FAILURE."""
    try:
        epoch = float(arguments.strip())
    except ValueError:
        script.assign("WAITUNTILSTATUS", "FAILURE")
        return
    left = epoch - script.switch.now().timestamp()
    if not left > 0:
        script.assign("WAITUNTILSTATUS", "PAST" if left <= 0 else "FAILURE")
        return
    await script.leg.wait(min(left, 86400.0))
    script.assign("WAITUNTILSTATUS", "OK")


async def _listen(script: Script, arguments: str, wanted: str) -> None:
    """Wait for `wanted` sound, SILENCE or NOISE, for a number of milliseconds, a number of times."""
    words = [*split(arguments), "", "", ""]
    length = (seconds(words[0]) or 1000.0) / 1000
    times = int(words[1].strip()[:3]) if words[1].strip().isdecimal() else 1
    timeout = min(seconds(words[2]) or _LONGEST, _LONGEST)
    if not script.leg.answered:
        raise ScriptError("there is nothing to listen to before an answer")
    capture = script.leg.audio.capture(_UNREAD)
    lasted = passed = 0.0
    try:
        while passed < timeout:
            await script.leg.wait(_LOOK)
            passed += _LOOK
            heard = capture.read()
            loud = bool(len(heard)) and int(np.abs(heard.astype(np.int32)).max()) > LOUD
            lasted = lasted + _LOOK if loud == (wanted == "NOISE") else 0.0
            if lasted >= length - _LOOK / 2:
                times -= 1
                lasted = 0.0
                if times <= 0:
                    script.assign("WAITSTATUS", wanted)
                    return
    finally:
        capture.stop()
    script.assign("WAITSTATUS", "TIMEOUT")


async def wait_for_silence(script: Script, arguments: str) -> None:
    """`WaitForSilence([milliseconds[,times[,timeout]]])`: WAITSTATUS says SILENCE or TIMEOUT."""
    await _listen(script, arguments, "SILENCE")


async def wait_for_noise(script: Script, arguments: str) -> None:
    """`WaitForNoise([milliseconds[,times[,timeout]]])`: WAITSTATUS says NOISE or TIMEOUT."""
    await _listen(script, arguments, "NOISE")


APPLICATIONS: Final[Mapping[str, Application]] = {
    "WaitForNoise": wait_for_noise,
    "WaitForSilence": wait_for_silence,
    "WaitUntil": wait_until,
}
