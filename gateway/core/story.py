"""The notes of one call or stray: bounded in number and octets, in the order of their time, and packed when nobody
adds to them.

Notes enter as they came and leave equal. In between most are octets, compressed: those of a call say one thing
many times over, and what one call says the next one says as well. A story that grows too long loses its middle.
"""

from __future__ import annotations

import marshal
import zlib
from collections import OrderedDict
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final, Generic, NamedTuple, Protocol, Self, TypeVar

__all__ = ["LOOSE", "ROOM", "Flat", "Packer", "Story"]

_at: Final = attrgetter("at")

LEVEL: Final = 3
MEMORY: Final = 5
WINDOW: Final = -14
"""How zlib works: what is quick for some kilobytes; raw, since nothing but this reads it."""
DICTIONARY: Final = 8192
"""Octets at the end of one story with which those after it are compressed."""
RENEWED: Final = 256
"""Packs after which another story serves: a dictionary lives as long as what was compressed with it."""
LOOSE: Final = 64
"""Notes of one story that stand unpacked at most."""
MOST: Final = 128
"""Notes in a pack at most."""
SMALL: Final = 8
"""Notes below which a pack is packed anew with what follows it."""
ROOM: Final = 256_000
"""Octets that the packs of one story take at most: a hundred times what a plain call's do."""


class Flat(Protocol):
    """What can be packed."""

    @property
    def at(self) -> float:
        """Its time."""
        ...

    def flat(self) -> tuple[Any, ...]:
        """Its fields as numbers, texts and octets, of which `of` makes its equal."""
        ...

    @classmethod
    def of(cls, *fields: Any) -> Self:
        """Make it again."""
        ...


_Flat = TypeVar("_Flat", bound=Flat)


class _Pack(NamedTuple):
    """Notes that follow each other."""

    begin: int
    holds: int
    dictionary: bytes
    octets: bytes

    @property
    def end(self) -> int:
        return self.begin + self.holds


class Packer:
    """Packs notes of all stories; what it has packed, it alone unpacks."""

    __slots__ = ("_classes", "_dictionary", "_numbers", "_primed", "_turns")

    def __init__(self) -> None:
        self._classes: list[type[Flat]] = []
        self._numbers: dict[type[Flat], int] = {}
        self._turns = 0
        self._serve(b"")

    def pack(self, begin: int, notes: Sequence[Flat]) -> _Pack:
        """Pack `notes`, of which the first is its story's note number `begin`."""
        numbers = self._numbers
        for kind in set(map(type, notes)) - numbers.keys():
            numbers[kind] = len(self._classes)
            self._classes.append(kind)
        plain = marshal.dumps([(numbers[type(note)], *note.flat()) for note in notes])
        dictionary = self._dictionary
        work = self._primed.copy()
        octets = work.compress(plain) + work.flush()
        if not self._turns:
            self._serve(plain[-DICTIONARY:])
        self._turns = (self._turns + 1) % RENEWED
        return _Pack(begin, len(notes), dictionary, octets)

    def _serve(self, dictionary: bytes) -> None:
        """Compress with `dictionary` from now on: read into a compressor once, of which each pack has a copy."""
        self._dictionary = dictionary
        self._primed = zlib.compressobj(LEVEL, zlib.DEFLATED, WINDOW, MEMORY, zlib.Z_DEFAULT_STRATEGY, dictionary)

    def unpack(self, pack: _Pack) -> list[Any]:
        """The notes that `pack` holds."""
        plain = zlib.decompressobj(WINDOW, pack.dictionary).decompress(pack.octets)
        return [self._classes[number].of(*fields) for number, *fields in marshal.loads(plain)]


