"""A third leg in a talk of two (RFC 3911): all three hear one another until one goes, and the others talk on.

    one ═══ partner        the talk goes on as it was
      \\   /
      third                says and hears by a room in which `one` sits for both

When one of the two goes, the third takes its place; when the third goes, nothing has changed for the two. A talk
whose legs are sent elsewhere leaves the third alone, and it is hung up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, NoReturn

from gateway.call.floor import Errand, Floor
from gateway.call.leg import CallLeg
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import Exhausted
from gateway.core.feature import Feature
from gateway.core.messages import Offered
from gateway.core.room import TALK, WHISPER, Manner, Room
from gateway.core.switch import BridgeEnd, HungUp
from gateway.core.trace import Kind

__all__ = ["ThreeWayTalk", "joining"]

ONE: Final = Manner(tells=TALK, hears=WHISPER, through=WHISPER)
"""Who sits for the two: the room hears both, and both hear the third."""
THIRD: Final = Manner(talks=WHISPER, hears=TALK)


def joining(floor: Floor, rooms: Callable[[], Room], leg: CallLeg, offer: Offered) -> Errand:
    """What a leg that came in to join another one's talk is about.

    Args:
        rooms: opens a room.
    """

    async def join() -> None:
        one = floor.find(offer.joins)
        if one is None or one.bridge is None or one.consultation is not None:
            _refuse(leg, f"there is no talk of {offer.joins} to join")
        await leg.answer()
        if one.bridge is None or one.consultation is not None:
            _refuse(leg, f"{one.name} has hung up")
        try:
            talk = ThreeWayTalk(floor, rooms(), one, leg)
        except Exhausted as fault:
            _refuse(leg, str(fault), Cause.SWITCHING_EQUIPMENT_CONGESTION)
        try:
            end = await leg.talk()
        finally:
            talk.close()
        leg.end(end.ending or Ending(Cause.NORMAL_CLEARING, "Copperline", Act.HUNG_UP, "the talk is over"))

    return join


class ThreeWayTalk:
    """A talk of two with a third; begins at once.

    It stands where the two would have a consultation: whatever happens to their talk is told here.

    Args:
        floor: moves the legs.
        room: empty, and closed here.
        one: who was joined, in a talk.
        third: who joins.

    Raises:
        Exhausted: there is no seat in the room; it is closed.
    """

    def __init__(self, floor: Floor, room: Room, one: CallLeg, third: CallLeg) -> None:
        assert one.bridge is not None
        self._floor = floor
        self._room = room
        self._third = third
        self._bridge = one.bridge
        try:
            room.sit(one.audio, ONE)
            room.sit(third.audio, THIRD)
        except BaseException:
            room.close()
            raise
        for leg in self._bridge.legs:
            leg.consultation = self
        others = " and ".join(leg.peer for leg in self._bridge.legs)
        third.note(f"{third.peer} joins {others}", kind=Kind.CALL)

    def left_alone(self, leg: CallLeg, end: BridgeEnd) -> None:
        """One of the two has gone: the third takes its place."""
        self.close()
        if self._third.ending is None:
            self._floor.connect(leg, self._third)
        else:
            self._floor.left_alone(leg, end)

    def asked(self, feature: Feature) -> None:
        """Keys of features are for talks of two."""

    def abandon(self) -> None:
        """One of the two is wanted elsewhere."""
        self.close()
        self._third.talked(BridgeEnd(None, None))

    def parted(self) -> None:
        """The talk has come apart: by the end of one, which is told at once, or for another talk."""
        asyncio.get_running_loop().call_soon(self._look)

    def close(self) -> None:
        """The third is no longer with them; harmless when that has been said."""
        self._room.close()
        for leg in self._bridge.legs:
            if leg.consultation is self:
                leg.consultation = None

    def _look(self) -> None:
        if any(leg.consultation is self for leg in self._bridge.legs):
            self.abandon()


def _refuse(leg: CallLeg, why: str, cause: Cause = Cause.INVALID_CALL_REFERENCE) -> NoReturn:
    leg.end(Ending(cause, "Copperline", Act.HUNG_UP if leg.answered else Act.REFUSED, why, "Call again."))
    assert leg.ending is not None
    raise HungUp(leg.ending)
