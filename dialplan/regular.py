"""POSIX regular expressions of scripts, matched in bounded time.

A careless expression such as `^(a+)+$` can take a lifetime on forty letters of a caller's choice, and all calls
would stand still meanwhile; here it gives up.
"""

from __future__ import annotations

from typing import Final

import regex

__all__ = ["RegularError", "group_count", "search"]

PATIENCE: Final = 0.05
"""Seconds for one search: honest ones take microseconds."""

_POSIX_CLASSES: Final = {
    "[:alnum:]": "a-zA-Z0-9",
    "[:alpha:]": "a-zA-Z",
    "[:blank:]": " \\t",
    "[:digit:]": "0-9",
    "[:lower:]": "a-z",
    "[:punct:]": "!-/:-@\\[-`{-~",
    "[:space:]": "\\s",
    "[:upper:]": "A-Z",
    "[:xdigit:]": "0-9A-Fa-f",
}


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


def _compile(pattern: str) -> regex.Pattern[str]:
    for name, characters in _POSIX_CLASSES.items():
        pattern = pattern.replace(name, characters)
    try:
        return regex.compile(pattern, regex.DOTALL)
    except regex.error as fault:
        raise RegularError(f"{pattern[:60]!r} is no regular expression: {fault}") from fault
