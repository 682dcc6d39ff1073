"""The name that somebody meant who mistyped it: a key beside, one too many or too few, two in the wrong order.

What it takes does not grow with how many names there are, beyond one look at each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

__all__ = ["Names"]

LONGEST: Final = 32
"""Characters of a name that is looked at; who types more has not slipped."""

_ALIKE: Final = str.maketrans("oli", "011")


class Names:
    """Names, and who was meant by what is none of them.

    Args:
        names: all that there are.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = {_plain(name): name for name in names}
        self._characters = sorted(set().union(*self._names))

    def meant(self, text: str) -> str:
        """The name that is one slip away from a text (letters that look alike, and case, are none); else ""."""
        text = _plain(text)
        if not 0 < len(text) <= LONGEST:
            return ""
        found = (self._names[near] for near in self._near(text) if near in self._names)
        return next(found, "")

    def _near(self, text: str) -> Iterator[str]:
        yield text
        parts = [(text[:at], text[at:]) for at in range(len(text) + 1)]
        yield from (head + tail[1::-1] + tail[2:] for head, tail in parts if len(tail) > 1)
        yield from (head + tail[1:] for head, tail in parts if tail)
        for head, tail in parts:
            for character in self._characters:
                yield head + character + tail[1:]
                yield head + character + tail


def _plain(name: str) -> str:
    return name.lower().translate(_ALIKE)
