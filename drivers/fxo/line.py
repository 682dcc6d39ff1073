"""An exchange line: an FXO port plugged into a central office, made a Channel.

Ringing, caller ID, the answer; seizure, dialling, what shows an answer or a release; guard time. Each method is
an action of the table in drivers/fxo/states.py, which says when. Nothing here waits, reads a clock or touches a
device.

Digits are dialled as tones in the row and not by the device's own dialler: the row writes a frame every 20 ms, and
DAHDI cancels its dialling at the first frame written (dahdi-base.c, dahdi_chan_write).
"""

from __future__ import annotations

from typing import Final

from drivers.channel import AnalogChannel
from drivers.fxo.caller_id import CallerIdListener
from drivers.fxo.config import FxoConfig
from drivers.fxo.states import FXO, Input, State
from drivers.line import Cue, Line
from drivers.shelf import Shelf
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import Exhausted, RemoteError
from gateway.core.messages import Answered, Offered, Progress
from gateway.core.number import Party, Presentation
from hardware.analog.line import Hook, LineEvent, SetHook

__all__ = ["FxoLine"]

RING_TIME: Final = 8.0
"""Seconds without ringing after which the caller has given up (`sig_analog.c`: 8000 ms): longer than the longest
pause of a cadence (6 s)."""
ONE_RING: Final = 0.45
"""Seconds of pause below which two bursts are one ring (400/200/400 of the UK and Australia): caller ID needs
500 ms of silence before it, and the end of a burst is told 50 ms late."""
LISTEN_EVERY: Final = 0.1
"""Seconds between looks at what was captured; caller ID is then late by no more."""
CAPTURE: Final = 2.0
"""Seconds of audio that may lie unread: a look that comes late by a second loses nothing."""
SEIZE_TIME: Final = 5.0
"""Seconds for the port to close the loop; DAHDI takes 1.5 s and 0.5 s after it (starttime, afterstart)."""
DIAL_PAUSE: Final = 0.5
"""Seconds more for the exchange to give dial tone, and of a pause in the number."""
PAUSE: Final = "W"
"""In a number to dial: wait for `DIAL_PAUSE` (dahdi/user.h: 'W' is half a second)."""
DIGIT_ON: Final = 0.1
"""Seconds of tone a digit; receivers want 40 ms (Q.24)."""
DIGIT_OFF: Final = 0.1
"""Seconds of silence after each."""
SETTLE: Final = 0.1
"""Seconds that a sound may begin late, in the plane's next tick or two."""
REVERSAL_SETTLE: Final = 0.6
"""Seconds after seizure or answer in which a reversal is the exchange settling down (`sig_analog.c`: 600 ms)."""
GUARD_TIME: Final = 2.0
"""Seconds that a line rests: DAHDI takes no ring as one for 2000 ms after a hang-up, and exchanges need
a few hundred ms to see an open loop."""


