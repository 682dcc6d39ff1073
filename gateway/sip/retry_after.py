"""The Retry-After header (RFC 3261 20.33): when who has refused us wants to be asked again."""

from __future__ import annotations

from typing import Final

from gateway.core.errors import MalformedError
from gateway.sip.grammar import BLANKS, number
from gateway.sip.message import Response

__all__ = ["retry_after"]

LATER: Final = 7 * 86_400
"""Seconds that are heeded at most where nobody says less."""
_LARGEST: Final = 2**32 - 1


def retry_after(response: Response, most: float = LATER) -> float | None:
    """Its seconds, up to `most`, without the comment and the parameters; None where there is none to be read."""
    text = response.headers.get("Retry-After")
    if text is None:
        return None
    try:
        seconds = text.partition(";")[0].partition("(")[0].strip(BLANKS)
        return min(float(number(seconds, "Retry-After", _LARGEST)), most)
    except MalformedError:
        return None
