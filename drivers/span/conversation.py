"""What is said on a D channel, noted in the story of the leg that it is about; else in the span's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Self

from gateway.core.frozen import frozen
from gateway.core.trace import Kind, Note, Packet, Recorder
from gateway.q931.coding import MessageType
from gateway.q931.element import KeypadFacility
from gateway.q931.journal import Entry
from gateway.q931.message import Element, Message
from gateway.q931.number import CalledNumber

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
        self._connected: set[int] = set()

    def begin(self, call: int, leg: str) -> None:
        """Messages of a call belong to the story of `leg`, also when that has ended before the call."""
        self._legs[call] = leg

    def end(self, call: int) -> None:
        """Nothing more is said of a call."""
        self._legs.pop(call, None)
        self._connected.discard(call)

    def knows(self, entry: Entry) -> bool:
        """Whether it is told already to which story a message belongs."""
        return entry.call is None or entry.call in self._legs

    def note(self, entries: Iterable[Entry], now: float) -> None:
        """Note messages; which keys are pressed in a call that is connected only where that is wanted."""
        for entry in entries:
            leg = self._label if entry.call is None else self._legs.get(entry.call, self._label)
            octets = entry.octets
            if entry.message.kind is MessageType.CONNECT and entry.call in self._legs:
                self._connected.add(entry.call)
            elif entry.message.kind is MessageType.INFORMATION and entry.call in self._connected:
                octets = octets if self._recorder.shows_keys else _without_keys(entry.message)
            self._recorder.keep(leg, _Said(now, leg, entry.sent, octets), len(octets))


def _without_keys(message: Message) -> bytes:
    """The octets of an INFORMATION without its keys, of which it tells how many there are."""
    return replace(message, elements=tuple(map(_without, message.elements))).serialise()


def _without(element: Element) -> Element:
    match element:
        case CalledNumber(digits):
            return replace(element, digits="?" * len(digits))
        case KeypadFacility(keys):
            return KeypadFacility("?" * len(keys))
    return element