class FxoLine(Line[State, Input]):
    """One exchange line.

    Args:
        config: what the configuration says of it.
        shelf: its surroundings.

    Raises:
        LocalError: a zone without tones.
    """

    def __init__(self, config: FxoConfig, shelf: Shelf) -> None:
        super().__init__(FXO, port=config.port, name=config.name, peer=f"line {config.name}", shelf=shelf)
        shelf.sounds.tone("ring", config.zone)
        self.config: Final = config
        self.last_caller: Party | None = None
        self._exchange: Final = f"the exchange on line {config.name}"
        self._caller = Party(presentation=Presentation.UNAVAILABLE)
        self._listener: CallerIdListener | None = None
        self._number = ""
        self._settled = 0.0
        self._quiet_since = 0.0

    @property
    def free(self) -> bool:
        """Whether it can be taken for an outgoing call."""
        return self._machine.takes(Input.RESERVE)

    def reserve(self, number: str, now: float) -> AnalogChannel:
        """Make an outgoing leg that will dial `number`; "" only seizes the line.

        Raises:
            RemoteError: it is in use or out of service.
        """
        if self.state is State.OUT:
            raise RemoteError(
                f"{self.peer} is out of service: port {self.port} is not there or its exchange gives no battery",
                Cause.DESTINATION_OUT_OF_ORDER,
            )
        if not self.free:
            raise RemoteError(f"{self.peer} is in use ({self.state.value})", Cause.NO_CIRCUIT_AVAILABLE)
        self._number = number
        self._feed(Input.RESERVE, Cue(now))
        assert self.channel is not None
        return self.channel

    def usage(self) -> int:
        """As for every line, and the capture."""
        return super().usage() + (self._listener is not None)

    # Calls from the exchange.

    def _ring_began(self, cue: Cue) -> None:
        self._open_channel()
        self._caller = Party(presentation=Presentation.UNAVAILABLE)
        self._still_rings(cue)
        if self.config.caller_id is None:
            self._feed(Input.CALLER_KNOWN, cue)

    def _ring_ended(self, cue: Cue) -> None:
        if self.channel is None:  # the beginning was not seen
            self._ring_began(cue)
        self._still_rings(cue)
        self._quiet_since = cue.now
        if self._listener is None and self.config.caller_id is not None and self._row is not None:
            try:
                self._listener = CallerIdListener(self._row.capture(CAPTURE), self.config.caller_id)
            except Exhausted as error:
                self.note(cue.now, f"cannot listen for caller ID: {error}")
                return
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
        self._open_channel()
        self._caller = Party(presentation=Presentation.UNAVAILABLE)
        self._detect(True)
        self._offer(cue)

    def _give_way(self, cue: Cue) -> None:
        evidence = f"{cue.evidence} while the line was being taken for an outgoing call"
        advice = "Calls that come in meet calls that go out here; dial out by another line, or again."
        self._close_channel(
            cue.now, Ending(Cause.REQUESTED_CIRCUIT_NOT_AVAILABLE, self._exchange, Act.REFUSED, evidence, advice)
        )

    def _ring_back(self, cue: Cue) -> None:
        self._tone("ring", self.config.zone, cue.now)

    def _caller_left(self, cue: Cue) -> None:
        self._rest(Ending(Cause.NORMAL_CLEARING, self._exchange, Act.CANCELLED, cue.evidence), cue)

    # Calls to the exchange.

    def _reserve(self, cue: Cue) -> None:
        self._open_channel()

    def _unreserve(self, cue: Cue) -> None:
        self._close_channel(cue.now, None)

    def _seize(self, cue: Cue) -> None:
        self._order(SetHook(Hook.START), cue.now)
        self._timers[Input.SEIZE_TIME] = cue.now + SEIZE_TIME
        self._settled = cue.now + REVERSAL_SETTLE

    def _pause(self, cue: Cue) -> None:
        self._timers.pop(Input.SEIZE_TIME, None)
        self._timers[Input.PAUSE_TIME] = cue.now + DIAL_PAUSE

    def _dial(self, cue: Cue) -> None:
        digits, pause, self._number = self._number.partition(PAUSE)
        done = cue.now
        if digits:
            self.note(cue.now, f"dials {digits}")
            if not self._send(digits, DIGIT_ON, DIGIT_OFF, cue.now):
                self._feed(Input.CANNOT_DIAL, cue)
                return
            done += len(digits) * (DIGIT_ON + DIGIT_OFF) + SETTLE
        if pause:
            self._timers[Input.PAUSE_TIME] = done + DIAL_PAUSE
        elif digits:
            self._timers[Input.DIALLED] = done
        else:
            self._feed(Input.NOTHING_TO_DIAL, cue)

    def _dialling_failed(self, cue: Cue) -> None:
        evidence = "the media plane could not play the digits"
        advice = "Give the media plane more room for sounds."
        self._rest(Ending(Cause.SWITCHING_EQUIPMENT_CONGESTION, "Copperline", Act.FAILED, evidence, advice), cue)

    def _dialled(self, cue: Cue) -> None:
        self._tell(Progress())
        if not self.config.answer_on_polarity:
            self._feed(Input.FAR_ANSWER, Cue(cue.now, "dialled; this line gives no answer signal"))

    def _reversal_answers(self, cue: Cue) -> None:
        if self.config.answer_on_polarity and cue.now >= self._settled:
            self._feed(Input.FAR_ANSWER, Cue(cue.now, f"polarity reversal on port {self.port}"))

    def _far_answer(self, cue: Cue) -> None:
        self._settled = cue.now + REVERSAL_SETTLE
        self._detect(True)
        self._tell(Answered(cue.evidence))

    def _reversal_releases(self, cue: Cue) -> None:
        if self.config.hangup_on_polarity and cue.now >= self._settled:
            self._feed(Input.FAR_HANGUP, cue)

    def _seizure_failed(self, cue: Cue) -> None:
        advice = f"Look at the plug and the battery of line {self.name}."
        self._rest(Ending(Cause.TEMPORARY_FAILURE, self._exchange, Act.FAILED, cue.evidence, advice), cue)

    # The end.

    def _exchange_released(self, cue: Cue) -> None:
        self._rest(Ending(Cause.NORMAL_CLEARING, self._exchange, Act.HUNG_UP, cue.evidence), cue)

    def _hook_failed(self, cue: Cue) -> None:
        advice = f"Look at the card of port {self.port}."
        self._rest(Ending(Cause.TEMPORARY_FAILURE, self.peer, Act.FAILED, cue.evidence, advice), cue)

    def _hang_up(self, cue: Cue) -> None:
        self._rest(None, cue)

    def _rest(self, ending: Ending | None, cue: Cue) -> None:
        self._detect(False)
        self._close_channel(cue.now, ending)
        self._order(SetHook(Hook.ONHOOK), cue.now)
        self._timers[Input.GUARD_TIME] = cue.now + GUARD_TIME

    def _lose(self, cue: Cue) -> None:
        advice = f"Look at the plug of line {self.name} and at the card of port {self.port}."
        self._stop_listening()
        self._detect(False)
        self._close_channel(
            cue.now, Ending(Cause.DESTINATION_OUT_OF_ORDER, self._exchange, Act.VANISHED, cue.evidence, advice)
        )
        self._order(SetHook(Hook.ONHOOK), cue.now)

    def _stop_listening(self) -> None:
        if self._listener is not None:
            self._listener.stop()
            self._listener = None

    def _command_failed(self, event: LineEvent, cue: Cue) -> None:
        seizes = event.command in (SetHook(Hook.OFFHOOK), SetHook(Hook.START))
        if seizes and self._machine.takes(Input.HOOK_FAILED):
            self._feed(Input.HOOK_FAILED, cue)
