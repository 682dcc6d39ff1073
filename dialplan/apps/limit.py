"""The longest talk of a Dial, and who is warned of its end: options `L` and `S` (Asterisk main/features.c).

The variables LIMIT_PLAYAUDIO_CALLER (yes), LIMIT_PLAYAUDIO_CALLEE (no) say who hears something, LIMIT_WARNING_FILE
what is heard as a warning (without that, how much time is left), LIMIT_CONNECT_FILE what as the talk begins, and
LIMIT_TIMEOUT_FILE what as its time is up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from dialplan.apps.answer import seconds
from dialplan.apps.play import find_sounds
from dialplan.script import Script
from gateway.core.audio import Sound
from gateway.core.feature import TalkLimit

__all__ = ["read_limit"]

_MOST_WARNINGS: Final = 20
_YES: Final = frozenset({"yes", "true", "y", "t", "1", "on"})


def read_limit(script: Script, chosen: Mapping[str, str]) -> TalkLimit | None:
    """The limit that Dial's options set; None where they set none."""
    if "L" not in chosen and "S" not in chosen:
        return None
    longest, first, every = [seconds(word, unit=0.001) for word in [*chosen.get("L", "").split(":"), "", ""][:3]]
    found = [limit for limit in (longest, seconds(chosen.get("S", ""))) if limit]
    if not found:
        return None
    limit = min(found)
    warnings = [*_warnings(limit, first, every)]
    if script.variable("LIMIT_CONNECT_FILE"):
        warnings.insert(0, limit)
    if script.variable("LIMIT_TIMEOUT_FILE"):
        warnings.append(0.0)
    return TalkLimit(
        limit,
        tuple(warnings),
        _heard(script, limit, warnings, "LIMIT_PLAYAUDIO_CALLER", "yes"),
        _heard(script, limit, warnings, "LIMIT_PLAYAUDIO_CALLEE", "no"),
    )


def _warnings(limit: float, first: float | None, every: float | None) -> Sequence[float]:
    """When to warn, as seconds before the end."""
    if not first or first >= limit:
        return ()
    found = [first]
    while every and every >= 1 and found[-1] - every > 0 and len(found) < _MOST_WARNINGS:
        found.append(found[-1] - every)
    return tuple(found)


def _heard(
    script: Script, limit: float, warnings: Sequence[float], variable: str, default: str
) -> Mapping[float, Sequence[Sound]]:
    """What one side hears at each warning."""
    if (script.variable(variable) or default).strip().lower() not in _YES:
        return {}
    files = {limit: "LIMIT_CONNECT_FILE", 0.0: "LIMIT_TIMEOUT_FILE"}
    found = {left: script.variable(files.get(left, "LIMIT_WARNING_FILE")) for left in warnings}
    return {
        left: find_sounds(script, file)[0] if file else _time_left(script, left) for left, file in found.items()
    }


def _time_left(script: Script, left: float) -> Sequence[Sound]:
    sounds = script.switch.sounds
    minutes, rest = divmod(round(left), 60)
    found = [sounds.prompt("vm-youhave", script.language)]
    if minutes:
        found += [*sounds.number(minutes, script.language), sounds.prompt("queue-minutes", script.language)]
    if rest or not minutes:
        found += [*sounds.number(rest, script.language), sounds.prompt("queue-seconds", script.language)]
    return [sound for sound in found if sound is not None] or [sounds.tone("callwaiting")]
