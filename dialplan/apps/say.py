"""Applications that speak numbers and times: SayDigits SayNumber SayAlpha SayPhonetic SayUnixTime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from dialplan.apps.digits import KEYS
from dialplan.arguments import split
from dialplan.functions.clock import moment
from dialplan.script import Application, Script
from dialplan.state import Location
from dialplan.substitution import ScriptError
from dialplan.wording import USUAL, moment_words
from gateway.core.audio import Sound

__all__ = ["APPLICATIONS"]

_MOST: Final = 10**15
"""Larger numbers have no words in the prompts."""


async def _speak(script: Script, sounds: Sequence[Sound]) -> None:
    if not script.leg.answered:
        script.leg.early_media()
    await script.leg.play(sounds)


async def say_digits(script: Script, arguments: str) -> None:
    """`SayDigits(digits)`: say digits one by one."""
    await _speak(script, script.switch.sounds.spell(split(arguments)[0].strip(), script.language))


async def say_number(script: Script, arguments: str) -> None:
    """`SayNumber(number)`: say a whole number."""
    text = split(arguments)[0].strip()
    try:
        number = int(text)
    except ValueError as fault:
        raise ScriptError(f"SayNumber: {text[:40]!r} is no whole number") from fault
    if abs(number) >= _MOST:
        raise ScriptError(f"SayNumber: {text[:40]} is too large to say")
    await _speak(script, script.switch.sounds.number(number, script.language))


async def say_unix_time(script: Script, arguments: str) -> None:
    """`SayUnixTime([seconds[,zone[,format[,options]]]])`: say a date and time, of now where none is given.

    The format's letters are those of Asterisk's voicemail.conf: `A` weekday, `B` month, `d` day, `Y` year, `I` and
    `H` hour of 12 and of 24, `M` minute, `S` second, `p` a.m. or p.m., `Q` and `q` today or the day, `R` HM, `T`
    HMS, `'name'` a prompt; without one, `ABdY 'digits/at' IMp`. Option `j`: a key goes to that extension.
    """
    epoch, zone, form, chosen, *_ = [*split(arguments, limit=4), "", "", ""]
    when = moment(script, epoch, zone)
    sounds: list[Sound] = []
    for word in moment_words(when, form.strip() or USUAL, script.switch.now().astimezone(when.tzinfo)):
        kind, colon, number = word.partition(":")
        if colon and kind == "number":
            sounds += script.switch.sounds.number(int(number), script.language)
        else:
            found = script.switch.sounds.prompt(word, script.language)
            sounds += [found] if found is not None else []
    if not script.leg.answered:
        script.leg.early_media()
    key = await script.leg.play(sounds, escape=KEYS if "j" in chosen else "")
    if key:
        script.go_to(Location(script.location.context, key, 1))


async def say_phonetic(script: Script, arguments: str) -> None:
    """`SayPhonetic(text)`: say letters by the words that stand for them; what has no word is spelt."""
    sounds: list[Sound] = []
    for character in split(arguments)[0].strip():
        word = script.switch.sounds.prompt(f"phonetic/{character.lower()}_p", script.language)
        sounds += (
            [word]
            if word is not None and character.isalpha()
            else script.switch.sounds.spell(character, script.language)
        )
    await _speak(script, sounds)


APPLICATIONS: Final[Mapping[str, Application]] = {
    "SayAlpha": say_digits,
    "DateTime": say_unix_time,
    "SayDigits": say_digits,
    "SayNumber": say_number,
    "SayPhonetic": say_phonetic,
    "SayUnixTime": say_unix_time,
}
