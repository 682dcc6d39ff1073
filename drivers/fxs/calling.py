"""Calls from a telephone: lifted, dial tone, digits, the call; hotline and warmline.

Each method is an action of the table in drivers/fxs/states.py, which says when.
"""

from __future__ import annotations

from drivers.digits import DigitCollector, Verdict
from drivers.fxs.base import TelephoneLine
from drivers.fxs.states import Input
from drivers.line import Cue
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import Alert, Digit, Offered

__all__ = ["CallingTelephone"]


class CallingTelephone(TelephoneLine):
    """The part of a telephone line that places calls."""

    _called = ""

    def _lift(self, cue: Cue) -> None:
        if self.channel is None:
            self._open_channel()
        self.note(cue.now, f"{self.peer} was lifted")
        self._close_loop(cue)
        self._detect(True)
        self._begin_dialling(cue)

    def _recall(self, cue: Cue) -> None:
        self._step_back()
        self._open_channel()
        self._detect(True)
        self._play_dial_tone(cue)
        self._collect_from(cue)

    def _begin_dialling(self, cue: Cue) -> None:
        if self.config.hotline and not self.config.hotline_after:
            self._called = self.config.hotline
            self._feed(Input.NUMBER, cue)
            return
        self._play_dial_tone(cue)
        self._collect_from(cue)
        if self.config.hotline:
            self._timers[Input.HOTLINE_TIME] = cue.now + self.config.hotline_after

    def _collect_from(self, cue: Cue) -> None:
        self._collector = DigitCollector(
            self._shelf.plan, context=self.config.context, caller=self.config.number, now=cue.now
        )
        self._timers[Input.DIGIT_TIME] = self._collector.deadline

    def _play_dial_tone(self, cue: Cue) -> None:
        if self.other is not None:
            self._tone("dialrecall", self.config.zone, cue.now)
        elif self.messages or self._shelf.reminded(self.config.number):
            self._tone("stutter", self.config.zone, cue.now)
        else:
            self._play(self._dial_tone, cue.now)

    def _use_hotline(self, cue: Cue) -> None:
        self._called = self.config.hotline
        self._feed(Input.NUMBER, cue)

    def _lift_first(self, cue: Cue) -> None:
        self._close_channel(
            cue.now, Ending(Cause.USER_BUSY, self.peer, Act.REFUSED, f"{cue.evidence} just before it was to ring")
        )
        self._lift(cue)

    def _pulse(self, cue: Cue) -> None:
        assert self._collector is not None
        self._hush()
        self._collector.begin(cue.now)
        self._timers[Input.DIGIT_TIME] = self._collector.deadline

    def _collect(self, cue: Cue) -> None:
        assert self._collector is not None and isinstance(cue.subject, Digit)
        verdict = self._collector.add(cue.subject.digit, cue.now)
        if not self._collector.keeps_dial_tone():
            self._hush()
        elif not self._playing:
            self._play_dial_tone(cue)
        self._timers[Input.DIGIT_TIME] = self._collector.deadline
        self._judge(verdict, cue)

    def _use_digits(self, cue: Cue) -> None:
        assert self._collector is not None
        self._judge(self._collector.expire(), cue)

    def _judge(self, verdict: Verdict, cue: Cue) -> None:
        assert self._collector is not None
        if verdict is Verdict.COMPLETE:
            self._called = self._collector.digits
            self._feed(Input.NUMBER, cue)
        elif verdict is not Verdict.MORE:
            dialled = self._collector.digits
            self._feed(
                Input.NO_NUMBER, Cue(cue.now, f"{dialled!r} dialled in {self.config.context}: {verdict.value}")
            )

    def _offer(self, cue: Cue) -> None:
        self._collector = None
        self._hush()
        self._converse(cue.now)
        self._tell(Offered(self._called, self.party, self.config.context))

    def _give_up_dialling(self, cue: Cue) -> None:
        self.note(cue.now, f"{cue.evidence}; {self.peer} hears congestion tone")
        self._collector = None
        self._close_channel(cue.now, None)
        self._end_with_tone("congestion", cue)

    def _ring_back_tone(self, cue: Cue) -> None:
        """The country's, unless the far side's own is heard."""
        assert isinstance(cue.subject, Alert)
        if cue.subject.audio:
            self._hush()
        else:
            self._tone("ring", self.config.zone, cue.now)
