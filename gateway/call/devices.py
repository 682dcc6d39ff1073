"""The states of devices: of what technologies know, of legs that are up, and of what the dialplan made up.

A device is written `FXS/101` or `SIP/6001`, in the words that a dialplan may use as well (`DAHDI/1` `PJSIP/6001`),
`park:701@parkedcalls`, a place of a parking lot, `Confbridge:8500`, a conference room, or `Custom:night`:
such a one has the state that a script gave it last, which outlives a restart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from dialplan.database import Database, MemoryDatabase
from gateway.call.leg import CallLeg
from gateway.core.channel import Technology
from gateway.core.conference import DEVICE as ROOM
from gateway.core.parking import DEVICE, ParkingLots
from gateway.core.switch import DeviceState
from gateway.core.watch import aggregate

__all__ = ["CUSTOM_FAMILY", "Devices", "leg_state"]

CUSTOM_FAMILY: Final = "CustomDevstate"
"""Where the database has the states of custom devices, as in Asterisk's (funcs/func_devstate.c)."""

_CUSTOM: Final = "Custom:"
_PLACE: Final = {True: DeviceState.INUSE, False: DeviceState.NOT_INUSE, None: DeviceState.INVALID}
"""States of places of parking lots, by whether they are taken."""


class Devices:
    """All devices.

    Args:
        technologies: gives those that there are, by their words in capitals.
        parking: knows which places are taken.

    Attributes:
        conferring: tells whether somebody is in a conference room.
        database: keeps the states of custom devices.
        on_change: told of each device at which something has changed, by its one name.
    """

    def __init__(self, technologies: Callable[[], Mapping[str, Technology]], parking: ParkingLots) -> None:
        self._technologies = technologies
        self._parking = parking
        self._legs: dict[str, dict[str, CallLeg]] = {}
        self.conferring: Callable[[str], bool] = lambda room: False
        self.database: Database = MemoryDatabase()
        self.on_change: Callable[[str], None] = lambda device: None
        parking.on_change = lambda device: self.on_change(device)

    def name(self, written: str) -> str:
        """A device's one name: `FXS/101` for `dahdi/1`, if telephone 101 is on port 1; as written where unknown."""
        word, slash, address = written.strip().partition("/")
        technology = self._technologies().get(word.upper())
        if technology is not None and slash:
            return technology.device(address)
        if word.lower().startswith(_CUSTOM.lower()):
            return _CUSTOM + word[len(_CUSTOM) :] + slash + address
        if word.lower().startswith(DEVICE):
            return DEVICE + word[len(DEVICE) :] + slash + address
        if word.lower().startswith(ROOM):
            return (word + slash + address).lower()
        return f"{word.upper()}{slash}{address}"

    def state(self, written: str) -> DeviceState:
        """The state of a device; INVALID where there is no such technology, or no such device of it."""
        name = self.name(written)
        legs = self._legs.get(name)
        if legs:
            return aggregate([leg_state(leg) for leg in legs.values()])
        if name.startswith(_CUSTOM):
            return self._custom(name.removeprefix(_CUSTOM))
        if name.startswith(DEVICE):
            return _PLACE[self._parking.taken(name.removeprefix(DEVICE))]
        if name.startswith(ROOM):
            return DeviceState.INUSE if self.conferring(name.removeprefix(ROOM)) else DeviceState.NOT_INUSE
        word, _, address = name.partition("/")
        technology = self._technologies().get(word.upper())
        return DeviceState.INVALID if technology is None else technology.state(address)

    def _custom(self, name: str) -> DeviceState:
        try:
            return DeviceState(self.database.get(f"{CUSTOM_FAMILY}/{name}"))
        except ValueError:
            return DeviceState.UNKNOWN

    def set_custom(self, name: str, state: DeviceState) -> None:
        """Give the custom device `Custom:name` a state.

        Raises:
            Exhausted: the database holds no more.
        """
        self.database.put(f"{CUSTOM_FAMILY}/{name}", state.value)
        self.on_change(_CUSTOM + name)

    def legs(self, name: str) -> Sequence[CallLeg]:
        """The legs of a device, by its one name."""
        return list(self._legs.get(name, {}).values())

    def leg_changed(self, leg: CallLeg) -> None:
        """A leg has come, was answered, was put on hold or is over."""
        device = leg.device
        legs = self._legs.get(device)
        if leg.ending is None:
            if legs is None:
                self._legs[device] = {leg.name: leg}
            else:
                legs[leg.name] = leg
        elif legs is not None:
            legs.pop(leg.name, None)
            if not legs:
                del self._legs[device]
        self.on_change(device)


def leg_state(leg: CallLeg) -> DeviceState:
    """The state that a leg gives its device."""
    if leg.answered:
        return DeviceState.ONHOLD if leg.held else DeviceState.INUSE
    return DeviceState.INUSE if leg.incoming else DeviceState.RINGING
