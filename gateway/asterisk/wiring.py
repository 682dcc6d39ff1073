"""On which span each digital channel is: as DAHDI's system.conf says, or worked out from the channels' numbers.

DAHDI numbers the channels of all its cards in a row, and its spans likewise, a card of analogue ports being a span,
too. chan_dahdi.conf names channels alone. system.conf tells which spans are digital and of which kind; where it is
not at hand, the channels of a span are as many as its kind has, and ports between two spans are one card.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["SIGNALLING", "SIZES", "Digital", "channel_numbers", "told_by_system", "worked_out"]

SIZES: Final[Mapping[str, int]] = {"e1": 31, "t1": 24, "basic access": 3}
"""Channels of a span."""
SIGNALLING: Final[Mapping[str, int]] = {"e1": 16, "t1": 24}
"""Which of them has no calls, of the kinds that can be carried here."""

_FRAMINGS: Final[Mapping[str, str]] = {"ccs": "e1", "cas": "e1", "esf": "t1", "d4": "t1"}
"""Of `span=` in system.conf."""
_BASIC: Final = ["ccs", "ami"]
"""Framing and coding of a basic access."""
_DIGITAL: Final = frozenset("bchan dchan hardhdlc fcshdlc nethdlc mtp2 clear rawhdlc dacs e&m cas".split())
_MOST: Final = 1024
"""Channels of one range: the kernel's own number of them."""


@dataclass(frozen=True, slots=True)
class Digital:
    """A span.

    Attributes:
        number: DAHDI's number of it.
        first: DAHDI's number of its channel 1.
        kind: one of SIZES.
        sure: whether the machine's own file says so.
    """

    number: int
    first: int
    kind: str
    sure: bool

    def has(self, channel: int) -> bool:
        """Whether a channel of the machine is one of its own."""
        return self.first <= channel < self.first + SIZES[self.kind]


def channel_numbers(text: str) -> Iterator[int]:
    """The numbers of "1-15,17-31"; what is no number is left out."""
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if first.isdecimal() and (last or first).isdecimal():
            yield from range(int(first), min(int(last or first), int(first) + _MOST) + 1)


def told_by_system(text: str) -> list[Digital]:
    """The spans that system.conf sets up, as far as they are E1 or T1."""
    kinds: dict[int, str] = {}
    channels: set[int] = set()
    for line in text.splitlines():
        key, equals, value = (part.strip() for part in line.partition("#")[0].partition("="))
        words = [word.strip().lower() for word in value.split(",")]
        if key == "span" and equals and words[0].isdecimal() and len(words) > 4:
            kinds[int(words[0])] = "basic access" if words[3:5] == _BASIC else _FRAMINGS.get(words[3], "")
        elif key in _DIGITAL:
            channels.update(channel_numbers(value.partition(":")[0]))
    if "" in kinds.values():
        return []  # how many channels such a span has is not known here
    found: list[Digital] = []
    ahead = sorted(channels)
    for number, kind in sorted(kinds.items()):
        if not ahead:
            break
        found.append(Digital(number, ahead[0], kind, sure=True))
        ahead = [channel for channel in ahead if not found[-1].has(channel)]
    return [span for span in found if span.kind in SIGNALLING]


def worked_out(channels: Iterable[tuple[int, str]], ports: Collection[int]) -> list[Digital]:
    """The spans on which digital channels must be.

    Args:
        channels: numbers and kinds of span of the channels that carry calls.
        ports: numbers of the channels of telephones and lines.
    """
    found: list[Digital] = []
    number, free = 0, 1
    for channel, kind in sorted(channels):
        if found and found[-1].has(channel):
            continue
        between = any(free <= port < channel for port in ports)
        first = channel if between or channel - free >= SIZES[kind] else free
        number += 2 if between else 1
        found.append(Digital(number, first, kind, sure=False))
        free = first + SIZES[kind]
    return found
