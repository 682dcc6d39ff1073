"""A Call: the leg that came in, every leg that was made for it, and what is written down when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from datetime import datetime
from typing import Final

from gateway.call.leg import CallLeg
from gateway.call.talk import Talk
from gateway.core.cause import Cause
from gateway.core.ending import Ending
from gateway.core.frozen import frozen
from gateway.core.moment import later
from gateway.core.number import Party
from gateway.core.quality import Quality
from gateway.core.switch import Target

__all__ = ["DISPOSITIONS", "Call", "CallRecord"]

_DISPOSITION: Final = {
    Cause.USER_BUSY: "BUSY",
    Cause.NO_ANSWER: "NO ANSWER",
    Cause.NO_USER_RESPONDING: "NO ANSWER",
    Cause.NORMAL_CLEARING: "NO ANSWER",
}
"""Disposition of a call that was never answered, by its cause; FAILED for all others."""

DISPOSITIONS: Final = ("ANSWERED", "BUSY", "NO ANSWER", "FAILED")
"""All that there are."""

TRIED: Final = 8
"""What was called in vain is kept of so many: a dialplan may try again and again."""


@frozen
class CallRecord:
    """What is kept of a call that is over (a call detail record).

    Attributes:
        id: the call's id.
        started, ended: wall clock, with zone; answered: the same, or None where it never was.
        caller, caller_name: as shown to the called side.
        called: the number first wanted.
        dialled: by what that was called that it talked to last, or else that rang last, as Dial was told:
            "g1/5550100", "5550100@pstn".
        context: the dialplan context it was wanted in.
        source, destination: names of the calling leg and of the leg that it talked to last ("" for none).
        duration, billed: seconds from start to end, and from answer to end (0 without an answer).
        disposition: ANSWERED, BUSY, NO ANSWER or FAILED, as Asterisk's records say it.
        ending: who ended it, why, and on what evidence.
        answer_signal: what showed the answer of whom it talked with last: "200 OK", "a voice after ringback, 90%
            sure"; "" where nothing had to.
        linked: the id of the call from which a transfer or a pickup brought legs into this one; "" for none.
        talks: who talked with whom, in turn.
        quality: how the legs with packets were heard.
        tried: the last that was called in vain, each with why: "SIP/5550100@first: trunk first refused (503 …".
        cost: of its legs to the outside, in the currency of the toll rates.
    """

    id: str
    started: datetime
    answered: datetime | None
    ended: datetime
    caller: str
    caller_name: str
    called: str
    context: str
    source: str
    destination: str
    duration: float
    billed: float
    disposition: str
    ending: Ending
    answer_signal: str = ""
    dialled: str = ""
    linked: str = ""
    talks: tuple[Talk, ...] = field(default=())
    quality: tuple[Quality, ...] = ()
    tried: tuple[str, ...] = ()
    cost: float = 0.0


class Call:
    """One call while it lives.

    Args:
        id: unique, also across restarts.
        leg: the leg that came in, or that a transfer made the main one.
        called: the number wanted; context: the dialplan context in which.
        started: wall clock at its arrival.
        began: engine clock at its arrival.

    Attributes:
        others: the legs that belong to it beside `leg`; talks: who talked with whom, in turn.
        linked, cost: see `CallRecord`; cost: of legs that are over.
        tried: what was called in vain.
    """

    __slots__ = "began called context cost id leg linked others started talks tried".split()

    def __init__(
        self, id: str, leg: CallLeg, *, called: str, context: str, started: datetime, began: float
    ) -> None:
        self.id = id
        self.leg = leg
        self.called = called
        self.context = context
        self.started = started
        self.began = began
        self.others: tuple[CallLeg, ...] = ()
        self.talks: tuple[Talk, ...] = ()
        self.linked = ""
        self.tried: tuple[tuple[Target, Ending], ...] = ()
        self.cost = 0.0

    @property
    def caller(self) -> Party:
        """Who calls."""
        return self.leg.party

    @property
    def legs(self) -> list[CallLeg]:
        """The legs that belong to it, those that are over included."""
        return [self.leg, *self.others]

    def wanted(self, leg: CallLeg, far: CallLeg) -> str:
        """The number of a call that `leg`, one of these, goes on to have with `far`, talking or ringing.

        It is what was first wanted; or, where `leg` was itself wanted, what `far` was wanted by or calls from.
        """
        if leg is self.leg:
            return self.called
        other = far.call
        return far.party.number if other is None or other is self or far is other.leg else other.called

    def leave(self, leg: CallLeg) -> None:
        """One of the others belongs to it no more."""
        self.others = tuple(each for each in self.others if each is not leg)

    def in_vain(self, attempts: Sequence[tuple[Target, Ending]]) -> None:
        """A dial has called these, and nobody of them is there."""
        self.tried = (*self.tried, *attempts)[-TRIED:]

    @property
    def answered(self) -> datetime | None:
        """Wall clock at its answer, or None."""
        at = self.leg.answered_at
        return None if at is None else later(self.started, max(0.0, at - self.began))

    @property
    def state(self) -> str:
        """A word for lists: ringing, up, ended."""
        return self.leg.state

    def record(self, ending: Ending, now: float) -> CallRecord:
        """The record of the call, now that it is over."""
        leg, passed, party = self.leg, now - self.began, self.caller
        talked_to = self._talked_to()
        far = next((each for each in self.others if each.name == talked_to), None)
        return CallRecord(
            id=self.id,
            started=self.started,
            answered=self.answered,
            ended=later(self.started, passed),
            caller=party.number,
            caller_name=party.name,
            called=self.called,
            context=self.context,
            source=leg.name,
            destination=talked_to,
            duration=round(passed, 3),
            billed=0.0 if leg.answered_at is None else round(now - max(leg.answered_at, self.began), 3),
            disposition="ANSWERED" if leg.answered else _DISPOSITION.get(ending.cause, "FAILED"),
            ending=ending,
            answer_signal="" if far is None else far.answer_signal,
            dialled=far.called if far is not None else self.others[-1].called if self.others else "",
            linked=self.linked,
            talks=tuple([talk.so_far() for talk in self.talks]),
            quality=tuple([heard for each in self.legs if (heard := each.quality) is not None]),
            tried=tuple([f"{target}: {why}" for target, why in self.tried]) if self.tried else (),
            cost=round(self.cost, 4),
        )

    def _talked_to(self) -> str:
        """Whom its main leg talked with last, by name; "" where with nobody."""
        name = self.leg.name
        for talk in reversed(self.talks):
            if talk.one == name:
                return talk.other
            if talk.other == name:
                return talk.one
        return ""
