"""Calls from the exchange: ringing, caller ID, the answer, and glare with calls that go out.

Each method is an action of the table in drivers/fxo/states.py, which says when.
"""

from __future__ import annotations

from typing import Final

from drivers.fxo.base import REVERSAL_SETTLE, ExchangeLine
from drivers.fxo.caller_id import CallerIdListener
from drivers.fxo.states import Input
from drivers.line import Cue
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import Offered
from gateway.core.number import Party, Presentation
from hardware.analog.line import Hook, SetHook

__all__ = ["IncomingCalls"]

RING_TIME: Final = 8.0
"""Seconds without ringing after which the caller has given up (`sig_analog.c`: 8000 ms): longer than the longest
pause of a cadence (6 s)."""
ONE_RING: Final = 0.45
"""Seconds of pause below which two bursts are one ring (400/200/400 of the UK and Australia): caller ID needs
500 ms of silence before it, and the end of a burst is told 50 ms late."""
LISTEN_EVERY: Final = 0.1
"""Seconds between looks at what was captured; caller ID is then late by no more."""


class IncomingCalls(ExchangeLine):
    """The part of an exchange line that takes calls."""

    _quiet_since = 0.0

    def _ring_began(self, cue: Cue) -> None:
        self._begin_call()
        self._caller = Party(presentation=Presentation.UNAVAILABLE)
        self._still_rings(cue)
        if self.config.caller_id is None:
            self._feed(Input.CALLER_KNOWN, cue)

    def _ring_ended(self, cue: Cue) -> None:
        if self.channel is None:  # the beginning was not seen
            self._ring_began(cue)
        self._still_rings(cue)
        self._quiet_since = cue.now
        if self._listener is None and self.config.caller_id is not None:
            capture = self._start_capture("caller ID", cue.now)
            if capture is not None:
                self._listener = CallerIdListener(capture, self.config.caller_id)
                self._timers[Input.LISTEN_TIME] = cue.now + LISTEN_EVERY

    def _listen(self, cue: Cue) -> None:
        assert self._listener is not None
        caller = self._listener.read()
        if caller is None:
            self._timers[Input.LISTEN_TIME] = cue.now + LISTEN_EVERY
            return
        self._caller = caller
        self.note(cue.now, f"caller ID: {caller}")
        self._feed(Input.CALLER_KNOWN, cue)

    def _ring_again(self, cue: Cue) -> None:
        """The second ring: what has not been sent by now will not be (GR-30)."""
        self._still_rings(cue)
        if cue.now - self._quiet_since < ONE_RING:
            return
        if self._listener is not None:
            self._caller = self._listener.read() or self._caller
        self._feed(Input.CALLER_KNOWN, cue)

    def _still_rings(self, cue: Cue) -> None:
        self._timers[Input.RING_TIME] = cue.now + RING_TIME

    def _offer(self, cue: Cue) -> None:
        self._stop_listening()
        self.last_caller = self._caller
        self._tell(Offered(self.config.did or "s", self._caller, self.config.context))

    def _forget(self, cue: Cue) -> None:
        """The ringing ended before the call was offered: nobody is to be told."""
        self.note(cue.now, f"{self._exchange} stopped ringing ({cue.evidence}) before the call was offered")
        self._stop_listening()
        self._close_channel(cue.now, None)

    def _caller_gave_up(self, cue: Cue) -> None:
        self._close_channel(cue.now, Ending(Cause.NORMAL_CLEARING, self._exchange, Act.CANCELLED, cue.evidence))

    def _answer(self, cue: Cue) -> None:
        self._hush()
        self._order(SetHook(Hook.OFFHOOK), cue.now)
        self._detect(True)
        self._settled = cue.now + REVERSAL_SETTLE
        self._conversed = True
        self._listen_for_release(cue)

    def _refuse(self, cue: Cue) -> None:
        self._close_channel(cue.now, None)
        if Input.RING_TIME not in self._timers:
            self._still_rings(cue)

    # Glare.

    def _glare(self, cue: Cue) -> None:
        self._give_way(cue)
        self._ring_began(cue)

    def _caught(self, cue: Cue) -> None:
        self._give_way(cue)
        self._begin_call()
        self._caller = Party(presentation=Presentation.UNAVAILABLE)
        self._detect(True)
        self._offer(cue)

    def _give_way(self, cue: Cue) -> None:
        evidence = f"{cue.evidence} while the line was being taken for an outgoing call"
        advice = "Calls that come in meet calls that go out here; dial out by another line, or again."
        self._stop_listening()
        self._close_channel(
            cue.now, Ending(Cause.REQUESTED_CIRCUIT_NOT_AVAILABLE, self._exchange, Act.REFUSED, evidence, advice)
        )

    def _ring_back(self, cue: Cue) -> None:
        self._tone("ring", self.config.zone, cue.now)

    def _caller_left(self, cue: Cue) -> None:
        self._rest(Ending(Cause.NORMAL_CLEARING, self._exchange, Act.CANCELLED, cue.evidence), cue)