class Story(Generic[_Flat]):
    """Notes in the order in which they came: the first for good, and the latest.

    Args:
        name: the call's, or the leg's that has none.
        packer: packs them.
        half: how many of the first are kept, and of the latest.

    Attributes:
        legs: whose notes they are, `name` included.
        shelf: among which it stands, by its name.
        queue: with whom it waits to be packed, while it has notes that are not.
        loose: its latest notes, which are not packed; notes of now are added here.
        octets: the size of these.
    """

    __slots__ = (
        "_half", "_packed", "_packer", "_packs", "legs", "loose", "name", "octets", "queue", "shelf"
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        packer: Packer,
        half: int,
        shelf: OrderedDict[str, Self],
        queue: OrderedDict[Self, None],
    ) -> None:
        self.name = name
        self.legs: tuple[str, ...] = (name,)
        self.shelf = shelf
        self.queue = queue
        self.octets = 0
        self._packer = packer
        self._half = half
        self._packs: tuple[_Pack, ...] = ()
        self._packed = 0  # notes before the loose ones, those that are gone included
        self.loose: list[_Flat] = []

    def pack(self, room: int = ROOM) -> None:
        """Pack what is not packed, and forget what nobody will read, or what has no place in `room` octets."""
        notes, packs, begin = self.loose, self._packs, self._packed
        self.loose, self.octets = [], 0
        self._packed += len(notes)
        if packs and packs[-1].holds < SMALL and packs[-1].end == begin:
            *before, last = packs
            packs, begin, notes = tuple(before), last.begin, [*self._packer.unpack(last), *notes]
        packs = (
            *packs,
            *[self._packer.pack(begin + at, notes[at : at + MOST]) for at in range(0, len(notes), MOST)],
        )
        latest = self._packed - self._half
        if latest > self._half:
            packs = tuple([pack for pack in packs if pack.begin < self._half or pack.end > latest])
        self._packs = packs if sum([len(pack.octets) for pack in packs]) <= room else _fitting(packs, room)

    def take(self, other: Story[_Flat]) -> bool:
        """Take over the notes and legs of another one, in the order of time; it has none any more.

        Returns:
            Whether there are notes among the loose ones that were packed before, and do not count in `octets`.
        """
        unpacked = bool(self._packs or other._packs)
        notes = sorted([*self._kept(), *other._kept()], key=_at)
        seen = self._seen + other._seen
        self.legs += other.legs
        self.octets += other.octets
        gone = seen - len(notes)
        self._packs, self._packed, self.loose = (), gone, notes
        if len(notes) > (self._half if gone else 2 * self._half):
            self._packs = (self._packer.pack(0, notes[: self._half]),)
            self.loose = notes[self._half :][-self._half :]
            self._packed = seen - len(self.loose)
        other._packs, other._packed, other.loose, other.octets = (), 0, [], 0
        return unpacked

    @property
    def _seen(self) -> int:
        return self._packed + len(self.loose)

    def notes(self) -> tuple[list[_Flat], list[_Flat], int]:
        """The first notes, the latest, and how many between them are gone."""
        kept = self._numbered()
        whole = next((place for place, (number, _) in enumerate(kept) if number != place), len(kept))
        notes = [note for _, note in kept]
        return notes[:whole], notes[whole:], self._seen - len(kept)

    def _kept(self) -> list[_Flat]:
        if not self._packs and len(self.loose) <= 2 * self._half:
            return self.loose
        return [note for _, note in self._numbered()]

    def _numbered(self) -> list[tuple[int, _Flat]]:
        """The notes that are kept, each with its number."""
        kept = [each for pack in self._packs for each in enumerate(self._packer.unpack(pack), pack.begin)]
        kept += enumerate(self.loose, self._packed)
        latest = self._seen - self._half
        return [each for each in kept if each[0] < self._half or each[0] >= latest]


def _fitting(packs: Sequence[_Pack], room: int) -> tuple[_Pack, ...]:
    """The first of `packs`, where it leaves room for others, and the latest that fit."""
    first = packs[:1] if len(packs[0].octets) <= room // 2 else packs[:0]
    latest: list[_Pack] = []
    room -= sum(len(pack.octets) for pack in first)
    for pack in reversed(packs[len(first) :]):
        room -= len(pack.octets)
        if room < 0:
            break
        latest.append(pack)
    return (*first, *reversed(latest))
