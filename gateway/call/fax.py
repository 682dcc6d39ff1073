"""The extension `fax`: where a call goes whose caller turns out to be a fax machine.

A fax machine that calls says so by a tone (CNG, ITU-T T.30 section 4.1.2). A call that came in is listened to from
its answer on where the context in which it stands has that extension, and nowhere else; when the tone comes, whom
it talks with is let go and its script goes on at `fax`, with FAXEXTEN telling what it had called.
"""

from __future__ import annotations

from typing import Final
from weakref import WeakSet

from gateway.call.floor import Floor
from gateway.call.leg import CallLeg
from gateway.core.audio import FaxTone
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import FaxRecognised
from gateway.core.number import NumberPlan
from gateway.core.switch import Place
from gateway.core.trace import Kind

__all__ = ["FaxCalls"]

EXTENSION: Final = "fax"
CALLED: Final = "FAXEXTEN"


class FaxCalls:
    """Who sends fax machines to their extension.

    Args:
        floor: moves the legs.
        plan: tells where there is such an extension.
    """

    def __init__(self, floor: Floor, plan: NumberPlan) -> None:
        self._floor = floor
        self._plan = plan
        self._listening: WeakSet[CallLeg] = WeakSet()

    def listen(self, leg: CallLeg) -> None:
        """Listen to a leg that has been answered, where that is of use."""
        if leg.incoming and leg not in self._listening and self._place(leg) is not None:
            self._listening.add(leg)
            leg.audio.detect_fax(True)

    def came(self, leg: CallLeg, event: FaxRecognised) -> bool:
        """Send a leg on, once, whose far side is a fax machine that calls; False where it goes on as it was."""
        place = self._place(leg)
        known = CALLED in leg.variables
        if event.tone is not FaxTone.CALLING or place is None or known or not (leg.incoming and leg.answered):
            return False
        leg.note(f"{leg.peer} is a fax machine: its calling tone is heard", kind=Kind.CALL)
        leg.variables[CALLED] = leg.called
        partner = leg.bridge.partner(leg) if leg.bridge is not None else None
        self._floor.send(leg, place)
        if partner is not None:
            partner.end(Ending(Cause.NORMAL_CLEARING, leg.peer, Act.TRANSFERRED, "it is a fax machine"))
        return True

    def _place(self, leg: CallLeg) -> Place | None:
        has = self._plan.has_special(leg.standing, EXTENSION, leg.party.number)
        return Place(leg.standing, EXTENSION) if has else None
