"""The recorder: everything that a call met, on one clock, kept bounded.

Messages on the wire, line events, dialplan steps, media events and state changes of a call are noted under the
name of the leg (channel) that met them. When legs become one call, `join` makes their notes one story. Old
stories give way to new ones, those of calls only to calls: whoever floods us with requests that never become one
pushes out his own kind. A story that grows too long, or too large, loses its middle.
Most notes are never read, so that they are kept as they came; what rests is packed (`core/story`), and what is
forgotten before that costs nothing more. `story` is the one way out, and masks secrets.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import replace
from typing import Final, Protocol, Self

from gateway.core.frozen import frozen
from gateway.core.story import LOOSE, ROOM, Flat, Packer, Story
from gateway.core.word import Word

__all__ = ["Kept", "Kind", "Note", "Packet", "Recorder", "whole"]

STANDS: Final = 2.0
"""Seconds without a note after which the story of a call that goes on is packed: the call stands."""
OVER: Final = 60.0
"""The same where nothing goes on: most of these are forgotten before, in an office where calls are many."""
LOOSE_OCTETS: Final = 64_000_000
"""Octets of notes that stand unpacked at most: some 5000 plain calls."""
STRAY: Final = 64_000
"""Octets that the packs of a story of no call take at most: anybody may have as many begun as there can be."""
NOTE: Final = 250
"""Octets that a note takes up beside what it says."""
AT_ONCE: Final = 32
"""Stories that are looked at, and packed, in one go: two milliseconds."""

_SECRET: Final = re.compile(
    r"""(?P<key>
        \b(?:response|rspauth|(?:c|next)?nonce|opaque|password|secret)\s*=\s*  # RFC 7616 3.4, 3.5
      | \bauthorization\s*:\s*(?!digest\b)[\w.+!~*-]{1,32}[ \t]+             # Basic, Bearer: RFC 8898 2
      | \binline: | \bkey-mgmt:mikey\s+ | \bk=(?:clear|base64|uri):          # RFC 4568 6.1, 4567 3.1, 4566 5.12
      | \bice-pwd:\s*                                                        # RFC 8839 5.4
      | (?P<user>\bsips?:[^:@\s<>"]*:(?=[^:?@\s<>"]*@))                      # RFC 3261 19.1.1
    )(?P<value>(?(user)[^@]*|(?:"(?:[^"\\\r\n]|\\.)*"|[^\s,;]+)))""",
    re.IGNORECASE | re.VERBOSE,
)
_SECRET_OCTETS: Final = re.compile(_SECRET.pattern.encode(), re.IGNORECASE | re.VERBOSE)
_KEYS: Final = re.compile(
    r"""(?P<key>
        ^[ \t]*signal[ \t]*=[ \t]*(?=[0-9a-d*#]+[ \t]*\r?$)                   # application/dtmf-relay
      | ^(?:content-type|c)[ \t]*:[ \t]*application/dtmf[ \t]*(?:;[^\r\n]*)?\r\n
        (?:[^\r\n]+\r\n){0,40}\r\n                                         # application/dtmf: the body is the key
      | ^keys?[ ](?=[0-9a-d*#]+(?:[ ]\(|$))                                # what a line or a leg has heard or said
    )(?P<value>[^\s,;(]+)""",
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)
_KEYS_OCTETS: Final = re.compile(_KEYS.pattern.encode(), re.IGNORECASE | re.VERBOSE | re.MULTILINE)
"""Keys that somebody presses while a call stands: PINs, and the numbers of cards."""


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


@frozen
class Packet:
    """A message as it went over the wire.

    Attributes:
        at: engine clock, seconds.
        leg: the name of the leg that met it.
        sent: it was ours.
        way: by what: "udp", "tcp", "tls", "ws", "wss"; or, where no address belongs to it, its protocol: "q931".
        local, remote: our address and the peer's; None where there are none.
        data: its octets.
    """

    at: float
    leg: str
    sent: bool
    way: str
    local: tuple[str, int] | None
    remote: tuple[str, int] | None
    data: bytes


