"""RESTART: both sides agree that nobody uses a channel (Q.931 5.5), one order of ours at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from gateway.q931.coding import MessageType, RestartClass
from gateway.q931.element import ChannelIdentification, RestartIndicator
from gateway.q931.message import GLOBAL, Element, Message

__all__ = ["Restarts"]

_TRIES: Final = 2
"""How often a RESTART is sent (5.5.1.2)."""


class Restarts:
    """Our RESTARTs of one interface.

    Attributes:
        under_way: the channels of the one that waits for its acknowledgement; empty for none.
        deadline: when T316 runs out, or None.

    Args:
        t316: seconds.
    """

    def __init__(self, t316: float) -> None:
        self.under_way: tuple[int, ...] = ()
        self.deadline: float | None = None
        self._t316 = t316
        self._tries = 0
        self._whole = False
        self._queue: deque[tuple[int, ...]] = deque()

    def order(self, groups: Iterable[tuple[int, ...]]) -> None:
        """Restart each group of channels after the other."""
        self._queue.extend(group for group in groups if group not in self._queue and group != self.under_way)

    def next(self, now: float, busy: frozenset[int], count: int) -> Message | None:
        """The RESTART to be sent now, or None. Groups of which a channel is in use by now are left out.

        Args:
            busy: channels of calls.
            count: channels that the interface has: a group of all of them is the interface.
        """
        while self._queue and not self.under_way:
            group = self._queue.popleft()
            if busy.isdisjoint(group):
                self.under_way, self._tries = group, 0
                self._whole = len(group) == count
                return self._message(now)
        return None

    def acknowledged(self) -> tuple[int, ...]:
        """RESTART ACKNOWLEDGE has come, or the far side knows no RESTART: the channels that it was about."""
        channels, self.under_way, self.deadline = self.under_way, (), None
        return channels

    def expire(self, now: float) -> Message | None:
        """T316 has run out: the repetition, or None where there has been one (5.5.1.2)."""
        return self._message(now) if self._tries < _TRIES else None

    def forget(self) -> None:
        """The link is gone."""
        self._queue.clear()
        self.acknowledged()

    def _message(self, now: float) -> Message:
        self._tries += 1
        self.deadline = now + self._t316
        elements: list[Element] = [RestartIndicator(RestartClass.CHANNELS)]
        if self._whole:
            elements = [RestartIndicator(RestartClass.ALL_INTERFACES)]
        else:
            elements.append(ChannelIdentification(self.under_way))
        return Message(MessageType.RESTART, GLOBAL, False, tuple(elements))
