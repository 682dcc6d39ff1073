"""The operator: reaches any leg by its name, moves it, and calls people out of nothing.

See `gateway.core.operator`; here it works on the floor, with the transfers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from gateway.call.floor import Floor
from gateway.call.leg import CallLeg
from gateway.call.pickup import PickupGroups, groups_of
from gateway.call.transfer import Transfers
from gateway.core.cause import Cause
from gateway.core.conference import NO_CONFERENCES, Conferences
from gateway.core.ending import Act, Ending
from gateway.core.errors import CopperlineError, RemoteError
from gateway.core.messages import Dial
from gateway.core.number import Match, NumberPlan, Party
from gateway.core.operator import Follow, Ringing
from gateway.core.parking import ParkingLots
from gateway.core.switch import BridgeEnd, HungUp, Leg, Moved, Place, Target
from gateway.core.trace import Kind

__all__ = ["FloorOperator"]

_EXTENSION: Final = (Match.COMPLETE, Match.EXTENDABLE)


class FloorOperator:
    """Implements `gateway.core.operator.Operator`.

    Args:
        floor: the legs.
        transfers: moves them.
        plan: tells which numbers there are.
        place: makes the leg of an outgoing call that belongs to no call yet; raises RemoteError.
        groups: gives the pickup groups.
        parking: the parking lots.
        clock: engine clock, seconds.

    Attributes:
        conferences: the rooms; but supposed until an office gives some.
    """

    def __init__(
        self,
        floor: Floor,
        transfers: Transfers,
        plan: NumberPlan,
        *,
        place: Callable[[Target, Party, str, CallLeg | None], CallLeg],
        groups: Callable[[], PickupGroups],
        parking: ParkingLots,
        clock: Callable[[], float],
    ) -> None:
        self._floor = floor
        self._transfers = transfers
        self._plan = plan
        self._place = place
        self._groups = groups
        self.parking = parking
        self.conferences: Conferences = NO_CONFERENCES
        self._clock = clock

    def legs(self) -> Sequence[Leg]:
        """Every leg that lives."""
        return list(self._floor.legs.values())

    def find(self, name: str) -> Leg | None:
        """The leg of that name; also by its name without its number."""
        stem = f"{name.lower()}-"
        return self._floor.find(name) or next(
            (leg for leg in self._floor.legs.values() if leg.name.lower().startswith(stem)), None
        )

    def named(self, name: str) -> Sequence[Leg]:
        """The legs of the call whose id is `name`, or the one leg of that name; none where there is neither."""
        for call in self._floor.calls:
            if call.id == name:
                return [leg for leg in call.legs if leg.ending is None]
        leg = self._floor.find(name)
        return [] if leg is None else [leg]

    def ringing(self) -> Sequence[Ringing]:
        """The legs that ring, those longest at it first."""
        return [
            Ringing(leg, leg.dialing.caller)
            for leg in self._floor.legs.values()
            if leg.dialing is not None and leg.dialing.caller is not leg and not leg.dialing.over
        ]

    def may_pick_up(self, leg: Leg, ringing: Ringing) -> bool:
        """Whether `leg` may answer that call without naming it."""
        own, theirs = groups_of(leg.variables), groups_of(ringing.leg.variables)
        return self._groups().may(_device(leg), _device(ringing.leg), own, theirs)

    def partner(self, leg: Leg) -> Leg | None:
        """Whom a leg talks with."""
        own = _own(leg)
        return None if own.bridge is None else own.bridge.partner(own)

    def exists(self, place: Place, caller: str) -> bool:
        """Whether the dialplan has such an extension for that caller."""
        return self._plan.match(place.context, place.extension, caller) in _EXTENSION

    def send(self, leg: Leg, place: Place, *, called: bool = False) -> bool:
        """Send a leg to a place of the dialplan, unless it is with another's script."""
        own = _own(leg)
        if own.bridge is None and not called and (own.waits or not own.driven):
            return False
        partner = None if own.bridge is None else own.bridge.partner(own)
        self._floor.send(own, place)
        if partner is not None:
            gone = Ending(Cause.NORMAL_CLEARING, own.peer, Act.TRANSFERRED, f"{own.name} was sent to {place}")
            self._floor.left_alone(partner, BridgeEnd(own, gone))
        return True

    def hang_up(self, leg: Leg, ending: Ending) -> None:
        """End a leg."""
        _own(leg).end(ending)

    def blind_transfer(self, leg: Leg, place: Place) -> bool:
        """Send whom `leg` talks with to a place."""
        own = _own(leg)
        if own.bridge is None:
            return False
        self._transfers.blind(own, place)
        return True

    def attended_transfer(self, leg: Leg, second: Leg) -> str:
        """Join the partners of two legs."""
        return self._transfers.attended(_own(leg), _own(second))

    async def pick_up(self, leg: Leg, ringing: Ringing) -> None:
        """Answer a ringing leg's call with `leg`."""
        await self._transfers.replace(_own(ringing.leg), _own(leg))

    async def join(self, leg: Leg, other: Leg) -> None:
        """Let `leg` talk with `other`, whatever that one is about."""
        own, far = _own(leg), _own(other)
        await own.answer()
        left = None if far.bridge is None else far.bridge.partner(far)
        if not await self._floor.take(far):
            return
        try:
            own.go_on()
        except (HungUp, Moved) as why:
            far.end(own.ending or Ending(Cause.NORMAL_CLEARING, own.peer, Act.TRANSFERRED, str(why)))
            raise
        self._floor.connect(own, far)
        if left is not None:
            gone = Ending(
                Cause.NORMAL_CLEARING, own.peer, Act.TRANSFERRED, f"{far.name} was joined with {own.name}"
            )
            self._floor.left_alone(left, BridgeEnd(far, gone))
        await own.talk()

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
        """Call `target` out of nothing; see `Operator.originate`."""
        party = caller or Party(target.address.partition("@")[0].partition("/")[0])
        place = follow if isinstance(follow, Place) else Place("", target.address)
        outcome: asyncio.Future[Ending | None] = asyncio.get_running_loop().create_future()
        try:
            leg = self._place(target, party, place.context, None if by is None else _own(by))
        except RemoteError as error:
            outcome.set_result(Ending(error.cause, str(target), Act.FAILED, str(error), error.advice))
            return outcome
        leg.variables.update(variables or {})
        shown = caller or Party(place.extension)

        async def errand() -> None:
            try:
                await self._prepare(leg, prepare)
                await self._answer(leg, target, shown, timeout)
            finally:
                if not outcome.done():
                    outcome.set_result(leg.ending)
            if isinstance(follow, Place):
                await self._floor.dialplan(leg, follow)()
            else:
                await follow(leg)

        self._floor.begin(leg, errand, called=place.extension, context=place.context)
        leg.note(f"{target} is called, to be connected to {place.extension}", kind=Kind.CALL)
        return outcome

    @staticmethod
    async def _prepare(leg: CallLeg, prepare: Callable[[Leg], Awaitable[None]] | None) -> None:
        """Do what comes before the call; a fault in that ends the leg."""
        if prepare is not None:
            try:
                await prepare(leg)
            except CopperlineError as error:
                leg.end(Ending(Cause.TEMPORARY_FAILURE, leg.peer, Act.FAILED, str(error)))
            leg.go_on()

    async def _answer(self, leg: CallLeg, target: Target, shown: Party, timeout: float) -> None:
        try:
            leg.command(Dial(target.address, shown, dict(leg.variables)))
        except CopperlineError as error:
            leg.end(Ending(Cause.TEMPORARY_FAILURE, str(target), Act.FAILED, str(error)))
        if not await leg.answered_by(self._clock() + timeout):
            leg.end(Ending(Cause.NO_ANSWER, leg.peer, Act.DID_NOT_ANSWER, f"no answer for {timeout:g} s"))
            leg.go_on()


def _device(leg: Leg) -> str:
    return leg.name.rpartition("-")[0]


def _own(leg: Leg) -> CallLeg:
    assert isinstance(leg, CallLeg)  # nobody has other legs than those of the floor
    return leg
