"""Two sans-I/O engines joined in memory, on a clock moved by hand, over a wire that can lose and reorder.

Any two engines will do whose outgoing items carry `data` and `flow`; a flow seen from the far side is the same
with its ends swapped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from gateway.core.engine import ManualClock
from gateway.sip.transport import Datagram, Flow

__all__ = ["Pair", "mirrored"]

MAX_ROUNDS = 1000
"""Exchanges before we call it a loop: no conversation in a test takes that many."""


class Peer(Protocol):
    """What a pair needs of an engine."""

    def receive(self, data: bytes, source: Flow, now: float) -> None: ...
    def outgoing(self) -> list[Datagram]: ...
    def deadline(self) -> float | None: ...
    def expire(self, now: float) -> None: ...


def mirrored(flow: Flow) -> Flow:
    """`flow` as its far side sees it."""
    return flow._replace(local=flow.remote, remote=flow.local)


class Pair:
    """Two peers and the wire between them.

    Attributes:
        lose: called with each datagram; True drops it. Reset by assigning None.
        reorder: deliver what one peer sends at once in reverse order.
        wire: every datagram that was sent, lost ones included.
    """

    def __init__(self, a: Peer, b: Peer, clock: ManualClock | None = None) -> None:
        self.a, self.b = a, b
        self.clock = clock or ManualClock()
        self.lose: Callable[[Datagram], Any] | None = None
        self.reorder = False
        self.wire: list[Datagram] = []

    def exchange(self) -> None:
        """Carry datagrams both ways until neither side has any."""
        for _ in range(MAX_ROUNDS):
            if not (self._carry(self.a, self.b) + self._carry(self.b, self.a)):
                return
        raise AssertionError("the two peers never stop talking")

    def advance(self, seconds: float) -> None:
        """Let time pass, stopping at every deadline on the way, and carry what is sent."""
        self.exchange()
        end = self.clock.now + seconds
        for _ in range(MAX_ROUNDS):
            due = [at for at in (self.a.deadline(), self.b.deadline()) if at is not None and at <= end]
            if not due:
                self.clock.advance(end - self.clock.now)
                return
            self.clock.advance(max(0.0, min(due) - self.clock.now))
            for peer in (self.a, self.b):
                peer.expire(self.clock.now)
            self.exchange()
        raise AssertionError("deadlines never end")

    def sent(self, start: str) -> int:
        """How many datagrams sent so far began with `start`."""
        return sum(datagram.data.startswith(start.encode()) for datagram in self.wire)

    def _carry(self, sender: Peer, receiver: Peer) -> int:
        datagrams = sender.outgoing()
        self.wire += datagrams
        for datagram in reversed(datagrams) if self.reorder else datagrams:
            if self.lose is None or not self.lose(datagram):
                receiver.receive(datagram.data, mirrored(datagram.flow), self.clock.now)
        return len(datagrams)
