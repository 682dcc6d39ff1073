"""The lexical rules that SIP header fields share (RFC 3261 section 25.1): tokens, quoted strings, lists, numbers.

Text of one unfolded header value enters, its pieces leave; what breaks a rule raises MalformedError. Bytes that
are not UTF-8 travel as surrogate escapes, so that what was received can be sent on unchanged. Every pattern here
is possessive: no input makes it go over the same text twice.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.core.errors import MalformedError

__all__ = ["BLANKS", "HOST", "QUOTED", "TOKEN", "is_token", "number", "quote", "split_list", "unquote"]

BLANKS: Final = " \t"
"""Linear white space, once a value is unfolded."""

TOKEN: Final = r"[A-Za-z0-9\-.!%*_+`'~]++"
QUOTED: Final = r'"(?:[^"\\]++|\\.)*+"'
HOST: Final = r"(?:\[[0-9A-Fa-f:.]++\]|[A-Za-z0-9._\-]++)"
"""Host of a URI or a Via. The underscore is in no RFC and in many offices' host names."""

_TOKEN: Final = re.compile(TOKEN)
_LIST_PIECE: Final = re.compile(rf'{QUOTED}|<[^>]*+>|[^,"<]++', re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_UNQUOTABLE: Final = re.compile(r"[\x00-\x1f\x7f]")


_LONGEST_NUMBER: Final = 19
"""Digits beyond which no number of SIP goes: those of 2**63."""
_NUMBER: Final = re.compile(rf"[0-9]{{1,{_LONGEST_NUMBER}}}")


def is_token(text: str) -> bool:
    """Whether `text` is a token, as methods, header names and option tags must be."""
    return _TOKEN.fullmatch(text) is not None


def quote(text: str) -> str:
    """`text` as a quoted string; control characters, which no peer shows, become spaces."""
    escaped = _UNQUOTABLE.sub(" ", text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def unquote(text: str) -> str:
    """What the quoted string `text` stands for; other text is returned as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    inner = text[1:-1]
    return _ESCAPED.sub(r"\1", inner) if "\\" in inner else inner


def split_list(value: str) -> list[str]:
    """The elements of a comma-separated header value, stripped; commas in quotes and in <> do not separate.

    Raises:
        MalformedError: a quote or an angle bracket is not closed.
    """
    if "," not in value:
        return [value.strip(BLANKS)]
    if '"' not in value and "<" not in value:
        return [element.strip(BLANKS) for element in value.split(",")]
    elements: list[str] = []
    start = at = 0
    while at < len(value):
        if value[at] == ",":
            elements.append(value[start:at].strip(BLANKS))
            start = at = at + 1
            continue
        piece = _LIST_PIECE.match(value, at)
        if piece is None:
            what = "quoted string" if value[at] == '"' else "angle bracket"
            raise MalformedError(f"a {what} is not closed")
        at = piece.end()
    elements.append(value[start:].strip(BLANKS))
    return elements


def number(text: str, what: str, highest: int) -> int:
    """The decimal number `text`, 0..highest.

    Raises:
        MalformedError: it is not a number or too large; the text names `what`.
    """
    if _NUMBER.fullmatch(text) is None:
        text = text.strip(BLANKS)
        if not (text.isascii() and text.isdigit()):
            raise MalformedError(f"{what} is not a number")
        text = text.lstrip("0") or "0"
        # int() of thousands of digits is quadratic, and refused by Python above 4300.
        if len(text) > _LONGEST_NUMBER:
            raise MalformedError(f"{what} is larger than {highest}")
    value = int(text)
    if value > highest:
        raise MalformedError(f"{what} is larger than {highest}")
    return value
