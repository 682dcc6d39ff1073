"""Who diverted a call on its way, as the variables of its leg tell it (RFC 5806, RFC 7044, Q.952).

The latest has variables of its own, which a dialplan reads and sets, and whom the call was for first has one; those
between are kept in one more, with the reason and the wish for privacy of each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from typing import Final
from urllib.parse import quote, unquote

from gateway.core.carried import DIVERTED_BEFORE, DIVERTED_BY, DIVERTED_FIRST, DIVERTED_FOR, DIVERTED_HIDDEN
from gateway.core.frozen import frozen

__all__ = ["MAX_DIVERSIONS", "UNKNOWN", "Diversion", "diversions_of", "set_diversions"]

MAX_DIVERSIONS: Final = 20
"""Diversions of one call that are looked at: one that was diverted more often is a loop."""
UNKNOWN: Final = "unknown"
"""The reason that nobody has told."""
_HIDDEN: Final = "hidden"


@frozen
class Diversion:
    """One that has sent a call elsewhere.

    Attributes:
        number: whom the call was for until then.
        reason: why it went on, in the words of RFC 5806 section 4.
        hidden: whether that must not be shown.
    """

    number: str
    reason: str = UNKNOWN
    hidden: bool = False


def diversions_of(variables: Mapping[str, str]) -> list[Diversion]:
    """The diversions of a call, the latest first; none where it was not diverted."""
    number = variables.get(DIVERTED_BY, "")
    if not number:
        return []
    hidden = bool(variables.get(DIVERTED_HIDDEN))
    found = [Diversion(number, variables.get(DIVERTED_FOR) or UNKNOWN, hidden)]
    for entry in (variables.get(DIVERTED_BEFORE) or "").split(",")[: MAX_DIVERSIONS - 1]:
        who, reason, *marks = [unquote(part) for part in entry.split(";")] if ";" in entry else ("", "")
        if who:
            found.append(Diversion(who, reason or UNKNOWN, _HIDDEN in marks))
    first = variables.get(DIVERTED_FIRST, "")
    if first and all(one.number != first for one in found):
        found.append(Diversion(first, hidden=hidden))  # a dialplan has said so
    return found


def set_diversions(variables: MutableMapping[str, str], diversions: Iterable[Diversion]) -> None:
    """Write `diversions`, those with a number, the latest first, in the place of those that `variables` told."""
    for name in (DIVERTED_BY, DIVERTED_FOR, DIVERTED_HIDDEN, DIVERTED_FIRST, DIVERTED_BEFORE):
        variables.pop(name, None)
    last, *before = [one for one in diversions if one.number][:MAX_DIVERSIONS] or [Diversion("")]
    if not last.number:
        return
    variables.update({DIVERTED_BY: last.number, DIVERTED_FOR: last.reason})
    if last.hidden:
        variables[DIVERTED_HIDDEN] = "yes"
    if before:
        variables[DIVERTED_BEFORE] = ",".join(_entry(one) for one in before)
        if before[-1].number != last.number:
            variables[DIVERTED_FIRST] = before[-1].number


def _entry(one: Diversion) -> str:
    hidden = f";{_HIDDEN}" if one.hidden else ""
    return f"{quote(one.number, safe='+*#')};{quote(one.reason, safe='')}{hidden}"
