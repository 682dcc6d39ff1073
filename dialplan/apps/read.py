"""Applications that take keys into variables: Read ReadExten Authenticate WaitDigit Incomplete.

Asterisk apps/app_read.c, app_readexten.c, app_authenticate.c, app_waitdigit (main/pbx_builtins.c), app_senddtmf.c.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final

from dialplan.apps.answer import seconds
from dialplan.apps.digits import BETWEEN_DIGITS, FIRST_DIGIT, KEYS, collect, collected
from dialplan.apps.play import find_sounds
from dialplan.arguments import options, split
from dialplan.script import Application, Script
from dialplan.substitution import ScriptError
from gateway.core.audio import Sound
from gateway.core.cause import Cause
from gateway.core.ending import Act
from gateway.core.number import Match

__all__ = ["APPLICATIONS", "keyed"]

_LONGEST: Final = 255
"""Keys of one Read, as in Asterisk."""


async def keyed(
    script: Script, sounds: list[Sound], most: int, ends: str, timeout: float | None
) -> tuple[str, bool]:
    """Play, take keys up to one of `ends`, `most` of them or a time-out; the keys, and whether time ran out."""
    first = timeout or script.response_timeout or FIRST_DIGIT
    between = timeout or script.digit_timeout or BETWEEN_DIGITS
    digit = await script.leg.play(sounds, escape=KEYS) or await script.leg.digit(first)
    digits = ""
    while digit and digit not in ends:
        digits += digit
        if len(digits) >= most:
            break
        digit = await script.leg.digit(between)
    script.keyed(digits)
    return digits, not digit


async def read(script: Script, arguments: str) -> None:
    """`Read(variable[,file&file][,most][,options][,attempts][,timeout])`: keys into a variable, up to #.

    Options: `s` nothing unless answered, `n` do not answer, `i` the file is the name of a tone, `t(keys)` what ends
    it in place of #, `e` the ending key alone is kept where it comes first. READSTATUS says how it went.
    """
    words = [*(word.strip() for word in split(arguments)), "", "", "", "", "", ""]
    name, files, most_text, chosen = words[0], words[1], words[2], options(words[3])
    if not name:
        raise ScriptError("Read wants the name of a variable")
    script.assign(name, "")
    if "s" in chosen and not script.leg.answered:
        script.assign("READSTATUS", "SKIPPED")
        return
    if "n" not in chosen:
        await script.leg.answer()
    sounds = [script.switch.sounds.tone(files)] if "i" in chosen and files else find_sounds(script, files)[0]
    ends = chosen["t"] if "t" in chosen else "#"
    most = min(int(most_text), _LONGEST) if most_text.isdecimal() and int(most_text[:6]) else _LONGEST
    attempts = int(words[4][:3]) if words[4].isdecimal() else 1
    for _ in range(max(1, attempts)):
        digits, late = await keyed(script, sounds, most, ends, seconds(words[5]))
        script.assign(name, digits)
        script.assign("READSTATUS", "TIMEOUT" if late and not digits else "OK")
        if digits:
            return


async def read_extension(script: Script, arguments: str) -> None:
    """`ReadExten(variable[,file][,context][,options][,timeout])`: an extension of a context into a variable.

    The variable is `t` after a time-out and `i` for what is no extension (then in INVALID_EXTEN); READEXTENSTATUS
    says OK, TIMEOUT, INVALID or SKIP. Options: `s` `n` `i` as for Read, `p` # ends it.
    """
    words = [*(word.strip() for word in split(arguments)), "", "", "", "", ""]
    name, files, context, chosen = words[0], words[1], words[2] or script.location.context, options(words[3])
    if not name:
        raise ScriptError("ReadExten wants the name of a variable")
    if "s" in chosen and not script.leg.answered:
        script.assign(name, "")
        script.assign("READEXTENSTATUS", "SKIP")
        return
    if "n" not in chosen:
        await script.leg.answer()
    sounds = [script.switch.sounds.tone(files)] if "i" in chosen and files else find_sounds(script, files)[0]
    first = seconds(words[4]) or script.response_timeout or FIRST_DIGIT
    digit = await script.leg.play(sounds, escape=KEYS) or await script.leg.digit(first)
    digits = await collected(script, context, digit, "#" if "p" in chosen else "") if digit else ""
    if not digits:
        script.assign(name, "t")
        script.assign("READEXTENSTATUS", "TIMEOUT")
    elif script.match(digits, context) in (Match.COMPLETE, Match.EXTENDABLE):
        script.assign(name, digits)
        script.assign("READEXTENSTATUS", "OK")
    else:
        script.assign("INVALID_EXTEN", digits)
        script.assign(name, "i")
        script.assign("READEXTENSTATUS", "INVALID")


async def authenticate(script: Script, arguments: str) -> None:
    """`Authenticate(password[,options[,most[,file]]])`: ask for a password, three times; then goodbye.

    Options: `d` the password is a family of the database that holds each good one as a key, `r` take it out of
    there once used, `a` put it into CDR(accountcode).
    """
    words = [*(word.strip() for word in split(arguments)), "", "", ""]
    password, chosen = words[0], options(words[1])
    if not password:
        raise ScriptError("Authenticate wants a password")
    most = int(words[2][:3]) if words[2].isdecimal() and int(words[2][:3]) else _LONGEST
    await script.leg.answer()
    prompt = words[3] or "agent-pass"
    for _ in range(3):
        given, _late = await keyed(script, find_sounds(script, prompt)[0], most, "#", None)
        if _good(script, password, given, chosen):
            await script.leg.play(find_sounds(script, "auth-thankyou")[0])
            return
        prompt = "auth-incorrect"
    await script.leg.play(find_sounds(script, "vm-goodbye")[0])
    raise script.hang_up(script.ending(Cause.CALL_REJECTED, Act.REFUSED, "three wrong passwords for Authenticate"))


def _good(script: Script, password: str, given: str, chosen: Mapping[str, str]) -> bool:
    if "d" in chosen:
        path = f"{password.strip('/')}/{given}"
        good = bool(given) and script.shared.database.get(path) is not None
        if good and "r" in chosen:
            script.shared.database.delete(path)
    else:
        good = hmac.compare_digest(password.encode(), given.encode())
    if good and "a" in chosen:
        script.record.fields["accountcode"] = given
    return good


async def wait_digit(script: Script, arguments: str) -> None:
    """`WaitDigit([seconds[,keys]])`: wait for one of the keys; WAITDIGITSTATUS and WAITDIGITRESULT say which."""
    words = [*split(arguments), "", ""]
    wanted = words[1].strip() or KEYS
    key = await script.leg.digit(seconds(words[0], FIRST_DIGIT))
    while key and key not in wanted:
        key = await script.leg.digit(seconds(words[0], FIRST_DIGIT))
    script.assign("WAITDIGITSTATUS", "DTMF" if key else "TIMEOUT")
    script.assign("WAITDIGITRESULT", key)


async def incomplete(script: Script, arguments: str) -> None:
    """`Incomplete([n])`: the number needs more digits: take them where the caller can key some, else say so."""
    if script.leg.answered or "n" in arguments:
        digit = await script.leg.digit(script.digit_timeout or BETWEEN_DIGITS)
        if digit:
            await collect(script, script.location.extension + digit)
            return
    ending = script.ending(Cause.INVALID_NUMBER_FORMAT, Act.REFUSED, f"Incomplete() at {script.place.short}")
    raise script.hang_up(ending)


APPLICATIONS: Final[Mapping[str, Application]] = {
    "Authenticate": authenticate,
    "Incomplete": incomplete,
    "Read": read,
    "ReadExten": read_extension,
    "WaitDigit": wait_digit,
}
