"""Applications that answer, refuse or signal: Answer Busy Congestion Hangup Proceeding Progress Ringing Wait."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.causes import read_cause
from dialplan.script import Application, Script
from dialplan.substitution import ScriptError
from gateway.core.cause import Cause
from gateway.core.ending import Act

__all__ = ["APPLICATIONS", "seconds"]

_LONGEST: Final = 86400.0
"""A day; what asks for more is a slip of the pen."""


def seconds(text: str, default: float | None = None, *, unit: float = 1.0) -> float | None:
    """Read a number of seconds, or of `unit` seconds each; `default` where the text is empty.

    Raises:
        ScriptError: no number, or below 0.
    """
    if not text.strip():
        return default
    try:
        value = float(text)
    except ValueError as fault:
        raise ScriptError(f"{text[:40]!r} is no number of seconds") from fault
    if not value >= 0:
        raise ScriptError(f"{text[:40]!r} is no number of seconds")
    return min(value * unit, _LONGEST)


async def answer(script: Script, arguments: str) -> None:
    """`Answer([delay])`: answer the call; the delay is in milliseconds."""
    await script.leg.answer()
    delay = seconds(arguments.split(",")[0], unit=0.001)
    if delay:
        await script.leg.wait(delay)


async def hangup(script: Script, arguments: str) -> None:
    """`Hangup([cause])`: end the call, with a Q.850 cause by number or name.

    Without one, a caller whom nobody answered hears why the last attempt failed.
    """
    if not arguments.strip() and script.refusal is not None and not script.leg.answered:
        raise script.hang_up(script.refusal)
    cause = read_cause(arguments) if arguments.strip() else Cause.NORMAL_CLEARING
    act = Act.HUNG_UP if script.leg.answered else Act.REFUSED
    here = f"Hangup({arguments.strip()}) at {script.place.short}"
    raise script.hang_up(script.ending(cause, act, f"{script.unknown}, {here}" if script.unknown else here))


async def _refuse(script: Script, arguments: str, cause: Cause, tone: str) -> None:
    ending = script.ending(cause, Act.REFUSED, f"{tone} at {script.place.short}")
    if script.leg.answered:
        # An answered leg cannot be told by signalling any more: it hears the tone.
        length = seconds(arguments)
        sound = script.switch.sounds.tone(tone)
        if length is None:
            await script.leg.play([sound])
        else:
            script.leg.audio.play(sound)
            await script.leg.wait(length)
    raise script.hang_up(ending)


async def busy(script: Script, arguments: str) -> None:
    """`Busy([seconds])`: refuse the call as busy; an answered leg hears the tone so long, or until it hangs up."""
    await _refuse(script, arguments, Cause.USER_BUSY, "busy")


async def congestion(script: Script, arguments: str) -> None:
    """`Congestion([seconds])`: refuse the call as congestion does."""
    await _refuse(script, arguments, Cause.SWITCHING_EQUIPMENT_CONGESTION, "congestion")


async def proceeding(script: Script, arguments: str) -> None:
    """`Proceeding()`: tell the caller that the number is complete."""
    script.leg.proceed()


async def progress(script: Script, arguments: str) -> None:
    """`Progress()`: open the audio path before an answer."""
    script.leg.early_media()


async def ringing(script: Script, arguments: str) -> None:
    """`Ringing()`: let the caller hear ringback."""
    script.leg.ringing()


async def wait(script: Script, arguments: str) -> None:
    """`Wait(seconds)`: let time pass."""
    length = seconds(arguments.split(",")[0])
    if length is None:
        raise ScriptError("Wait wants seconds")
    await script.leg.wait(length)


APPLICATIONS: Final[Mapping[str, Application]] = {
    "Answer": answer,
    "Busy": busy,
    "Congestion": congestion,
    "Hangup": hangup,
    "Proceeding": proceeding,
    "Progress": progress,
    "Ringing": ringing,
    "Wait": wait,
}
