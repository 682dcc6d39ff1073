"""Calls to the exchange: seizure, dial tone, dialling by tones or pulses, and what shows an answer.

Each method is an action of the table in drivers/fxo/states.py, which says when. Tones are dialled in the row;
pulses by the device's own dialler, which nothing disturbs: the row writes no frame while it has nothing to say,
and a frame written would cancel the dialling (dahdi-base.c, dahdi_chan_write).
"""

from __future__ import annotations

from typing import Final

from drivers.fxo.base import REVERSAL_SETTLE, ExchangeLine
from drivers.fxo.config import AnswerSignal
from drivers.fxo.states import Input
from drivers.keys import until_pause
from drivers.line import Cue
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import Alerting, Answered, Progress
from gateway.media.supervision import SignKind
from hardware.analog.line import DialDigits, Hook, SetHook
from hardware.analog.pulse import PulseOrder

__all__ = ["OutgoingCalls"]

SEIZE_TIME: Final = 5.0
"""Seconds for the port to close the loop; DAHDI takes 1.5 s and 0.5 s after it (starttime, afterstart)."""
DIAL_PAUSE: Final = 0.5
"""Seconds more for the exchange to give dial tone."""
DIGIT_ON: Final = 0.1
"""Seconds of tone a digit; receivers want 40 ms (Q.24)."""
DIGIT_OFF: Final = 0.1
"""Seconds of silence after each."""
SETTLE: Final = 0.1
"""Seconds that a sound may begin late, in the plane's next tick or two."""
PULSE_TIME: Final = 2.0
"""Seconds that the device needs at most for a digit: ten pulses of 100 ms and 750 ms after them, and some more."""
TONE_SURE: Final = 0.3
"""Seconds of dial tone that are enough to dial: `sig_analog.c` takes ten blocks of 22.9 ms."""


