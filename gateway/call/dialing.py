"""One dial: all targets at once, the first to answer wins, the caller is told what happens meanwhile.

The caller hears the far side's own audio as soon as there is some, of the first target that sends any; before
that its ringback. A target that cannot be had counts as tried, with the reason it gave.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from gateway.call.leg import CallLeg, Post
from gateway.call.mailbox import Mailbox
from gateway.core.audio import Sound
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import RemoteError
from gateway.core.messages import Alerting, Answered, Dial, Progress, Released
from gateway.core.number import Party
from gateway.core.switch import DialOutcome, DialStatus, HungUp, Target

__all__ = ["Dialing"]

_STATUS: Final = {
    Cause.USER_BUSY: DialStatus.BUSY,
    Cause.NO_ANSWER: DialStatus.NOANSWER,
    Cause.NO_USER_RESPONDING: DialStatus.NOANSWER,
    Cause.CALL_REJECTED: DialStatus.BUSY,
    Cause.NO_CIRCUIT_AVAILABLE: DialStatus.CONGESTION,
    Cause.SWITCHING_EQUIPMENT_CONGESTION: DialStatus.CONGESTION,
    Cause.REQUESTED_CIRCUIT_NOT_AVAILABLE: DialStatus.CONGESTION,
    Cause.NETWORK_OUT_OF_ORDER: DialStatus.CONGESTION,
    Cause.TEMPORARY_FAILURE: DialStatus.CONGESTION,
}
"""DIALSTATUS by the cause of the attempt that decides; all other causes are CHANUNAVAIL."""

_WEIGHT: Final = (DialStatus.BUSY, DialStatus.NOANSWER, DialStatus.CONGESTION, DialStatus.CHANUNAVAIL)
"""Of several failed attempts the first of these that occurred decides: a busy target exists, a missing may not."""

_ELSEWHERE: Final = Ending(Cause.NON_SELECTED_USER_CLEARING, "Copperline", Act.CANCELLED, "another target answered")


class Dialing:
    """One dial for one calling leg.

    Args:
        leg: the calling leg.
        make: makes the outgoing leg to a target; raises RemoteError with the cause where there is none.
        clock: the engine clock, seconds.
        ringback: what the caller hears from the first ringing on, in place of the far side's own audio.
    """

    def __init__(
        self,
        leg: CallLeg,
        *,
        make: Callable[[Target], CallLeg],
        clock: Callable[[], float],
        ringback: Sound | None = None,
    ) -> None:
        self._leg = leg
        self._make = make
        self._clock = clock
        self._ringback = ringback
        self._post: Post = Mailbox()
        self._trying: dict[CallLeg, Target] = {}
        self._attempts: list[tuple[Target, Ending]] = []
        self._heard: CallLeg | None = None

    async def run(self, targets: Sequence[Target], caller: Party, timeout: float | None) -> DialOutcome:
        """Dial `targets`, showing `caller`, for `timeout` seconds.

        Raises:
            HungUp: the calling leg ended; every attempt has been cancelled.
        """
        self._leg.write_to(self._post)
        winner: CallLeg | None = None
        try:
            for target in targets:
                self._try(target, caller)
            winner = await self._first_answer(None if timeout is None else self._clock() + timeout)
        finally:
            self._tidy(winner)
        if winner is not None:
            return DialOutcome(DialStatus.ANSWER, winner, None, tuple(self._attempts))
        return self._failure(timeout)

    def _try(self, target: Target, caller: Party) -> None:
        try:
            leg = self._make(target)
        except RemoteError as error:
            self._attempts.append((target, Ending(error.cause, str(target), Act.FAILED, str(error), error.advice)))
            self._leg.note(f"{target}: {error}")
            return
        leg.write_to(self._post)
        self._trying[leg] = target
        leg.command(Dial(target.address, caller))

    async def _first_answer(self, deadline: float | None) -> CallLeg | None:
        while self._trying:
            letter = await self._post.next(deadline)
            if letter is None:
                return None
            leg, event = letter
            if leg is self._leg:
                if isinstance(event, Released):
                    raise HungUp(event.ending)
                continue
            if leg not in self._trying:
                continue
            match event:
                case Alerting(audio):
                    self._ring(leg, audio)
                case Progress():
                    self._hear(leg)
                case Answered():
                    return leg
                case Released(ending):
                    self._attempts.append((self._trying.pop(leg), ending))
                    if leg is self._heard:
                        self._heard = None
        return None

    def _ring(self, leg: CallLeg, audio: bool) -> None:
        if self._ringback is not None:
            if self._heard is None:
                self._heard = leg
                self._leg.early_media()
                self._leg.audio.play(self._ringback)
        elif audio:
            self._hear(leg)
        elif self._heard is None:
            self._leg.ringing()

    def _hear(self, leg: CallLeg) -> None:
        if self._heard is None and leg.channel.audio is not None:
            self._heard = leg
            self._leg.quiet()
            self._leg.early_media()
            self._leg.audio.join(leg.audio)

    def _tidy(self, winner: CallLeg | None) -> None:
        """Leave no attempt behind but the winner, and no audio but what its bridge will make."""
        gone = self._leg.ending
        for leg in self._trying:
            if leg is not winner:
                leg.hang_up(gone or (_ELSEWHERE if winner else self._time_is_up()))
        if gone is None:
            self._leg.quiet()
            if self._heard is not None and (self._heard is not winner or self._ringback is not None):
                self._leg.audio.stop()
                self._leg.audio.part()
        if winner is not None:
            winner.write_to(None)
        self._leg.write_to(None)

    def _time_is_up(self) -> Ending:
        return Ending(Cause.NO_ANSWER, "Copperline", Act.CANCELLED, "the dial's time was up")

    def _failure(self, timeout: float | None) -> DialOutcome:
        if self._trying:
            ringing = ", ".join(leg.peer for leg in self._trying)
            ending = Ending(
                Cause.NO_ANSWER, ringing, Act.DID_NOT_ANSWER, f"no answer for {timeout:g} s", "Call again later."
            )
            return DialOutcome(DialStatus.NOANSWER, None, ending, tuple(self._attempts))
        tried = [(_STATUS.get(ending.cause, DialStatus.CHANUNAVAIL), ending) for _, ending in self._attempts]
        for status in _WEIGHT:
            for found, ending in tried:
                if found is status:
                    return DialOutcome(status, None, ending, tuple(self._attempts))
        nobody = Ending(
            Cause.NO_ROUTE_TO_DESTINATION, "the dialplan", Act.FAILED, "Dial names no target", "Name one."
        )
        return DialOutcome(DialStatus.CHANUNAVAIL, None, nobody)
