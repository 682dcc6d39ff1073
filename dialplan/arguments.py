"""The arguments of applications and functions, taken apart as Asterisk does (main/app.c, separate_args)."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["condition", "options", "split"]

_STRUCTURE: Final = frozenset('"\\()[]')
_OPENING: Final = {")": "(", "]": "["}
_INTEGER: Final = re.compile(r"\s*([+-]?[0-9]+)")


def split(text: str, delimiter: str = ",", limit: int = 0, *, raw: bool = False) -> list[str]:
    """Split `text` at delimiters outside quotes, parentheses and brackets.

    Args:
        limit: at most so many parts, the last with all that is left, as it stands; 0 is as many as there are.
        raw: keep quotes and backslashes; else they are taken out and a backslash makes what follows plain.
    """
    if _STRUCTURE.isdisjoint(text):
        return text.split(delimiter, limit - 1)
    parts: list[str] = []
    part: list[str] = []
    opened = {"(": 0, "[": 0}
    quoted = False
    at = 0
    while at < len(text):
        if limit and len(parts) == limit - 1:
            return [*parts, text[at:]]
        character = text[at]
        at += 1
        if character == "\\":
            part.append(text[at - raw : at + 1])
            at += 1
            continue
        if character == '"' and delimiter != '"':
            quoted = not quoted
            if not raw:
                continue
        elif character in opened:
            opened[character] += 1
        elif character in _OPENING:
            opened[_OPENING[character]] = max(0, opened[_OPENING[character]] - 1)
        elif character == delimiter and not quoted and not any(opened.values()):
            parts.append("".join(part))
            part.clear()
            continue
        part.append(character)
    parts.append("".join(part))
    return parts


def condition(text: str) -> bool:
    """Whether a condition holds: a number by not being 0, any other text by not being empty."""
    text = text.strip()
    if text.isascii() and text.isdecimal():
        return text.strip("0") != ""
    number = _INTEGER.match(text)
    return int(number[1]) != 0 if number else bool(text)


def options(text: str) -> dict[str, str]:
    """Option letters with the arguments in parentheses that some have: `gL(60000)` -> {"g": "", "L": "60000"}."""
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        letter = text[at]
        at += 1
        argument = ""
        if text[at : at + 1] == "(":
            end = _closing(text, at)
            argument = text[at + 1 : end]
            at = end + 1
        if not letter.isspace():
            found[letter] = argument
    return found


def _closing(text: str, opening: int) -> int:
    """Where the parenthesis at `opening` closes, or the end."""
    depth = 0
    for at in range(opening, len(text)):
        depth += (text[at] == "(") - (text[at] == ")")
        if not depth:
            return at
    return len(text)
