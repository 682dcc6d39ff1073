"""Applications that take an extension from the leg's keys: Background WaitExten (Asterisk main/pbx_builtins.c)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.apps.answer import seconds
from dialplan.apps.play import find_sounds
from dialplan.arguments import options, split
from dialplan.script import Application, Script
from dialplan.state import Location
from gateway.core.audio import Sound
from gateway.core.number import Match

__all__ = ["APPLICATIONS", "BETWEEN_DIGITS", "FIRST_DIGIT", "KEYS", "collect", "collected"]

KEYS: Final = "0123456789*#ABCD"
BETWEEN_DIGITS: Final = 5.0
"""Seconds that a caller has for the next digit (Asterisk's default of TIMEOUT(digit))."""
FIRST_DIGIT: Final = 10.0
"""Seconds that a caller has for the first digit (Asterisk's default of TIMEOUT(response))."""
_WHOLE: Final = (Match.COMPLETE, Match.EXTENDABLE)
_MOST_DIGITS: Final = 80
"""The longest extension; somebody leaning on the keys is not collected for ever."""


async def background(script: Script, arguments: str) -> None:
    """`Background(file[&file...][,options[,language[,context]]])`: play prompts; a key ends them and begins an
    extension. One of that key alone is looked for in the context first.

    Options: `n` does not answer first, `s` plays nothing unless answered, `m` only a key that is an extension by
    itself ends them, `p` none does.
    """
    words = [*(word.strip() for word in split(arguments, limit=4)), "", "", ""]
    chosen = options(words[1])
    context = words[3] or script.location.context
    if "s" in chosen and not script.leg.answered:
        return
    if "n" not in chosen:
        await script.leg.answer()
    elif not script.leg.answered:
        script.leg.early_media()
    sounds, _ = find_sounds(script, words[0], words[2])
    alone = "".join(key for key in KEYS if script.match(key, context) in _WHOLE) if "m" in chosen else KEYS
    digit = await script.leg.play(sounds, escape="" if "p" in chosen else alone)
    if digit and words[3] and script.match(digit, context) is Match.COMPLETE:
        script.go_to(Location(context, digit, 1))
    elif digit:
        await collect(script, digit)


async def wait_exten(script: Script, arguments: str) -> None:
    """`WaitExten([seconds[,options]])`: wait for an extension of this context to be keyed.

    With no key at all the next priority runs, or, where there is none, the `t` extension. Options: `m[(class)]`
    music until then, `d[(zone)]` dial tone.
    """
    words = [*split(arguments, limit=2), ""]
    timeout = seconds(words[0], script.response_timeout or FIRST_DIGIT)
    sound = _meanwhile(script, options(words[1]))
    if sound is not None:
        script.leg.audio.play(sound)
    digit = await script.leg.digit(timeout)
    if sound is not None:
        script.leg.audio.stop()
    if digit:
        await collect(script, digit)
        return
    here = script.location
    below = script.find(here.context, here.extension, here.priority + 1)
    if below is None:
        script.divert("t", "RESPONSETIMEOUT")


def _meanwhile(script: Script, chosen: Mapping[str, str]) -> Sound | None:
    if "m" in chosen:
        return script.switch.sounds.music(chosen["m"] or "default")
    return script.switch.sounds.tone("dial", chosen["d"] or None) if "d" in chosen else None


async def collected(script: Script, context: str, digits: str, ends: str = "") -> str:
    """Take keys after `digits` until they are an extension of `context`, cannot become one, or none follows.

    What is no extension may be a PIN, and is not told.

    Args:
        ends: the key that ends them as well, and is none of them.
    """
    if digits == ends:
        return ""
    while script.match(digits, context) in (Match.PARTIAL, Match.EXTENDABLE) and len(digits) < _MOST_DIGITS:
        digit = await script.leg.digit(script.digit_timeout or BETWEEN_DIGITS)
        if not digit or digit == ends:
            break
        digits += digit
    if script.match(digits, context) not in _WHOLE:
        script.keyed(digits)
    return digits


async def collect(script: Script, digits: str) -> None:
    """Take the rest of an extension of this context, and go there, or to `i`."""
    context = script.location.context
    digits = await collected(script, context, digits)
    script.note(f"keyed {digits}")
    script.go_to(Location(context, digits, 1))


APPLICATIONS: Final[Mapping[str, Application]] = {
    "BackGround": background,
    "WaitExten": wait_exten,
}
