"""Parking lots: which calls wait in which places, who parked them, and who is about to take one back.

It knows no time and moves no leg: whoever parks a leg waits with it, and leaves its place here at the end.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gateway.core.feature import Feature
from gateway.core.frozen import frozen

if TYPE_CHECKING:
    from gateway.core.switch import Leg, Place

__all__ = ["DEFAULT_LOT", "DEVICE", "WANTED_PLACE", "Lot", "Parked", "ParkingLots"]

DEFAULT_LOT: Final = "default"
"""The lot that needs no name."""
DEVICE: Final = "park:"
"""What a place is called as a device begins with: `park:701@parkedcalls`, its number and the context of its lot."""
WANTED_PLACE: Final = "PARKINGEXTEN"
"""Variable of a leg with the place in which it is to be parked, if that is free."""

_NONE: Final[frozenset[Feature]] = frozenset()


@frozen
class Lot:
    """A parking lot.

    Attributes:
        name: of it.
        entrance: the number that parks who is sent there, "" for none; context: of it and of the places.
        places: their numbers.
        time: seconds until a call comes back.
        ring: seconds for which who parked it is then called; None where it goes on in the context `comeback`.
        music: class of music that parked callers hear, "" for their own.
        in_turn: take places in turn, not always the first one that is free.
        tone: prompt that is heard as a call is taken back, "" for none; tone_to: by "parked", "caller" or "both".
        parked_may, caller_may: what who was parked, and who takes it back, may ask for by keys afterwards.
    """

    name: str = DEFAULT_LOT
    entrance: str = ""
    context: str = "parkedcalls"
    places: range = range(701, 721)
    time: float = 45.0
    ring: float | None = 30.0
    comeback: str = ""
    music: str = ""
    in_turn: bool = False
    tone: str = ""
    tone_to: str = "caller"
    parked_may: frozenset[Feature] = _NONE
    caller_may: frozenset[Feature] = _NONE


@dataclass(slots=True, eq=False)
class Parked:
    """A call in a place.

    Attributes:
        parker: name of the leg that parked it; its own where it parked itself.
        step: the step of the dialplan that parked it.
        claimed: somebody is about to take it back.
    """

    lot: Lot
    number: int
    leg: Leg
    parker: str
    step: Place
    claimed: bool = False


@dataclass(slots=True)
class _State:
    places: dict[int, Parked] = field(default_factory=dict)
    latest: int | None = None


class ParkingLots:
    """The lots of an office.

    Attributes:
        lots: by name; may be exchanged at any time, calls that are parked stay where they are.
        on_change: told of each place that is taken or left, by its name as a device.
    """

    def __init__(self, lots: Mapping[str, Lot] | None = None) -> None:
        self.lots: Mapping[str, Lot] = lots or {}
        self.on_change: Callable[[str], None] = lambda device: None
        self._states: dict[str, _State] = {}

    def __len__(self) -> int:
        """Calls that are parked."""
        return sum(len(state.places) for state in self._states.values())

    def park(
        self, leg: Leg, lot: Lot, *, parker: str, step: Place, wanted: str = "", by_chance: bool = False
    ) -> Parked | None:
        """Give a leg a place; None where all are taken.

        Args:
            wanted: number of the place it is to have if that is free.
            by_chance: any free place.
        """
        number = self.free(lot, wanted=wanted, by_chance=by_chance)
        if number is None:
            return None
        state = self._states.setdefault(lot.name, _State())
        state.latest = number
        parked = state.places[number] = Parked(lot, number, leg, parker, step)
        self.on_change(_device(parked))
        return parked

    def free(self, lot: Lot, *, wanted: str = "", by_chance: bool = False) -> int | None:
        """The place that the next call would have; None where all are taken. Arguments as for `park`."""
        state = self._states.get(lot.name, _State())
        free = [number for number in lot.places if number not in state.places]
        if not free:
            return None
        if wanted.isdecimal() and len(wanted) < 10 and int(wanted) in free:
            return int(wanted)
        if by_chance:
            return random.choice(free)
        latest = state.latest if lot.in_turn else None
        return free[0] if latest is None else next((each for each in free if each > latest), free[0])

    def find(self, lot: Lot, number: str) -> Parked | None:
        """The call in a place that nobody takes back yet; with number "" the first one of the lot."""
        places = self._states.get(lot.name, _State()).places
        waiting = sorted(each for each, parked in places.items() if not parked.claimed)
        if not number:
            return places[waiting[0]] if waiting else None
        return next((places[each] for each in waiting if str(each) == number), None)

    def place_of(self, leg: Leg) -> Parked | None:
        """Where a leg is parked."""
        parked = (each for state in self._states.values() for each in state.places.values())
        return next((each for each in parked if each.leg is leg), None)

    def leave(self, parked: Parked) -> None:
        """A call has left its place; harmless when that has been said."""
        places = self._states[parked.lot.name].places
        if places.get(parked.number) is parked:
            del places[parked.number]
            self.on_change(_device(parked))

    def taken(self, device: str) -> bool | None:
        """Whether there is a call in the place `701@parkedcalls`; None where there is no such place."""
        number, _, context = device.partition("@")
        for lot in self.lots.values():
            if lot.context == context and number.isdecimal() and len(number) < 10 and int(number) in lot.places:
                return int(number) in self._states.get(lot.name, _State()).places
        return None


def _device(parked: Parked) -> str:
    return f"{DEVICE}{parked.number}@{parked.lot.context}"
