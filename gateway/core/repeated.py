"""Readers of text that peers repeat: what was read of a short text is kept, so that reading it again is a look-up.

Only for readers whose results are immutable. What peers send is bounded in number and in length, so that nobody can
fill the memory by it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Final, TypeVar

__all__ = ["LONGEST", "MOST", "repeated"]

LONGEST: Final = 200
"""Characters up to which a text is kept."""
MOST: Final = 2048
"""Texts that are kept of a kind, in less than 3 MB."""

_T = TypeVar("_T")


def repeated(read: Callable[[str], _T]) -> Callable[[str], _T]:
    """`read`, that keeps what it has read of the latest texts; what it raises is not kept."""
    kept = lru_cache(maxsize=MOST)(read)

    @wraps(read)
    def quick(text: str) -> _T:
        return kept(text) if len(text) <= LONGEST else read(text)

    return quick
