"""A Call: the leg that came in, every leg that was made for it, and what is written down when it is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.call.leg import CallLeg
from gateway.core.ending import Ending
from gateway.core.number import Party

__all__ = ["Call", "CallRecord"]


@dataclass(frozen=True, slots=True)
class CallRecord:
    """What is kept of a call that is over (a call detail record).

    Attributes:
        id: the call's id.
        started, ended: wall clock, with zone; answered: the same, or None where it never was.
        caller, caller_name: as shown to the called side.
        called: the number first wanted.
        context: the dialplan context it was wanted in.
        source, destination: names of the calling leg and of the leg that it talked to last ("" for none).
        duration, billed: seconds from start to end, and from answer to end (0 without an answer).
        disposition: ANSWERED, BUSY, NO ANSWER or FAILED, as Asterisk's records say it.
        ending: who ended it, why, and on what evidence.
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


class Call:
    """One call while it lives.

    Args:
        id: unique, also across restarts.
        leg: the leg that came in.
        started: wall clock at its arrival.
        began: engine clock at its arrival.
    """

    def __init__(self, id: str, leg: CallLeg, *, started: datetime, began: float) -> None:
        self.id = id
        self.leg = leg
        self.started = started
        self.began = began
        self.others: list[CallLeg] = []
        self.talking_to: CallLeg | None = None

    @property
    def caller(self) -> Party:
        """Who calls."""
        return self.leg.party

    @property
    def legs(self) -> list[CallLeg]:
        """All legs that were ever part of it."""
        return [self.leg, *self.others]

    @property
    def answered(self) -> datetime | None:
        """Wall clock at its answer, or None."""
        at = self.leg.answered_at
        return None if at is None else self.started + timedelta(seconds=at - self.began)

    @property
    def state(self) -> str:
        """A word for lists: ringing, up, ended."""
        return self.leg.state

    def record(self, ending: Ending, disposition: str, now: float) -> CallRecord:
        """The record of the call, now that it is over."""
        answered_at = self.leg.answered_at
        return CallRecord(
            id=self.id,
            started=self.started,
            answered=self.answered,
            ended=self.started + timedelta(seconds=now - self.began),
            caller=self.caller.number,
            caller_name=self.caller.name,
            called=self.leg.called,
            context=self.leg.context,
            source=self.leg.name,
            destination=self.talking_to.name if self.talking_to else "",
            duration=round(now - self.began, 3),
            billed=0.0 if answered_at is None else round(now - answered_at, 3),
            disposition=disposition,
            ending=ending,
        )
