"""POSIX extended regular expressions of scripts (POSIX.1 XBD 9.4), matched in bounded time.

What differs from Python's own: of several ways to match the longest counts, a backslash in brackets is a
character like others, a backslash before a letter without a meaning is that letter, `$` is the very end, and there
are no lazy repetitions or groups with a question mark. A careless expression such as `^(a+)+$` can take a lifetime
on forty letters of a caller's choice, and all calls would stand still meanwhile; here it gives up.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import regex

__all__ = ["RegularError", "group_count", "search"]

PATIENCE: Final = 0.05
"""Seconds for one search: honest ones take microseconds."""
_GROUPS_DEEP: Final = 50
_KEPT: Final = 256
"""Expressions of which the compiled form is kept."""

_CLASSES: Final = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": " \\t",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": "\\s",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}
_ESCAPES: Final = {"<": "\\m", ">": "\\M", "`": "\\A", "'": "\\Z"} | {c: f"\\{c}" for c in "wWsSbB123456789"}
"""What the C library knows after a backslash; any other character stands for itself."""
_INTERVAL: Final = regex.compile(r"\{(\d{0,5})(?:(,)(\d{0,5}))?\}")


class RegularError(ValueError):
    """An expression that cannot be matched; the text says why."""


def search(pattern: str, text: str) -> regex.Match[str] | None:
    """Where `pattern` is found in `text` first; None where it is not.

    Raises:
        RegularError: it is no regular expression, or takes too long.
    """
    try:
        return _compile(pattern).search(text, timeout=PATIENCE)
    except TimeoutError as fault:
        raise RegularError(
            f"the regular expression {pattern[:60]!r} takes too long; write it without repetitions in repetitions"
        ) from fault


def group_count(pattern: str) -> int:
    """How many groups in parentheses `pattern` has; raises as `search`."""
    return int(_compile(pattern).groups)


@lru_cache(maxsize=_KEPT)
def _compile(pattern: str) -> regex.Pattern[str]:
    try:
        return regex.compile(_Translation(pattern).result(), regex.DOTALL | regex.POSIX)
    except (regex.error, RegularError) as fault:
        raise RegularError(f"{pattern[:60]!r} is no regular expression: {fault}") from fault


class _Translation:
    """An expression put into the words of the `regex` package, one atom after the other."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._open: list[list[str]] = [[]]
        """The atoms of each group that is open, the outermost first."""

    def result(self) -> str:
        """The whole of it.

        Raises:
            RegularError: it is none.
        """
        while self._at < len(self._pattern):
            character = self._pattern[self._at]
            self._at += 1
            step = _STEPS.get(character)
            if step is None:
                self._open[-1].append(regex.escape(character))
            else:
                step(self, character)
        if len(self._open) > 1:
            raise RegularError("'(' without ')'")
        return "".join(self._open[0])

    def plain(self, character: str) -> None:
        """What means the same on both sides."""
        self._open[-1].append(character)

    def end(self, character: str) -> None:
        """The very end, not the place before a last line break."""
        self._open[-1].append("\\Z")

    def opening(self, character: str) -> None:
        """A group begins."""
        if len(self._open) > _GROUPS_DEEP:
            raise RegularError(f"groups nest deeper than {_GROUPS_DEEP}")
        self._open.append([])

    def closing(self, character: str) -> None:
        """A group ends; without one the character stands for itself."""
        if len(self._open) == 1:
            self._open[-1].append("\\)")
            return
        inner = "".join(self._open.pop())
        self._open[-1].append(f"({inner})")

    def repetition(self, character: str) -> None:
        """The atom before is there several times, or never."""
        if not self._open[-1] or self._open[-1][-1] in ("|", "^"):
            raise RegularError(f"nothing before {character!r}")
        times = character
        if character == "{":
            found = _INTERVAL.match(self._pattern, self._at - 1)
            if found is None or not (found[1] or found[2]):
                raise RegularError("'{' wants {n}, {n,} or {n,m}")
            self._at = found.end()
            times = f"{{{found[1] or 0}{found[2] or ''}{found[3] or ''}}}"
        self._open[-1].append(f"(?:{self._open[-1].pop()}){times}")

    def escape(self, character: str) -> None:
        """A backslash."""
        if self._at == len(self._pattern):
            raise RegularError("it ends in a backslash")
        following = self._pattern[self._at]
        self._at += 1
        self._open[-1].append(_ESCAPES.get(following) or regex.escape(following))

    def brackets(self, character: str) -> None:
        """A set of characters; `]` counts as one where it comes first, and a backslash anywhere."""
        pattern, found = self._pattern, ["["]
        if pattern[self._at : self._at + 1] == "^":
            found.append("^")
            self._at += 1
        first = self._at
        while True:
            following = pattern[self._at : self._at + 1]
            if not following:
                raise RegularError("'[' without ']'")
            if following == "]" and self._at > first:
                self._at += 1
                break
            found.append(self._member(following))
        self._open[-1].append("".join([*found, "]"]))

    def _member(self, character: str) -> str:
        """A character, a range's dash, or a class such as `[:digit:]`, in brackets."""
        pattern, kind = self._pattern, self._pattern[self._at + 1 : self._at + 2]
        if character == "[" and kind and kind in ":=.":
            end = pattern.find(f"{kind}]", self._at + 2)
            name = pattern[self._at + 2 : end]
            if end < 0 or (kind == ":" and name not in _CLASSES) or (kind != ":" and len(name) != 1):
                raise RegularError(f"no class {pattern[self._at : self._at + 20]!r}")
            self._at = end + 2
            return _CLASSES[name] if kind == ":" else regex.escape(name)
        self._at += 1
        dash = character == "-" and pattern[self._at : self._at + 1] != "]" and pattern[self._at - 2] not in "[^"
        return "-" if dash else f"\\x{ord(character):02x}" if ord(character) < 0x80 else regex.escape(character)


_STEPS: Final = {
    "$": _Translation.end,
    "(": _Translation.opening,
    ")": _Translation.closing,
    "*": _Translation.repetition,
    "+": _Translation.repetition,
    ".": _Translation.plain,
    "?": _Translation.repetition,
    "[": _Translation.brackets,
    "\\": _Translation.escape,
    "^": _Translation.plain,
    "{": _Translation.repetition,
    "|": _Translation.plain,
}
"""What each character that means something does."""
