"""One leg of a call, as scripts drive it: a `ChannelLeg` below, `gateway.core.switch.Leg` above.

Channel events enter by `deliver`; what they say of the leg's life is kept here, and each is then posted to the
mailbox that the leg writes to at the time. Every wait raises HungUp once the leg is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NoReturn, Protocol

from gateway.call.channel_leg import ChannelLeg, Desk
from gateway.call.letters import Company, Interrupted, Letter, Listener, Nudged, SoundOver
from gateway.call.mailbox import Mailbox
from gateway.core.audio import Sound, SoundEnd
from gateway.core.cause import Cause
from gateway.core.channel import Channel
from gateway.core.ending import Act, Ending
from gateway.core.feature import Feature
from gateway.core.messages import (
    Alert,
    Answer,
    Answered,
    Digit,
    Event,
    FaxCarried,
    Hangup,
    Held,
    Identified,
    Redirect,
    Released,
    Resumed,
    TransferTold,
)
from gateway.core.number import Party
from gateway.core.switch import LEVEL, BridgeEnd, HungUp, Moved, Place
from gateway.core.trace import Kind
from gateway.media.level import louder

if TYPE_CHECKING:
    from gateway.call.bridge import Bridge
    from gateway.call.call import Call
    from gateway.call.dialing import Dialing
    from gateway.call.trial import Trial

__all__ = ["CallLeg", "LegDesk"]

_REDIRECT_TIME: Final = 30.0
"""Seconds that a far side has to say what came of a redirection."""
_TIME_IS_UP: Final = Ending(Cause.NORMAL_CLEARING, "the dialplan", Act.HUNG_UP, "the call's time is up")


_NO_FEATURES: Final[frozenset[Feature]] = frozenset()
_NUDGED: Final = Nudged()
_RINGS: Final = Alert()
_RINGS_HEARD: Final = Alert(audio=True)


class LegDesk(Desk, Protocol):
    """What a leg of a call needs of the office."""

    @property
    def ringback(self) -> Sound:
        """The country's ringback tone, for a caller who was answered already."""
        ...

    def leg_over(self, leg: CallLeg) -> None:
        """The leg has ended, whoever ended it."""
        ...

    def leg_changed(self, leg: CallLeg) -> None:
        """The leg was answered, or its far side has put us on hold or taken us off it."""
        ...


