"""Transfers that legs ask for, and legs that come in to take another's place.

Blind (RFC 5589 section 6): the transferor's partner goes into the dialplan at the number named; `Trial` sees what
comes of it. Attended (RFC 5589 section 7): the partners of the transferor's two legs are joined, or, where the
second one still rings, the dial goes on for the transferee. Replacement (RFC 3891): the new leg takes over the
talk, the dial or the ringing of the one that it names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from gateway.call.dialing import Dialing
from gateway.call.floor import Errand, Floor
from gateway.call.leg import CallLeg
from gateway.call.tolls import Tolls
from gateway.call.trial import Trial, transferred
from gateway.core.carried import REFERRED_BY, REFERRED_BY_NAME
from gateway.core.cause import Cause
from gateway.core.conference import VOUCHED, Member
from gateway.core.ending import Act, Ending
from gateway.core.messages import Offered, TransferAsked, TransferTold
from gateway.core.number import Match, NumberPlan, Party, Presentation
from gateway.core.parking import WANTED_PLACE, Parked, ParkingLots
from gateway.core.switch import HungUp, Place
from gateway.core.trace import Kind

__all__ = ["Transfers"]

_EXTENSION: Final = (Match.COMPLETE, Match.EXTENDABLE)
_NONE: Final[Mapping[str, str]] = MappingProxyType({})


class Transfers:
    """Carries transfers out.

    Args:
        floor: the legs.
        plan: tells which numbers there are.
        parking: the parking lots.
        tolls: asked before two legs from outside are joined; all may be where None.
        conferees: gives who is in a conference, by leg.
    """

    def __init__(
        self,
        floor: Floor,
        plan: NumberPlan,
        parking: ParkingLots,
        tolls: Tolls | None = None,
        conferees: Callable[[], Mapping[str, Member]] = dict,
    ) -> None:
        self._floor = floor
        self._conferees = conferees
        self._tolls = tolls
        self._plan = plan
        self._parking = parking

    def asked(self, transferor: CallLeg, wish: TransferAsked) -> None:
        """The far side of `transferor` asks for a transfer; it is told what comes of it."""
        if wish.other:
            second = self._floor.find(wish.other)
            refusal = self._attended(transferor, second, wish)
        else:
            refusal = self._blind(transferor, wish)
        if refusal is not None:
            cause, why = refusal
            transferor.note(f"{transferor.peer} asks for a transfer that cannot be: {why}", kind=Kind.CALL)
            transferor.command(TransferTold(cause))

    def blind(
        self,
        transferor: CallLeg,
        place: Place,
        referrer: Party | None = None,
        variables: Mapping[str, str] = _NONE,
    ) -> None:
        """Send whom `transferor` talks with to a place that exists; once they have arrived, `transferor` ends.

        Args:
            referrer: who asks for it, as whoever is called there is told (RFC 3892); None for the transferor.
            variables: what they get besides.
        """
        assert transferor.bridge is not None
        transferee = transferor.bridge.partner(transferor)
        transferee.variables["BLINDTRANSFER"] = transferor.name
        transferee.variables |= {**_referred_by(referrer or transferor.party), **variables}
        transferor.bridge.dissolve()
        transferor.note(f"{transferor.peer} transfers {transferee.peer} to {place.extension}", kind=Kind.CALL)
        Trial(transferee, transferor, place.extension, self._floor.left_alone)
        self._floor.send(transferee, place)

    def send(self, transferor: CallLeg, transferee: CallLeg, place: Place) -> None:
        """Send a transferee, in no talk, to a place, and let the transferor go at once."""
        transferee.variables["BLINDTRANSFER"] = transferor.name
        transferee.variables |= _referred_by(transferor.party)
        what = f"{transferee.peer} to {place.extension}"
        transferor.note(f"{transferor.peer} transfers {what}", kind=Kind.CALL)
        self._floor.send(transferee, place)
        transferred(transferor, what)

    def attended(self, transferor: CallLeg, second: CallLeg) -> str:
        """Join whom `transferor` talks with and whom its other leg `second` talks with, or rings.

        Returns:
            Why that cannot be; "" where it is done.
        """
        if transferor.bridge is None:
            return f"{transferor.name} talks with nobody"
        transferee = transferor.bridge.partner(transferor)
        target = second.bridge.partner(second) if second.bridge is not None else None
        if second is transferor or target is transferor:
            return "it would be joined with itself"
        parked = self._parking.place_of(second)
        if parked is not None:
            self._park(transferor, transferee, second, parked)
            return ""
        seat = self._conferees().get(second.name)
        if seat is not None:
            others = self._others(seat, transferor, second)
            if self._tolls is not None and not self._tolls.may_meet(transferee, others, self.context(transferor)):
                return self._stays_outside(transferor)
            self._put_into(seat, transferor, transferee, second)
            return ""
        dialing = second.dialing
        if target is None and (dialing is None or dialing.caller is not second or dialing.over):
            return f"{second.name} talks with nobody"
        called = [target] if target is not None else dialing.called if dialing is not None else []
        if self._tolls is not None and not self._tolls.may_join(transferee, called, self.context(transferor)):
            return self._stays_outside(transferor)
        what = f"{transferee.peer} to {target.peer if target is not None else second.called}"
        transferor.note(f"{transferor.peer} transfers {what}", kind=Kind.CALL)
        transferee.variables["ATTENDEDTRANSFER"] = transferor.name
        if target is not None:
            self._floor.connect(transferee, target)
        else:
            assert dialing is not None
            transferor.bridge.dissolve()
            self.take_over(transferee, dialing)
        transferor.command(TransferTold(None))
        transferred(transferor, what)
        transferred(second, what)
        return ""

    def _stays_outside(self, transferor: CallLeg) -> str:
        return f'both would be outside, and "{self.context(transferor)}" is not in onward of [tolls]'

    def _others(self, seat: Member, *gone: CallLeg) -> list[CallLeg]:
        """Who stays in a conference without those who are gone."""
        found = (self._floor.find(member.leg.name) for member in seat.room.members)
        return [leg for leg in found if leg is not None and leg not in gone]

    def _park(self, transferor: CallLeg, transferee: CallLeg, second: CallLeg, parked: Parked) -> None:
        """Park the transferee where `second`, which heard the number of the place, is parked for it."""
        transferee.variables[WANTED_PLACE] = str(parked.number)
        self._parking.leave(parked)
        transferor.command(TransferTold(None))
        self.send(transferor, transferee, parked.step)
        transferred(second, f"{transferee.peer} to place {parked.number}")

    def _put_into(self, seat: Member, transferor: CallLeg, transferee: CallLeg, second: CallLeg) -> None:
        """Put the transferee into the conference in which `second` is; it has been let in for it."""
        transferee.variables[VOUCHED] = seat.room.name
        transferor.command(TransferTold(None))
        self.send(transferor, transferee, seat.step)
        transferred(second, f"{transferee.peer} to the conference {seat.room.name}")

    def replacement(self, leg: CallLeg, offer: Offered) -> Errand:
        """What a leg that came in to take the place of another one is about."""
        old = self._floor.find(offer.replaces)

        async def replace() -> None:
            if old is None or old.ending is not None:
                raise self._refuse(
                    leg, Cause.INVALID_CALL_REFERENCE, f"there is no leg {offer.replaces} to replace"
                )
            if offer.early_only and old.answered:
                raise self._refuse(leg, Cause.USER_BUSY, f"{old.name} was answered already")
            if offer.early_only and old.incoming:
                raise self._refuse(leg, Cause.INVALID_CALL_REFERENCE, f"{old.name} calls, and does not ring")
            await self.replace(old, leg)

        return replace

    async def replace(self, old: CallLeg, leg: CallLeg) -> None:
        """Let `leg`, whose script this is, take the place of `old`; returns when its talk is over.

        Raises:
            HungUp: the leg is over; it was refused where `old` neither talks, calls nor rings.
        """
        dialing = old.dialing if old.dialing is not None and not old.dialing.over else None
        leg.shown = Party(leg.called)
        if old.bridge is not None:
            partner = old.bridge.partner(old)
            await leg.answer()
            if old.bridge is None or partner.ending is not None:
                raise self._refuse(leg, Cause.INVALID_CALL_REFERENCE, f"{old.name} has hung up")
            self._floor.connect(leg, partner)
        elif dialing is not None and dialing.caller is old:
            await leg.answer()
            if dialing.over:
                raise self._refuse(leg, Cause.INVALID_CALL_REFERENCE, f"{old.name} has hung up")
            heir = dialing.hand_over(leg)
            self._replaced(old, leg)
            self._adopt(heir.called, leg)
            await self._go_on(leg, heir)
            return
        elif dialing is not None:
            leg.note(f"{leg.peer} picks up the call for {old.peer}", kind=Kind.CALL)
            await leg.answer()
            if dialing.over:
                raise self._refuse(leg, Cause.INVALID_CALL_REFERENCE, f"{old.name} rings no more")
            dialing.pick_up(leg)
        else:
            raise self._refuse(leg, Cause.INVALID_CALL_REFERENCE, f"{old.name} talks with nobody")
        if dialing is None:
            self._replaced(old, leg)
        end = await leg.talk()
        leg.end(end.ending or _over(leg))

    def _replaced(self, old: CallLeg, leg: CallLeg) -> None:
        old.end(Ending(Cause.NORMAL_CLEARING, leg.peer, Act.TRANSFERRED, f"{leg.name} has taken its place"))

    def _blind(self, transferor: CallLeg, wish: TransferAsked) -> tuple[Cause, str] | None:
        bridge = transferor.bridge
        if bridge is None:
            return Cause.FACILITY_REJECTED, "it talks with nobody"
        place = Place(self.context(transferor, wish.context), wish.called)
        transferee = bridge.partner(transferor)
        if self._plan.match(place.context, place.extension, transferee.party.number) not in _EXTENSION:
            return Cause.UNALLOCATED_NUMBER, f"there is no extension {wish.called} in {place.context}"
        self.blind(transferor, place, wish.referred_by, wish.variables)
        return None

    def _attended(
        self, transferor: CallLeg, second: CallLeg | None, wish: TransferAsked
    ) -> tuple[Cause, str] | None:
        if second is None:
            return Cause.INVALID_CALL_REFERENCE, f"there is no leg {wish.other}"
        why = self.attended(transferor, second)
        return (Cause.FACILITY_REJECTED, why) if why else None

    def context(self, transferor: CallLeg, asked: str = "") -> str:
        """The context in which a transferor's numbers are looked up."""
        return asked or transferor.variables.get("TRANSFER_CONTEXT", "") or transferor.context

    def take_over(self, transferee: CallLeg, dialing: Dialing) -> None:
        """Let the transferee wait for the answer of those who ring for the transferor (early attended transfer)."""
        floor = self._floor
        heir = dialing.hand_over(transferee)
        if transferee.driven:
            floor.aside(self._go_on(transferee, heir))
        else:
            call = transferee.call
            assert call is not None  # whoever may be transferred is in one
            wanted = call.wanted(transferee, heir.called[0]) if heir.called else call.called
            floor.begin(transferee, lambda: self._go_on(transferee, heir), called=wanted, context=call.context)
        self._adopt(heir.called, transferee)

    def _adopt(self, called: Sequence[CallLeg], leg: CallLeg) -> None:
        """Those who ring belong to the call of `leg` from now on."""
        for each in called:
            if leg.call is not None:
                self._floor.adopt(each, leg.call)

    async def _go_on(self, leg: CallLeg, dialing: Dialing) -> None:
        """Wait for the answer to a dial that was handed over, and talk."""
        outcome = await dialing.go_on()
        if isinstance(outcome.leg, CallLeg):
            if leg.ending is not None or outcome.leg.ending is not None:  # since it was answered
                outcome.leg.end(leg.ending or _over(outcome.leg))
                leg.end(outcome.leg.ending or _over(leg))
                return
            self._floor.connect(leg, outcome.leg)
            if leg.waits:
                return  # its own script waits for the end of its talk, whomever it is with
            end = await leg.talk()
            leg.end(end.ending or _over(leg))
        elif outcome.ending is not None:
            leg.end(outcome.ending)

    @staticmethod
    def _refuse(leg: CallLeg, cause: Cause, why: str) -> HungUp:
        act = Act.HUNG_UP if leg.answered else Act.REFUSED
        leg.end(Ending(cause, "Copperline", act, why, "Call again."))
        assert leg.ending is not None
        return HungUp(leg.ending)


def _referred_by(who: Party) -> dict[str, str]:
    """Channel variables of a transferee: who has sent it elsewhere, where that may be shown."""
    shown = who if who.presentation is Presentation.ALLOWED else Party()
    return {REFERRED_BY: shown.number, REFERRED_BY_NAME: shown.name}


def _over(leg: CallLeg) -> Ending:
    return Ending(Cause.NORMAL_CLEARING, "Copperline", Act.HUNG_UP, f"the talk of {leg.peer} is over")
