"""Calls that come in on a span: whom they want, digit by digit where need be, and what their callers are told.

A number that came whole, or that can be dialled as it is, is taken at once; for one that the dialplan cannot do
anything with yet more digits are asked (overlap receiving, Q.931 5.2.4). Each method is an action of the table
TAKEN in drivers/span/states.py, which says when.
"""

from __future__ import annotations

from typing import Final

from drivers.line import Cue
from drivers.shelf import Shelf
from drivers.span.call import SpanCall, Told, Trunk
from drivers.span.states import TAKEN_CALLS, CallInput
from gateway.core.cause import Cause
from gateway.core.diversion import Diversion, set_diversions
from gateway.core.messages import Alert, Identify, Offered
from gateway.core.number import Match, NumberPlan, Party
from gateway.q931 import primitive
from gateway.q931.coding import Presented
from gateway.q931.config import Side
from gateway.q931.mapping import connected_of, digits_of, is_audio, reason_of
from gateway.q931.number import CalledNumber, RedirectingNumber

__all__ = ["TakenCall"]

MATCH: Final = 3.0
"""Seconds to wait for a longer number once there is a complete one (as drivers/digits.py has it for telephones)."""
MAX_DIGITS: Final = 32
"""More than any number has; a far end that never stops must not grow one."""


class TakenCall(SpanCall):
    """An incoming call; arguments are those of `SpanCall`.

    Args:
        plan: what can be called here.

    Attributes:
        caller: who calls.
    """

    def __init__(self, trunk: Trunk, shelf: Shelf, plan: NumberPlan) -> None:
        super().__init__(TAKEN_CALLS, trunk, shelf)
        self.caller = Party()
        self._plan = plan
        self._digits = ""
        self._answers_as: Party | None = None
        self._variables: dict[str, str] = {}

    def _take_number(self, cue: Cue) -> None:
        assert isinstance(cue, Told) and isinstance(cue.event, primitive.Setup)
        setup = cue.event
        if not is_audio(setup.bearer):
            self.note(cue.now, "is to carry data, and is refused")
            self._trunk.say(self, primitive.Clear(Cause.BEARER_CAPABILITY_NOT_IMPLEMENTED), cue.now)
            self._trunk.forget(self)
            return
        self.caller = self._party(setup.calling, setup.display)
        set_diversions(self._variables, map(self._diversion, reversed(setup.redirecting)))
        if not self._open_row(setup.channel, cue.now):
            return
        self._digits = setup.keypad if setup.called is None else self._dialled(setup.called)
        self.note(cue.now, f"{self.caller} calls {self._digits or 'without a number'}")
        takes_more = self._trunk.config.interface.dialect.overlap and not setup.complete
        if takes_more and self._match() is Match.PARTIAL:
            self._ask_more(cue)
        else:
            self._feed(CallInput.NUMBER_COMPLETE, cue)

    def _match(self) -> Match:
        return self._plan.match(self._trunk.config.context, self._digits, self.caller.number)

    def _dialled(self, number: CalledNumber | RedirectingNumber) -> str:
        config = self._trunk.config
        return digits_of(number, national=config.national_prefix, international=config.international_prefix)

    def _diversion(self, number: RedirectingNumber) -> Diversion:
        hidden = number.presented is not None and number.presented is not Presented.ALLOWED
        return Diversion(self._dialled(number), reason_of(number), hidden)

    def _ask_more(self, cue: Cue) -> None:
        """SETUP ACKNOWLEDGE; a PBX that has sent no digit yet hears our dial tone."""
        dial_tone = self._trunk.config.interface.side is Side.NETWORK and not self._digits
        if dial_tone:
            self._tone("dial", self._trunk.config.zone, cue.now)
        self._trunk.say(self, primitive.AskMore(audio=dial_tone), cue.now)

    def _collect(self, cue: Cue) -> None:
        assert isinstance(cue, Told) and isinstance(cue.event, primitive.MoreDigits)
        self._hush()
        self._digits = (self._digits + cue.event.digits)[:MAX_DIGITS]
        self._timers.pop(CallInput.DIGIT_TIME, None)
        match = self._match()
        if match is Match.EXTENDABLE and not cue.event.complete:
            self._timers[CallInput.DIGIT_TIME] = cue.now + MATCH
        elif match is not Match.PARTIAL or cue.event.complete:
            self._feed(CallInput.NUMBER_COMPLETE, cue)

    def _digits_must_do(self, cue: Cue) -> None:
        self._feed(CallInput.NUMBER_COMPLETE, cue)

    def _offer(self, cue: Cue) -> None:
        config = self._trunk.config
        self._open_channel()
        self._trunk.say(self, primitive.Proceed(), cue.now)
        self._tell(Offered(self._digits or config.did, self.caller, config.context, variables=self._variables))

    # What the caller is told.

    def _alert(self, cue: Cue) -> None:
        assert isinstance(cue.subject, Alert)
        self._trunk.say(self, primitive.Alert(cue.subject.audio), cue.now)

    def _open_early(self, cue: Cue) -> None:
        self._trunk.say(self, primitive.TellProgress(), cue.now)

    def _identify(self, cue: Cue) -> None:
        """Whom the caller is shown with the answer (COLP, Q.951.5)."""
        assert isinstance(cue.subject, Identify)
        self._answers_as = cue.subject.party

    def _answer(self, cue: Cue) -> None:
        self._converse(cue.now)
        party = connected_of(self._answers_as) if self._answers_as is not None else None
        self._trunk.say(self, primitive.Connect(party), cue.now)
