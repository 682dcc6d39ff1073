"""Parking lots in the configuration: [parking.LOT], and the numbers that they add to the dialplan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from gateway.config.values import Label, Settings, dialled_or_none, refuse, word_or_none
from gateway.core.feature import Feature
from gateway.core.parking import Lot

__all__ = ["PARKING_NAME", "ParkingSettings", "parking_dialplan", "parking_lots"]

PARKING_NAME: Final = "parking-lots"
"""Stands for a file name in traces of the numbers of lots."""

_PLACES: Final = re.compile(r"(?P<first>[0-9]{1,9})-(?P<last>[0-9]{1,9})")
_MOST: Final = 1000
"""Places of a lot."""
_MAY: Final[Mapping[str, frozenset[Feature]]] = {
    "transfers": frozenset({Feature.BLIND_TRANSFER, Feature.ATTENDED_TRANSFER}),
    "reparking": frozenset({Feature.PARK}),
    "hangups": frozenset({Feature.HANG_UP}),
    "recording": frozenset({Feature.RECORD}),
}
"""What some settings let people do by keys."""


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

    def may(self, who: Literal["parked", "caller"]) -> frozenset[Feature]:
        """What one of the two may ask for by keys after the call has been taken back."""
        granted = (features for name, features in _MAY.items() if getattr(self, name) in (who, "both"))
        return frozenset[Feature]().union(*granted)


def parking_dialplan(lots: Mapping[str, ParkingSettings]) -> str:
    """The extensions of all lots, in their contexts, in the language of extensions.conf."""
    lines: list[str] = []
    for name, lot in lots.items():
        lines.append(f"[{lot.context}]")
        if lot.extension:
            lines.append(f"exten => {lot.extension},1,Park({name})")
            lines.append(" same => n,Hangup(34)")
        for number in lot.numbers:
            lines.append(f"exten => {number},1,ParkedCall({name},{number})")
            if lot.hints:
                lines.append(f"exten => {number},hint,park:{number}@{lot.context}")
    return "".join(f"{line}\n" for line in lines)


def parking_lots(lots: Mapping[str, ParkingSettings]) -> dict[str, Lot]:
    """The lots as calls take them."""
    return {
        name: Lot(
            name,
            entrance=lot.extension,
            context=lot.context,
            places=lot.numbers,
            time=lot.time,
            ring=lot.ring if lot.to_parker else None,
            comeback=lot.comeback,
            music=lot.music,
            in_turn=lot.next,
            tone=lot.tone,
            tone_to=lot.tone_to,
            parked_may=lot.may("parked"),
            caller_may=lot.may("caller"),
        )
        for name, lot in lots.items()
    }
