"""One subscriber line of an emulated central office: it feeds a copper pair and serves whoever closes the loop.

In come loop openings and closings and the subscriber's audio (DTMF is heard in it, pulses in the loop); out go
battery, ringing, polarity, tones and the far party's audio. Its states are the table in
`hardware.world.office_call`; digits may come by keys or pulses, mixed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from gateway.core.audio import Samples, Sound
from gateway.core.errors import LocalError
from gateway.core.machine import Machine
from gateway.media.cadence import render
from gateway.media.call_waiting import ALERT, WaitingCall
from gateway.media.caller_id import CallerId
from gateway.media.delivery import Delivery
from gateway.media.detect import DtmfReceiver
from gateway.media.fsk import Standard
from gateway.media.tone import Zone
from hardware.agenda import Agenda, Appointment
from hardware.analog.cadence import Cadence
from hardware.analog.copper import Fault
from hardware.analog.pair import Change, Pair
from hardware.world.caller_id import NEEDED_PAUSE
from hardware.world.directory import MAX_DIGITS, Called, Speech, called_by, is_complete
from hardware.world.far_party import FarParty
from hardware.world.office_call import OFFICE_LINE, CallState, LineInput
from hardware.world.office_config import OfficeConfig
from hardware.world.rotary import MAX_PULSE, RotaryReader

__all__ = ["CallState", "OfficeLine"]

RELEASE: Final = 1100
"""Milliseconds of open loop that are a hang-up (a flash may last a second)."""
FIRST_DIGIT: Final = 20_000
BEFORE_RING: Final = 300
"""Milliseconds from what is told before ringing to the first ring (EN 300 659-1: 200 to 500)."""
INTER_DIGIT: Final = 4_000
"""Milliseconds that the exchange waits for digits; networks choose their own, these are common."""

_SECOND_CALL: Final = render("SAS", "!440@-16/300")
"""Subscriber alerting signal (GR-571): before the alert that asks for a display."""

_SILENCE: Final = np.zeros(160, np.int16)


class OfficeLine:
    """A subscriber's line at its exchange.

    Args:
        number: the subscriber's number.
        pair: the copper; the office feeds it.
        agenda: the world's agenda.
        zone: the country.
        config: how the office treats it.
        tone: a call progress tone by name, rendered once for all lines.

    Attributes:
        dialled: the digits of the latest call out.
        flashes: hook flashes counted.
        told: whether the subscriber was shown who else called, the latest time that somebody did.
    """

    def __init__(
        self,
        *,
        number: str,
        pair: Pair,
        agenda: Agenda,
        zone: Zone,
        config: OfficeConfig,
        tone: Callable[[str], Sound],
    ) -> None:
        self.number = number
        self.dialled = ""
        self.flashes = 0
        self.told = False
        self._pair = pair
        self._agenda = agenda
        self._zone = zone
        self._config = config
        self._tone = tone
        self._machine = Machine(OFFICE_LINE, CallState.IDLE)
        self._party = FarParty(zone)
        self._mouth = self._party.mouth
        self._ear = self._party.ear
        self._dtmf = DtmfReceiver()
        self._far = Called()
        self._caller_id: Samples | None = None
        self._announces = False
        self._cadence = Cadence(zone.ring)
        self._timer: Appointment | None = None
        self._sound: Appointment | None = None
        self._release: Appointment | None = None
        self._opened_at = 0
        self._rotary = RotaryReader(agenda, lambda pulses: self._digit(config.pulse_order.meant(pulses)))
        self._waiting: WaitingCall | None = None
        self._fed = True
        pair.feeder = self._loop_changed
        self.plug_in()

    # What somebody at the exchange, or the far party, does.

    def plug_in(self) -> None:
        """Feed the line."""
        self._fed = True
        self._rest_tip()

    def unplug(self) -> None:
        """Cut the line: no battery, no call."""
        self._clear()
        self._machine = Machine(OFFICE_LINE, CallState.IDLE)
        self._fed = False
        self._pair.set_battery(False)

    def share(self, lifted: bool) -> None:
        """Somebody lifts another telephone on the same wires, or puts it down."""
        self._pair.shared = lifted

    @property
    def fault(self) -> Fault:
        """What is wrong with its copper."""
        return self._pair.fault

    def suffer(self, fault: Fault) -> None:
        """From now on this is wrong with its copper."""
        self._pair.suffer(fault)

    def call(
        self, caller_id: Samples | None = None, *, announce: bool = False, cadence: tuple[int, ...] | None = None
    ) -> None:
        """Ring the subscriber.

        Args:
            caller_id: signal that tells who calls, with the silence before it; None for none.
            announce: send it before the first ring; otherwise into the first long pause of the ringing.
            cadence: of a distinctive ring, milliseconds on, off …; None for the country's.

        Raises:
            LocalError: the line is busy or cut.
        """
        if not self._fed or not self._machine.takes(LineInput.FAR_CALLS):
            raise LocalError(f"line {self.number} is not free: {self.state.value}")
        self._caller_id = caller_id
        self._announces = announce and caller_id is not None
        self._cadence = Cadence(cadence or self._zone.ring)
        self._feed(LineInput.FAR_CALLS)

    def another_calls(self, caller: CallerId) -> None:
        """Somebody else calls: a tone, and an alert that asks who can show whom; `told` says whether it was.

        Raises:
            LocalError: the subscriber is in no call.
        """
        if self.state is not CallState.TALKING:
            raise LocalError(f"line {self.number} is in no call: {self.state.value}")
        self.told = False
        self._mouth.say(np.concatenate([_SECOND_CALL.samples, ALERT.samples]))
        delivery = self._config.caller_id or Delivery.in_country(self._zone.name)
        asked = self._now + _SECOND_CALL.duration
        self._waiting = WaitingCall(caller, delivery.modem or Standard.V23, asked)

    def hang_up(self) -> None:
        """The far party ends the call.

        Raises:
            LocalError: there is none.
        """
        if not self._machine.takes(LineInput.FAR_HANGS_UP):
            raise LocalError(f"line {self.number} has no call to end: {self.state.value}")
        self._feed(LineInput.FAR_HANGS_UP)

    def say(self, samples: Samples) -> None:
        """The far party speaks (8000 Hz, int16)."""
        self._mouth.say(samples)

    def key(self, digits: str) -> None:
        """The far party keys DTMF."""
        self._party.key(digits)

    # What the far party sees and hears.

    @property
    def state(self) -> CallState:
        """What the office is doing for the line."""
        return self._machine.state

    @property
    def hears(self) -> str | None:
        """The call progress tone that the far party hears."""
        return self._ear.tone

    @property
    def digits(self) -> str:
        """DTMF digits that the far party has heard since the call was answered."""
        return self._ear.digits

    @property
    def recording(self) -> Samples:
        """What the far party has heard since the call was answered, at most the last minute."""
        return self._ear.recording

    # The line, driven by the world.

    def send(self) -> None:
        """Put 20 ms on the line."""
        if self.state is CallState.IDLE:
            self._pair.send_to_terminal(None)
        elif self.state is CallState.TALKING:
            self._pair.send_to_terminal(self._party.frame())
        else:
            self._pair.send_to_terminal(self._mouth.frame())

    def receive(self) -> None:
        """Take 20 ms from the line."""
        heard = self._pair.heard_by_feeder()
        if self.state is CallState.TALKING:
            before = len(self._ear.digits)
            self._party.hear(heard)
            self._show_waiting(self._ear.digits[before:])
        elif self.state in (CallState.DIAL_TONE, CallState.COLLECTING):
            for digit, _ in self._dtmf.feed(_SILENCE if heard is None else heard):
                self._digit(digit)
            if self._dtmf.digit:
                self._mouth.hush()

    def _show_waiting(self, keyed: str) -> None:
        """What was keyed may be a telephone's answer to the alert."""
        message = self._waiting.keyed(keyed, self._now) if self._waiting is not None and keyed else None
        if message is not None:
            self._waiting = None
            self.told = True
            self._mouth.say(message.samples)

    @property
    def _now(self) -> float:
        """The agenda's time in seconds."""
        return self._agenda.now / 1000

    # The loop.

    def _rest_tip(self) -> None:
        """Nobody calls: a ground start line's tip is open."""
        self._pair.set_battery(self._fed and not self._config.ground_start)

    def _loop_changed(self, change: Change) -> None:
        if change is Change.GROUNDED:
            if self._config.ground_start and self._fed and self.state is CallState.IDLE:
                self._feed(LineInput.SEIZED)
        elif change is Change.UNGROUNDED:
            if not self._pair.closed:
                self._released()
        elif change is Change.LOOP_OPEN:
            self._opened_at = self._agenda.now
            if self.state not in (CallState.IDLE, CallState.RINGING):
                self._release = self._agenda.after(RELEASE, self._released)
        elif self._release is not None and self._release.pending:
            self._release.cancel()
            self._end_of_gap(self._agenda.now - self._opened_at)
        elif self._machine.takes(LineInput.SEIZED) and self._pair.battery:
            self._feed(LineInput.SEIZED)

    def _released(self) -> None:
        if self._machine.takes(LineInput.HUNG_UP):
            self._feed(LineInput.HUNG_UP)

    def _end_of_gap(self, gap: int) -> None:
        if gap > MAX_PULSE:
            self.flashes += 1
        elif self.state in (CallState.DIAL_TONE, CallState.COLLECTING) and self._rotary.gap(gap):
            self._mouth.hush()

    def _digit(self, digit: str) -> None:
        if self._machine.takes(LineInput.DIGIT) and len(self.dialled) < MAX_DIGITS:
            if self.state in (CallState.DIAL_TONE, CallState.COLLECTING):
                self.dialled += digit
            self._feed(LineInput.DIGIT)

    # The table's actions.

    def _feed(self, given: LineInput) -> None:
        action = self._machine.feed(given)
        if action:
            if self._timer is not None:
                self._timer.cancel()
            getattr(self, f"_{action}")()

    def _wait(self, ms: int, given: LineInput) -> None:
        self._timer = self._agenda.after(ms, lambda: self._feed(given))

    def _clear(self) -> None:
        for appointment in (self._timer, self._sound, self._release):
            if appointment is not None:
                appointment.cancel()
        self._rotary.forget()
        self._party.rest()
        self._pair.set_ringing(False)
        self._pair.set_reversed(False)
        self._rest_tip()

    def _give_dial_tone(self) -> None:
        self.dialled = ""
        self._pair.set_battery(True)
        self._dtmf = DtmfReceiver()
        if self._config.dial_tone_after is not None:
            delay = self._config.dial_tone_after
            self._sound = self._agenda.after(delay, lambda: self._mouth.play(self._tone("dial")))
        self._wait(FIRST_DIGIT, LineInput.NO_DIGITS)

    def _give_congestion(self) -> None:
        self._mouth.play(self._tone("congestion"))

    def _give_released(self) -> None:
        if self._config.released:
            self._mouth.play(self._tone(self._config.released))

    def _collect(self) -> None:
        self._mouth.hush()
        if self._sound is not None:
            self._sound.cancel()
        self._far = called_by(self.dialled, self.number)
        outcome = LineInput.REFUSES if self._far.refusal else LineInput.CONNECTS
        if is_complete(self.dialled):
            self._feed(outcome)
        else:
            self._wait(INTER_DIGIT, outcome)

    def _refuse(self) -> None:
        self._mouth.play(self._tone(self._far.refusal))

    def _ring_back(self) -> None:
        self._mouth.play(self._tone("ring"))
        if self._far.answers:
            self._wait(self._config.answer_after, LineInput.FAR_ANSWERS)

    def _connect(self) -> None:
        self._pair.set_reversed(self._config.answer_reversal)
        self._party.begin(self._far, self.number)
        if self._far.stays is not None:
            self._wait(self._far.stays, LineInput.FAR_HANGS_UP)

    def _ring(self) -> None:
        self._far = Called(speech=Speech.SILENCE)
        self._pair.set_battery(True)
        if self._announces and self._caller_id is not None:
            signal, self._caller_id = self._caller_id, None
            self._pair.set_reversed(self._config.announce_by_reversal)
            self._mouth.say(signal)
            self._timer = self._agenda.after(len(signal) // 8 + BEFORE_RING, self._first_burst)
        else:
            self._first_burst()

    def _first_burst(self) -> None:
        self._mouth.hush()
        self._pair.set_reversed(False)
        self._pair.set_ringing(True)
        self._timer = self._agenda.after(self._cadence.restart(), self._burst_over)

    def _burst_over(self) -> None:
        self._pair.set_ringing(False)
        pause = self._cadence.advance()
        self._timer = self._agenda.after(pause, self._next_burst)
        if self._caller_id is not None and pause >= NEEDED_PAUSE:
            signal, self._caller_id = self._caller_id, None
            self._mouth.say(signal)

    def _next_burst(self) -> None:
        self._mouth.hush()
        self._pair.set_ringing(True)
        self._timer = self._agenda.after(self._cadence.advance(), self._burst_over)

    def _trip(self) -> None:
        self._pair.set_ringing(False)
        if self._sound is not None:
            self._sound.cancel()
        self._party.begin(self._far, self.number)

    def _disconnect(self) -> None:
        self._mouth.hush()
        if self._config.hangup_reversal:
            self._pair.set_reversed(False)
        if self._config.disconnect or self._config.ground_start:
            self._pair.set_battery(False)
        self._timer = self._agenda.after(self._config.disconnect, self._restore)

    def _restore(self) -> None:
        self._rest_tip()
        self._pair.set_reversed(False)
        held = self._pair.closed and not self._config.ground_start
        self._feed(LineInput.RESTORED_CLOSED if held else LineInput.RESTORED_OPEN)
