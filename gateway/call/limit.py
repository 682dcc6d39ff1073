"""The longest that a talk may last: warns both sides on the way, and ends it (option L of Dial)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from gateway.call.leg import CallLeg
from gateway.core.audio import Sound
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.feature import TalkLimit
from gateway.core.switch import BridgeEnd

__all__ = ["LimitClock", "talk_in_time"]


class LimitClock:
    """Watches over the talk that a leg's script waits for, whomever it is with by the time.

    Args:
        leg: the leg, in a talk.
        limit: how long, and who hears which warning.
    """

    def __init__(self, leg: CallLeg, limit: TalkLimit) -> None:
        self._leg = leg
        self._limit = limit
        loop = asyncio.get_running_loop()
        end = loop.time() + limit.seconds
        self._timers = [loop.call_at(end, self._end)]
        self._timers += [
            loop.call_at(end - left, self._warn, left) for left in limit.warnings if 0 < left <= limit.seconds
        ]

    def stop(self) -> None:
        """The talk is over."""
        for timer in self._timers:
            timer.cancel()

    def _warn(self, left: float) -> None:
        bridge = self._leg.bridge
        if bridge is not None:
            _play(self._leg, self._limit.to_leg, left)
            _play(bridge.partner(self._leg), self._limit.to_other, left)

    def _end(self) -> None:
        bridge = self._leg.bridge
        if bridge is None:  # it is just being transferred
            self._timers.append(asyncio.get_running_loop().call_later(1.0, self._end))
        elif lasts := max(_duration(self._limit.to_leg), _duration(self._limit.to_other)):
            self._warn(0.0)
            self._timers.append(asyncio.get_running_loop().call_later(lasts, self._part))
        else:
            self._part()

    def _part(self) -> None:
        bridge = self._leg.bridge
        if bridge is not None:
            lasted = f"the talk has lasted the {self._limit.seconds:g} s that it may"
            bridge.partner(self._leg).end(Ending(Cause.NORMAL_CLEARING, "the dialplan", Act.HUNG_UP, lasted))


async def talk_in_time(leg: CallLeg, limit: TalkLimit) -> BridgeEnd:
    """Wait until a leg's talk is over, which may last no longer than `limit`; see `CallLeg.talk`."""
    clock = LimitClock(leg, limit)
    try:
        return await leg.talk()
    finally:
        clock.stop()


def _duration(sounds: Mapping[float, Sequence[Sound]]) -> float:
    """Seconds of what is heard as the time is up."""
    return sum(sound.duration for sound in sounds.get(0.0, ()))


def _play(leg: CallLeg, sounds: Mapping[float, Sequence[Sound]], left: float) -> None:
    if leg.ending is None and sounds.get(left):
        leg.announce(sounds[left])
