"""Why a leg, a call or an attempt ended: who, how, with which cause, on what evidence, and what to try.

An Ending is made by the room that saw the evidence and travels unchanged through `Released`, the call record,
the log and the console; nobody downstream invents a reason.
"""

from __future__ import annotations

from dataclasses import field

from gateway.core.cause import Cause
from gateway.core.frozen import frozen
from gateway.core.word import Word

__all__ = ["Act", "Ending"]


class Act(Word):
    """What the one who ended it did. The value completes "SOMEBODY …"."""

    HUNG_UP = "hung up"
    CANCELLED = "gave up before an answer"
    REFUSED = "refused the call"
    FAILED = "could not take the call"
    DID_NOT_ANSWER = "did not answer"
    TRANSFERRED = "transferred the call"
    VANISHED = "stopped responding"


@frozen
class Ending:
    """The end of one leg or call.

    Attributes:
        cause: the Q.850 cause on that leg.
        by: who ended it, as an operator knows them: "telephone 101", "account 6001", "the exchange on line
            copper1", "the dialplan", "Copperline".
        act: what they did.
        evidence: the message, line event or timer that shows it: "BYE", "486 Busy Here", "ONHOOK event on
            port 1", "timer B after 32 s".
        advice: what to try next; empty where nothing is wrong.
        code: what the far side said in its own protocol, ("SIP", 480), where that is finer than the cause: a leg of
            the same protocol tells it on unchanged. A third member is that protocol's number of a warning. None
            where there is no such thing.
    """

    cause: Cause
    by: str
    act: Act
    evidence: str
    advice: str = ""
    code: tuple[str, int] | tuple[str, int, int] | None = field(default=None, compare=False)

    def __str__(self) -> str:
        sentence = f"{self.by} {self.act.value} ({self.evidence}): {self.cause}"
        return f"{sentence}. {self.advice}" if self.advice else f"{sentence}."
