"""How two legs hear one another: joined in the media plane or, where one is to be louder, in a room of two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gateway.call.leg import CallLeg
from gateway.core.errors import Exhausted
from gateway.core.room import Manner, Room
from gateway.core.switch import LEVEL

__all__ = ["Hearing"]


class Hearing:
    """Two legs that hear one another until `end`.

    Args:
        legs: the two.
        room: opens a room; raises Exhausted.
    """

    __slots__ = ("_legs", "_open", "_room")

    def __init__(self, legs: tuple[CallLeg, CallLeg], room: Callable[[], Room]) -> None:
        self._legs: Final = legs
        self._open = room
        self._room: Room | None = None
        self._begin()

    def tune(self) -> None:
        """The volume of one of the two has changed."""
        self.end()
        self._begin()

    def end(self) -> None:
        """They hear nothing of one another any more."""
        room, self._room = self._room, None
        if room is not None:
            room.close()
        for leg in self._legs:
            if leg.channel.audio is not None:
                leg.channel.audio.part()

    def _begin(self) -> None:
        one, other = self._legs
        first, second = one.audio, other.audio
        # Where one of them asks for another session later, nothing has to be transcoded either.
        first.wanted, second.wanted = second.codecs, first.codecs
        if one.gains == other.gains == LEVEL:
            first.join(second)
            return
        first.part()  # what was heard before the answer
        try:
            self._room = self._open()
            for leg in self._legs:
                said, heard = leg.gains
                self._room.sit(leg.audio, Manner(gain_in=said, gain_out=heard))
        except Exhausted as fault:
            one.note(f"volumes stay as they are: {fault}")
            self.end()
            first.join(second)
