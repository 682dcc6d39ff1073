"""What calls from and to a telephone have in common: its port, its tones and how a call ends.

Each method is an action of the table in drivers/fxs/states.py, or serves one. `drivers.fxs.calling` and
`drivers.fxs.called` stand on it.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from drivers.digits import DigitCollector
from drivers.fxs.appearances import TwoCalls
from drivers.fxs.config import FxsConfig, MessageLamp
from drivers.fxs.states import Input, State
from drivers.line import Cue
from drivers.shelf import AnalogShelf
from drivers.tones import tone_for
from gateway.core.audio import Sound
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import Hangup
from gateway.core.number import Party
from gateway.media.tone import zone
from hardware.analog.line import (
    Hook,
    LampSignal,
    LightLamp,
    LineEvent,
    LineEventKind,
    OnHookTransmit,
    Ring,
    SetHook,
    SetPolarity,
)

__all__ = ["TelephoneLine"]

TONE_TIME: Final = 60.0
"""Seconds of congestion tone to a receiver that is not put down: long enough to be noticed from the next room,
not for ever, since others hear it too."""
HOWL_TIME: Final = 30.0
"""Seconds of howler after it; then the line is silent (GR-506 gives 40 to 60 s of receiver off-hook tone)."""
HOOK_RETRY: Final = 1.0
"""Seconds after which the loop is closed, or the bell rung, again where the port was busy: a forward disconnect
takes 500 ms and 300 ms of guard (DAHDI kewl start), and a telephone lifted within it must still get dial tone."""
LAMP_DELAY: Final = 3.0
"""Seconds on-hook before messages are shown: the forward disconnect is over, and who only flashes is back."""

_LAMP_SIGNALS: Final = {
    MessageLamp.NEON: LampSignal.NEON,
    MessageLamp.HIGH_VOLTAGE: LampSignal.HIGH_VOLTAGE,
    MessageLamp.REVERSAL: LampSignal.REVERSAL,
}
"""Lamps that the port itself lights."""

_TALKING: Final = frozenset({State.UP, State.WAITED_FOR, State.HOLDING, State.CONSULTING, State.THREE_WAY})
"""States in which a telephone flashes, and dials no pulses."""


class TelephoneLine(TwoCalls):
    """The part of a telephone line that knows no direction.

    Args:
        config: what the configuration says of it.
        shelf: its surroundings.

    Raises:
        LocalError: a zone without tones.
    """

    def __init__(self, config: FxsConfig, shelf: AnalogShelf) -> None:
        super().__init__(config, shelf)
        self.party: Final = Party(config.number, config.name)
        self.messages = 0
        self._dial_tone: Final[Sound] = shelf.sounds.tone("dial", config.zone)
        self._cadence: Final[Sequence[int]] = config.cadence or zone(config.zone).ring
        self._collector: DigitCollector | None = None
        self._lamp_due = False
        self._reversed = False
        self._ringing: Sequence[int] = ()

    def receive(self, event: LineEvent, now: float) -> None:
        """As for every line; what the hook or a dial means is settled here.

        A short break in a call is the flash of European telephones (80 to 120 ms), which DAHDI takes for the digit
        1; digits of a dial are those of its finger wheel.
        """
        if event.kind is LineEventKind.PULSE_DIGIT:
            if self.config.short_flash and event.digit == "1" and self.state in _TALKING:
                event = LineEvent(LineEventKind.WINKFLASH)
            else:
                event = replace(event, digit=self.config.pulse_order.meant(event.digit))
        super().receive(event, now)

    def show_messages(self, count: int, now: float) -> None:
        """So many messages wait: dial tone stutters from now on, and the lamp is lit once it is on-hook."""
        if (count > 0) != (self.messages > 0):
            self._lamp_due = self.config.lamp is not MessageLamp.NONE
            if self._lamp_due and self.state is State.IDLE:
                self._timers[Input.LAMP_TIME] = now + LAMP_DELAY
        self.messages = count

    def _show_lamp(self, cue: Cue) -> None:
        self._lamp_due = False
        signal = _LAMP_SIGNALS.get(self.config.lamp)
        if signal is not None:
            self._order(LightLamp(self.messages, signal), cue.now)
        elif self.config.caller_id is not None:
            self._show(self.config.caller_id.lamp(self.messages > 0), cue)

    def _show(self, what: Sound, cue: Cue) -> None:
        """Play to the telephone while it is on-hook."""
        self._order(OnHookTransmit(round((what.duration + 0.5) * 1000)), cue.now)
        self._play(what, cue.now)

    def _close_loop(self, cue: Cue) -> None:
        self._order(SetHook(Hook.OFFHOOK), cue.now)

    def _start_ringing(self, cadence: Sequence[int], now: float) -> None:
        self._ringing = tuple(cadence)
        self._order(Ring(tuple(cadence)), now)

    def _ring_again(self, cue: Cue) -> None:
        """The port was busy with its hook when the telephone was to ring."""
        self._start_ringing(self._ringing, cue.now)

    def _reverse(self, on: bool, now: float) -> None:
        """Choose the polarity."""
        if self._reversed is not on:
            self._reversed = on
            self._order(SetPolarity(on), now)

    def _signal_answer(self, cue: Cue) -> None:
        self._hush()
        if self.config.answer_polarity:
            self._reverse(True, cue.now)

    # The end.

    def _hang_up(self, cue: Cue) -> None:
        self._close_channel(cue.now, None)

    def _hear_release(self, cue: Cue) -> None:
        """The far side has gone: payphones and other gateways are told by battery or polarity as well."""
        self._reverse(False, cue.now)  # while there is battery: without it there is no polarity
        if self.config.ground_start:
            self._order(SetHook(Hook.ONHOOK), cue.now)
            self._close_channel(cue.now, None)
            self._detect(False)
            self._timers[Input.TONE_TIME] = cue.now + TONE_TIME
            return
        if self.config.release_battery:
            self._order(SetHook(Hook.ONHOOK), cue.now)
            self._timers[Input.HOOK_TIME] = cue.now + HOOK_RETRY
        self._hear_why(cue)

    def _hear_why(self, cue: Cue) -> None:
        assert isinstance(cue.subject, Hangup)
        cause = cue.subject.ending.cause
        self._close_channel(cue.now, None)
        self._end_with_tone(tone_for(cause, self.config.zone), cue)

    def _end_with_tone(self, tone: str, cue: Cue) -> None:
        self._detect(False)
        self._tone(tone, self.config.zone, cue.now)
        self._timers[Input.TONE_TIME] = cue.now + TONE_TIME

    def _howl(self, cue: Cue) -> None:
        self._tone("howler", self.config.zone, cue.now)
        self._timers[Input.TONE_TIME] = cue.now + HOWL_TIME

    def _lock_out(self, cue: Cue) -> None:
        self.note(cue.now, f"{self.peer} was left off-hook; its line falls silent until it is put down")
        self._hush()

    def _put_down(self, cue: Cue) -> None:
        """On-hook without a call: nobody is to be told."""
        self._rest(None, cue)

    def _cancel(self, cue: Cue) -> None:
        self._rest(Ending(Cause.NORMAL_CLEARING, self.peer, Act.CANCELLED, cue.evidence), cue)

    def _finish(self, cue: Cue) -> None:
        self._rest(Ending(Cause.NORMAL_CLEARING, self.peer, Act.HUNG_UP, cue.evidence), cue)

    def _lose(self, cue: Cue) -> None:
        advice = f"Look at the card and at the wiring of port {self.port}."
        self._rest(Ending(Cause.DESTINATION_OUT_OF_ORDER, self.peer, Act.VANISHED, cue.evidence, advice), cue)

    def _rest(self, ending: Ending | None, cue: Cue) -> None:
        self._collector = None
        self._detect(False)
        self._close_other(ending)
        self._close_channel(cue.now, ending)
        self._reverse(False, cue.now)
        self._order(SetHook(Hook.ONHOOK), cue.now)
        if self._lamp_due:
            self._timers[Input.LAMP_TIME] = cue.now + LAMP_DELAY

    def _command_failed(self, event: LineEvent, cue: Cue) -> None:
        busy = event.errno == errno.EBUSY and self._machine.takes(Input.HOOK_TIME)
        if isinstance(event.command, Ring) and busy:
            self._timers[Input.HOOK_TIME] = cue.now + HOOK_RETRY
        elif isinstance(event.command, Ring) and self._machine.takes(Input.RING_FAILED):
            self._feed(Input.RING_FAILED, cue)
        elif event.command == SetHook(Hook.OFFHOOK) and busy:
            self._timers[Input.HOOK_TIME] = cue.now + HOOK_RETRY
