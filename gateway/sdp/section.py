"""The lines of one section of a session description, and what is kept of those that come again (RFC 8866 5).

From call to call a telephone's descriptions differ in their o= and m= lines alone. What stands between those is
therefore read as a whole, and what was read of it is kept; likewise what is written. Nothing here knows what a line
means.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from gateway.core.cause import Cause
from gateway.core.errors import MalformedError

__all__ = ["Section", "checked", "lines_kept", "lines_of", "malformed", "number_of", "section_kept"]

MAX_NUMBER_DIGITS: Final = 20
"""Session ids are 64-bit (RFC 8866 5.2); longer digit strings only burn time in conversion."""
LONGEST_KEPT: Final = 1000
"""Characters of a section up to which what was read of it is kept."""
MOST_KEPT: Final = 512
"""Sections that are kept of a kind, in less than 3 MB."""

Key = TypeVar("Key")
Value = TypeVar("Value")


class Section:
    """The lines of one section, by letter.

    Raises:
        MalformedError: a letter is not among those allowed here, or stands twice where it may stand once.
    """

    def __init__(self, lines: list[tuple[str, str]], allowed: frozenset[str]) -> None:
        self._values: dict[str, list[str]] = {}
        for letter, value in lines:
            # RFC 8866 section 5: a description with a letter that is not understood is refused as a whole.
            if letter not in allowed:
                raise malformed(f"a line {letter}= where none belongs")
            self._values.setdefault(letter, []).append(value)

    def one(self, letter: str) -> str | None:
        """The value of a line that may stand once; None where it is not there."""
        values = self._values.get(letter, [])
        if len(values) > 1:
            raise malformed(f"more than one line {letter}=")
        return values[0] if values else None

    def all(self, letter: str) -> tuple[str, ...]:
        """The values of a line that may stand often."""
        return tuple(self._values.get(letter, ()))

    def map(self, letter: str, read: Callable[[str], Value]) -> tuple[Value, ...]:
        """The same, each of them read."""
        return tuple(read(value) for value in self._values.get(letter, ()))


def malformed(what: str) -> MalformedError:
    """The error of a description that breaks the grammar or a bound."""
    return MalformedError(f"session description: {what}", Cause.INVALID_MESSAGE)


def lines_of(text: str) -> list[tuple[str, str]]:
    """The lines of a section: their letters and values."""
    lines: list[tuple[str, str]] = []
    for row in text.split("\n"):
        line = checked(row)
        if line:  # an empty line after the last one is common and carries nothing
            lines.append((line[0], line[2:]))
    return lines


def checked(row: str) -> str:
    """A line without its end: empty, or of the form that all have."""
    line = row.removesuffix("\r")
    if line and (line[1:2] != "=" or not "a" <= line[0] <= "z"):
        raise malformed(f"not a line of type=value: {line[:40]!r}")
    if "\r" in line or "\0" in line:
        raise malformed(f"a control character in the line {line[:40]!r}")
    return line


def _is_of_many_calls(text: str) -> bool:
    """Whether what is read or written of a section may be kept.

    Keys (RFC 4568) and the fragments of ICE (RFC 8839) are of one call alone.
    """
    return len(text) <= LONGEST_KEPT and "a=crypto:" not in text and "a=ice-" not in text


class _Kept(dict[Key, Value]):
    """What was read or written of sections; the look-up of one that is there costs no call in Python.

    Where there are too many all give way, as in `gateway.core.repeated`.

    Args:
        make: reads or writes a section.
        text_of: its text, of what it was made of and what was made.
    """

    __slots__ = ("_make", "_text_of")

    def __init__(self, make: Callable[[Key], Value], text_of: Callable[[Key, Value], str]) -> None:
        super().__init__()
        self._make = make
        self._text_of = text_of

    def __missing__(self, key: Key) -> Value:
        value = self._make(key)
        if _is_of_many_calls(self._text_of(key, value)):
            if len(self) >= MOST_KEPT:
                self.clear()
            self[key] = value
        return value


def section_kept(read: Callable[[str], Value]) -> Callable[[str], Value]:
    """A reader of the lines between o= and m=, or after m=, that keeps what it read of the latest of them."""
    return _Kept(read, lambda text, _: text).__getitem__


def lines_kept(write: Callable[..., list[str]]) -> Callable[[tuple[object, ...]], str]:
    """A writer of such lines, of fields that can be hashed, that keeps the latest which it wrote."""

    def written(fields: tuple[object, ...]) -> str:
        return "".join([f"{line}\r\n" for line in write(*fields)])

    return _Kept(written, lambda _, text: text).__getitem__


def number_of(text: str, what: str) -> int:
    """A number of the grammar; `what` names it, should it be none."""
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_NUMBER_DIGITS):
        raise malformed(f"{what} is not a number: {text[:40]!r}")
    return int(text)
