"""Calls from the exchange: ringing, caller ID, the answer, and glare with calls that go out.

Each method is an action of the table in drivers/fxo/states.py, which says when.
"""

from __future__ import annotations

from typing import Final

from drivers.fxo.base import REVERSAL_SETTLE, ExchangeLine
from drivers.fxo.caller_id import CallerIdListener, party
from drivers.fxo.rings import LAST_PAUSE, RingMeter
from drivers.fxo.states import Input
from drivers.line import Cue
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import Alert, Digit, Offered
from gateway.core.number import Party, Presentation
from gateway.media.delivery import read_digits
from hardware.analog.line import Hook, SetHook

__all__ = ["IncomingCalls"]

RING: Final = "RING"
"""The channel variable that names a distinctive ring."""
RING_TIME: Final = 8.0
"""Seconds without ringing after which the caller has given up (`sig_analog.c`: 8000 ms): longer than the longest
pause of a cadence (6 s)."""
ONE_RING: Final = 0.45
"""Seconds of pause below which two bursts are one ring (400/200/400 of the UK and Australia): caller ID needs
500 ms of silence before it, and the end of a burst is told 50 ms late."""
ANNOUNCED_TIME: Final = 4.0
"""Seconds from a reversal, a digit or a message to what must follow it (`sig_analog.c`: 4000 ms)."""
MAX_DIGITS: Final = 64
"""Digits of an announcement: two numbers of twenty with what is around them, and some more."""
LISTEN_EVERY: Final = 0.1
"""Seconds between looks at what was captured; caller ID is then late by no more."""