class CallLeg(ChannelLeg):
    """A leg of a call.

    Args:
        channel, desk, party, called, context, incoming: see `ChannelLeg`.

    Attributes:
        call: to which it belongs, until that is over.
        driven: whether a script runs for it; one that has none belongs to the call of another.
        gains: dB by which what it says is heard louder, and by which it hears louder what others say.
        features: what its far side may ask for by keys; afterwards: where it goes when it is left alone.
        bridge: whom it talks with; dialing: the dial of which it is the caller, or one of the called.
        trial: the blind transfer that sent it where it is, until that has come to something.
        consultation: what it is about with others beside its talk: a transfer by keys, a third who has joined.
    """

    __slots__ = (
        "__weakref__",
        "_behalf",
        "_listener",
        "_moved",
        "_own",
        "_ringing_back",
        "_sounds",
        "_talk",
        "afterwards",
        "bridge",
        "call",
        "consultation",
        "dialing",
        "driven",
        "features",
        "gains",
        "trial",
    )

    _desk: LegDesk

    def __init__(
        self,
        channel: Channel,
        desk: LegDesk,
        *,
        party: Party,
        called: str,
        context: str,
        incoming: bool,
    ) -> None:
        super().__init__(channel, desk, party=party, called=called, context=context, incoming=incoming)
        self._behalf: CallLeg | None = None
        self._ringing_back = False
        self._sounds = 0
        self.features = _NO_FEATURES
        self.gains = LEVEL
        self.afterwards: Place | None = None
        self.call: Call | None = None
        self.driven = False
        self.bridge: Bridge | None = None
        self.dialing: Dialing | None = None
        self.trial: Trial | None = None
        self.consultation: Company | None = None
        self._talk: asyncio.Future[BridgeEnd] | None = None
        self._moved: Moved | None = None
        self._own: Mailbox[tuple[CallLeg, Letter]] = Mailbox()
        self._listener: Listener = self._own

    @property
    def behalf(self) -> CallLeg:
        """The leg that answers for what this one does: itself, but for half of a Local channel."""
        return self if self._behalf is None else self._behalf

    @behalf.setter
    def behalf(self, leg: CallLeg) -> None:
        self._behalf = leg

    # What the channel says.

    def deliver(self, event: Event) -> None:
        """Take in an event of the channel."""
        match event:
            case Answered(how):
                self.answer_signal = how
                self._mark_answered()
            case Released(ending):
                self._end(ending)
            case Identified(party):
                self.party = party
            case FaxCarried(image):
                self.image = image
            case Held() | Resumed():
                self.held = isinstance(event, Held)
                self._desk.leg_changed(self)
            case _:
                pass
        self._listener.post((self, event))

    def write_to(self, listener: Listener | None) -> None:
        """Post what comes to `listener` from now on; to the leg's own mailbox where None."""
        self._listener = self._own if listener is None else listener
        if listener is None and self.ending is not None:
            self._own.post((self, Released(self.ending)))

    def close(self) -> None:
        """Nobody reads what it says any more; what stands in its mailbox would keep it alive."""
        self._own.clear()

    async def answered_by(self, deadline: float) -> bool:
        """Wait for the answer to a call that we place; False where none has come by then (engine clock)."""
        while not self.answered:
            found = await self._own.next(deadline)
            self.go_on()
            if found is None:
                return False
        return True

    async def letter(self, deadline: float | None = None) -> Letter | None:
        """What comes next for its script; None where nothing has by `deadline` (engine clock)."""
        self.go_on()
        found = await self._own.next(deadline)
        self.go_on()
        return None if found is None else found[1]

    def tell(self, letter: Letter) -> None:
        """Post something to its script."""
        self._own.post((self, letter))

    # The talk that its script waits for.

    async def talk(self) -> BridgeEnd:
        """Wait until the leg's talk is over, whomever it may be with by then.

        Raises:
            HungUp: the leg is over.
            Moved: it was sent elsewhere.
        """
        self.go_on()
        self._talk = asyncio.get_running_loop().create_future()
        try:
            return await self._talk
        except asyncio.CancelledError:
            # The call's time is up, or the office closes: nobody else would end the other leg.
            if self.bridge is not None:
                self.bridge.part(self, _TIME_IS_UP)
            raise
        finally:
            self._talk = None

    @property
    def waits(self) -> bool:
        """Whether its script waits for the end of its talk."""
        return self._talk is not None

    def talked(self, end: BridgeEnd) -> bool:
        """The talk is over: its script, if one waits for that, goes on; whether one does."""
        if self._talk is None or self._talk.done():
            return False
        self._talk.set_result(end)
        return True

    def interrupt(self, moved: Moved) -> None:
        """Have the script's present wait, or else its next one, raise `moved`."""
        if self._talk is not None and not self._talk.done():
            self._talk.set_exception(moved)
            return
        self._moved = moved
        self._listener.post((self, Interrupted()))

    # What scripts say.

    def ringing(self, *, heard: bool = False) -> None:
        """Tell the caller that the far side rings; one who was answered, and does not hear it, hears us do so."""
        if not self.answered:
            self._opened = False
            self.command(_RINGS_HEARD if heard else _RINGS)
        elif not (heard or self._ringing_back):
            self._ringing_back = True
            self.audio.play(self._desk.ringback)

    def quiet(self) -> None:
        """End a ringback that `ringing` began."""
        if self._ringing_back and self.ending is None:
            self.audio.stop()
        self._ringing_back = False

    async def answer(self) -> None:
        """Answer the call, once."""
        self.go_on()
        if self.trial is not None:
            self.trial.succeed()
        if not self.answered:
            self.command(Answer())
            self._mark_answered()
            if self.ending is not None:  # the answer may have failed at once
                raise HungUp(self.ending)
            # What is said before would be lost (RFC 3264 section 5.1, a late offer).
            while not self.channel.reached:
                await self.letter()

    async def play(self, sounds: Sequence[Sound], escape: str = "") -> str:
        """Play sounds in turn; a digit of `escape` ends it and is returned."""
        if self.trial is not None:
            self.trial.succeed()
        for sound in sounds:
            over = self._begin(sound)
            while True:
                letter = await self.letter()
                if letter == over:
                    break
                if isinstance(letter, Digit) and letter.digit in escape:
                    self.audio.stop()
                    return letter.digit
        return ""

    def announce(self, sounds: Sequence[Sound]) -> None:
        """Play sounds in turn, over whatever it hears, without waiting for their end."""
        first, *rest = sounds

        def go_on(end: SoundEnd) -> None:
            if end is SoundEnd.PLAYED and rest and self.ending is None:
                self.announce(rest)

        self.audio.play(first, go_on)

    async def digit(self, timeout: float | None = None) -> str:
        """The next digit pressed, or "" after `timeout` seconds."""
        deadline = None if timeout is None else self._desk.clock() + timeout
        while isinstance(letter := await self._read(deadline), Nudged):
            continue
        return letter.digit if letter is not None else ""

    async def attend(self, timeout: float | None = None) -> str:
        """The next digit pressed, or "" after `timeout` seconds or when nudged."""
        letter = await self._read(None if timeout is None else self._desk.clock() + timeout)
        return letter.digit if isinstance(letter, Digit) else ""

    async def _read(self, deadline: float | None) -> Digit | Nudged | None:
        """The next key or nudge; None where neither has come by `deadline` (engine clock)."""
        while (found := await self._own.next(deadline)) is not None:
            self.go_on()
            if isinstance(found[1], Digit | Nudged):
                return found[1]
        self.go_on()
        return None

    def nudge(self) -> None:
        """Have the script's present `attend`, or else its next one, end."""
        self._own.post_once((self, _NUDGED))

    async def wait(self, seconds: float) -> None:
        """Let time pass; digits pressed meanwhile are dropped."""
        deadline = self._desk.clock() + seconds
        while await self._own.next(deadline) is not None:
            self.go_on()
        self.go_on()

    async def redirect(self, called: str) -> TransferTold | None:
        """Have the far side call `called` by itself; None where its technology has no means for it."""
        self.go_on()
        if not self.command(Redirect(called)):
            return None
        deadline = self._desk.clock() + _REDIRECT_TIME
        while (found := await self._own.next(deadline)) is not None:
            self.go_on()
            if isinstance(found[1], TransferTold) and found[1].final:
                return found[1]
        self.go_on()
        return TransferTold(Cause.RECOVERY_ON_TIMER_EXPIRY)

    async def released(self) -> NoReturn:
        """Wait until the leg is over."""
        while True:
            await self.letter()

    def hang_up(self, ending: Ending) -> None:
        """End the leg, as its script wishes; one whom a blind transfer sent to its script may go back instead."""
        last = ending if self.trial is None else self.trial.fail(ending)
        if last is not None:
            self.end(last)

    def end(self, ending: Ending) -> None:
        """End the leg whatever it is about; harmless when it is over already."""
        if self.ending is None:
            self._end(ending)
            self._listener.post((self, Released(ending)))
            self.channel.command(Hangup(ending), self._desk.clock())
            self._desk.wake()

    def tune(self, said: float, heard: float) -> None:
        """Hear it, and let it hear, so many dB louder."""
        self.gains = (said, heard)
        if self.bridge is not None:
            self.bridge.tune()

    def _begin(self, sound: Sound) -> SoundOver:
        if self.gains[1]:
            wide = None if sound.wide is None else louder(sound.wide, self.gains[1])
            sound = replace(sound, samples=louder(sound.samples, self.gains[1]), wide=wide)
        self._sounds += 1
        over = SoundOver(self._sounds)
        self.audio.play(sound, lambda _: self._own.post((self, over)))
        return over

    def _end(self, ending: Ending) -> None:
        self.ending = ending
        self.note(ending, kind=Kind.CALL)
        self._desk.leg_over(self)
        if self._talk is not None and not self._talk.done():
            self._talk.set_exception(HungUp(ending))

    def _mark_answered(self) -> None:
        if not self.answered:
            self.answered = True
            self.answered_at = self._desk.clock()
            self._row = self.channel.audio or self._row
            self._desk.leg_changed(self)

    def interruption(self) -> Moved:
        """Why its script is interrupted; told once."""
        moved, self._moved = self._moved, None
        assert moved is not None
        return moved

    def go_on(self) -> None:
        """What every wait of the leg's script asks before and after it waits."""
        if self.ending is not None:
            raise HungUp(self.ending)
        if self._moved is not None:
            raise self.interruption()
