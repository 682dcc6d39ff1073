"""A transfer that a leg asks for by keys: its partner is put on hold while it dials, and perhaps asks, another one.

blind:     key, dial tone, number: the partner goes there, the transferor's leg ends.
attended:  key, dial tone, number: it rings, the two talk; when the transferor hangs up, the partner takes its
           place, also while it still rings; when the other one hangs up, or never answers, the partner is back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from gateway.call.dialing import Dialing
from gateway.call.floor import Floor
from gateway.call.leg import CallLeg
from gateway.call.letters import Letter
from gateway.call.transfer import Transfers
from gateway.call.trial import transferred
from gateway.core.feature import Feature, FeatureCodes
from gateway.core.messages import Released
from gateway.core.number import Match, NumberPlan
from gateway.core.sounds import Sounds
from gateway.core.switch import BridgeEnd, DialOptions, HungUp, Place, Target
from gateway.core.trace import Kind

__all__ = ["Consultation"]

_KEYS: Final = "0123456789*#ABCD"
_LONGEST: Final = 32
"""Digits of a number; more are somebody leaning on the keys."""
_EXTENSION: Final = (Match.COMPLETE, Match.EXTENDABLE)


class Consultation:
    """One such transfer; begins at once.

    Args:
        leg: who asks for it, in a talk.
        attended: whether it wants to speak with the other one first.
        floor, transfers: move the legs.
        plan: tells when a number is complete.
        sounds: what the transferor hears.
        codes: how long to wait for keys and for an answer.
        outgoing: makes the leg to a target, for a leg.
        clock: engine clock, seconds.
    """

    def __init__(
        self,
        leg: CallLeg,
        attended: bool,
        *,
        floor: Floor,
        transfers: Transfers,
        plan: NumberPlan,
        sounds: Sounds,
        codes: FeatureCodes,
        outgoing: Callable[[CallLeg, Target], CallLeg],
        clock: Callable[[], float],
    ) -> None:
        assert leg.bridge is not None
        self._leg = leg
        self._partner = leg.bridge.partner(leg)
        self._attended = attended
        self._floor = floor
        self._transfers = transfers
        self._plan = plan
        self._sounds = sounds
        self._codes = codes
        self._outgoing = outgoing
        self._clock = clock
        self._context = transfers.context(leg)
        leg.bridge.dissolve()
        leg.consultation = self._partner.consultation = self
        self._partner.write_to(self)
        self._partner.audio.play(floor.music(self._partner))
        self._task: asyncio.Task[None] = floor.aside(self._run())

    def post(self, letter: tuple[CallLeg, Letter]) -> None:
        """The partner, on hold, says something: only that it hangs up is of interest."""
        _, event = letter
        if isinstance(event, Released):
            self._close()
            self._task.cancel()
            if self._leg.bridge is None:
                self._floor.left_alone(self._leg, BridgeEnd(self._partner, event.ending))

    def asked(self, feature: Feature) -> None:
        """The transferor keys a code again: that of the attended transfer completes it."""
        if feature is Feature.ATTENDED_TRANSFER and self._leg.bridge is not None:
            transferred(self._leg, f"{self._partner.peer} to {self._leg.bridge.partner(self._leg).peer}")

    def left_alone(self, leg: CallLeg, end: BridgeEnd) -> None:
        """The talk with the other one is over: who is left of it is `leg`."""
        partner = self._partner
        self._close()
        if leg is self._leg:
            leg.note(f"{leg.peer} is back with {partner.peer}", kind=Kind.CALL)
            self._floor.connect(leg, partner)
        else:
            partner.variables["ATTENDEDTRANSFER"] = self._leg.name
            self._floor.connect(partner, leg)

    def parted(self) -> None:
        """The talks of a transfer come apart as it goes on; those that matter are told by `left_alone`."""

    def abandon(self) -> None:
        """One of the two is wanted elsewhere: there is nothing to transfer any more."""
        self._close()
        self._task.cancel()

    # Inside.

    async def _run(self) -> None:
        leg, partner = self._leg, self._partner
        try:
            number = await self._number()
            if not number:
                await self._say("pbx-invalid")
                self._back()
            elif self._attended:
                await self._ask(number)
            else:
                self._close()
                self._transfers.send(leg, partner, Place(self._context, number))
        except HungUp as over:
            if leg.consultation is self:
                self._close()
                self._floor.left_alone(partner, BridgeEnd(leg, over.ending))

    async def _number(self) -> str:
        """The number keyed; "" where it is none."""
        leg = self._leg
        prompt = self._sounds.prompt("pbx-transfer")
        digits = await leg.play([prompt], _KEYS) if prompt is not None else ""
        if not digits:
            leg.audio.play(self._sounds.tone("dial"))
        while len(digits) < _LONGEST:
            match = self._match(digits)
            if digits and match in (Match.COMPLETE, Match.IMPOSSIBLE):
                break
            digit = await leg.digit(self._codes.transfer_time)
            leg.audio.stop()
            if not digit or (digit == "#" and self._match(f"{digits}#") is Match.IMPOSSIBLE):
                break
            digits += digit
        return digits if self._match(digits) in _EXTENSION else ""

    def _match(self, digits: str) -> Match:
        return self._plan.match(self._context, digits, self._partner.party.number)

    async def _ask(self, number: str) -> None:
        """Call the other one; when that is answered, the two talk, and `left_alone` sees to what comes then."""
        leg = self._leg
        options = DialOptions(timeout=self._codes.answer_time)
        dialing = Dialing(leg, make=self._outgoing, clock=self._clock, options=options)
        dialing.successor = lambda: self._ring_on(dialing)
        target = Target("Local", f"{number}@{self._context}")
        outcome = await dialing.run([target], leg.party)
        other = outcome.leg
        if isinstance(other, CallLeg) and other.ending is None:
            if leg.ending is None:
                self._floor.connect(leg, other)
            else:  # as it was answered
                self.left_alone(other, BridgeEnd(leg, leg.ending))
        else:
            leg.note(f"{number} cannot be reached", str(outcome.ending or (other and other.ending) or ""))
            await self._say("beeperr")
            self._back()

    def _ring_on(self, dialing: Dialing) -> None:
        """The transferor has hung up while it rings: the partner waits for the answer."""
        self._close()
        self._partner.variables["ATTENDEDTRANSFER"] = self._leg.name
        self._transfers.take_over(self._partner, dialing)

    async def _say(self, name: str) -> None:
        sound = self._sounds.prompt(name)
        if sound is not None:
            await self._leg.play([sound])

    def _back(self) -> None:
        self._close()
        self._floor.connect(self._leg, self._partner)

    def _close(self) -> None:
        """The partner is no longer on hold here."""
        for leg in (self._leg, self._partner):
            if leg.consultation is self:
                leg.consultation = None
        if self._partner.ending is None:
            self._partner.write_to(None)
            self._partner.audio.stop()
