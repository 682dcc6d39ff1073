"""The Warning header: what a refusal means beyond its status (RFC 3261 20.43), for the caller and for people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from gateway.core.errors import MalformedError
from gateway.core.frozen import frozen
from gateway.sip.grammar import split_list
from gateway.sip.message import Response

__all__ = ["SIPS_NOT_ALLOWED", "SIPS_REQUIRED", "Warned", "warn", "warnings_of"]

SIPS_NOT_ALLOWED: Final = 380
"""Of a 480: there is no contact on TLS for a sips URI (RFC 5630 section 9)."""
SIPS_REQUIRED: Final = 381
"""Of a 480: it is to be called by a sips URI."""
TEXTS: Final[Mapping[int, str]] = {SIPS_NOT_ALLOWED: "SIPS Not Allowed", SIPS_REQUIRED: "SIPS Required"}

MOST: Final = 4
"""Warnings of one response that are looked at."""
LONGEST: Final = 240
"""Characters of a text that are shown."""

_VALUE: Final = re.compile(r'([1-9]\d\d)[ \t]++[^ \t"]++[ \t]++"((?:[^"\\]++|\\.)*+)"', re.DOTALL)


@frozen
class Warned:
    """One warning: its code, and its text for people."""

    code: int
    text: str


def warn(response: Response, code: int, text: str = "") -> None:
    """Say in `response` why it refuses; the text is the code's own where none is given."""
    plain = (text or TEXTS[code]).replace("\\", "").replace('"', "'")
    response.headers.set("Warning", f'{code} copperline "{plain}"')


def warnings_of(response: Response) -> list[Warned]:
    """What `response` warns of; a value that cannot be read says nothing."""
    found = []
    for row in response.headers.all("Warning")[:MOST]:
        try:
            values = split_list(row)
        except MalformedError:
            continue
        read = [_VALUE.fullmatch(value) for value in values[:MOST]]
        found += [Warned(int(one[1]), one[2].replace("\\", "")[:LONGEST]) for one in read if one is not None]
    return found[:MOST]
