"""Readers of text that peers repeat: what was read of a short text is kept, so that reading it again is a look-up.

Only for readers whose results are immutable. What peers send is bounded in number and in length, so that nobody can
fill the memory by it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

__all__ = ["FEW", "LONGEST", "MOST", "Kept", "repeated"]

LONGEST: Final = 200
"""Characters up to which a text is kept."""
MOST: Final = 2048
"""Texts that are kept of a kind, in less than 3 MB."""
FEW: Final = 256
"""The same for texts of which most are of one call or transaction, and come again at once or never."""

_T = TypeVar("_T")


class Kept(dict[str, _T]):
    """What a reader has read, by its text; one that is not there is read when it is asked for.

    A text that is there costs no call in Python. Where there are too many all give way: those that are met every
    day are back at once, and to look for the oldest would cost more than to read it.

    Args:
        read: reads a text; what it raises is not kept.
        most: how many texts are kept.
    """

    __slots__ = ("_most", "_read")

    def __init__(self, read: Callable[[str], _T], most: int = MOST) -> None:
        super().__init__()
        self._read = read
        self._most = most

    def __missing__(self, text: str) -> _T:
        value = self._read(text)
        if len(text) <= LONGEST:
            if len(self) >= self._most:
                self.clear()
            self[text] = value
        return value


def repeated(read: Callable[[str], _T]) -> Callable[[str], _T]:
    """`read`, that keeps what it has read of the latest texts; what it raises is not kept."""
    return Kept(read).__getitem__
