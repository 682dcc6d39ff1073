"""All spans of an office as one engine, and the technology that dials out by them.

    receive(word, name, now)    a frame or notice of the span of that name
    outgoing()                  (name, frame) pairs for the D channels
    events()                    (channel, event) pairs for the calls

As of all lines, digits and silence come in through the rows of the calls. Nothing here raises for what a far
end does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from drivers.channel import LineChannel
from drivers.hunt import HuntGroup
from drivers.shelf import Shelf
from drivers.span.config import SpanConfig
from drivers.span.span import Bearers, Span
from drivers.status import LineStatus
from drivers.technology import LineTechnology
from gateway.core.engine import earliest
from gateway.core.messages import Event
from gateway.core.number import NumberPlan
from gateway.core.switch import Sounds
from gateway.core.trace import Recorder
from hardware.span.dahdi import Frame, Notice, NoticeKind

__all__ = ["Spans"]


class Spans:
    """The engine of all spans.

    Args:
        spans: what each is told.
        plan: what can be called here.
        bearers: where rows on B channels come from.
        sounds: tones.
        recorder: takes all that happens.
        changed: told of each span that has come into another state, by its label (`SPAN/e1`).
    """

    def __init__(
        self,
        spans: Sequence[SpanConfig],
        *,
        plan: NumberPlan,
        bearers: Bearers,
        sounds: Sounds,
        recorder: Recorder,
        changed: Callable[[str], None] = lambda label: None,
    ) -> None:
        self._shelf: Final = Shelf(sounds=sounds, recorder=recorder, changed=changed)
        self._spans: Final = {
            config.name: Span(config, plan=plan, bearers=bearers, shelf=self._shelf) for config in spans
        }
        groups: dict[int, list[Span]] = {}
        for span in self._spans.values():
            groups.setdefault(span.config.group, []).append(span)
        hunts = {number: HuntGroup(members) for number, members in groups.items()}
        self.technologies: Final[Mapping[str, LineTechnology]] = {
            "SPAN": LineTechnology(
                "SPAN",
                self._spans.values(),
                hunts,
                {word: span for span in self._spans.values() for word in span.config.words},
            )
        }

    def __getitem__(self, name: str) -> Span:
        """The span of that name."""
        return self._spans[name]

    # The hardware.

    def attach(self, name: str, now: float) -> None:
        """The D channel of span `name` is open."""
        self._spans[name].attach(now)

    def detach(self, name: str, reason: str, now: float) -> None:
        """The span has gone, or would not open."""
        self._spans[name].detach(reason, now)

    # The engine.

    def receive(self, word: Frame | Notice, source: str, now: float) -> None:
        """Take in a frame or notice of the span `source`."""
        span = self._spans[source]
        match word:
            case Frame(data):
                span.receive(data, now)
            case Notice(NoticeKind.ALARM, text):
                span.alarm(text, now)
            case Notice(NoticeKind.NO_ALARM):
                span.alarm("", now)
            case Notice(NoticeKind.REMOVED, text):
                span.detach(text, now)
            case Notice(NoticeKind.BAD_FRAME):
                span.bad_frame(word.text, now)

    def outgoing(self) -> list[tuple[str, bytes]]:
        """What the D channels are to send, once, in order."""
        return [(name, frame) for name, span in self._spans.items() for frame in span.outgoing()]

    def events(self) -> list[tuple[LineChannel, Event]]:
        """What happened on the legs, once, in order."""
        return self._shelf.told()

    def deadline(self) -> float | None:
        """When the next timer of any span is due."""
        return earliest(*[span.deadline() for span in self._spans.values()])

    def expire(self, now: float) -> None:
        """Act on every timer that is due."""
        for span in self._spans.values():
            span.expire(now)

    # What is shown.

    def status(self) -> list[LineStatus]:
        """Every span."""
        return [span.status() for span in self._spans.values()]

    @property
    def leaving(self) -> bool:
        """Whether a far end has a call still, be our leg over or not, or has not acknowledged what released it; no
        where there is no link.
        """
        return any(span.leaving for span in self._spans.values())

    def usage(self) -> int:
        """How many legs and timers the calls hold: 0 when there is none."""
        return sum(span.usage() for span in self._spans.values())
