"""Time conditions of the dialplan: `times,weekdays,days,months[,zone]`, as in `include` and GotoIfTime.

In goes the text, out comes a Timing that says whether a moment lies within. Ranges wrap (`22:00-06:00`,
`sat-mon`, `28-3`, `nov-feb`), `&` joins several, `*` is any. Both ends of a range count, to the full minute.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

__all__ = ["Timing", "TimingError"]

_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ANY: Final = ("", "*")

_Ranges = tuple[tuple[int, int], ...]


class TimingError(ValueError):
    """A time condition that cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Timing:
    """When something holds.

    Attributes:
        text: as written.
        minutes, weekdays, days, months: ranges of minutes of the day, days (Sunday 0), days of the month and
            months (January 1); empty means any.
        zone: the time zone in which to look, or None for the office's.
    """

    text: str
    minutes: _Ranges
    weekdays: _Ranges
    days: _Ranges
    months: _Ranges
    zone: ZoneInfo | None

    @classmethod
    def parse(cls, text: str) -> Timing:
        """Read a time condition; fields left off mean any.

        Raises:
            TimingError: a field cannot be read, or there are too many.
        """
        fields = [field.strip() for field in text.replace("|", ",").split(",")]
        if len(fields) > 5:
            raise TimingError(f"time condition {text!r} has more than 5 fields")
        fields += ["*"] * (5 - len(fields))
        return cls(
            text,
            _ranges(fields[0], _minute),
            _ranges(fields[1], lambda word: _named(word, _DAYS, "weekday")),
            _ranges(fields[2], _day),
            _ranges(fields[3], lambda word: _named(word, _MONTHS, "month") + 1),
            None if fields[4] in _ANY else _zone(fields[4]),
        )

    def holds(self, when: datetime) -> bool:
        """Whether `when` lies within."""
        if self.zone is not None:
            when = when.astimezone(self.zone)
        return (
            _within(when.hour * 60 + when.minute, self.minutes)
            and _within(when.isoweekday() % 7, self.weekdays)
            and _within(when.day, self.days)
            and _within(when.month, self.months)
        )


def _within(value: int, ranges: _Ranges) -> bool:
    return not ranges or any(
        first <= value <= last if first <= last else value >= first or value <= last for first, last in ranges
    )


def _ranges(text: str, read: Callable[[str], int]) -> _Ranges:
    if text in _ANY:
        return ()
    found = []
    for part in text.split("&"):
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        start = read(first)
        found.append((start, read(last) if dash else start))
    return tuple(found)


def _minute(word: str) -> int:
    hour, colon, minute = word.partition(":")
    if not (colon and hour.isdecimal() and minute.isdecimal() and int(hour) < 24 and int(minute) < 60):
        raise TimingError(f"{word!r} is no time of day (HH:MM)")
    return int(hour) * 60 + int(minute)


def _day(word: str) -> int:
    if not (word.isdecimal() and 1 <= int(word) <= 31):
        raise TimingError(f"{word!r} is no day of a month (1-31)")
    return int(word)


def _named(word: str, names: Sequence[str], kind: str) -> int:
    # The first three letters of a name count; a number counts from 1, Sunday and January.
    if word.isascii() and word.isdecimal() and 1 <= int(word[:4]) <= len(names):
        return int(word) - 1
    short = word[:3].lower()
    if len(word) < 3 or short not in names:
        raise TimingError(f"{word!r} is no {kind} ({' '.join(names)}, or 1-{len(names)})")
    return names.index(short)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as fault:
        raise TimingError(f"{name!r} is no time zone") from fault
