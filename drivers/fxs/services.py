"""Two calls of one telephone: consultation, changing between them, a conference of three, transfer, ringing back.

Each method is an action of the table in drivers/fxs/states.py, which says when.
"""

from __future__ import annotations

from typing import Final

from drivers.fxs.calling import CallingTelephone
from drivers.fxs.config import FlashUse
from drivers.fxs.states import Input
from drivers.line import Cue
from drivers.tones import tone_for
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import Exhausted
from gateway.core.messages import Flash, Hangup, Resumed, TransferAsked, TransferTold
from gateway.core.room import Room
from hardware.analog.line import Hook, SetHook, StopRing

__all__ = ["ServedTelephone"]

WHY_TIME: Final = 10.0
"""Seconds of the tone that tells why a second call came to nothing; then the one on hold is back."""
RING_TIME: Final = 60.0
"""Seconds for which the telephone rings for a call on hold."""
TRANSFER_TIME: Final = 5.0
"""Seconds that a transfer may take."""


class ServedTelephone(CallingTelephone):
    """The part of a telephone line that has to do with a call on hold."""

    _conference: Room | None = None

    # What a flash means.

    def _flash(self, cue: Cue) -> None:
        if self.config.flash is FlashUse.PASS:
            self._tell(Flash())
        else:
            self._feed(Input.RECALL_ASKED, cue)

    def _flash_consulting(self, cue: Cue) -> None:
        if self.config.three_way and self._open_conference(cue):
            self._feed(Input.CONFER, cue)
        else:
            self._feed(Input.SWAP, cue)

    def _swap(self, cue: Cue) -> None:
        self._exchange()
        self._resume()

    # The call on hold comes back, or goes.

    def _return_to_held(self, cue: Cue) -> None:
        """Give up whatever else there is for the call on hold."""
        self._collector = None
        self._drop(Ending(Cause.NORMAL_CLEARING, self.peer, Act.CANCELLED, cue.evidence))
        self._return(cue)

    def _return_after_release(self, cue: Cue) -> None:
        """The far side of the call in front has gone: the other one is heard."""
        self._drop(None)
        self._return(cue)

    def _return(self, cue: Cue) -> None:
        conferring = self._conference is not None
        self._close_conference()
        self._come_forward()
        self._converse(cue.now)
        if not conferring:
            self._resume()

    def _forget_held(self, cue: Cue) -> None:
        self._close_other(None)

    def _end_held(self, cue: Cue) -> None:
        """The call on hold has gone while the telephone hears why its other one has."""
        self._close_other(None)
        self._end_with_tone("congestion", cue)

    # The second call comes to nothing.

    def _give_up_consulting(self, cue: Cue) -> None:
        self.note(cue.now, f"{cue.evidence}; {self.peer} hears congestion tone")
        self._collector = None
        self._drop(None)
        self._hear_tone("congestion", cue)

    def _hear_why_consulted(self, cue: Cue) -> None:
        assert isinstance(cue.subject, Hangup)
        self._drop(None)
        self._hear_tone(tone_for(cue.subject.ending.cause, self.config.zone), cue)

    def _hear_tone(self, tone: str, cue: Cue) -> None:
        self._tone(tone, self.config.zone, cue.now)
        self._timers[Input.TONE_TIME] = cue.now + WHY_TIME

    # A conference of three.

    def _open_conference(self, cue: Cue) -> bool:
        try:
            self._conference = self._shelf.rooms.room()
        except Exhausted as error:
            self.note(cue.now, f"no conference: {error}")
            return False
        return True

    def _confer(self, cue: Cue) -> None:
        assert self._conference is not None and self.other is not None
        self._tell_other(Resumed())
        try:
            self._appearances[self.other].confer(self._conference)
        except Exhausted as error:
            self.note(cue.now, f"the conference lacks one: {error}")

    def _dismiss(self, cue: Cue) -> None:
        """Send away the one that was added to the conference."""
        self._drop(Ending(Cause.NORMAL_CLEARING, self.peer, Act.HUNG_UP, cue.evidence))
        self._return(cue)

    def _forget_third(self, cue: Cue) -> None:
        self._close_other(None)
        self._close_conference()

    def _close_conference(self) -> None:
        room, self._conference = self._conference, None
        if room is not None:
            for appearance in self._appearances.values():
                appearance.leave_room()
            room.close()

    # The receiver is put down.

    def _rest(self, ending: Ending | None, cue: Cue) -> None:
        self._close_conference()
        super()._rest(ending, cue)

    def _put_down_consulting(self, cue: Cue) -> None:
        self._feed(Input.TRANSFER if self.config.transfer else Input.RING_BACK, cue)

    def _put_down_conferring(self, cue: Cue) -> None:
        self._feed(Input.TRANSFER if self.config.transfer else Input.TRANSFERRED, cue)

    def _transfer(self, cue: Cue) -> None:
        assert self.channel is not None
        self._hush()
        self._tell_other(TransferAsked(other=self.channel.name))
        self._timers[Input.TRANSFER_TIME] = cue.now + TRANSFER_TIME

    def _judge_transfer(self, cue: Cue) -> None:
        assert isinstance(cue.subject, TransferTold)
        if not cue.subject.final:
            return
        self._feed(Input.TRANSFERRED if cue.subject.cause is None else Input.RING_BACK, cue)

    def _drop_consulted(self, cue: Cue) -> None:
        self._drop(None)

    def _ring_back(self, cue: Cue) -> None:
        self._collector = None
        self._detect(False)
        self._hush()
        self._drop(Ending(Cause.NORMAL_CLEARING, self.peer, Act.HUNG_UP, cue.evidence))
        self._close_conference()
        self.channel, self.other = self.other, None
        self.note(cue.now, f"{self.peer} rings for its call on hold")
        self._order(SetHook(Hook.ONHOOK), cue.now)
        self._start_ringing(self._cadence, cue.now)
        self._timers[Input.RING_TIME] = cue.now + RING_TIME

    def _pick_up_held(self, cue: Cue) -> None:
        self._close_loop(cue)
        self._take_up()
        self._converse(cue.now)
        self._resume()

    def _ring_in_vain(self, cue: Cue) -> None:
        self._order(StopRing(), cue.now)
        self._close_channel(cue.now, Ending(Cause.NO_ANSWER, self.peer, Act.DID_NOT_ANSWER, cue.evidence))