class Kept(Flat, Protocol):
    """A note as it came: what it says is put into words when somebody reads the story."""

    def packet(self) -> Packet | None:
        """The message that it notes, secrets and all; None where it notes none."""
        ...

    def read(self) -> Note:
        """The note, secrets and all."""
        ...


@frozen
class _Told:
    """What `Recorder.note` was told."""

    at: float
    kind: Kind
    leg: str
    text: object
    detail: str | bytes

    def read(self) -> Note:
        return Note(self.at, self.kind, self.leg, str(self.text), whole(self.detail))

    def packet(self) -> None:
        return None

    def flat(self) -> tuple[float, int, str, str, str | bytes]:
        return float(self.at), _NUMBERS[self.kind], self.leg, str(self.text), self.detail

    @classmethod
    def of(cls, at: float, kind: int, leg: str, text: str, detail: str | bytes) -> Self:
        return cls(at, _KINDS[kind], leg, text, detail)


class Recorder:
    """Keeps the stories of the latest calls.

    Args:
        calls: how many stories of calls are kept; the one untouched for longest goes first, where a story that
            has rested, and was packed, is touched by its next note.
        strays: the same for stories of what has not become a call.
        notes: how many notes a story keeps; what goes is from its middle.
        shows_keys: whether stories and captures tell which keys were pressed, and not only that some were; who
            keeps messages that no pattern can find keys in leaves them out by it.
    """

    def __init__(self, *, calls: int = 4000, strays: int = 500, notes: int = 400, shows_keys: bool = False) -> None:
        self.shows_keys = shows_keys
        self._calls = calls
        self._strays = strays
        self._half = max(1, notes // 2)
        self._of_calls: OrderedDict[str, Story[Kept]] = OrderedDict()
        self._of_strays: OrderedDict[str, Story[Kept]] = OrderedDict()
        self._story_of: dict[str, Story[Kept]] = {}
        self._packer = Packer()
        self._going_on: OrderedDict[Story[Kept], None] = OrderedDict()
        self._past: OrderedDict[Story[Kept], None] = OrderedDict()
        self._octets = 0

    def note(self, at: float, kind: Kind, leg: str, text: object, detail: str | bytes = "") -> None:
        """Note one thing under `leg`; octets are read as UTF-8, where they are that.

        Args:
            text: one line, or what `str` makes one of when the story is read; it must not change.
        """
        self.keep(leg, _Told(at, kind, leg, text, detail), len(detail))

    def keep(self, leg: str, note: Kept, octets: int) -> None:
        """Keep a note of `leg`, which must not change; `octets` is the size of what it says."""
        try:
            story = self._story_of[leg]
        except KeyError:
            story = self._begin(leg)
        loose = story.loose
        if not loose:  # some that follow each other are one touch
            story.shelf.move_to_end(story.name)
            story.queue[story] = None
        loose.append(note)
        octets += NOTE
        story.octets += octets
        self._octets += octets
        if len(loose) > LOOSE:
            self._pack(story)
        elif self._octets > LOOSE_OCTETS:
            queue = self._past or self._going_on
            for _ in range(min(AT_ONCE, len(queue))):
                self._pack(next(iter(queue)))

    def join(self, call: str, leg: str) -> None:
        """Make `leg`'s notes, past and to come, part of the story of `call`, which goes on."""
        story, own = self._story_of.get(call), self._story_of.get(leg)
        if story is None:
            story = own or self._begin(call)
            self._shelve(story, call)
        elif story.shelf is self._of_calls:
            self._of_calls.move_to_end(story.name)
        else:
            self._shelve(story, story.name)
        if own is not None and own is not story:
            del own.shelf[own.name]
            for member in own.legs:
                self._story_of[member] = story
            if story.take(own):
                self._pack(story)
            own.queue.pop(own, None)
            self._queue(story, self._going_on)
        elif story.queue is not self._going_on:
            self._queue(story, self._going_on)
        for name in (call, leg):
            if name not in story.legs:
                story.legs += (name,)
                self._story_of[name] = story

    def over(self, call: str) -> None:
        """Nothing more goes on in the story of `call`, but for what others say of it late."""
        story = self._story_of.get(call)
        if story is not None:
            self._queue(story, self._past)

    def rest(self, now: float) -> None:
        """Pack stories that rest, some at a time, and note which do not; to be called some times a second."""
        for queue, before in ((self._going_on, now - STANDS), (self._past, now - OVER)):
            for _ in range(min(AT_ONCE, len(queue))):
                story = next(iter(queue))
                if story.loose[-1].at > before:
                    queue.move_to_end(story)
                    story.shelf.move_to_end(story.name)
                else:
                    self._pack(story)

    def story(self, name: str) -> list[Note]:
        """All notes kept of the call (or the call of the leg) `name`, in order; empty if it is not known."""
        story = self._story_of.get(name)
        if story is None:
            return []
        first, latest, left_out = story.notes()
        gap = []
        if left_out and (beside := latest[:1] or first[-1:]):
            gap = [Note(beside[0].at, Kind.CALL, name, f"({left_out} notes left out here)")]
        return [*map(self._read, first), *gap, *map(self._read, latest)]

    def packets(self, name: str) -> list[Packet]:
        """The messages of the call (or the call of the leg) `name`, in order; secrets in them are starred out, each
        as long as it was, so that lengths that messages tell hold.
        """
        story = self._story_of.get(name)
        if story is None:
            return []
        first, latest, _ = story.notes()
        found = [packet for kept in (*first, *latest) if (packet := kept.packet()) is not None]
        return [replace(packet, data=self._starred(packet.data)) for packet in found]

    def stories(self) -> list[str]:
        """Names of the calls whose stories are kept, least lately touched first."""
        return list(self._of_calls)

    def _read(self, kept: Kept) -> Note:
        note = kept.read()
        return Note(note.at, note.kind, note.leg, self._masked(note.text), self._masked(note.detail))

    def _masked(self, text: str) -> str:
        text = _SECRET.sub(lambda found: f"{found['key']}***", text)
        return text if self.shows_keys else _KEYS.sub(lambda found: found["key"] + "?" * len(found["value"]), text)

    def _starred(self, data: bytes) -> bytes:
        data = _SECRET_OCTETS.sub(_stars, data)
        return data if self.shows_keys else _KEYS_OCTETS.sub(_question_marks, data)

    def _begin(self, name: str) -> Story[Kept]:
        story = Story(name, self._packer, self._half, self._of_strays, self._past)
        self._of_strays[name] = self._story_of[name] = story
        if len(self._of_strays) > self._strays:
            self._forget(self._of_strays)
        return story

    def _shelve(self, story: Story[Kept], name: str) -> None:
        """Put `story` among those of calls, as the latest, by a name of its own."""
        del story.shelf[story.name]
        story.name, story.shelf = name, self._of_calls
        self._of_calls[name] = story
        if len(self._of_calls) > self._calls:
            self._forget(self._of_calls)

    @staticmethod
    def _queue(story: Story[Kept], queue: OrderedDict[Story[Kept], None]) -> None:
        """Let `story` wait with others to be packed."""
        if story.queue is not queue:
            story.queue.pop(story, None)
            story.queue = queue
        if story.loose:
            queue[story] = None

    def _pack(self, story: Story[Kept]) -> None:
        self._octets -= story.octets
        story.pack(STRAY if story.shelf is self._of_strays else ROOM)
        story.queue.pop(story, None)

    def _forget(self, stories: OrderedDict[str, Story[Kept]]) -> None:
        """Forget the story that was untouched for longest."""
        _, forgotten = stories.popitem(last=False)
        self._octets -= forgotten.octets
        forgotten.queue.pop(forgotten, None)
        for leg in forgotten.legs:
            self._story_of.pop(leg, None)


def whole(detail: str | bytes) -> str:
    """The detail of a note as text."""
    return detail if isinstance(detail, str) else detail.decode("utf-8", "replace")


def _stars(found: re.Match[bytes]) -> bytes:
    value = found["value"]
    quotes = b'"' if len(value) > 1 and value[:1] == value[-1:] == b'"' else b""
    return found["key"] + quotes + b"*" * (len(value) - 2 * len(quotes)) + quotes


def _question_marks(found: re.Match[bytes]) -> bytes:
    return found["key"] + b"?" * len(found["value"])
