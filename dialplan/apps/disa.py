"""DISA: a caller from outside gets the office's own dial tone, behind a password (Asterisk apps/app_disa.c)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final

from dialplan.apps.digits import BETWEEN_DIGITS, FIRST_DIGIT, collected
from dialplan.apps.play import find_sounds
from dialplan.arguments import options, split
from dialplan.script import Application, Script
from dialplan.state import Location
from dialplan.substitution import ScriptError
from gateway.core.cause import Cause
from gateway.core.ending import Act
from gateway.core.number import Match

__all__ = ["APPLICATIONS"]

_LONGEST: Final = 40
"""Keys of a password."""


async def disa(script: Script, arguments: str) -> None:
    """`DISA(password|no-password[,context[,caller[,,options]]])`: dial tone for who keys the password and `#`.

    What is keyed then is dialled in the context (`disa` where none is written), shown as from that caller. A wrong
    password or number ends the call, as one does who keys nothing. Options: `n` do not answer, `p` # ends the
    number. Passwords are those of the dialplan alone; files of them are not read.
    """
    words = [*(word.strip() for word in split(arguments)), *[""] * 5]
    password, context, caller, chosen = words[0], words[1] or "disa", words[2], options(words[4])
    if not password:
        raise ScriptError("DISA wants a password, or no-password")
    if "n" not in chosen:
        await script.leg.answer()
    else:
        script.leg.early_media()
    script.leg.audio.play(script.switch.sounds.tone("dial"))
    if password != "no-password":
        given = await _password(script)
        if not hmac.compare_digest(password.encode(), given.encode()):
            await _refuse(script, Cause.CALL_REJECTED, "a wrong password for DISA")
        script.leg.audio.play(script.switch.sounds.tone("dial"))
    digit = await script.leg.digit(script.response_timeout or FIRST_DIGIT)
    script.leg.audio.stop()
    number = await collected(script, context, digit, "#" if "p" in chosen else "") if digit else ""
    if script.match(number, context) not in (Match.COMPLETE, Match.EXTENDABLE):
        await _refuse(script, Cause.UNALLOCATED_NUMBER, f"DISA: {number or 'nothing'} is no number of {context}")
    if caller:
        script.write("CALLERID", "all", caller)
    script.go_to(Location(context, number, 1))


async def _password(script: Script) -> str:
    digits = ""
    key = await script.leg.digit(script.response_timeout or FIRST_DIGIT)
    script.leg.audio.stop()
    while key and key != "#" and len(digits) < _LONGEST:
        digits += key
        key = await script.leg.digit(script.digit_timeout or BETWEEN_DIGITS)
    return digits


async def _refuse(script: Script, cause: Cause, evidence: str) -> None:
    script.leg.audio.stop()
    await script.leg.play(find_sounds(script, "invalid")[0])
    raise script.hang_up(script.ending(cause, Act.REFUSED, evidence))


APPLICATIONS: Final[Mapping[str, Application]] = {"DISA": disa}
