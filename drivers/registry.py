"""The technologies of lines as data, and how an address of theirs picks lines.

    FXS/101                 the telephone with number 101
    FXS/101r2               the same, with distinctive ringing 2 (1 to 4)
    FXO/copper1/5550100     line copper1, on which 5550100 is dialled
    FXO/g1/5550100          the first idle line of group 1, in the order of the ports; G1 the last one
    FXO/r1/5550100          the next idle line after the one taken last; R1 the one before it
    FXO/u1/5550100          of the idle lines the one least used, that has carried the fewest calls
    ISDN/adapter1/5550100   the ISDN access behind an adapter, by which 5550100 is called; ISDN/g1/… of a group
    SPAN/e1/5550100         a free channel of span e1, by which 5550100 is called; SPAN/g1/… of a group of spans

Whatever a card carries is reached as in dialplans written for chan_dahdi, too:

    DAHDI/3, DAHDI/3r2      the telephone or line on port 3; the same with distinctive ringing 2
    DAHDI/33/5550100        channel 33, which is that of a span, and no other of it
    DAHDI/g1/5550100        the first idle line, or span with a free channel, of group 1; G, r, R and u as above
    DAHDI/i2/5550100        a free channel of span 2; DAHDI/i2-g1/… if that is in group 1

What follows the second slash is the number to dial; without it an exchange line is only seized, and its caller
hears the exchange's dial tone. Digits, * # A-D are dialled, W is half a second's pause and P one of two seconds;
spaces and -.() are left out. What follows a > is keyed once the far side has answered (two-stage dialling):
`FXO/g1/5550100>PP1234#`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from gateway.core.cause import Cause
from gateway.core.errors import RemoteError

__all__ = ["GROUP_LETTERS", "TECHNOLOGIES", "Address", "Hunting", "span_words"]

TECHNOLOGIES: Final[Mapping[str, tuple[str, ...]]] = {
    "FXS": ("FXS",),
    "FXO": ("FXO",),
    "DAHDI": ("FXS", "FXO", "SPAN"),
    "ISDN": ("ISDN",),
    "SPAN": ("SPAN",),
}
"""The dialplan's word before the slash -> the kinds of line that it means."""

MAX_NUMBER: Final = 64
"""Digits that are dialled on a line: more than any number with its prefixes, less than a minute of dialling."""


class Hunting(Enum):
    """How a line of a group is picked. The value is the letter before the group's number."""

    FIRST = "g"
    LAST = "G"
    NEXT = "r"
    PREVIOUS = "R"
    LEAST_USED = "u"


GROUP_LETTERS: Final = "".join(way.value for way in Hunting)
"""A line cannot be named by one of these and a number."""

_GROUP: Final = re.compile(rf"(?:i(?P<span>\d{{1,3}})-)?(?P<way>[{GROUP_LETTERS}])(?P<group>\d{{1,4}})(?:r[1-4])?")
_RUNG: Final = re.compile(r"([0-9*#+]+)r([1-4])")
_OPTION: Final = re.compile(rf"(?:[{GROUP_LETTERS}i]?\d{{1,4}})([cd])")
_OPTIONS: Final[Mapping[str, str]] = {
    "c": "who answers is not asked for a key; ask in a subroutine (option U of Dial)",
    "d": "calls carry speech, no data",
}
"""Letters that chan_dahdi knows behind a channel or group, and why they are refused."""
_LEFT_OUT: Final = str.maketrans("", "", " -.()")
_DIALLED: Final = re.compile(r"([0-9*#A-DWP]*)(?:>([0-9*#A-DWP]+))?")


@dataclass(frozen=True, slots=True)
class Address:
    """What follows the first slash of a dial target.

    Attributes:
        line: the name, number or port of a line, or a group as written.
        group: the group's number where one is meant, else None.
        hunting: how a line of the group is picked.
        number: what to dial on the line.
        ring: number of a distinctive cadence, or 0.
        then: what to key once the far side has answered.
        span: the number of the span that a line of the group must be, or None.
    """

    line: str
    group: int | None = None
    hunting: Hunting = Hunting.FIRST
    number: str = ""
    ring: int = 0
    then: str = ""
    span: int | None = None

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read an address.

        Raises:
            RemoteError: no line is named, what is asked of it is not there, or the number cannot be dialled on it.
        """
        line, _, written = text.partition("/")
        if not line:
            raise RemoteError(f"the address {text!r} names no line", Cause.INVALID_NUMBER_FORMAT)
        option = _OPTION.fullmatch(line)
        if option is not None:
            raise RemoteError(f"{line}: {_OPTIONS[option[1]]}", Cause.FACILITY_NOT_IMPLEMENTED)
        said = _DIALLED.fullmatch(written.upper().translate(_LEFT_OUT))
        if said is None:
            raise RemoteError(
                f"{written!r} cannot be dialled on a line: digits, * # A-D, W and P (pauses) and one > can; "
                "let the dialplan turn a leading + into the exchange's prefix",
                Cause.INVALID_NUMBER_FORMAT,
            )
        number, then = said[1], said[2] or ""
        longest = max(len(number), len(then))
        if longest > MAX_NUMBER:
            raise RemoteError(
                f"a number of {longest} digits is too long for a line; {MAX_NUMBER} can be dialled",
                Cause.INVALID_NUMBER_FORMAT,
            )
        group = _GROUP.fullmatch(line)
        if group is None:
            rung = _RUNG.fullmatch(line)
            return cls(rung[1], number=number, ring=int(rung[2])) if rung else cls(line, number=number, then=then)
        span = int(group["span"]) if group["span"] else None
        return cls(line, int(group["group"]), Hunting(group["way"]), number, then=then, span=span)


def span_words(span: int, first_channel: int, slots: Iterable[int]) -> dict[str, int | None]:
    """What chan_dahdi calls a span: words of a dial target, each with the time slot that it means; None for any.

    Args:
        span: its number.
        first_channel: DAHDI's number of its time slot 1; 0 where it is not known.
        slots: the time slots that carry calls.
    """
    channels = {str(first_channel + slot - 1): slot for slot in slots} if first_channel else {}
    return {f"i{span}": None, **channels}
