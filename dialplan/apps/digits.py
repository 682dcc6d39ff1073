"""Applications that take an extension from the leg's keys: Background WaitExten (Asterisk main/pbx_builtins.c)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.apps.answer import seconds
from dialplan.apps.play import find_sounds
from dialplan.arguments import options, split
from dialplan.script import Application, Script
from dialplan.state import Location
from gateway.core.number import Match

__all__ = ["APPLICATIONS", "BETWEEN_DIGITS", "FIRST_DIGIT", "KEYS", "collect", "collected"]

KEYS: Final = "0123456789*#ABCD"
BETWEEN_DIGITS: Final = 5.0
"""Seconds that a caller has for the next digit (Asterisk's default of TIMEOUT(digit))."""
FIRST_DIGIT: Final = 10.0
"""Seconds that a caller has for the first digit (Asterisk's default of TIMEOUT(response))."""
_MOST_DIGITS: Final = 80
"""The longest extension; somebody leaning on the keys is not collected for ever."""


async def background(script: Script, arguments: str) -> None:
    """`Background(file[&file...][,options])`: play prompts; a key ends them and begins an extension.

    Options: `n` does not answer first, `s` plays nothing unless answered.
    """
    words = split(arguments, limit=4)
    chosen = options(words[1]) if len(words) > 1 else {}
    if "s" in chosen and not script.leg.answered:
        return
    if "n" not in chosen:
        await script.leg.answer()
    elif not script.leg.answered:
        script.leg.early_media()
    sounds, _ = find_sounds(script, words[0])
    digit = await script.leg.play(sounds, escape=KEYS)
    if digit:
        await collect(script, digit)


async def wait_exten(script: Script, arguments: str) -> None:
    """`WaitExten([seconds])`: wait for an extension of this context to be keyed.

    With no key at all the next priority runs, or, where there is none, the `t` extension.
    """
    timeout = seconds(split(arguments)[0], script.response_timeout or FIRST_DIGIT)
    digit = await script.leg.digit(timeout)
    if digit:
        await collect(script, digit)
        return
    here = script.location
    below = script.find(here.context, here.extension, here.priority + 1)
    if below is None:
        script.divert("t", "RESPONSETIMEOUT")


async def collected(script: Script, context: str, digits: str) -> str:
    """Take keys after `digits` until they are an extension of `context`, cannot become one, or none follows."""
    while script.match(digits, context) in (Match.PARTIAL, Match.EXTENDABLE) and len(digits) < _MOST_DIGITS:
        digit = await script.leg.digit(script.digit_timeout or BETWEEN_DIGITS)
        if not digit:
            break
        digits += digit
    return digits


async def collect(script: Script, digits: str) -> None:
    """Take the rest of an extension of this context, and go there, or to `i`."""
    digits = await collected(script, script.location.context, digits)
    script.leg.note(f"keyed {digits}")
    script.go_to(Location(script.location.context, digits, 1))


APPLICATIONS: Final[Mapping[str, Application]] = {
    "BackGround": background,
    "WaitExten": wait_exten,
}
