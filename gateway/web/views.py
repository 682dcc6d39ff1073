"""Notes and call records as they are shown: flat, with the sentence ready to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from gateway.call.call import CallRecord
from gateway.call.talk import Talk
from gateway.core.quality import Quality
from gateway.core.trace import Note

__all__ = ["NoteView", "RecordView", "told"]


@dataclass(frozen=True, slots=True)
class NoteView:
    """One thing that a call met.

    Attributes:
        at: seconds since the story began.
        kind: message, line, dialplan, media or call.
        leg: name of the leg that met it.
        text: one line; detail: the whole message or the numbers behind it, may be empty.
    """

    at: float
    kind: str
    leg: str
    text: str
    detail: str


def told(notes: Sequence[Note]) -> list[NoteView]:
    """A story, on its own clock."""
    begun = notes[0].at if notes else 0.0
    return [
        NoteView(round(note.at - begun, 4), note.kind.value, note.leg, note.text, note.detail) for note in notes
    ]


@dataclass(frozen=True, slots=True)
class RecordView:
    """A call that is over.

    Attributes:
        id: the call's id.
        started, answered, ended: wall clock with zone; answered is None where nobody did.
        caller, caller_name: who called; called: the number first wanted; context: where it was looked up.
        dialled: by what that was called that it talked to last, or else that rang last, as Dial was told:
            g1/5550100, 5550100@pstn.
        source, destination: names of the legs; destination is empty where none answered.
        duration, billed: seconds.
        disposition: ANSWERED, BUSY, NO ANSWER or FAILED.
        cause: Q.850 cause value.
        ended_by, evidence, advice: who ended it, what shows it, what to try next.
        sentence: all of that in one.
        answer_signal: what showed the answer of whom it talked with last, and how sure that is where it is a guess.
        linked: the id of the call from which legs came into this one by a transfer or pickup; "" for none.
        talks: who talked with whom, in turn.
        quality: how the legs with packets were heard.
        tried: the last that was called in vain, each with why.
        cost: of its legs to the outside, in the currency of the toll rates.
    """

    id: str
    started: datetime
    answered: datetime | None
    ended: datetime
    caller: str
    caller_name: str
    called: str
    dialled: str
    context: str
    source: str
    destination: str
    duration: float
    billed: float
    disposition: str
    cause: int
    ended_by: str
    evidence: str
    advice: str
    sentence: str
    answer_signal: str
    linked: str
    talks: tuple[Talk, ...]
    quality: tuple[Quality, ...]
    tried: tuple[str, ...]
    cost: float

    @classmethod
    def of(cls, record: CallRecord) -> Self:
        """The view of a record."""
        ending = record.ending
        return cls(
            id=record.id,
            started=record.started,
            answered=record.answered,
            ended=record.ended,
            caller=record.caller,
            caller_name=record.caller_name,
            called=record.called,
            dialled=record.dialled,
            context=record.context,
            source=record.source,
            destination=record.destination,
            duration=record.duration,
            billed=record.billed,
            disposition=record.disposition,
            cause=int(ending.cause),
            ended_by=ending.by,
            evidence=ending.evidence,
            advice=ending.advice,
            sentence=str(ending),
            answer_signal=record.answer_signal,
            linked=record.linked,
            talks=record.talks,
            quality=record.quality,
            tried=record.tried,
            cost=record.cost,
        )