class OutgoingCalls(ExchangeLine):
    """The part of an exchange line that places calls."""

    _number = ""
    _then = ""

    def _reserve(self, cue: Cue) -> None:
        self._begin_call()
        self._dialled_by_hand = not self._number

    def _unreserve(self, cue: Cue) -> None:
        self._close_channel(cue.now, None)

    def _seize(self, cue: Cue) -> None:
        self._order(SetHook(Hook.START), cue.now)
        self._timers[Input.SEIZE_TIME] = cue.now + SEIZE_TIME
        self._settled = cue.now + REVERSAL_SETTLE

    # Dial tone.

    def _seized(self, cue: Cue) -> None:
        self._timers.pop(Input.SEIZE_TIME, None)
        if self._number and self.config.dial_tone_wait and self._follow("dial tone", cue, steady=TONE_SURE):
            self._timers[Input.TONE_TIME] = cue.now + self.config.dial_tone_wait
            self._feed(Input.WAIT_FOR_TONE, cue)
        else:
            self._timers[Input.PAUSE_TIME] = cue.now + DIAL_PAUSE

    def _hear_dial_tone(self, cue: Cue) -> None:
        for sign in self._signs(cue):
            if sign.kind is SignKind.DIAL_TONE:
                self._feed(Input.TONE_HEARD, cue)
                return
            if sign.kind in (SignKind.BUSY, SignKind.CONGESTION):
                self._feed(Input.REFUSAL, Cue(cue.now, f"{sign} in place of dial tone", sign))
                return

    def _no_dial_tone(self, cue: Cue) -> None:
        self._fail_over(cue)
        evidence = f"no dial tone within {self.config.dial_tone_wait:g} s"
        advice = (
            f"Listen to line {self.name} with a telephone; where its exchange gives no dial tone, "
            "or one of another country, set dial_tone_wait = 0."
        )
        self._rest(Ending(Cause.NETWORK_OUT_OF_ORDER, self._exchange, Act.FAILED, evidence, advice), cue)

    def _seizure_failed(self, cue: Cue) -> None:
        self._fail_over(cue)
        advice = f"Look at the plug and the battery of line {self.name}."
        self._rest(Ending(Cause.TEMPORARY_FAILURE, self._exchange, Act.FAILED, cue.evidence, advice), cue)

    # Dialling.

    def _dial(self, cue: Cue) -> None:
        self._stop_listening()
        if self.config.pulses is not None and self._number:
            self._dial_pulses(self.config.pulses, cue)
            return
        digits, pause, self._number = until_pause(self._number)
        done = self._key(digits, cue)
        if done is None:
            self._feed(Input.CANNOT_DIAL, Cue(cue.now, "the media plane could not play the digits"))
        elif pause:
            self._timers[Input.PAUSE_TIME] = done + pause
        elif digits:
            self._timers[Input.DIALLED] = done
        else:
            self._feed(Input.NOTHING_TO_DIAL, cue)

    def _key(self, digits: str, cue: Cue) -> float | None:
        """Key digits as tones; when they are over, or None where they cannot be."""
        if not digits:
            return cue.now
        self.note(cue.now, f"dials {digits}")
        if not self._send(digits, DIGIT_ON, DIGIT_OFF, cue.now):
            return None
        return cue.now + len(digits) * (DIGIT_ON + DIGIT_OFF) + SETTLE

    def _dial_on(self, cue: Cue) -> None:
        """The far side has answered: key what was left for it, with its pauses."""
        digits, pause, self._then = until_pause(self._then)
        done = self._key(digits, cue)
        if done is not None and pause:
            self._timers[Input.PAUSE_TIME] = done + pause

    def _dial_pulses(self, order: PulseOrder, cue: Cue) -> None:
        """Let the device dial; a key that no dial has, and all after it, goes by tones."""
        whole, self._number = self._number.replace("P", "WWWW"), ""
        turned = next((place for place, key in enumerate(whole) if not key.isdigit() and key != "W"), len(whole))
        pulsed = "".join(order.pulses(digit) for digit in whole[:turned])
        toned = f"T{whole[turned:]}" if whole[turned:] else ""
        self.note(cue.now, f"dials {whole} by pulses")
        self._order(DialDigits(f"P{pulsed}{toned}"), cue.now)
        self._timers[Input.DIAL_TIME] = cue.now + PULSE_TIME * (len(whole) + 1)

    def _dialling_failed(self, cue: Cue) -> None:
        advice = "Give the media plane more room for sounds, or look at the card."
        self._rest(
            Ending(Cause.SWITCHING_EQUIPMENT_CONGESTION, "Copperline", Act.FAILED, cue.evidence, advice), cue
        )

    # What follows.

    def _dialled(self, cue: Cue) -> None:
        self._tell(Progress())
        self._cancel_echo(cue.now)
        if self.config.answer is AnswerSignal.DIALLING:
            self._feed(Input.COUNTS_AS_ANSWER, Cue(cue.now, "dialled; this line gives no answer signal"))
            return
        if self.config.answer is AnswerSignal.TIMER:
            self._timers[Input.ANSWER_TIME] = cue.now + self.config.answer_after
        if self.config.answer is AnswerSignal.VOICE or self.config.hangup_on_tone:
            self._follow("progress", cue)

    def _hear_progress(self, cue: Cue) -> None:
        for sign in self._signs(cue):
            if sign.kind is SignKind.RINGING:
                self._tell(Alerting(audio=True))
            elif sign.kind is not SignKind.ANSWER:
                if self.config.hangup_on_tone:
                    self._feed(Input.REFUSAL, Cue(cue.now, str(sign), sign))
                    return
            elif self.config.answer is AnswerSignal.VOICE:
                self._feed(Input.FAR_ANSWER, Cue(cue.now, str(sign)))
                return

    def _reversal_answers(self, cue: Cue) -> None:
        if self.config.answer is AnswerSignal.POLARITY and cue.now >= self._settled:
            self._feed(Input.FAR_ANSWER, Cue(cue.now, f"polarity reversal on port {self.port}"))

    def _time_answers(self, cue: Cue) -> None:
        self._feed(Input.COUNTS_AS_ANSWER, Cue(cue.now, f"{self.config.answer_after:g} s after dialling, by timer"))

    def _far_answer(self, cue: Cue) -> None:
        self._conversed = True
        self._count_as_answer(cue)

    def _count_as_answer(self, cue: Cue) -> None:
        self._settled = cue.now + REVERSAL_SETTLE
        self._again = ""
        self._converse(cue.now)
        self._listen_for_release(cue)
        self._tell(Answered(cue.evidence))
        if self._then:
            self._timers[Input.PAUSE_TIME] = cue.now + DIAL_PAUSE
