"""What is said on a D channel, noted in the story of the leg that it is about; else in the span's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from gateway.core.frozen import frozen
from gateway.core.trace import Kind, Note, Packet, Recorder
from gateway.q931.journal import Entry
from gateway.q931.message import Message

__all__ = ["Conversation"]


@frozen
class _Said:
    """A message in a story; it is put into words for those who read it."""

    at: float
    leg: str
    sent: bool
    octets: bytes

    def read(self) -> Note:
        entry = Entry(None, self.sent, Message.parse(self.octets), self.octets)
        return Note(self.at, Kind.MESSAGE, self.leg, str(entry), entry.detail)

    def packet(self) -> Packet:
        return Packet(self.at, self.leg, self.sent, "q931", None, None, self.octets)

    def flat(self) -> tuple[float, str, bool, bytes]:
        return self.at, self.leg, self.sent, self.octets

    @classmethod
    def of(cls, at: float, leg: str, sent: bool, octets: bytes) -> Self:
        return cls(at, leg, sent, octets)


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
            self._recorder.keep(leg, _Said(now, leg, entry.sent, entry.octets), len(entry.octets))
