"""The recorder: everything that a call met, on one clock, kept bounded.

Messages on the wire, line events, dialplan steps, media events and state changes of a call are noted under the
name of the leg (channel) that met them. When legs become one call, `join` makes their notes one story. Old
stories give way to new ones, those of calls only to calls: whoever floods us with requests that never become one
pushes out his own kind. A story that grows too long loses its middle, never its beginning or its end.
Most notes are never read, so that they are kept as they came, and packed once other stories go on (`core/story`);
`story` is the one way out, and masks secrets.
"""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from typing import Final, NamedTuple, Protocol, Self

from gateway.core.frozen import frozen
from gateway.core.story import LOOSE, Flat, Packer, Story
from gateway.core.word import Word

__all__ = ["Kept", "Kind", "Note", "Recorder", "whole"]

FRESH: Final = 64
"""Stories that stand unpacked: those that go on at present, or did last; and a quarter as many again, which are
packed in one go then: to pack one story puts more into a processor's caches than a whole call needs."""

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


_KINDS: Final = tuple(Kind)
_NUMBERS: Final = {kind: number for number, kind in enumerate(_KINDS)}


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


class Kept(Flat, Protocol):
    """A note as it came: what it says is put into words when somebody reads the story."""

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

    def flat(self) -> tuple[float, int, str, str, str | bytes]:
        at, kind, leg, text, detail = self
        return float(at), _NUMBERS[kind], leg, str(text), detail

    @classmethod
    def of(cls, at: float, kind: int, leg: str, text: str, detail: str | bytes) -> Self:
        return cls(at, _KINDS[kind], leg, text, detail)


class Recorder:
    """Keeps the stories of the latest calls.

    Args:
        calls: how many stories of calls are kept; the one untouched for longest goes first.
        strays: the same for stories of what has not become a call.
        notes: how many notes a story keeps; what goes is from its middle.
    """

    def __init__(self, *, calls: int = 4000, strays: int = 500, notes: int = 400) -> None:
        self._calls = calls
        self._strays = strays
        self._half = max(1, notes // 2)
        self._of_calls: OrderedDict[str, Story[Kept]] = OrderedDict()
        self._of_strays: OrderedDict[str, Story[Kept]] = OrderedDict()
        self._story_of: dict[str, Story[Kept]] = {}
        self._packer = Packer()
        self._fresh: deque[Story[Kept]] = deque()

    def note(self, at: float, kind: Kind, leg: str, text: object, detail: str | bytes = "") -> None:
        """Note one thing under `leg`; octets are read as UTF-8, where they are that.

        Args:
            text: one line, or what `str` makes one of when the story is read; it must not change.
        """
        self.keep(leg, _Told(at, kind, leg, text, detail))

    def keep(self, leg: str, note: Kept) -> None:
        """Keep a note of `leg`, which must not change."""
        try:
            story = self._story_of[leg]
        except KeyError:
            story = self._begin(leg)
        else:
            (self._of_calls if story.of_call else self._of_strays).move_to_end(story.name)
        story.loose.append(note)
        if not story.waits:
            self._freshen(story)
        elif len(story.loose) > LOOSE:
            story.pack()

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
            for member in own.legs:
                self._story_of[member] = story
            story.take(own)
            if not story.waits:
                self._freshen(story)
        if leg not in story.legs:
            story.legs += (leg,)
            self._story_of[leg] = story

    def story(self, name: str) -> list[Note]:
        """All notes kept of the call (or the call of the leg) `name`, in order; empty if it is not known."""
        story = self._story_of.get(name)
        if story is None:
            return []
        first, latest = story.notes()
        gap = []
        if story.left_out:
            gap = [Note(latest[0].at, Kind.CALL, name, f"({story.left_out} notes left out here)")]
        return [*map(_read, first), *gap, *map(_read, latest)]

    def stories(self) -> list[str]:
        """Names of the calls whose stories are kept, least lately touched first."""
        return list(self._of_calls)

    def _begin(self, name: str) -> Story[Kept]:
        story = self._of_strays[name] = self._story_of[name] = Story(name, self._packer, self._half)
        self._forget(self._of_strays, self._strays)
        return story

    def _freshen(self, story: Story[Kept]) -> None:
        """Leave `story` unpacked while it goes on; those that were so for longest are packed."""
        story.waits = True
        self._fresh.append(story)
        if len(self._fresh) > FRESH + FRESH // 4:
            while len(self._fresh) > FRESH:
                stale = self._fresh.popleft()
                stale.waits = False
                stale.pack()

    def _forget(self, stories: OrderedDict[str, Story[Kept]], most: int) -> None:
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
