"""What is said on a D channel, noted in the story of the leg that it is about; else in the span's."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.core.trace import Kind, Recorder
from gateway.q931.journal import Entry

__all__ = ["Conversation"]


class Conversation:
    """The messages of one span.

    Args:
        recorder: where they are noted.
        label: the span's own story.
    """

    def __init__(self, recorder: Recorder, label: str) -> None:
        self._recorder = recorder
        self._label = label
        self._legs: dict[int, str] = {}

    def begin(self, call: int, leg: str) -> None:
        """Messages of a call belong to the story of `leg`, also when that has ended before the call."""
        self._legs[call] = leg

    def end(self, call: int) -> None:
        """Nothing more is said of a call."""
        self._legs.pop(call, None)

    def knows(self, entry: Entry) -> bool:
        """Whether it is told already to which story a message belongs."""
        return entry.call is None or entry.call in self._legs

    def note(self, entries: Iterable[Entry], now: float) -> None:
        """Note messages."""
        for entry in entries:
            leg = self._label if entry.call is None else self._legs.get(entry.call, self._label)
            self._recorder.note(now, Kind.MESSAGE, leg, entry, entry.detail)