class IncomingCalls(ExchangeLine):
    """The part of an exchange line that takes calls."""

    _quiet_since = 0.0
    _digits = ""
    _meter = RingMeter()

    # Announcements before the first ring.

    def _reversal_announces(self, cue: Cue) -> None:
        if self.config.caller_id is not None and self.config.caller_id.before_ringing:
            self._feed(Input.ANNOUNCEMENT, cue)

    def _digit_announces(self, cue: Cue) -> None:
        """Some exchanges key who calls without a reversal before it."""
        self._feed(Input.ANNOUNCEMENT, cue)
        self._feed(Input.DIGIT, cue)

    def _announced(self, cue: Cue) -> None:
        self._digits = ""
        self._caller = Party(presentation=Presentation.UNAVAILABLE)
        self._timers[Input.ANNOUNCED_TIME] = cue.now + ANNOUNCED_TIME
        self._listen_for_caller(cue)

    def _listen_for_caller(self, cue: Cue) -> None:
        """Listen for the modem that tells who calls, where there is to be one."""
        modem = self.config.caller_id.modem if self.config.caller_id is not None else None
        capture = self._start_capture("caller ID", cue.now) if modem is not None else None
        if capture is not None and modem is not None:
            self._listener = CallerIdListener(capture, modem)
            self._timers[Input.LISTEN_TIME] = cue.now + LISTEN_EVERY

    def _heard_caller(self, cue: Cue) -> bool:
        """Whether it has told who calls by now; if not, it is listened to again in a moment."""
        assert self._listener is not None
        caller = self._listener.read()
        if caller is None:
            self._timers[Input.LISTEN_TIME] = cue.now + LISTEN_EVERY
            return False
        self._caller = caller
        self.note(cue.now, f"caller ID: {caller}")
        return True

    def _gather(self, cue: Cue) -> None:
        assert isinstance(cue.subject, Digit)
        self._digits = (self._digits + cue.subject.digit)[-MAX_DIGITS:]
        self._timers[Input.ANNOUNCED_TIME] = cue.now + ANNOUNCED_TIME

    def _listen_early(self, cue: Cue) -> None:
        if self._heard_caller(cue):
            self._stop_listening()
            self._timers[Input.ANNOUNCED_TIME] = cue.now + ANNOUNCED_TIME

    def _ring_announced(self, cue: Cue) -> None:
        told = read_digits(self._digits)
        if told is not None:
            self._caller = party(told)
            self.note(cue.now, f"caller ID: {self._caller}, keyed as {self._digits}")
        elif self._listener is not None:
            self._caller = self._listener.read() or self._caller
        self._begin_ringing(cue)

    # Ringing.

    def _ring_began(self, cue: Cue) -> None:
        self._caller = Party(presentation=Presentation.UNAVAILABLE)
        self._begin_ringing(cue)

    def _begin_ringing(self, cue: Cue) -> None:
        self._begin_call()
        self._meter = RingMeter()
        self._meter.began(cue.now)
        self._still_rings(cue)
        if not self._awaits_caller and not self.config.rings:
            self._feed(Input.CALLER_KNOWN, cue)

    @property
    def _awaits_caller(self) -> bool:
        """Whether who calls is told in a pause of the ringing."""
        return self.config.caller_id is not None and not self.config.caller_id.before_ringing

    def _ring_ended(self, cue: Cue) -> None:
        if self.channel is None:  # the beginning was not seen
            self._ring_began(cue)
        self._still_rings(cue)
        self._meter.ended(cue.now)
        self._quiet_since = cue.now
        if not self._machine.takes(Input.CADENCE_TIME):
            return
        if not self._awaits_caller:
            self._timers[Input.CADENCE_TIME] = cue.now + LAST_PAUSE
            return
        if self._listener is None:
            self._listen_for_caller(cue)

    def _listen(self, cue: Cue) -> None:
        if self._heard_caller(cue):
            self._feed(Input.CALLER_KNOWN, cue)

    def _ring_again(self, cue: Cue) -> None:
        """The second ring: what has not been sent by now will not be (GR-30)."""
        self._still_rings(cue)
        self._meter.began(cue.now)
        self._timers.pop(Input.CADENCE_TIME, None)
        if cue.now - self._quiet_since < (LAST_PAUSE if self.config.rings else ONE_RING):
            return
        if self._listener is not None:
            self._caller = self._listener.read() or self._caller
        self._feed(Input.CALLER_KNOWN, cue)

    def _cadence_over(self, cue: Cue) -> None:
        self._feed(Input.CALLER_KNOWN, cue)

    def _still_rings(self, cue: Cue) -> None:
        self._timers[Input.RING_TIME] = cue.now + RING_TIME

    def _offer(self, cue: Cue) -> None:
        self._stop_listening()
        self.last_caller = self._caller
        ring = self._meter.which(self.config.rings)
        self._meter = RingMeter()
        if ring is None:
            self._tell(Offered(self.config.did or "s", self._caller, self.config.context))
            return
        self.note(cue.now, f"rings as {ring.name}")
        called, context = ring.did or self.config.did or "s", ring.context or self.config.context
        self._tell(Offered(called, self._caller, context, variables={RING: ring.name}))

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
        self._converse(cue.now)
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
        self._converse(cue.now)
        self._offer(cue)

    def _give_way(self, cue: Cue) -> None:
        evidence = f"{cue.evidence} while the line was being taken for an outgoing call"
        advice = "Calls that come in meet calls that go out here; dial out by another line, or again."
        self._stop_listening()
        self._reroute()
        self._close_channel(
            cue.now, Ending(Cause.REQUESTED_CIRCUIT_NOT_AVAILABLE, self._exchange, Act.REFUSED, evidence, advice)
        )

    def _ring_back(self, cue: Cue) -> None:
        """The country's, unless the far side's own is heard."""
        assert isinstance(cue.subject, Alert)
        if cue.subject.audio:
            self._hush()
        else:
            self._tone("ring", self.config.zone, cue.now)

    def _caller_left(self, cue: Cue) -> None:
        self._rest(Ending(Cause.NORMAL_CLEARING, self._exchange, Act.CANCELLED, cue.evidence), cue)
