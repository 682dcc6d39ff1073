"""Parking lots in the configuration: [parking.LOT]."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from gateway.config.values import Label, Settings, dialled_or_none, refuse, word_or_none

__all__ = ["ParkingSettings"]

_PLACES: Final = re.compile(r"(?P<first>[0-9]{1,9})-(?P<last>[0-9]{1,9})")
_MOST: Final = 1000
"""Places of a lot."""


def _places(text: str) -> str:
    found = _PLACES.fullmatch(text)
    if found is None or not 0 <= int(found["last"]) - int(found["first"]) < _MOST:
        raise refuse(f'"{text[:40]}" are no places', f'write first and last, such as "701-720", at most {_MOST}')
    return text


class ParkingSettings(Settings):
    """[parking.LOT]: a lot where calls are parked; `default` is the one that needs no name.

    Attributes:
        extension: that parks who is sent there; where empty, only Park does.
        places: numbers that are dialled to take a call back, "FIRST-LAST".
        context: of these numbers.
        time: seconds until a call comes back.
        to_parker: it comes back to who parked it; else it goes on in `comeback`.
        comeback: context in which it goes on.
        ring: seconds for which who parked it is called.
        music: class of music that parked callers hear.
        next: take places in turn, not always the first one that is free.
        hints: a lamp can watch each place.
        tone: prompt that is heard as a call is taken back; tone_to: by "parked", "caller" (who takes it) or "both".
        transfers, reparking, hangups, recording: who may do so by keys after a call has been taken back: "no",
            "parked", "caller" or "both".
    """

    extension: Annotated[str, AfterValidator(dialled_or_none)] = ""
    places: Annotated[str, AfterValidator(_places)] = "701-720"
    context: Annotated[str, AfterValidator(word_or_none)] = "parkedcalls"
    time: Annotated[int, Field(ge=1, le=86_400)] = 45
    to_parker: bool = True
    comeback: Annotated[str, AfterValidator(word_or_none)] = ""
    ring: Annotated[int, Field(ge=1, le=600)] = 30
    music: Annotated[str, AfterValidator(word_or_none)] = ""
    next: bool = False
    hints: bool = False
    tone: Label = ""
    tone_to: Literal["parked", "caller", "both"] = "caller"
    transfers: Literal["no", "parked", "caller", "both"] = "no"
    reparking: Literal["no", "parked", "caller", "both"] = "no"
    hangups: Literal["no", "parked", "caller", "both"] = "no"
    recording: Literal["no", "parked", "caller", "both"] = "no"

    @property
    def numbers(self) -> range:
        """Its places."""
        first, _, last = self.places.partition("-")
        return range(int(first), int(last) + 1)
