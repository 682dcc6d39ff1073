"""What calls in and calls out on an exchange line have in common: what is listened to, and how a call ends.

Each method is an action of the table in drivers/fxo/states.py, or serves one. `drivers.fxo.incoming` and
`drivers.fxo.outgoing` stand on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from drivers.analog_line import AnalogLine
from drivers.fxo.caller_id import CallerIdListener
from drivers.fxo.config import FxoConfig
from drivers.fxo.ear import ProgressListener
from drivers.fxo.states import FXO, Input, State
from drivers.line import Cue
from drivers.shelf import AnalogShelf
from gateway.core.audio import Audio, Capture
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import Exhausted
from gateway.core.messages import Rerouted
from gateway.core.number import Party, Presentation
from gateway.media.supervision import STEADY, CallProgress, Sign, SignKind
from hardware.analog.line import Hook, LineEvent, SetHook

__all__ = ["CAPTURE", "REVERSAL_SETTLE", "ExchangeLine"]

CAPTURE: Final = 2.0
"""Seconds of audio that may lie unread: a look that comes late by a second loses nothing."""
FOLLOW_EVERY: Final = 0.2
"""Seconds between looks at what the exchange says; a release or an answer is then late by no more."""
FRAME: Final = 0.02
"""Seconds of a frame of the media plane."""
REVERSAL_SETTLE: Final = 0.6
"""Seconds after seizure or answer in which a reversal is the exchange settling down (`sig_analog.c`: 600 ms)."""
GUARD_TIME: Final = 2.0
"""Seconds that a line rests: DAHDI takes no ring as one for 2000 ms after a hang-up, and exchanges need
a few hundred ms to see an open loop."""
CYCLES: Final = 3
"""Bursts that make a busy or congestion tone where the line does not say otherwise (chan_dahdi: 3)."""
DISTRUST: Final = 60.0
"""Seconds for which a line that could not be seized, or gave no dial tone, is taken only when no other is free."""

REFUSALS: Final[Mapping[SignKind, Cause]] = {
    SignKind.BUSY: Cause.USER_BUSY,
    SignKind.CONGESTION: Cause.SWITCHING_EQUIPMENT_CONGESTION,
    SignKind.UNOBTAINABLE: Cause.UNALLOCATED_NUMBER,
    SignKind.DIAL_TONE: Cause.TEMPORARY_FAILURE,
}
"""What a tone means to a call that has not been answered (ITU-T E.182)."""


class ExchangeLine(AnalogLine[State, Input]):
    """The part of an exchange line that knows no direction.

    Args:
        config: what the configuration says of it.
        shelf: its surroundings.

    Raises:
        LocalError: a zone without tones.
    """

    def __init__(self, config: FxoConfig, shelf: AnalogShelf) -> None:
        self.config: Final = config
        self.carried = 0
        self.distrusted_until = 0.0
        self._exchange: Final = f"the exchange on line {config.name}"
        self._caller = Party(presentation=Presentation.UNAVAILABLE)
        self._listener: CallerIdListener | None = None
        self._ear: ProgressListener | None = None
        self._conversed = False
        self._dialled_by_hand = False
        self._settled = 0.0
        self._again = ""
        super().__init__(
            FXO,
            port=config.port,
            name=config.name,
            peer=f"line {config.name}",
            number=config.number,
            shelf=shelf,
            echo=config.echo,
        )
        shelf.sounds.tone("ring", config.zone)

    def usage(self) -> int:
        """As for every line, and the capture."""
        return super().usage() + (self._listener is not None) + (self._ear is not None)

    def attach(self, row: Audio, now: float) -> None:
        """As for every line; where callers are told by DTMF it listens for digits from now on."""
        super().attach(row, now)
        self._detect(self._keyed)

    @property
    def _keyed(self) -> bool:
        """Whether callers are told by DTMF before the first ring."""
        return self.config.caller_id is not None and self.config.caller_id.modem is None

    # What is listened to.

    def _start_capture(self, what: str, now: float) -> Capture | None:
        """A capture of the row; None, with a note, where the plane has no room for it."""
        assert self._row is not None
        self._stop_listening()
        try:
            return self._row.capture(CAPTURE)
        except Exhausted as error:
            self.note(now, f"cannot listen for {what}: {error}")
            return None

    def _follow(self, what: str, cue: Cue, *, steady: float = STEADY) -> bool:
        """Listen to the exchange from now on; False where that cannot be."""
        capture = self._start_capture(what, cue.now)
        if capture is None:
            return False
        cycles = self.config.hangup_on_tone or CYCLES
        progress = CallProgress(self.config.zone, cycles=cycles, steady=steady, learned=self.config.tones)
        self._ear = ProgressListener(capture, progress)
        self._timers[Input.FOLLOW_TIME] = cue.now + self._follow_every
        return True

    @property
    def _follow_every(self) -> float:
        """Seconds between looks: each frame where an alert must be answered at once."""
        return FRAME if self.config.waiting_caller_id and self._machine.takes(Input.MESSAGE_TIME) else FOLLOW_EVERY

    def _signs(self, cue: Cue) -> list[Sign]:
        """What the exchange has said since the last look; there will be another."""
        assert self._ear is not None
        signs = self._ear.read()
        self._conversed = self._conversed or self._ear.conversed
        for sign in signs:
            self.note(cue.now, f"{self._exchange}: {sign}")
        self._timers[Input.FOLLOW_TIME] = cue.now + self._follow_every
        return signs

    def _stop_listening(self) -> None:
        if self._listener is not None:
            self._listener.stop()
            self._listener = None
        if self._ear is not None:
            self._ear.stop()
            self._ear = None

    def _listen_for_release(self, cue: Cue) -> None:
        if (self.config.hangup_on_tone or self.config.waiting_caller_id) and self._follow("a release", cue):
            assert self._ear is not None
            if not self.config.hangup_on_tone:
                self._ear.mind_no_tones()

    def _hear_release(self, cue: Cue) -> None:
        for sign in self._signs(cue):
            if sign.kind in REFUSALS and not (sign.kind is SignKind.DIAL_TONE and self._dialled_by_hand):
                self._feed(Input.FAR_HANGUP if self._conversed else Input.REFUSAL, Cue(cue.now, str(sign), sign))
                return

    def _flash(self, cue: Cue) -> None:
        """Press the hook; what tones mean from then on, they mean to whom the line is lent."""
        self._order(SetHook(Hook.FLASH), cue.now)
        if self._ear is not None:
            self._ear.mind_no_tones()

    # The end.

    def _exchange_released(self, cue: Cue) -> None:
        self._rest(Ending(Cause.NORMAL_CLEARING, self._exchange, Act.HUNG_UP, cue.evidence), cue)

    def _refused_by_tone(self, cue: Cue) -> None:
        assert isinstance(cue.subject, Sign)
        advice = ""
        if cue.subject.kind is SignKind.DIAL_TONE:
            advice = (
                f"The exchange has not taken the digits; look at how line {self.name} dials: by tone or pulses."
            )
        ending = Ending(REFUSALS[cue.subject.kind], self._exchange, Act.REFUSED, cue.evidence, advice)
        if cue.subject.kind is SignKind.CONGESTION and self._again:
            self._fail_over(cue)
        self._rest(ending, cue)

    def _fail_over(self, cue: Cue) -> None:
        """The line is of no use to its call, which goes on by another one of the group if it was not answered."""
        self.distrusted_until = cue.now + DISTRUST
        self._reroute()

    def _reroute(self) -> None:
        if self._again:
            self._tell(Rerouted(self._again))

    def _reversal_releases(self, cue: Cue) -> None:
        if self.config.hangup_on_polarity and cue.now >= self._settled:
            self._feed(Input.FAR_HANGUP, cue)

    def _hook_failed(self, cue: Cue) -> None:
        advice = f"Look at the card of port {self.port}."
        self._rest(Ending(Cause.TEMPORARY_FAILURE, self.peer, Act.FAILED, cue.evidence, advice), cue)

    def _hang_up(self, cue: Cue) -> None:
        self._rest(None, cue)

    def _rest(self, ending: Ending | None, cue: Cue) -> None:
        self._stop_listening()
        self._detect(self._keyed)
        self._close_channel(cue.now, ending)
        self._order(SetHook(Hook.ONHOOK), cue.now)
        self._timers[Input.GUARD_TIME] = cue.now + GUARD_TIME

    def _lose(self, cue: Cue) -> None:
        advice = f"Look at the plug of line {self.name} and at the card of port {self.port}."
        self._stop_listening()
        self._detect(self._keyed)
        self._reroute()
        self._close_channel(
            cue.now, Ending(Cause.DESTINATION_OUT_OF_ORDER, self._exchange, Act.VANISHED, cue.evidence, advice)
        )
        self._order(SetHook(Hook.ONHOOK), cue.now)

    # The row is the call's, or for a moment the line's own.

    def _close_channel(self, now: float, ending: Ending | None) -> None:
        self._again = ""
        super()._close_channel(now, ending)

    def _lay_aside(self) -> None:
        if self._appearance is not None:
            self._appearance.lay_aside()

    def _take_up(self) -> None:
        if self._appearance is not None:
            self._appearance.take_up()

    def _begin_call(self) -> None:
        """Open a leg; nothing is known of the call yet."""
        self._open_channel()
        self.carried += 1
        self._conversed = False
        self._dialled_by_hand = False

    def _command_failed(self, event: LineEvent, cue: Cue) -> None:
        seizes = event.command in (SetHook(Hook.OFFHOOK), SetHook(Hook.START))
        if seizes and self._machine.takes(Input.HOOK_FAILED):
            self._feed(Input.HOOK_FAILED, cue)
