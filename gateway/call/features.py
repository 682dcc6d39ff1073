"""What legs ask for by keys during a talk, and who does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gateway.call.consultation import Consultation
from gateway.call.floor import Floor
from gateway.call.leg import CallLeg
from gateway.call.transfer import Transfers
from gateway.call.trial import transferred
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.feature import Feature
from gateway.core.number import NumberPlan
from gateway.core.parking import DEFAULT_LOT, WANTED_PLACE, ParkingLots
from gateway.core.sounds import Sounds
from gateway.core.switch import Place, Target

__all__ = ["Features"]


class Features:
    """The features that there are.

    Args:
        floor, transfers: move the legs.
        plan: tells which numbers there are.
        parking: the parking lots.
        sounds: tones and prompts.
        outgoing: makes the leg to a target, for a leg.
        clock: engine clock, seconds.

    Attributes:
        doers: what does each feature, for the leg that asks, which is in a talk. A service adds its own here; the
            keys of a feature that nobody does are digits like others.
    """

    def __init__(
        self,
        floor: Floor,
        transfers: Transfers,
        plan: NumberPlan,
        *,
        parking: ParkingLots,
        sounds: Sounds,
        outgoing: Callable[[CallLeg, Target], CallLeg],
        clock: Callable[[], float],
    ) -> None:
        self._floor = floor
        self._transfers = transfers
        self._plan = plan
        self._parking = parking
        self._sounds = sounds
        self._outgoing = outgoing
        self._clock = clock
        self.doers: Final[dict[Feature, Callable[[CallLeg], None]]] = {
            Feature.BLIND_TRANSFER: lambda leg: self._transfer(leg, attended=False),
            Feature.ATTENDED_TRANSFER: lambda leg: self._transfer(leg, attended=True),
            Feature.HANG_UP: self._hang_up,
            Feature.PARK: self._park,
        }
        floor.doers = self.doers

    def _transfer(self, leg: CallLeg, *, attended: bool) -> None:
        Consultation(
            leg,
            attended,
            floor=self._floor,
            transfers=self._transfers,
            plan=self._plan,
            sounds=self._sounds,
            codes=self._floor.codes,
            outgoing=self._outgoing,
            clock=self._clock,
        )

    def _park(self, leg: CallLeg) -> None:
        """Park whom `leg` talks with in the default lot; `leg` is told the place, and ends."""
        lot = self._parking.lots.get(DEFAULT_LOT)
        free = None if lot is None else self._parking.free(lot)
        if lot is None or free is None or not lot.entrance or leg.bridge is None:
            full = lot is not None and free is None
            leg.note(
                "the call is not parked: "
                + ("every place is taken" if full else "[parking.default] has no extension")
            )
            return
        partner = leg.bridge.partner(leg)
        partner.variables |= {WANTED_PLACE: str(free), "BLINDTRANSFER": leg.name}
        self._floor.send(partner, Place(lot.context, lot.entrance))
        self._floor.aside(self._tell(leg, partner.peer, str(free)))

    async def _tell(self, leg: CallLeg, parked: str, number: str) -> None:
        await leg.play(self._sounds.spell(number))
        transferred(leg, f"{parked} to place {number}")

    def _hang_up(self, leg: CallLeg) -> None:
        keys = self._floor.codes.codes[Feature.HANG_UP]
        leg.end(Ending(Cause.NORMAL_CLEARING, leg.peer, Act.HUNG_UP, f"the keys {keys}"))
