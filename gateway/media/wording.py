"""Numbers, letters and times as the names of the prompts that say them, in English order.

Names are those of Asterisk's sound packages (say.c, core-sounds-en.txt), so that recorded voices serve as well as
ours. Nothing is looked up here: names come out whether or not such a prompt exists.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from types import MappingProxyType
from typing import Final

__all__ = ["clock", "number", "spelling"]

_LARGEST: Final = 10**12
"""From here on a number is said digit by digit."""

_SIGNS: Final = MappingProxyType(
    {
        "*": "digits/star",
        "#": "digits/pound",
        "+": "letters/plus",
        ".": "letters/dot",
        "-": "letters/dash",
        "/": "letters/slash",
        "@": "letters/at",
        "=": "letters/equals",
        "!": "letters/exclaimation-point",
        "$": "letters/dollar",
        " ": "letters/space",
    }
)


def spelling(text: str) -> list[str]:
    """Digits, letters and signs one by one; what has no prompt is passed over."""
    names = []
    for sign in text.lower():
        if sign in "0123456789":
            names.append(f"digits/{sign}")
        elif "a" <= sign <= "z":
            names.append(f"letters/{sign}")
        elif sign in _SIGNS:
            names.append(_SIGNS[sign])
    return names


def number(value: int) -> list[str]:
    """A whole number: 1234 is one thousand two hundred thirty four."""
    if abs(value) >= _LARGEST:
        return (["digits/minus"] if value < 0 else []) + spelling(str(abs(value)))
    if value < 0:
        return ["digits/minus", *number(-value)]
    if value == 0:
        return ["digits/0"]
    names: list[str] = []
    for scale, word in ((10**9, "digits/billion"), (10**6, "digits/million"), (1000, "digits/thousand"), (1, "")):
        below = value // scale % 1000
        if below:
            names += [*_below_thousand(below), *([word] if word else [])]
    return names


def clock(when: datetime) -> list[str]:
    """The time of day to the second, by twelve hours: three oh seven p.m. and twelve seconds."""
    names = number(when.hour % 12 or 12)
    if when.minute == 0:
        names.append("digits/oclock")
    elif when.minute < 10:
        names += ["digits/oh", *number(when.minute)]
    else:
        names += number(when.minute)
    names.append("digits/a-m" if when.hour < 12 else "digits/p-m")
    return [*names, "vm-and", *number(when.second), "seconds"]


def _below_thousand(value: int) -> Iterator[str]:
    if value >= 100:
        yield f"digits/{value // 100}"
        yield "digits/hundred"
    rest = value % 100
    if rest > 20:
        yield f"digits/{rest // 10 * 10}"
        rest %= 10
    if rest:
        yield f"digits/{rest}"
