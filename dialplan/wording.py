"""A moment as the names of the prompts that say it, by a format of letters (Asterisk main/say.c, English).

    A a weekday    B b h month    d e day of the month    m month as a number    Y year
    I l hour of 12    H hour of 24 with "oh"    k hour of 24    M minute    N minute, "hundred" for none    S second
    p P a.m. or p.m.    R HM    T HMS    Q today, yesterday or ABdY    q "", yesterday, the weekday, or ABdY
    'name' that prompt; anything else is passed over

Names are those of Asterisk's sound packages; nothing is looked up here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final

__all__ = ["USUAL", "moment_words"]

USUAL: Final = "ABdY 'digits/at' IMp"
"""What is said where no format is given."""
_LONGEST: Final = 200
"""Letters of a format: nobody listens longer."""


def moment_words(when: datetime, form: str, now: datetime) -> list[str]:
    """The prompts that say `when`, where it is `now`; numbers come as `number:7`."""
    return list(_words(when, form[:_LONGEST], now))


def _words(when: datetime, form: str, now: datetime) -> Iterator[str]:
    at = 0
    while at < len(form):
        letter = form[at]
        at += 1
        if letter == "'":
            end = form.find("'", at)
            end = len(form) if end < 0 else end
            if form[at:end]:
                yield form[at:end]
            at = end + 1
        elif letter in "Qq":
            yield from _words(when, _relative(when, now, letter), now)
        elif letter in _SHORT:
            yield from _words(when, _SHORT[letter], now)
        elif letter in _LETTERS:
            yield from _LETTERS[letter](when)


def _relative(when: datetime, now: datetime, letter: str) -> str:
    """A day by how far it lies back."""
    days = (now.date() - when.date()).days
    if days == 0:
        return "'digits/today'" if letter == "Q" else ""
    if days == 1:
        return "'digits/yesterday'"
    return "A" if letter == "q" and 1 < days < 7 else "ABdY"


def _ordinal(value: int) -> Iterator[str]:
    """First to thirty-first."""
    tens, ones = value // 10 * 10, value % 10
    if value > 20 and ones:
        yield f"digits/{tens}"
        yield f"digits/h-{ones}"
    else:
        yield f"digits/h-{value}"


def _two(value: int, none: str) -> Iterator[str]:
    """A minute or second, with "oh" before a single digit."""
    if not value:
        yield none
    elif value < 10:
        yield "digits/oh"
        yield f"digits/{value}"
    else:
        yield f"number:{value}"


def _hour(when: datetime, oh: bool) -> Iterator[str]:
    if when.hour < 10 and (oh or not when.hour):
        yield "digits/oh"
    if when.hour:
        yield f"number:{when.hour}"


def _year(when: datetime) -> Iterator[str]:
    """1998 is nineteen ninety-eight, 2006 two thousand six."""
    if 1099 < when.year < 2000:
        yield f"number:{when.year // 100}"
        yield from _two(when.year % 100, "digits/hundred")
    else:
        yield f"number:{when.year}"


_SHORT: Final[Mapping[str, str]] = {"R": "HM", "T": "HMS"}
_LETTERS: Final[Mapping[str, Callable[[datetime], Iterator[str]]]] = {
    **dict.fromkeys("Aa", lambda when: iter([f"digits/day-{when.isoweekday() % 7}"])),
    **dict.fromkeys("Bbh", lambda when: iter([f"digits/mon-{when.month - 1}"])),
    **dict.fromkeys("de", lambda when: _ordinal(when.day)),
    "m": lambda when: _ordinal(when.month),
    "Y": _year,
    **dict.fromkeys("Il", lambda when: iter([f"number:{when.hour % 12 or 12}"])),
    "H": lambda when: _hour(when, True),
    "k": lambda when: _hour(when, False),
    "M": lambda when: _two(when.minute, "digits/oclock"),
    "N": lambda when: _two(when.minute, "digits/hundred"),
    "S": lambda when: _two(when.second, "number:0"),
    **dict.fromkeys("Pp", lambda when: iter(["digits/a-m" if when.hour < 12 else "digits/p-m"])),
}
