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

from drivers.bank import LineBank, hunt_groups
from drivers.shelf import Shelf
from drivers.span.config import SpanConfig
from drivers.span.span import Bearers, Span
from drivers.technology import LineTechnology
from gateway.core.number import NumberPlan
from gateway.core.sounds import Sounds
from gateway.core.trace import Recorder
from hardware.span.dahdi import Frame, Notice, NoticeKind

__all__ = ["Spans"]


class Spans(LineBank[str, Span]):
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
        shelf = Shelf(sounds=sounds, recorder=recorder, changed=changed)
        super().__init__(
            shelf, {config.name: Span(config, plan=plan, bearers=bearers, shelf=shelf) for config in spans}
        )
        lines = self._lines.values()
        words = {word: span for span in lines for word in span.config.words}
        self.technologies: Final[Mapping[str, LineTechnology]] = {
            "SPAN": LineTechnology("SPAN", lines, hunt_groups(lines), words)
        }

    # The hardware.

    def attach(self, name: str, now: float) -> None:
        """The D channel of span `name` is open."""
        self._lines[name].attach(now)

    # The engine.

    def receive(self, word: Frame | Notice, source: str, now: float) -> None:
        """Take in a frame or notice of the span `source`."""
        span = self._lines[source]
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
        return [(name, frame) for name, span in self._lines.items() for frame in span.outgoing()]

    @property
    def leaving(self) -> bool:
        """Whether a far end has a call still, be our leg over or not, or has not acknowledged what released it; no
        where there is no link.
        """
        return any(span.leaving for span in self._lines.values())
