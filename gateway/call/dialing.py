"""One dial: all targets at once, the first to answer wins, the caller is told what happens meanwhile.

The caller hears the far side's own audio as soon as there is some, of the first target that sends any; before
that its ringback. A target that cannot be had counts as tried, with the reason it gave.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from gateway.call.leg import CallLeg
from gateway.call.letters import Interrupted, Letter
from gateway.call.outcome import decided, unanswered
from gateway.core.carried import DIVERSIONS
from gateway.core.cause import Cause
from gateway.core.diversion import Diversion, diversions_of, set_diversions
from gateway.core.ending import Act, Ending
from gateway.core.errors import RemoteError
from gateway.core.messages import (
    Alerting,
    Answered,
    Dial,
    Digit,
    Diverted,
    Identified,
    Progress,
    Released,
    Rerouted,
)
from gateway.core.number import Party
from gateway.core.switch import PLAIN, DialOptions, DialOutcome, DialStatus, HungUp, Moved, Target

__all__ = ["Dialing"]

_ELSEWHERE: Final = Ending(Cause.NON_SELECTED_USER_CLEARING, "Copperline", Act.CANCELLED, "another target answered")

_TIME_IS_UP: Final = Ending(Cause.NO_ANSWER, "Copperline", Act.CANCELLED, "the dial's time was up")

_GIVEN_UP: Final = Ending(Cause.NORMAL_CLEARING, "the caller", Act.CANCELLED, "a key while it rang")

_PAUSE: Final = "w"
_PAUSE_TIME: Final = 0.5
_KEY_TIME: Final = 0.2
"""Seconds that a key takes with the gap after it."""

MOST_DIVERSIONS: Final = 5
"""Diversions of one dial that are followed: telephones that divert to one another are stopped here."""


_NO_OTHER: Final = Ending(
    Cause.NO_CIRCUIT_AVAILABLE, "Copperline", Act.CANCELLED, "every line of the group has been tried"
)


class Dialing:
    """One dial for one calling leg.

    Args:
        caller: the calling leg.
        make: makes the outgoing leg of a caller to a target; raises RemoteError with the cause where there is none.
        clock: the engine clock, seconds.
        options: how it is to go.
        hang_up: keys of the caller that end the dial; "" for none.

    Attributes:
        successor: takes the dial over, should the caller hang up before an answer.
    """

    def __init__(
        self,
        caller: CallLeg,
        *,
        make: Callable[[CallLeg, Target], CallLeg],
        clock: Callable[[], float],
        options: DialOptions = PLAIN,
        hang_up: str = "",
    ) -> None:
        self.successor: Callable[[], None] | None = None
        self.caller = caller
        self._options = options
        self._make = make
        self._clock = clock
        self._hang_up = hang_up
        self._diversions = 0
        self._keyed = ""
        self._pressed = ""
        self._given_up = False
        self._shown = Party()
        self._trying: dict[CallLeg, Target] = {}
        self._attempts: list[tuple[Target, Ending]] = []
        self._heard: CallLeg | None = None
        self._rings_heard: CallLeg | None = None
        self._identified: tuple[CallLeg, ...] = ()
        self._failed: set[str] = set()
        self._rerouted: dict[CallLeg, Target] = {}
        self._heir: Dialing | None = None
        self._deadline: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._over: asyncio.Future[CallLeg | None] = asyncio.get_running_loop().create_future()

    @property
    def called(self) -> list[CallLeg]:
        """The legs that ring, or are about to."""
        return list(self._trying)

    @property
    def over(self) -> bool:
        """Whether it is decided what comes of it, though its script has not heard of that yet."""
        return self._over.done()

    async def run(self, targets: Sequence[Target], shown: Party) -> DialOutcome:
        """Dial `targets`, showing `shown`.

        Raises:
            HungUp: the calling leg ended; every attempt has been cancelled.
            Moved: it was sent elsewhere; the same.
        """
        self.caller.go_on()
        timeout = self._options.timeout
        self._deadline = None if timeout is None else self._clock() + timeout
        self._shown = shown
        self._listen()
        try:
            await self._call_all(targets)
            self._begin_ringback()
        except BaseException:
            if self._over.done():
                self._over.exception()  # which is what ends the script, or comes of that
            self._tidy(None)
            raise
        return await self.go_on()

    async def go_on(self) -> DialOutcome:
        """Wait for what comes of it."""
        winner: CallLeg | None = None
        if self._deadline is not None:
            self._timer = asyncio.get_running_loop().call_at(self._deadline, self._decide, None)
        if not self._trying:
            self._decide(None)
        try:
            winner = await self._over
        finally:
            self._stop_clock()
            self._tidy(winner)
        if winner is not None:
            return DialOutcome(DialStatus.ANSWER, winner, attempts=tuple(self._attempts))
        return self._failure()

    def hand_over(self, caller: CallLeg) -> Dialing:
        """Let `caller` be the one who calls from now on, by a dial of its own that goes on; this one is over.

        The call's time limit stays, and how those who are called are dealt with. The old caller is parted from what
        it heard.
        """
        options = replace(
            self._options, ringing=False, ringback=None, muffled=False, escape=None, keys_hang_up=False
        )
        heir = Dialing(caller, make=self._make, clock=self._clock, options=options)
        heir._attempts, heir._deadline = self._attempts, self._deadline
        heir._shown = options.caller or caller.party
        heir._trying, self._trying = self._trying, {}
        self._heir = heir
        heir._rerouted, heir._failed = self._rerouted, self._failed
        heir._diversions, heir._identified = self._diversions, self._identified
        heir._listen()
        for leg in heir._trying:
            if leg.dialing is self:  # the others are being prepared
                heir._enter(leg)
        heard, self._heard = self._heard, None
        if heard is not None:
            self.caller.audio.part()
            heir._hear(heard)
        else:
            caller.ringing()
        return heir

    def pick_up(self, leg: CallLeg) -> None:
        """Let `leg`, which has not been called, answer in the place of those who ring, while it is not over."""
        self._decide(leg)

    def post(self, letter: tuple[CallLeg, Letter]) -> None:
        """Take in what one of the legs says."""
        leg, event = letter
        if self._over.done():
            return
        if leg is self.caller:
            self._hear_caller(event)
        elif leg in self._trying:
            match event:
                case Alerting(audio):
                    self._ring(leg, audio)
                case Progress():
                    self._hear(leg)
                    self._key(leg, self._options.progress_keys)
                case Rerouted(address):
                    self._rerouted[leg] = Target(self._trying[leg].technology, address)
                case Diverted():
                    self._divert(leg, event)
                case Answered():
                    self._decide(leg)
                case Released(ending):
                    self._gone(leg, ending)
                case Identified():
                    self._identified += (leg,)

    def _gone(self, leg: CallLeg, ending: Ending) -> None:
        """A leg is over, unanswered."""
        self._attempts.append((self._trying.pop(leg), ending))
        leg.dialing = None
        if leg is self._heard:
            self._heard = None
        if leg in self._rerouted:
            self._reroute(leg, self._rerouted.pop(leg))
        if not self._trying:
            self._decide(None)

    def _hear_caller(self, event: Letter) -> None:
        if isinstance(event, Released):
            if self.successor is not None:
                self.successor()
            self._fail(HungUp(event.ending))
        elif isinstance(event, Interrupted):
            self._fail(self.caller.interruption())
        elif isinstance(event, Digit):
            self._hear_key(event.digit)

    def _hear_key(self, digit: str) -> None:
        """A key of the caller may end the dial."""
        escape, code = self._options.escape, self._hang_up
        if escape is not None and escape(digit):
            self._pressed = digit
        elif code:
            self._keyed = (self._keyed + digit)[-len(code) :]
        if not self._pressed and (not code or self._keyed != code):
            return
        self._given_up = True
        self._decide(None)

    def _key(self, leg: CallLeg, keys: str) -> None:
        """Send keys to a leg, each `w` of them a pause."""
        after = 0.0
        for part in keys.split(_PAUSE):
            if part:
                asyncio.get_running_loop().call_later(after, self._send, leg, part)
            after += _PAUSE_TIME + _KEY_TIME * len(part)

    @staticmethod
    def _send(leg: CallLeg, keys: str) -> None:
        if leg.ending is None:
            leg.send_digits(keys)

    def _begin_ringback(self) -> None:
        """What the caller hears from the beginning on, whatever the far sides do."""
        if not self._trying or self._over.done():
            return
        if self._options.ringback is not None:
            self.caller.early_media()
            self.caller.audio.play(self._options.ringback)
        elif self._options.ringing:
            self.caller.ringing()

    def _stop_clock(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _decide(self, winner: CallLeg | None) -> None:
        if not self._over.done():
            if winner is not None:
                _tell_codecs(winner, self.caller)
                if winner in self._identified and self.caller.reveals and self.caller.ending is None:
                    self.caller.identify(winner.party)
            self._over.set_result(winner)

    def _fail(self, why: HungUp | Moved) -> None:
        if not self._over.done():
            self._over.set_exception(why)

    @property
    def _latest(self) -> Dialing:
        """This dial, or the one to which it was handed over."""
        return self if self._heir is None else self._heir._latest

    def _listen(self) -> None:
        self.caller.dialing = self
        self.caller.write_to(self)

    def _enter(self, leg: CallLeg) -> None:
        leg.dialing = self
        leg.write_to(self)

    def _try(self, target: Target) -> CallLeg | None:
        """Make the leg to a target; None where it cannot be had."""
        try:
            leg = self._make(self.caller, target)
        except RemoteError as error:
            self._attempts.append((target, Ending(error.cause, str(target), Act.FAILED, str(error), error.advice)))
            self.caller.note(f"{target}: {error}")
            return None
        self._trying[leg] = target
        return leg

    async def _call_all(self, targets: Sequence[Target]) -> None:
        """Call one after the other, also for whom the dial is handed over to meanwhile."""
        for target in targets:
            dial = self._latest
            leg = dial._try(target) if dial is self or not dial.over else None
            if leg is not None:
                await self._call(leg)
        if self._latest is not self and not self._latest._trying:
            self._latest._decide(None)

    async def _call(self, leg: CallLeg) -> None:
        """Prepare a leg and place its call; one that is over by then counts as tried."""
        if self._options.prepare is not None:
            try:
                await self._options.prepare(leg)
            except HungUp:
                if self._latest.caller.ending is not None:
                    raise
        dial = self._latest
        if leg.ending is None:
            dial._place(leg, dial._shown)
        else:
            dial._attempts.append((dial._trying.pop(leg), leg.ending))

    def _place(self, leg: CallLeg, shown: Party) -> None:
        self._enter(leg)
        _tell_codecs(self.caller, leg)
        leg.command(Dial(self._trying[leg].address, shown, dict(leg.variables)))

    def _divert(self, by: CallLeg, wish: Diverted) -> None:
        """The far side of `by` wants the call to go to another number."""
        self._diversions += 1
        before = by.variables.get(DIVERSIONS, "")
        count = self._diversions + (int(before) if before.isascii() and before.isdigit() else 0)
        target = Target("Local", f"{wish.called}@{wish.context or self.caller.context}")
        if not self._options.follow or count > MOST_DIVERSIONS:
            by.note(f"{by.peer} diverts the call to {wish.called}; that is not followed")
            return
        by.note(f"{by.peer} diverts the call to {wish.called}")
        leg = self._try(target)
        if leg is not None:
            leg.confined = leg.confined or not wish.outward
            if wish.outward:
                leg.behalf = by.behalf
            leg.variables["FORWARDERNAME"] = by.name
            leg.variables[DIVERSIONS] = str(count)
            if by.party.number:
                latest = Diversion(by.party.number, wish.reason)
                set_diversions(leg.variables, [latest, *diversions_of(leg.variables)])
            self._place(leg, self._options.diverter or self._shown)
            if self._options.patient:
                self._deadline = None
                self._stop_clock()

    def _reroute(self, by: CallLeg, target: Target) -> None:
        """`by` is over: try the next line of the group that it was taken from, each once."""
        self._failed.add(by.device)
        leg = self._try(target)
        if leg is None:
            return
        if leg.device in self._failed:
            del self._trying[leg]
            leg.end(_NO_OTHER)
            return
        leg.note(f"{by.peer} does not get through; {leg.peer} is tried")
        self._place(leg, self._shown)

    def _ring(self, leg: CallLeg, audio: bool) -> None:
        """Tell the caller that it rings: also one who hears something already, of whoever it hears once."""
        if self.caller.trial is not None:
            self.caller.trial.ring()
        if audio:
            self._hear(leg, rings=True)
        if self._options.ringback is not None:
            return
        if self._heard is None:
            self.caller.ringing()
        elif self._heard is not self._rings_heard:
            self._rings_heard = self._heard
            self.caller.ringing(heard=True)

    def _hear(self, leg: CallLeg, *, rings: bool = False) -> None:
        """Let the caller hear a far side, the first that sends anything; where it rings, that opens the way."""
        if self._options.ringback is not None or self._options.muffled:
            return
        if self._heard is None and leg.channel.audio is not None:
            self._heard = leg
            self.caller.quiet()
            _tell_codecs(leg, self.caller)
            if not rings:
                self.caller.early_media()
            self.caller.audio.join(leg.audio)

    def _tidy(self, winner: CallLeg | None) -> None:
        """Leave no attempt behind but the winner, and no audio but what its bridge will make."""
        gone = self.caller.ending
        if self.caller.dialing is self:
            self.caller.dialing = None
            if gone is None:
                self.caller.quiet()
                if self._options.ringback is not None:
                    self.caller.audio.stop()
                if self._heard is not None and self._heard is not winner:
                    self.caller.audio.stop()
                    self.caller.audio.part()
            self.caller.write_to(None)
        for leg in self._trying:
            leg.dialing = None
            leg.write_to(None)
            if leg is not winner:
                leg.end(self._why_cancelled(winner))

    def _why_cancelled(self, winner: CallLeg | None) -> Ending:
        gone = self.caller.ending
        if gone is not None:
            return replace(gone, cause=_ELSEWHERE.cause) if self._options.answered_elsewhere else gone
        if winner is not None:
            return replace(_ELSEWHERE, cause=self._options.lost)
        return _GIVEN_UP if self._given_up else _TIME_IS_UP

    def _failure(self) -> DialOutcome:
        if self._given_up:
            return DialOutcome(DialStatus.CANCEL, None, _GIVEN_UP, self._pressed, tuple(self._attempts))
        if self._trying:
            return unanswered([leg.peer for leg in self._trying], self._options.timeout, self._attempts)
        return decided(self._attempts)


def _tell_codecs(one: CallLeg, other: CallLeg) -> None:
    """Let a choice of the leg `other` that is still open fall on what `one` can use: nothing is then transcoded."""
    known, asking = one.channel.audio, other.channel.audio
    if known is not None and asking is not None:
        asking.wanted = known.codecs
