"""Call waiting: a second caller is heard as a tone in the talk, and shown between its bursts.

Each method is an action of the table in drivers/fxs/states.py, which says when. The far side hears nothing of the
tone; it, and the message that shows who calls (`gateway.media.call_waiting`), take the place of the talk.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

import numpy as np

from drivers.fxs.called import CalledTelephone
from drivers.fxs.caller_id import shown
from drivers.fxs.services import ServedTelephone
from drivers.fxs.states import Input
from drivers.line import Cue
from gateway.core.audio import Sound
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import Alerting, Answered, Dial, Digit, Hangup
from gateway.core.number import Party
from gateway.media.call_waiting import ALERT, WaitingCall
from hardware.analog.line import Hook, SetHook

__all__ = ["WaitingTelephone", "burst"]

GUARD: Final = 0.06
"""Seconds that a sound may come late to the line: three frames."""
PERIOD: Final = 10.0
"""Seconds from one burst to the next where the country's tone does not say."""
GAP: Final = 1.0
"""Seconds: a silence as long as this is between bursts, a shorter one within."""

_RATE: Final = 8000


def burst(tone: Sound) -> tuple[Sound, float]:
    """The first burst of a country's call waiting tone, and the seconds from its begin to the next one's."""
    loud = np.flatnonzero(tone.samples)
    if not len(loud):
        return tone, PERIOD
    gaps = np.flatnonzero(np.diff(loud) >= GAP * _RATE)
    end = int(loud[gaps[0]]) if len(gaps) else int(loud[-1])
    again = float(loud[gaps[0] + 1]) / _RATE if len(gaps) else tone.duration
    first = Sound(tone.name, tone.samples[: end + 1])
    return first, again if again >= first.duration + GAP else PERIOD


class WaitingTelephone(ServedTelephone, CalledTelephone):
    """The part of a telephone line that has to do with a call that waits."""

    _signals: Generator[float, float, None] | None = None
    _showing: WaitingCall | None = None

    def _reserve_waiting(self, cue: Cue) -> None:
        self._open_other()

    def _announce_waiting(self, cue: Cue) -> None:
        assert isinstance(cue.subject, Dial)
        self.last_caller = cue.subject.caller
        self._tell_other(Alerting())
        self._signals = self._signal(self.last_caller)
        self._timers[Input.WAITING_TIME] = cue.now + next(self._signals)

    def _turn_away(self, cue: Cue) -> None:
        """The far side has gone before it is known who is to wait."""
        self._close_other(Ending(Cause.USER_BUSY, self.peer, Act.REFUSED, cue.evidence))
        self._hear_release(cue)

    def _wait_to_ring(self, cue: Cue) -> None:
        """The receiver is put down before it is known who is to wait: the telephone will ring for them."""
        self._drop(Ending(Cause.NORMAL_CLEARING, self.peer, Act.HUNG_UP, cue.evidence))
        self._detect(False)
        self._come_forward()
        self._order(SetHook(Hook.ONHOOK), cue.now)

    def _signal_waiting(self, cue: Cue) -> None:
        if self._signals is not None:
            self._timers[Input.WAITING_TIME] = cue.now + self._signals.send(cue.now)

    def _signal(self, caller: Party) -> Generator[float, float, None]:
        """Tone, once the caller, tone again …; gives the seconds to each next step and takes the time of it."""
        tone, period = burst(self._shelf.sounds.tone("callwaiting", self.config.zone))
        now = yield 0.0
        modem = self.config.caller_id.modem if self.config.caller_id is not None else None
        while True:
            begun = now
            self._lay_aside()
            self._play(tone, now)
            now = yield tone.duration + GUARD
            if modem is not None:
                self._showing = WaitingCall(shown(caller, self._shelf.wall()), modem, now)
                self._play(ALERT, now)
                now = yield self._showing.deadline - now
                modem = self._showing = None
            self._take_up()
            now = yield max(GAP, begun + period - now)

    def _digit_while_waiting(self, cue: Cue) -> None:
        assert isinstance(cue.subject, Digit)
        message = self._showing.keyed(cue.subject.digit, cue.now) if self._showing is not None else None
        if message is None:
            self._tell(cue.subject)
            return
        self._play(message, cue.now)
        self._timers[Input.WAITING_TIME] = cue.now + message.duration + GUARD

    def _end_signals(self) -> None:
        self._signals = self._showing = None

    # What becomes of it.

    def _forget_waiting(self, cue: Cue) -> None:
        self._end_signals()
        self._close_other(None)
        self._take_up()

    def _answer_waiting(self, cue: Cue) -> None:
        self._end_signals()
        self._exchange()
        self._converse(cue.now)
        self._tell(Answered("flash"))

    def _leave_waiting(self, cue: Cue) -> None:
        """The far side has gone: a flash answers the other call now, and so does a receiver put down and lifted."""
        assert isinstance(cue.subject, Hangup)
        self._end_signals()
        self._drop(None)
        self._hear_tone("congestion", cue)

    def _end_waiting(self, cue: Cue) -> None:
        self._close_other(None)
        self._end_with_tone("congestion", cue)

    def _answer_left_waiting(self, cue: Cue) -> None:
        self._come_forward()
        self._converse(cue.now)
        self._tell(Answered("flash"))

    def _ring_waiting(self, cue: Cue) -> None:
        """The receiver is put down: the telephone rings for who waits."""
        self._end_signals()
        self._detect(False)
        self._hush()
        self._drop(Ending(Cause.NORMAL_CLEARING, self.peer, Act.HUNG_UP, cue.evidence))
        self._come_forward()
        assert self.last_caller is not None
        self._prepare_spill(self.last_caller, cue)
        self._order(SetHook(Hook.ONHOOK), cue.now)
        self._start_ringing(self._pattern, cue.now)
