"""What somebody in a conference asks of it by REFER: to bring somebody in, or to send somebody out (RFC 4579).

Whoever is brought in is called through the dialplan, at a number that the one who asks could have dialled, and as a
call of that one's: tolls and caps count it so. Both are for those alone whose profile has it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Final, Protocol

from gateway.call.floor import Floor
from gateway.call.leg import CallLeg
from gateway.core.cause import Cause
from gateway.core.conference import VOUCHED, Member
from gateway.core.ending import Act, Ending
from gateway.core.messages import TransferAsked, TransferTold
from gateway.core.operator import Follow
from gateway.core.switch import Leg, Place, Target
from gateway.core.trace import Kind

__all__ = ["Focus"]

LOCAL: Final = "LOCAL"
_DESERTED: Final = Ending(Cause.NORMAL_CLEARING, "Copperline", Act.HUNG_UP, "nobody is in the conference any more")


class Callers(Protocol):
    """Who calls people out of nothing; see `gateway.core.operator.Operator`."""

    def exists(self, place: Place, caller: str) -> bool:
        """Whether the dialplan has such an extension for that caller."""
        ...

    def originate(
        self, target: Target, follow: Follow, *, by: Leg | None = None, variables: Mapping[str, str] | None = None
    ) -> Awaitable[Ending | None]:
        """Call `target`, which goes on by itself once it has answered."""
        ...


class Focus:
    """Works conferences for their members.

    Args:
        floor: the legs.
        callers: calls whom they want.
    """

    def __init__(self, floor: Floor, callers: Callers) -> None:
        self._floor = floor
        self._callers = callers

    def asked(self, seat: Member, leg: CallLeg, wish: TransferAsked, context: str) -> None:
        """A member asks for something; it is told what comes of it.

        Args:
            context: where its numbers are looked up.
        """
        refusal = self._remove(seat, wish) if wish.removes else self._invite(seat, leg, wish, context)
        if refusal is not None:
            cause, why = refusal
            leg.note(f"{leg.peer} asks the conference {seat.room.name} for what cannot be: {why}", kind=Kind.CALL)
            leg.command(TransferTold(cause))
        elif wish.removes:
            leg.command(TransferTold(None))

    def _remove(self, seat: Member, wish: TransferAsked) -> tuple[Cause, str] | None:
        """Send out all who are there by that number (section 5.11)."""
        if not seat.profile.admin:
            return Cause.CALL_REJECTED, "it is no admin, and sends nobody out"
        found = [member for member in seat.room.members if member.leg.party.number == wish.called]
        for member in found:
            member.kick()
        return None if found else (Cause.UNALLOCATED_NUMBER, f"nobody there is {wish.called}")

    def _invite(self, seat: Member, leg: CallLeg, wish: TransferAsked, context: str) -> tuple[Cause, str] | None:
        """Call somebody, who comes into the room with the answer (section 5.5)."""
        if not seat.profile.invites:
            return Cause.CALL_REJECTED, "invites is not set in its profile"
        place = Place(context, wish.called)
        if not self._callers.exists(place, leg.party.number):
            return Cause.UNALLOCATED_NUMBER, f"there is no extension {wish.called} in {context}"
        leg.note(f"{leg.peer} has {wish.called} called into the conference {seat.room.name}", kind=Kind.CALL)
        target = Target(LOCAL, f"{place.extension}@{place.context}")

        async def enter(guest: Leg) -> None:
            if not seat.room.members:
                guest.hang_up(_DESERTED)
                return
            guest.variables[VOUCHED] = seat.room.name
            found = self._floor.find(guest.name)
            assert found is not None  # it has just answered
            await self._floor.dialplan(found, seat.step)()

        outcome = self._callers.originate(target, enter, by=leg, variables=wish.variables)

        async def tell() -> None:
            ending = await outcome
            leg.command(TransferTold(None if ending is None else ending.cause))

        self._floor.aside(tell())
        return None
