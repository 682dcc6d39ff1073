"""The recorder: everything that a call met, on one clock, kept bounded.

Messages on the wire, line events, dialplan steps, media events and state changes of a call are noted under the
name of the leg (channel) that met them. When legs become one call, `join` makes their notes one story. Old
stories give way to new ones, those of calls only to calls: whoever floods us with requests that never become one
pushes out his own kind. A story that grows too long loses its middle, never its beginning or its end.
Most notes are never read, so that they are kept as they came; `story` is the one way out, and masks secrets.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final, NamedTuple, Protocol

from gateway.core.frozen import frozen
from gateway.core.word import Word

__all__ = ["Kept", "Kind", "Note", "Recorder", "whole"]

_at: Final = attrgetter("at")

_SECRET: Final = re.compile(
    r"""(?P<key>\b(?:(?:response|nonce|cnonce|opaque|password|secret)\s*=\s*|inline:))(?P<value>"[^"]*"|[^\s,;]+)""",
    re.IGNORECASE,
)


class Kind(Word):
    """What sort of thing was noted."""

    MESSAGE = "message"
    LINE = "line"
    DIALPLAN = "dialplan"
    MEDIA = "media"
    CALL = "call"


@frozen
class Note:
    """One thing that happened.

    Attributes:
        at: engine clock, seconds.
        kind: what sort of thing.
        leg: the name of the leg that met it.
        text: one line, as shown in a list.
        detail: the whole message or the numbers behind the line; may be empty.
    """

    at: float
    kind: Kind
    leg: str
    text: str
    detail: str = ""


class Kept(Protocol):
    """A note as it came: what it says is put into words when somebody reads the story."""

    @property
    def at(self) -> float:
        """Engine clock, seconds."""
        ...

    def read(self) -> Note:
        """The note, secrets and all."""
        ...


class _Told(NamedTuple):
    """What `Recorder.note` was told."""

    at: float
    kind: Kind
    leg: str
    text: object
    detail: str | bytes

    def read(self) -> Note:
        return Note(self.at, self.kind, self.leg, str(self.text), whole(self.detail))


@dataclass(slots=True)
class _Story:
    """The notes of one call, or of what has not become one: the first for good, the latest in a ring."""

    name: str
    of_call: bool = False
    first: list[Kept] = field(default_factory=list)
    latest: list[Kept] = field(default_factory=list)
    left_out: int = 0
    legs: set[str] = field(default_factory=set)


class Recorder:
    """Keeps the stories of the latest calls.

    Args:
        calls: how many stories of calls are kept; the one untouched for longest goes first.
        strays: the same for stories of what has not become a call.
        notes: how many notes a story keeps; what goes is from its middle.
    """

    def __init__(self, *, calls: int = 1000, strays: int = 500, notes: int = 400) -> None:
        self._calls = calls
        self._strays = strays
        self._half = max(1, notes // 2)
        self._of_calls: OrderedDict[str, _Story] = OrderedDict()
        self._of_strays: OrderedDict[str, _Story] = OrderedDict()
        self._story_of: dict[str, _Story] = {}

    def note(self, at: float, kind: Kind, leg: str, text: object, detail: str | bytes = "") -> None:
        """Note one thing under `leg`; octets are read as UTF-8, where they are that.

        Args:
            text: one line, or what `str` makes one of when the story is read; it must not change.
        """
        self.keep(leg, _Told(at, kind, leg, text, detail))

    def keep(self, leg: str, note: Kept) -> None:
        """Keep a note of `leg`, which must not change."""
        story = self._story_of.get(leg)
        if story is None:
            story = self._begin(leg)
        else:
            (self._of_calls if story.of_call else self._of_strays).move_to_end(story.name)
        if len(story.first) < self._half:
            story.first.append(note)
            return
        story.latest.append(note)
        if len(story.latest) > self._half:
            del story.latest[0]
            story.left_out += 1

    def join(self, call: str, leg: str) -> None:
        """Make `leg`'s notes, past and to come, part of the story of `call`."""
        story = self._story_of.get(call) or self._begin(call)
        if not story.of_call:
            del self._of_strays[story.name]
            story.of_call = True
            self._of_calls[story.name] = story
            self._forget(self._of_calls, self._calls)
        self._of_calls.move_to_end(story.name)
        own = self._story_of.get(leg)
        if own is not None and own is not story:
            del (self._of_calls if own.of_call else self._of_strays)[own.name]
            merged = sorted([*story.first, *story.latest, *own.first, *own.latest], key=_at)
            story.first, rest = merged[: self._half], merged[self._half :]
            story.latest = rest[-self._half :]
            story.left_out += own.left_out + len(rest) - len(story.latest)
            story.legs |= own.legs
            for member in own.legs:
                self._story_of[member] = story
        story.legs.add(leg)
        self._story_of[leg] = story

    def story(self, name: str) -> list[Note]:
        """All notes kept of the call (or the call of the leg) `name`, in order; empty if it is not known."""
        story = self._story_of.get(name)
        if story is None:
            return []
        gap = []
        if story.left_out:
            at = story.latest[0].at if story.latest else story.first[-1].at
            gap = [Note(at, Kind.CALL, name, f"({story.left_out} notes left out here)")]
        return [*map(_read, story.first), *gap, *map(_read, story.latest)]

    def stories(self) -> list[str]:
        """Names of the calls whose stories are kept, least lately touched first."""
        return list(self._of_calls)

    def _begin(self, name: str) -> _Story:
        story = self._of_strays[name] = self._story_of[name] = _Story(name, legs={name})
        self._forget(self._of_strays, self._strays)
        return story

    def _forget(self, stories: OrderedDict[str, _Story], most: int) -> None:
        while len(stories) > most:
            _, forgotten = stories.popitem(last=False)
            for leg in forgotten.legs:
                self._story_of.pop(leg, None)


def whole(detail: str | bytes) -> str:
    """The detail of a note as text."""
    return detail if isinstance(detail, str) else detail.decode("utf-8", "replace")


def _read(kept: Kept) -> Note:
    note = kept.read()
    return Note(note.at, note.kind, note.leg, _mask(note.text), _mask(note.detail))


def _mask(text: str) -> str:
    return _SECRET.sub(lambda found: f"{found['key']}***", text)
