"""Wires as networks have them: what goes by them is lost, comes twice, or late and out of order."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Final

from gateway.testing.sip_wire import Wire

__all__ = ["FAIR", "STORM", "BadWire", "Weather"]


@dataclass(frozen=True, slots=True)
class Weather:
    """What a network does to a datagram.

    Attributes:
        lost, doubled, late: the share of datagrams to which it does that.
        by: seconds by which one is late at most.
    """

    lost: float = 0.0
    doubled: float = 0.0
    late: float = 0.0
    by: float = 0.3


FAIR: Final = Weather()
STORM: Final = Weather(lost=0.08, doubled=0.08, late=0.1)


class BadWire:
    """A wire in some weather, both ways. Streams lose nothing (TCP), so only datagrams suffer.

    Args:
        wire: what carries them.
        random: decides.
    """

    def __init__(self, wire: Wire, random: Random) -> None:
        self.wire = wire
        self.weather = FAIR
        self._random = random
        self._order = count()
        self._leaving: list[tuple[float, int, bytes]] = []
        self._coming: list[tuple[float, int, bytes]] = []

    def send(self, data: bytes, now: float) -> None:
        """Send one message."""
        self._delay(self._leaving, data, now)

    def take(self, now: float) -> list[bytes]:
        """What has come by now; what is due to leave does."""
        while (data := self.wire.take()) is not None:
            self._delay(self._coming, data, now)
        for message in _due(self._leaving, now):
            self.wire.send(message)
        return _due(self._coming, now)

    def _delay(self, queue: list[tuple[float, int, bytes]], data: bytes, now: float) -> None:
        weather = self.weather if self.wire.transport == "UDP" else FAIR
        if self._random.random() < weather.lost:
            return
        for _ in range(1 + (self._random.random() < weather.doubled)):
            late = self._random.random() * weather.by if self._random.random() < weather.late else 0.0
            heapq.heappush(queue, (now + late, next(self._order), data))


def _due(queue: list[tuple[float, int, bytes]], now: float) -> list[bytes]:
    found = []
    while queue and queue[0][0] <= now:
        found.append(heapq.heappop(queue)[2])
    return found
