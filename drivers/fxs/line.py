"""A telephone line: an FXS port with a telephone on it, made a Channel.

Lift, dial tone, digits, the call, its end and its tone; ringing, caller ID and the answer. Each method is an action
of the table in drivers/fxs/states.py, which says when. Nothing here waits, reads a clock or touches a device.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import Final

from drivers.channel import AnalogChannel
from drivers.digits import DigitCollector, Verdict
from drivers.fxs.caller_id import pause_for, spill
from drivers.fxs.config import FxsConfig
from drivers.fxs.states import FXS, Input, State
from drivers.line import Cue, Line
from drivers.shelf import Shelf
from drivers.tones import tone_for
from gateway.core.audio import Sound
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import RemoteError
from gateway.core.messages import Alerting, Answered, Dial, Digit, Flash, Hangup, Offered
from gateway.core.number import Party
from gateway.media.delivery import AFTER_SIGNAL
from gateway.media.tone import zone
from hardware.analog.line import Hook, LineEvent, OnHookTransmit, Ring, SetHook, SetPolarity, StopRing

__all__ = ["FxsLine"]

TONE_TIME: Final = 60.0
"""Seconds of congestion tone to a receiver that is not put down: long enough to be noticed from the next room,
not for ever, since others hear it too."""
HOOK_RETRY: Final = 1.0
"""Seconds after which the loop is closed again where the port was busy: a forward disconnect takes 500 ms and
300 ms of guard (DAHDI kewl start), and a telephone lifted within it must still get dial tone."""


class FxsLine(Line[State, Input]):
    """One telephone line.

    Args:
        config: what the configuration says of it.
        shelf: its surroundings.

    Raises:
        LocalError: a zone without tones.
    """

    def __init__(self, config: FxsConfig, shelf: Shelf) -> None:
        super().__init__(FXS, port=config.port, name=config.number, peer=f"telephone {config.number}", shelf=shelf)
        self.config: Final = config
        self.party: Final = Party(config.number, config.name)
        self.last_caller: Party | None = None
        self._dial_tone: Final[Sound] = shelf.sounds.tone("dial", config.zone)
        self._cadence: Final[Sequence[int]] = config.cadence or zone(config.zone).ring
        self._collector: DigitCollector | None = None
        self._bursts = 0
        self._spill: Sound | None = None
        self._spill_pause: int | None = None

    def reserve(self, now: float) -> AnalogChannel:
        """Make an outgoing leg: the telephone will ring at `Dial`.

        Raises:
            RemoteError: it is in use or out of service.
        """
        if self.state is State.OUT:
            raise RemoteError(
                f"{self.peer} is out of service: port {self.port} is not there or in alarm",
                Cause.DESTINATION_OUT_OF_ORDER,
            )
        if not self._machine.takes(Input.RESERVE):
            raise RemoteError(f"{self.peer} is busy: it {_DOING[self.state]}", Cause.USER_BUSY)
        self._feed(Input.RESERVE, Cue(now))
        assert self.channel is not None
        return self.channel

    # Calls from the telephone.

    def _lift(self, cue: Cue) -> None:
        if self.channel is None:
            self._open_channel()
        self.note(cue.now, f"{self.peer} was lifted")
        self._close_loop(cue)
        self._detect(True)
        self._play(self._dial_tone, cue.now)
        self._collector = DigitCollector(
            self._shelf.plan, context=self.config.context, caller=self.config.number, now=cue.now
        )
        self._timers[Input.DIGIT_TIME] = self._collector.deadline

    def _lift_first(self, cue: Cue) -> None:
        self._close_channel(
            cue.now, Ending(Cause.USER_BUSY, self.peer, Act.REFUSED, f"{cue.evidence} just before it was to ring")
        )
        self._lift(cue)

    def _close_loop(self, cue: Cue) -> None:
        self._order(SetHook(Hook.OFFHOOK), cue.now)

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
            self._play(self._dial_tone, cue.now)
        self._timers[Input.DIGIT_TIME] = self._collector.deadline
        self._judge(verdict, cue)

    def _use_digits(self, cue: Cue) -> None:
        assert self._collector is not None
        self._judge(self._collector.expire(), cue)

    def _judge(self, verdict: Verdict, cue: Cue) -> None:
        assert self._collector is not None
        if verdict is Verdict.COMPLETE:
            self._feed(Input.NUMBER, cue)
        elif verdict is not Verdict.MORE:
            dialled = self._collector.digits
            self._feed(
                Input.NO_NUMBER, Cue(cue.now, f"{dialled!r} dialled in {self.config.context}: {verdict.value}")
            )

    def _offer(self, cue: Cue) -> None:
        assert self._collector is not None
        called, self._collector = self._collector.digits, None
        self._hush()
        self._tell(Offered(called, self.party, self.config.context))

    def _give_up_dialling(self, cue: Cue) -> None:
        self.note(cue.now, f"{cue.evidence}; {self.peer} hears congestion tone")
        self._collector = None
        self._close_channel(cue.now, None)
        self._end_with_tone("congestion", cue)

    def _ring_back(self, cue: Cue) -> None:
        self._tone("ring", self.config.zone, cue.now)

    # Calls to the telephone.

    def _reserve(self, cue: Cue) -> None:
        self._open_channel()

    def _take_call(self, cue: Cue) -> None:
        assert isinstance(cue.subject, Dial)
        self.last_caller = cue.subject.caller
        self._bursts = 0
        self._spill = self._spill_pause = None
        delivery = self.config.caller_id
        if delivery is not None:
            self._spill = spill(cue.subject.caller, delivery, self._shelf.wall())
            if delivery.before_ringing:
                self._feed(Input.ANNOUNCE, cue)
                return
            self._spill_pause = pause_for(self._cadence, self._spill.duration)
            if self._spill_pause is None:
                self.note(cue.now, "no caller ID: no pause of the ringing is long enough for it")
        self._feed(Input.SHOWN, cue)

    def _announce(self, cue: Cue) -> None:
        assert self._spill is not None
        self._order(SetPolarity(True), cue.now)
        self._timers[Input.SHOWN] = cue.now + self._spill.duration + AFTER_SIGNAL
        self._show(self._spill, cue)

    def _show(self, what: Sound, cue: Cue) -> None:
        """Play to the telephone while it is on-hook."""
        self._order(OnHookTransmit(round((what.duration + 0.5) * 1000)), cue.now)
        self._play(what, cue.now)

    def _ring(self, cue: Cue) -> None:
        self._straighten(cue)
        self._order(Ring(tuple(self._cadence)), cue.now)
        self._tell(Alerting())

    def _straighten(self, cue: Cue) -> None:
        """Put the polarity back that announced the caller."""
        if self.config.caller_id is not None and self.config.caller_id.before_ringing:
            self._hush()
            self._order(SetPolarity(False), cue.now)

    def _stop_announcing(self, cue: Cue) -> None:
        self._straighten(cue)
        self._hang_up(cue)

    def _pick_up_early(self, cue: Cue) -> None:
        self._straighten(cue)
        self._pick_up(cue)

    def _count_burst(self, cue: Cue) -> None:
        self._bursts += 1
        if self._spill is None or self._bursts != self._spill_pause:
            return
        self._show(self._spill, cue)

    def _pick_up(self, cue: Cue) -> None:
        self._hush()
        self._close_loop(cue)
        self._detect(True)
        self._tell(Answered("off-hook"))

    def _stop_ringing(self, cue: Cue) -> None:
        self._order(StopRing(), cue.now)
        self._hang_up(cue)

    def _ring_failed(self, cue: Cue) -> None:
        advice = f"Look at port {self.port} and at its tone zone in the card's configuration."
        self._close_channel(
            cue.now, Ending(Cause.DESTINATION_OUT_OF_ORDER, self.peer, Act.FAILED, cue.evidence, advice)
        )

    # The end.

    def _hang_up(self, cue: Cue) -> None:
        self._close_channel(cue.now, None)

    def _hear_why(self, cue: Cue) -> None:
        assert isinstance(cue.subject, Hangup)
        cause = cue.subject.ending.cause
        self._close_channel(cue.now, None)
        self._end_with_tone(tone_for(cause, self.config.zone), cue)

    def _end_with_tone(self, tone: str, cue: Cue) -> None:
        self._detect(False)
        self._tone(tone, self.config.zone, cue.now)
        self._timers[Input.TONE_TIME] = cue.now + TONE_TIME

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
        self._close_channel(cue.now, ending)
        self._order(SetHook(Hook.ONHOOK), cue.now)

    def _pass_flash(self, cue: Cue) -> None:
        self._tell(Flash())

    def _command_failed(self, event: LineEvent, cue: Cue) -> None:
        if isinstance(event.command, Ring) and self._machine.takes(Input.RING_FAILED):
            self._feed(Input.RING_FAILED, cue)
        elif event.command == SetHook(Hook.OFFHOOK) and event.errno == errno.EBUSY:
            if self._machine.takes(Input.HOOK_TIME):
                self._timers[Input.HOOK_TIME] = cue.now + HOOK_RETRY


_DOING: Final = {
    State.DIALTONE: "is off-hook and about to dial",
    State.COLLECT: "is dialling",
    State.OFFERED: "is calling somebody",
    State.RESERVED: "is about to ring for another call",
    State.ANNOUNCING: "is about to ring for another call",
    State.RINGING: "rings for another call",
    State.UP: "is talking",
    State.CONGESTION: "has not been put down after its last call",
    State.LOCKED_OUT: "was left off-hook",
}
