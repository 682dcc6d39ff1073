"""Calls from the network: who calls which number, the answer, and callers who give up.

Each method is an action of the table in drivers/isdn/states.py, which says when.
"""

from __future__ import annotations

from typing import Final

from drivers.isdn.base import AdapterLine
from drivers.isdn.results import result_of
from drivers.isdn.states import Input
from drivers.line import Cue
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import Offered
from gateway.core.number import Party, Presentation

__all__ = ["IncomingCalls"]

CALLER_TIME: Final = 0.5
"""Seconds in which the caller's number follows the first RING, where RUNG tells the end of ringing."""
ANSWER_TIME: Final = 20.0
"""Seconds in which both sides are connected (Q.931 table 9-2, T313: 4 s), and some more."""


class IncomingCalls(AdapterLine):
    """The part of an adapter's line that takes calls."""

    def _note_caller(self, cue: Cue) -> None:
        number = result_of(cue.evidence)[1]
        self._caller = Party(number) if number else Party(presentation=Presentation.RESTRICTED)

    def _note_called(self, cue: Cue) -> None:
        self._called = result_of(cue.evidence)[1]

    def _ring(self, cue: Cue) -> None:
        self._called = result_of(cue.evidence)[1] or self._called
        self._still_rings(cue)
        if self._caller.presentation is not Presentation.UNAVAILABLE:
            self._feed(Input.CALLER_TIME, cue)
        else:
            self._timers[Input.CALLER_TIME] = cue.now + (self.profile.ring_gap or CALLER_TIME)

    def _still_rings(self, cue: Cue) -> None:
        if self.profile.ring_gap is not None:
            self._timers[Input.RING_TIME] = cue.now + self.profile.ring_gap

    def _offer_caller(self, cue: Cue) -> None:
        self._note_caller(cue)
        self._offer(cue)

    def _offer_again(self, cue: Cue) -> None:
        self._still_rings(cue)
        self._offer(cue)

    def _offer(self, cue: Cue) -> None:
        self._open_channel()
        self.last_caller = self._caller
        self._tell(Offered(self.config.did or self._called or "s", self._caller, self.config.context))

    def _caller_gave_up(self, cue: Cue) -> None:
        self._close_channel(cue.now, Ending(Cause.NORMAL_CLEARING, self._network, Act.CANCELLED, cue.evidence))
        self._watch(cue)

    def _answer(self, cue: Cue) -> None:
        self._tell_adapter(self.profile.answer, cue.now, ANSWER_TIME)

    def _refuse(self, cue: Cue) -> None:
        self._close_channel(cue.now, None)
        self._clear(cue)
