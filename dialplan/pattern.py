"""One extension pattern: its text taken apart into positions that can be compared and matched.

In goes the text of an extension (`_9NXX[2-5].`), out comes a tuple of positions, most specific ordering
included. Asterisk's rules (main/pbx.c, `ext_cmp_pattern_pos`): a name without `_` is literal; after `_`, X is
0-9, Z is 1-9, N is 2-9 (small letters too), `[...]` a set, `.` one or more of anything, `!` zero or more and
decided at once; dashes are for the eye only. Never matches a number itself: that is `matcher`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["Pattern", "PatternError", "plain"]

_CLASSES: Final = {"X": "0123456789", "Z": "123456789", "N": "23456789"}
_WILDCARD_ORDER: Final = {".": 1 << 48, "!": 1 << 49}
"""Sets come first (their order stays below 1 << 46), then `.`, then `!`, then the end of the pattern."""


class PatternError(ValueError):
    """A pattern that cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Position:
    """What may stand at one place of a number.

    Attributes:
        order: sort key: fewer characters first, then the lower first character, then the character set.
        characters: what matches here; empty for the wildcards.
        wildcard: "." or "!" or "".
    """

    order: tuple[int, str]
    characters: frozenset[str]
    wildcard: str = ""


@dataclass(frozen=True, slots=True)
class Pattern:
    """An extension's name, taken apart.

    Attributes:
        text: as written.
        positions: one entry a place; for a literal name, None.
    """

    text: str
    positions: tuple[Position, ...] | None

    @classmethod
    def parse(cls, text: str) -> Pattern:
        """Take `text` apart.

        Raises:
            PatternError: a set is not closed or runs backwards, or something stands after a wildcard.
        """
        if not text.startswith("_"):
            return cls(text, None)
        return cls(text, tuple(_positions(text[1:])))

    @property
    def literal(self) -> bool:
        """Whether it is a plain name."""
        return self.positions is None


def plain(number: str) -> str:
    """A number or literal name without the dashes that are there for the eye."""
    return number.replace("-", "") if "-" in number else number


def _positions(text: str) -> list[Position]:
    positions: list[Position] = []
    at = 0
    while at < len(text):
        character = text[at]
        at += 1
        if character == "-":
            continue
        if positions and positions[-1].wildcard:
            # Asterisk ignores what follows; a file that has it does not do what its reader thinks.
            raise PatternError(f"{character!r} after {positions[-1].wildcard!r} never counts")
        if character in _WILDCARD_ORDER:
            positions.append(Position((_WILDCARD_ORDER[character], ""), frozenset(), character))
        elif character == "[":
            end = text.find("]", at)
            if end < 0:
                raise PatternError("'[' without ']'")
            characters = _set(text[at:end])
            if characters:
                positions.append(_position(characters))
            at = end + 1
        else:
            positions.append(_position(frozenset(_CLASSES.get(character.upper(), character))))
    return positions


def _position(characters: frozenset[str]) -> Position:
    lowest = min(ord(character) for character in characters)
    # Among sets of one size and first character, Asterisk compares bitmaps whose top bit is the lowest character.
    # Comparing the sorted characters says the same: the first difference decides, the lower character wins.
    return Position((len(characters) << 24 | lowest, "".join(sorted(characters))), characters)


def _set(text: str) -> frozenset[str]:
    characters: set[str] = set()
    at = 0
    while at < len(text):
        if at + 2 < len(text) and text[at + 1] == "-":
            first, last = ord(text[at]), ord(text[at + 2])
            if last < first:
                raise PatternError(f"range {text[at : at + 3]!r} runs backwards")
            characters.update(map(chr, range(first, last + 1)))
            at += 3
        else:
            characters.add(text[at])
            at += 1
    return frozenset(characters)
