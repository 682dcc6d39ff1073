"""Calls to a telephone: who calls is shown, ringing, the answer.

Each method is an action of the table in drivers/fxs/states.py, which says when.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from drivers.fxs.base import TelephoneLine
from drivers.fxs.caller_id import pause_for, spill
from drivers.fxs.states import Input
from drivers.line import Cue
from gateway.core.audio import Sound
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import Alerting, Answered, Dial
from gateway.core.number import Party
from gateway.media.delivery import AFTER_SIGNAL
from hardware.analog.line import StopRing

__all__ = ["DISTINCTIVE", "CalledTelephone"]

DISTINCTIVE: Final[Sequence[tuple[int, ...]]] = (
    (125, 125, -2000, 4000),
    (250, 250, 500, 1000, 250, 250, 500, 4000),
    (125, 125, 125, 125, 125, 4000),
    (1000, 500, 2500, 5000),
)
"""Cadences of distinctive ringing 1 to 4, in ms (chan_dahdi.c); a negative "on" is where the repeat begins."""


class CalledTelephone(TelephoneLine):
    """The part of a telephone line that takes calls."""

    _bursts = 0
    _pattern: Sequence[int] = ()
    _spill: Sound | None = None
    _spill_pause: int | None = None

    def _reserve(self, cue: Cue) -> None:
        self._open_channel()

    def _take_call(self, cue: Cue) -> None:
        assert isinstance(cue.subject, Dial)
        self.last_caller = cue.subject.caller
        delivery = self.config.caller_id
        before = delivery is not None and delivery.before_ringing
        self._prepare_spill(self.last_caller, cue)
        self._feed(Input.ANNOUNCE if before else Input.SHOWN, cue)

    def _prepare_spill(self, caller: Party, cue: Cue) -> None:
        """Make what shows the caller, and choose the pause of the ringing in which it goes."""
        self._bursts = 0
        self._spill = self._spill_pause = None
        delivery = self.config.caller_id
        if delivery is None:
            return
        self._spill = spill(caller, delivery, self._shelf.wall())
        if delivery.before_ringing:
            return
        self._spill_pause = pause_for(self._pattern, self._spill.duration)
        if self._spill_pause is None:
            self.note(cue.now, "no caller ID: no pause of the ringing is long enough for it")

    def _announce(self, cue: Cue) -> None:
        assert self._spill is not None
        self._reverse(True, cue.now)
        self._timers[Input.SHOWN] = cue.now + self._spill.duration + AFTER_SIGNAL
        self._show(self._spill, cue)

    def _ring(self, cue: Cue) -> None:
        self._straighten(cue)
        self._start_ringing(self._pattern, cue.now)
        self._tell(Alerting())

    def _straighten(self, cue: Cue) -> None:
        """Put the polarity back that announced the caller."""
        if self.config.caller_id is not None and self.config.caller_id.before_ringing:
            self._hush()
            self._reverse(False, cue.now)

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
        self._converse(cue.now)
        self._tell(Answered("off-hook"))

    def _stop_ringing(self, cue: Cue) -> None:
        self._order(StopRing(), cue.now)
        self._hang_up(cue)

    def _ring_failed(self, cue: Cue) -> None:
        advice = f"Look at port {self.port} and at its tone zone in the card's configuration."
        self._close_channel(
            cue.now, Ending(Cause.DESTINATION_OUT_OF_ORDER, self.peer, Act.FAILED, cue.evidence, advice)
        )
