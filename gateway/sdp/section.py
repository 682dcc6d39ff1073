"""The lines of one section of a session description, and what is kept of those that come again (RFC 8866 5).

What is read and written in call after call is kept, but for secrets. Nothing here knows what a line means.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from gateway.core.cause import Cause
from gateway.core.errors import MalformedError

__all__ = ["Section", "checked", "is_of_many_calls", "keep", "lines_kept", "lines_of", "malformed", "number_of"]

MAX_NUMBER_DIGITS: Final = 20
"""Session ids are 64-bit (RFC 8866 5.2); longer digit strings only burn time in conversion."""
LONGEST_KEPT: Final = 1500
"""Characters of a description up to which what was read of it is kept: those of audio and video have some 1200."""
MOST_KEPT: Final = 512
"""Descriptions of which that is kept, in less than 5 MB."""

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


def is_of_many_calls(text: str) -> bool:
    """Whether what is read or written of a text may be kept.

    Keys (RFC 4568) and the fragments of ICE (RFC 8839) are of one call alone.
    """
    return len(text) <= LONGEST_KEPT and "a=crypto:" not in text and "a=ice-" not in text


def keep(kept: dict[Key, Value], key: Key, value: Value) -> None:
    """Keep what was read or written; where there is too much all gives way, as in `gateway.core.repeated`."""
    if len(kept) >= MOST_KEPT:
        kept.clear()
    kept[key] = value


def lines_kept(write: Callable[..., list[str]]) -> Callable[[tuple[object, ...]], str]:
    """A writer of such lines, of fields that can be hashed, that keeps the latest which it wrote."""
    kept: dict[tuple[object, ...], str] = {}

    def written(fields: tuple[object, ...]) -> str:
        text = kept.get(fields)
        if text is None:
            text = "".join([f"{line}\r\n" for line in write(*fields)])
            if is_of_many_calls(text):
                keep(kept, fields, text)
        return text

    return written


def number_of(text: str, what: str) -> int:
    """A number of the grammar; `what` names it, should it be none."""
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_NUMBER_DIGITS):
        raise malformed(f"{what} is not a number: {text[:40]!r}")
    return int(text)
