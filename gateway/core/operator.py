"""The ways from a script, the console or the HTTP API to legs and calls that are not its own, by name.

`gateway.call` implements this; what it cannot do it says by a value, never by an exception of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from typing import Final, Protocol

from gateway.core.conference import NO_CONFERENCES, Conferences
from gateway.core.ending import Ending
from gateway.core.frozen import frozen
from gateway.core.number import Party
from gateway.core.parking import Lot, ParkingLots
from gateway.core.switch import Leg, Place, Target

__all__ = [
    "CALL_GROUPS",
    "NAMED_CALL_GROUPS",
    "NAMED_PICKUP_GROUPS",
    "PICKUP_GROUPS",
    "Follow",
    "Nobody",
    "Operator",
    "Ringing",
    "Told",
]

CALL_GROUPS: Final = "CALLGROUP"
NAMED_CALL_GROUPS: Final = "NAMEDCALLGROUP"
PICKUP_GROUPS: Final = "PICKUPGROUP"
NAMED_PICKUP_GROUPS: Final = "NAMEDPICKUPGROUP"
"""Variables of a leg with groups of its own, in the place of its device's: numbers as "1,3-5", names as "a,b"."""

Follow = Place | Callable[[Leg], Awaitable[None]]
"""What a leg called out of nothing does once it has answered: a place of the dialplan, or work of its own."""


@frozen
class Ringing:
    """A leg that rings, or is about to, and who calls it."""

    leg: Leg
    caller: Leg


class Operator(Protocol):
    """Reaches every leg of the office."""

    parking: ParkingLots
    """The calls that are parked."""
    conferences: Conferences
    """The conference rooms."""

    def legs(self) -> Sequence[Leg]:
        """Every leg that lives."""
        ...

    def find(self, name: str) -> Leg | None:
        """The leg of that name, in any case; also by its name without the number after the last `-`."""
        ...

    def named(self, name: str) -> Sequence[Leg]:
        """The legs of the call whose id is `name`, or the one leg of that name; none where there is neither."""
        ...

    def ringing(self) -> Sequence[Ringing]:
        """The legs that ring, those longest at it first."""
        ...

    def may_pick_up(self, leg: Leg, ringing: Ringing) -> bool:
        """Whether `leg` may answer that call without naming it: whether it is of its pickup groups."""
        ...

    def partner(self, leg: Leg) -> Leg | None:
        """Whom a leg talks with."""
        ...

    def exists(self, place: Place, caller: str) -> bool:
        """Whether the dialplan has such an extension for that caller."""
        ...

    def send(self, leg: Leg, place: Place, *, called: bool = False) -> bool:
        """Send a leg to a place of the dialplan; whom it talked with is hung up, or its own script goes on.

        Args:
            called: it was called by the script that asks, has answered, and talks with nobody yet.

        Returns:
            False where another script calls it, or has called it and does not let it talk yet: it stays with that.
        """
        ...

    def hang_up(self, leg: Leg, ending: Ending) -> None:
        """End a leg, whatever it is about."""
        ...

    def blind_transfer(self, leg: Leg, place: Place) -> bool:
        """Send whom `leg` talks with to a place; `leg` ends once they have arrived.

        Returns:
            False where it talks with nobody.
        """
        ...

    def attended_transfer(self, leg: Leg, second: Leg) -> str:
        """Join whom `leg` talks with and whom `second` talks with or rings.

        Returns:
            Why that cannot be; "" where it is done.
        """
        ...

    async def pick_up(self, leg: Leg, ringing: Ringing) -> None:
        """Answer a ringing leg's call with `leg`, whose script this is; returns when that talk is over.

        Raises:
            HungUp: `leg` is over; also where the other leg had stopped ringing.
        """
        ...

    async def join(self, leg: Leg, other: Leg) -> None:
        """Let `leg`, whose script this is, talk with `other`, whatever that one is about; until the talk is over.

        Raises:
            HungUp: `leg` is over.
        """
        ...

    def originate(
        self,
        target: Target,
        follow: Follow,
        *,
        by: Leg | None = None,
        caller: Party | None = None,
        timeout: float = 30.0,
        variables: Mapping[str, str] | None = None,
        prepare: Callable[[Leg], Awaitable[None]] | None = None,
    ) -> Awaitable[Ending | None]:
        """Call `target` out of nothing; it goes on by itself once it has answered, awaited or not.

        Args:
            by: the leg that answers for it where `target` is outside the office; nobody may call there.
            caller: who is shown as calling, and as whom the leg goes on.
            timeout: seconds for an answer.
            prepare: what is done for the leg before it is called.

        Returns:
            What gives None when it has answered, else why it has not.
        """
        ...


class Nobody(Operator):
    """An operator of an office without anybody in it: for dry runs.

    Args:
        lots: its parking lots by name.
    """

    def __init__(self, lots: Mapping[str, Lot] | None = None) -> None:
        self.parking = ParkingLots(lots)
        self.conferences = NO_CONFERENCES

    def legs(self) -> Sequence[Leg]:
        """None."""
        return ()

    def find(self, name: str) -> Leg | None:
        """None."""
        return None

    def named(self, name: str) -> Sequence[Leg]:
        """None."""
        return ()

    def ringing(self) -> Sequence[Ringing]:
        """None."""
        return ()

    def may_pick_up(self, leg: Leg, ringing: Ringing) -> bool:
        """Nobody rings."""
        return False

    def partner(self, leg: Leg) -> Leg | None:
        """None."""
        return None

    def exists(self, place: Place, caller: str) -> bool:
        """Supposed."""
        return True

    def send(self, leg: Leg, place: Place, *, called: bool = False) -> bool:
        """Nothing."""
        return False

    def hang_up(self, leg: Leg, ending: Ending) -> None:
        """End the leg."""
        leg.hang_up(ending)

    def blind_transfer(self, leg: Leg, place: Place) -> bool:
        """It talks with nobody."""
        return False

    def attended_transfer(self, leg: Leg, second: Leg) -> str:
        """It talks with nobody."""
        return f"{leg.name} talks with nobody"

    async def pick_up(self, leg: Leg, ringing: Ringing) -> None:
        """Nothing."""

    async def join(self, leg: Leg, other: Leg) -> None:
        """Nothing."""

    def originate(
        self,
        target: Target,
        follow: Follow,
        *,
        by: Leg | None = None,
        caller: Party | None = None,
        timeout: float = 30.0,
        variables: Mapping[str, str] | None = None,
        prepare: Callable[[Leg], Awaitable[None]] | None = None,
    ) -> Awaitable[Ending | None]:
        """Supposed to be answered."""
        return Told(None)


class Told:
    """What `originate` gives where it is known already; it may be left unawaited.

    Args:
        ending: why nobody has answered; None where somebody has.
    """

    def __init__(self, ending: Ending | None) -> None:
        self._ending = ending

    def __await__(self) -> Generator[None, None, Ending | None]:
        yield from ()
        return self._ending
