"""Readers of text that peers repeat: what was read of a short text is kept, so that reading it again is a look-up.

Only for readers whose results are immutable. What peers send is bounded in number and in length, so that nobody can
fill the memory by it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

__all__ = ["LONGEST", "MOST", "repeated"]

LONGEST: Final = 200
"""Characters up to which a text is kept."""
MOST: Final = 2048
"""Texts that are kept of a kind, in less than 3 MB."""

_T = TypeVar("_T")


class _Kept(dict[str, _T]):
    """What was read, by its text. A text that is there costs no call in Python; the oldest gives way."""

    def __init__(self, read: Callable[[str], _T]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, text: str) -> _T:
        value = self._read(text)
        if len(text) <= LONGEST:
            if len(self) >= MOST:
                del self[next(iter(self))]
            self[text] = value
        return value


def repeated(read: Callable[[str], _T]) -> Callable[[str], _T]:
    """`read`, that keeps what it has read of the latest texts; what it raises is not kept."""
    return _Kept(read).__getitem__
