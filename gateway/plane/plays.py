"""Sounds that the loop was asked to play, until it says how each has ended; what is played is held in the arena."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gateway.core.audio import Sound, SoundEnd
from gateway.plane.arena import Arena, Block
from gateway.plane.control import Command
from gateway.plane.events import PLAYED, SOUND_LOST, STOPPED
from gateway.plane.table import WIDE

__all__ = ["OnEnd", "Plays"]

OnEnd = Callable[[SoundEnd], None]

_ENDS: Final = {PLAYED: SoundEnd.PLAYED, STOPPED: SoundEnd.STOPPED, SOUND_LOST: SoundEnd.LOST}
_NARROW: Final = 8000


class Plays:
    """Plays under way, by the serial numbers of their commands.

    Args:
        arena: where sounds are held.
        post: has the loop carry out a command, and gives its number.
    """

    def __init__(self, arena: Arena, post: Callable[[Command], int]) -> None:
        self._arena = arena
        self._post = post
        self._plays: dict[int, tuple[Block, OnEnd | None]] = {}

    def __len__(self) -> int:
        return len(self._plays)

    def start(self, where: tuple[int, int, int, int], rate: int, sound: Sound, on_end: OnEnd | None) -> None:
        """Have the loop play; `on_end` is called once, by `end`.

        Args:
            where: the command, its row and generation, and the player or room.
            rate: samples a second that are of use there.

        Raises:
            Exhausted: the arena has no room for the sound.
        """
        op, row, generation, place = where
        wide = sound.wide is not None and rate == WIDE
        block = self._arena.hold(sound.wide if sound.wide is not None and wide else sound.samples)
        loop = -1 if sound.loop_from is None else sound.loop_from * (2 if wide else 1)
        arguments = (place, block.base, block.length, loop, int(sound.live), WIDE if wide else _NARROW)
        self._plays[self._post((op, row, generation, arguments, b""))] = block, on_end

    def end(self, serial: int, how: int) -> bool:
        """The loop says how a sound has ended, in its own numbers; whether anybody was told."""
        block, on_end = self._plays.pop(serial)
        self._arena.release(block)
        if on_end is not None:
            on_end(_ENDS[how])
        return on_end is not None
