"""An analogue telephone: a hook switch, a bell, a mouth and an ear at the end of a copper pair.

Somebody tells it to lift, dial, speak; what it does reaches the exchange only as loop current and audio, and all
that it knows it has heard on its line. Caller ID is decoded from the FSK or DTMF on the line, as bought ones do.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from gateway.core.audio import Samples, Sound
from gateway.core.errors import LocalError, MalformedError
from gateway.media.call_waiting import ACKNOWLEDGEMENT, AlertReceiver
from gateway.media.caller_id import CallerId, decode, decode_lamp
from gateway.media.delivery import Delivery, read_digits
from gateway.media.detect import DtmfReceiver
from gateway.media.fsk import Receiver, Standard
from gateway.media.tone import Zone, dtmf
from hardware.agenda import Agenda, Appointment
from hardware.analog.copper import Fault
from hardware.analog.pair import Change, Pair
from hardware.analog.pulse import PulseOrder
from hardware.world.ear import Ear
from hardware.world.mouth import Mouth

__all__ = ["RingBurst", "Telephone"]

MAX_BURSTS: Final = 100
"""Bursts of ringing remembered."""
CALL_GAP: Final = 10_000
"""Milliseconds without ringing after which the next burst is a new call (longer than any cadence's pause)."""

MESSAGE_FRAMES: Final = 75
"""Frames (1.5 s) for which the microphone stays muted after an alert at most, waiting for the message."""

SLIP: Final = 80
"""Milliseconds for which a hook that slips stays down: as long as a European flash."""

MAX_MOVES: Final = 128
"""Movements of the hook, and digits, that may wait: no number is longer."""

_SILENCE: Final = np.zeros(160, np.int16)


@dataclass(slots=True)
class RingBurst:
    """One burst of ringing.

    Attributes:
        at: when it began, milliseconds of the world's agenda.
        ms: how long it was; 0 while it lasts.
    """

    at: int
    ms: int = 0


class Telephone:
    """A telephone.

    Args:
        pair: the line that it is plugged into.
        agenda: the world's agenda.
        zone: its country: DTMF levels, tones that it knows, kind of caller ID.
        ground_start: lifted, it grounds its ring wire until the line feeds it, as the trunk of a small PBX does.

    Attributes:
        shows_waiting: whether it answers the alert of a waiting call and shows who calls.
        waiting_caller: who was shown to be waiting, the latest since it was lifted.
        lamp_by_reversal: whether its message lamp is lit by reversed polarity.
        bounce: milliseconds for which the contacts of hook and dial chatter when they move.
        early_flash: milliseconds after it was lifted at which its hook slips down again for `SLIP`; 0 for one that
            does not.
    """

    def __init__(self, *, pair: Pair, agenda: Agenda, zone: Zone, ground_start: bool = False) -> None:
        self._ground_start = ground_start
        self.bounce = self.early_flash = 0
        self.lamp_by_reversal = False
        self.rings: deque[RingBurst] = deque(maxlen=MAX_BURSTS)
        self.caller_id: CallerId | None = None
        self._socket = self._pair = pair
        self._agenda = agenda
        self._zone = zone
        self._mouth = Mouth()
        self._ear = Ear(zone.name)
        self._display = Receiver(Delivery.in_country(zone.name).modem or Standard.V23)
        self._display_on = 0
        self.shows_waiting = True
        self.waiting_caller: CallerId | None = None
        self._alert = AlertReceiver()
        self._acknowledging: Samples | None = None
        self._muted = 0
        self._keyed = DtmfReceiver()
        self._keys = ""
        self._lamp = False
        self._shown_at = -CALL_GAP
        self._lifted = False
        self._modem: Callable[[Samples], Samples] | None = None
        self._signal = _SILENCE
        self._moves: deque[tuple[bool, int]] = deque()
        self._move: Appointment | None = None
        pair.terminal = self._line_changed

    # What somebody does with it.

    def lift(self) -> None:
        """Take the handset up."""
        if not self._lifted:
            self._lifted = True
            self._ear.forget()
            self.waiting_caller = None
            self._alert = AlertReceiver()
            self._contact(True)
            self._pair.ground(self._ground_start and not self._pair.battery)
            if self.early_flash:
                self._agenda.after(self.early_flash, self._slip)

    def hang_up(self) -> None:
        """Put the handset down; what was being dialled or said ends."""
        self._lifted = False
        if self._move is not None:
            self._move.cancel()
            self._move = None
        self._moves.clear()
        self._mouth.hush()
        self._ear.rest()
        self._contact(False)
        self._pair.ground(False)

    def flash(self, ms: int = 500) -> None:
        """Press the hook for `ms` milliseconds."""
        self._must_be_lifted("flash")
        self._work_hook([(False, ms), (True, 0)])

    def dial(
        self, digits: str, *, on: float = 0.1, off: float = 0.1, levels: tuple[float, float] | None = None
    ) -> None:
        """Key digits as DTMF.

        Args:
            on, off: seconds of each digit and of the gap after it.
            levels: dBm0 of the low and the high group; the country's where None.

        Raises:
            LocalError: the handset is down, or that is no digit.
        """
        self._must_be_lifted("dial")
        self._mouth.say(dtmf(digits, on, off, levels or self._zone.dtmf))

    def pulse(
        self,
        digits: str,
        *,
        rate: float = 10.0,
        break_ratio: float = 0.6,
        pause: float = 0.8,
        order: PulseOrder = PulseOrder.USUAL,
    ) -> None:
        """Dial digits as a rotary dial does.

        Args:
            rate: pulses a second.
            break_ratio: share of a pulse in which the loop is open.
            pause: seconds after each digit.
            order: of its finger wheel.

        Raises:
            LocalError: the handset is down, a digit is none of 0-9, or no dial turns so.
        """
        self._must_be_lifted("dial")
        if not (digits.isascii() and digits.isdigit()) or len(self._moves) + len(digits) > MAX_MOVES:
            raise LocalError(f"a rotary dial cannot dial {digits[:40]!r}; use 0-9, not too many at once")
        if not (1 <= rate <= 40 and 0 < break_ratio < 1):
            raise LocalError(f"no dial gives {rate} pulses a second, open for {break_ratio} of each")
        cycle = round(1000 / rate)
        open_ms = round(cycle * break_ratio)
        moves: list[tuple[bool, int]] = []
        for digit in digits:
            moves += [(False, open_ms), (True, cycle - open_ms)] * (int(order.pulses(digit)) or 10)
            moves.append((True, round(1000 * pause)))
        self._work_hook(moves)

    def say(self, samples: Samples) -> None:
        """Speak into it (8000 Hz, int16), once what was said or keyed before has ended."""
        self._mouth.say(samples)

    def play(self, sound: Sound) -> None:
        """Hold a sound to it, in place of what was said; a looped one goes on until the handset is down."""
        self._mouth.play(sound)

    def couple(self, modem: Callable[[Samples], Samples] | None) -> None:
        """Put a modem to its handset, which hears 160 samples and says as many; None takes it away."""
        self._modem = modem
        self._signal = _SILENCE

    def suffer(self, fault: Fault) -> None:
        """From now on this is wrong with its copper."""
        self._socket.suffer(fault)

    @property
    def fault(self) -> Fault:
        """What is wrong with its copper."""
        return self._socket.fault

    def unplug(self) -> None:
        """Pull its plug out of the wall: it is on no line until `plug_in`."""
        if self._pair is self._socket:
            self._socket.open_loop()
            self._socket.let_go(of_feeder=False)
            self._pair = Pair()

    def plug_in(self) -> None:
        """Put the plug back."""
        self._pair = self._socket
        self._pair.terminal = self._line_changed
        self._set_loop(self._lifted)

    # What somebody beside it sees and hears.

    @property
    def off_hook(self) -> bool:
        """Whether the handset is up."""
        return self._lifted

    @property
    def busy_hands(self) -> bool:
        """Whether it is still dialling or speaking."""
        return self._mouth.speaking or self._move is not None

    @property
    def ringing(self) -> bool:
        """Whether the bell rings at this moment."""
        return self._pair.ringing

    @property
    def message_lamp(self) -> bool:
        """Whether its message lamp is lit: by voltage, by polarity, or by a message that came."""
        return self._pair.neon or self._lamp or (self.lamp_by_reversal and self._pair.reversed)

    @property
    def hears(self) -> str | None:
        """The call progress tone in the handset: "dial", "busy", "ring", …; None where there is none."""
        return self._ear.tone if self._lifted else None

    @property
    def digits(self) -> str:
        """DTMF digits heard since it was lifted."""
        return self._ear.digits

    @property
    def recording(self) -> Samples:
        """What it has heard since it was lifted, at most the last minute."""
        return self._ear.recording

    def forget(self) -> None:
        """Empty the recording, the digits heard and the list of rings."""
        self._ear.forget()
        self.rings.clear()

    # The line, driven by the world.

    def send(self) -> None:
        """Put 20 ms on the line."""
        self._pair.send_to_feeder(self._spoken() if self._lifted else None)

    def receive(self) -> None:
        """Take 20 ms from the line."""
        heard = self._pair.heard_by_terminal()
        if self._lifted:
            self._ear.hear(heard)
            if self._modem is not None:
                self._signal = self._modem(_SILENCE if heard is None else heard)
            self._hear_waiting(_SILENCE if heard is None else heard)
        elif heard is not None:
            self._display_on = 2  # so that a last bit in the demodulator comes out
            self._show(heard)
        elif self._display_on:
            self._display_on -= 1
            self._show(_SILENCE)

    def _spoken(self) -> Samples | None:
        """20 ms of what its microphone gives, or the answer to an alert; muted while the message comes."""
        if self._acknowledging is not None:
            frame = np.zeros(len(_SILENCE), np.int16)
            part = self._acknowledging[: len(frame)]
            frame[: len(part)] = part
            rest = self._acknowledging[len(frame) :]
            self._acknowledging = rest if len(rest) else None
            return frame
        said = self._mouth.frame() if self._modem is None else self._signal
        if self._muted:
            self._muted -= 1
            return None
        return said

    def _hear_waiting(self, samples: Samples) -> None:
        """Answer an alert, and show who calls."""
        if self._muted:
            for message in self._display.feed(samples):
                try:
                    self.waiting_caller = decode(message)
                except MalformedError:
                    continue
                self._muted = 0
        elif self.shows_waiting and self._alert.feed(samples):
            self._display = Receiver(Delivery.in_country(self._zone.name).modem or Standard.V23)
            self._acknowledging = ACKNOWLEDGEMENT.samples
            self._muted = MESSAGE_FRAMES

    def _show(self, samples: Samples) -> None:
        for message in self._display.feed(samples):
            try:
                waiting = decode_lamp(message)
                if waiting is not None:
                    self._lamp = waiting
                    continue
                self.caller_id = decode(message)
                self._shown_at = self._agenda.now
            except MalformedError:
                continue  # a display shows nothing of what it cannot read
        for key, _ in self._keyed.feed(samples):
            self._keys = (self._keys + key)[-MAX_MOVES:]

    def _line_changed(self, change: Change) -> None:
        now = self._agenda.now
        if change is Change.BATTERY_ON:
            self._pair.ground(False)
        if change is Change.RING_ON:
            told, self._keys = read_digits(self._keys), ""
            if told is not None:
                self.caller_id, self._shown_at = told, now
            elif now - max(self._shown_at, self.rings[-1].at if self.rings else -CALL_GAP) > CALL_GAP:
                self.caller_id = None
            self.rings.append(RingBurst(now))
        elif change is Change.RING_OFF and self.rings:
            self.rings[-1].ms = now - self.rings[-1].at

    def _slip(self) -> None:
        if self._lifted:
            self._work_hook([(False, SLIP), (True, 0)])

    def _must_be_lifted(self, deed: str) -> None:
        if not self._lifted:
            raise LocalError(f"The telephone is on-hook and cannot {deed}; lift it first.")

    def _work_hook(self, moves: list[tuple[bool, int]]) -> None:
        self._moves.extend(moves)
        if self._move is None:
            self._next_move()

    def _next_move(self) -> None:
        self._move = None
        if self._moves:
            closed, ms = self._moves.popleft()
            self._contact(closed)
            self._move = self._agenda.after(ms, self._next_move)

    def _contact(self, closed: bool) -> None:
        """Move the contact; while it chatters it changes every millisecond, and ends as it is meant to."""
        self._set_loop(closed)
        for ms in range(1, self.bounce + 1):
            meant = closed if ms % 2 == 0 or ms == self.bounce else not closed
            self._agenda.after(ms, partial(self._set_loop, meant))

    def _set_loop(self, closed: bool) -> None:
        if closed:
            self._pair.close_loop()
        else:
            self._pair.open_loop()
