"""The face of every protocol: bytes and a time in, bytes and events out; no socket, no clock, no asyncio.

    engine.receive(data, source, now)   something came in
    engine.expire(now)                  engine.deadline() has passed
    engine.outgoing()                   what must be sent now, in order; the caller sends it
    engine.events()                     what happened, in order; the caller dispatches it
    engine.deadline()                   when `expire` is wanted next, or None

Times are seconds of one monotonic clock. After any call into an engine (also a `Channel.command`), drain
`outgoing` and `events` and ask for `deadline` anew; `gateway.net.runner` does just that for all of them.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

__all__ = ["Engine", "ManualClock", "earliest"]

Received = TypeVar("Received", contravariant=True)
Source = TypeVar("Source", contravariant=True)
Outgoing = TypeVar("Outgoing")
Happening = TypeVar("Happening")


class Engine(Protocol[Received, Source, Outgoing, Happening]):
    """A sans-I/O protocol engine."""

    def receive(self, data: Received, source: Source, now: float) -> None:
        """Take in what arrived from `source`. Never raises for what a peer did."""
        ...

    def outgoing(self) -> list[Outgoing]:
        """Hand over, once, what is to be sent."""
        ...

    def events(self) -> list[Happening]:
        """Hand over, once, what happened."""
        ...

    def deadline(self) -> float | None:
        """The time at which `expire` is wanted, or None."""
        ...

    def expire(self, now: float) -> None:
        """Act on every timer due at `now`. Harmless when called early."""
        ...


def earliest(*times: float | None) -> float | None:
    """The first of some deadlines, or None where there is none; asked for with every message."""
    found = None
    for at in times:
        if at is not None and (found is None or at < found):
            found = at
    return found


class ManualClock:
    """A clock that tests move by hand."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> float:
        """Move on by `seconds` (never back) and return the new time."""
        if seconds < 0:
            raise ValueError("time does not go back")
        self.now += seconds
        return self.now
