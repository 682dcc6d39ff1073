"""The arena: fixed room for the samples that the loop plays from and captures into.

Control alone allocates. A sound is stored once however often it plays at a time, known by the identity of its
sample array, and stays after its last play until the room is wanted: a thousand dial tones cost one copy. What is
held (played or captured into) is never moved nor given away.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from gateway.core.audio import Samples
from gateway.core.errors import Exhausted

__all__ = ["Arena", "Block"]


@dataclass(slots=True, eq=False)
class Block:
    """A piece of the arena.

    Attributes:
        base, length: where, in samples.
        holds: how many plays or captures use it now.
        source: the array of which it is the copy; None for a capture.
    """

    base: int
    length: int
    holds: int = 1
    source: Samples | None = None


class Arena:
    """Allocates pieces of `samples`, the array that the loop reads."""

    def __init__(self, samples: Samples) -> None:
        self._samples = samples
        self._free: list[tuple[int, int]] = [(0, len(samples))]  # (base, length), by base, never adjacent
        self._stored: OrderedDict[int, Block] = OrderedDict()  # by identity of the source, least lately used first
        self._held = 0

    @property
    def held(self) -> int:
        """Samples in use by plays and captures."""
        return self._held

    def hold(self, source: Samples) -> Block:
        """A block that holds a copy of `source` (int16, one dimension), to be released after use.

        Raises:
            Exhausted: there is no room.
        """
        block = self._stored.get(id(source))
        if block is not None:
            self._stored.move_to_end(id(source))
            if block.holds == 0:
                self._held += block.length
            block.holds += 1
            return block
        block = self.reserve(len(source))
        self._samples[block.base : block.base + block.length] = source
        block.source = source
        self._stored[id(source)] = block
        return block

    def reserve(self, length: int) -> Block:
        """A block of `length` samples with nothing meant in it.

        Raises:
            Exhausted: there is no room.
        """
        base = self._find(length)
        while base is None:
            idle = next((block for block in self._stored.values() if block.holds == 0), None)
            if idle is None:
                raise Exhausted(
                    f"the arena of sounds ({len(self._samples) / 8000:.0f} s) has no room for "
                    f"{length / 8000:.1f} s more, {self._held / 8000:.0f} s are in use; make it larger"
                )
            del self._stored[id(idle.source)]
            self._give_back(idle.base, idle.length)
            base = self._find(length)
        self._held += length
        return Block(base, length)

    def release(self, block: Block) -> None:
        """Undo one hold."""
        block.holds -= 1
        if block.holds:
            return
        self._held -= block.length
        if block.source is None:
            self._give_back(block.base, block.length)

    def _find(self, length: int) -> int | None:
        for place, (base, free) in enumerate(self._free):
            if free >= length:
                if free == length:
                    del self._free[place]
                else:
                    self._free[place] = (base + length, free - length)
                return base
        return None

    def _give_back(self, base: int, length: int) -> None:
        merged: list[tuple[int, int]] = []
        for start, free in sorted([*self._free, (base, length)]):
            if merged and merged[-1][0] + merged[-1][1] == start:
                merged[-1] = (merged[-1][0], merged[-1][1] + free)
            else:
                merged.append((start, free))
        self._free = merged
