"""The one shell that drives every engine: feed, send, dispatch, re-arm one timer.

Sockets and devices hand what came in to `receive`; the runner drains all engines until none has anything left to
send or to say, and sets one timer for the earliest deadline. What an engine says may make a call command another
engine, so draining goes round until it is quiet. Whatever fails on the way is told to the loop's exception handler
and costs nobody else their turn.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from gateway.core.engine import Engine

__all__ = ["Driven", "Runner"]

_log = logging.getLogger("copperline.net")

PAUSE: Final = 1.0
"""Seconds after a failure until the next look at timers, so that what fails on every look does not spin."""

ROUNDS: Final = 1000
"""Rounds of one drain after which engines that keep each other busy are left to the loop's next turn."""


@dataclass(frozen=True, slots=True, eq=False)
class Driven:
    """An engine and where what it gives goes.

    Attributes:
        engine: the engine.
        send: takes what `outgoing` gives, in order.
        dispatch: takes each of its events, with the time.
    """

    engine: Engine[Any, Any, Any, Any]
    send: Callable[[list[Any]], None]
    dispatch: Callable[[Any, float], None]


class Runner:
    """Drives engines on an asyncio loop, whose clock is theirs."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._driven: list[Driven] = []
        self._timer: asyncio.TimerHandle | None = None
        self._woken: asyncio.Handle | None = None
        self._draining = False
        self._stopped = False
        self._failed = False

    def attach(self, driven: Driven) -> None:
        """Drive one more engine."""
        self._driven.append(driven)
        self.wake()

    def receive(self, driven: Driven, data: object, source: object) -> None:
        """Feed an engine with what came in, then drain all."""
        self._guarded(driven.engine.receive, data, source, self._loop.time())
        self.step()

    def wake(self) -> None:
        """Drain all soon: a command was given to a channel outside of a drain."""
        if self._woken is None and not self._draining and not self._stopped:
            self._woken = self._loop.call_soon(self.step)

    def step(self) -> None:
        """Drain all engines now, and set the timer anew."""
        if self._draining or self._stopped:
            return
        if self._woken is not None:
            self._woken.cancel()
            self._woken = None
        self._draining = True
        self._failed = False
        try:
            rounds = 0
            while any([self._drain(driven) for driven in self._driven]):
                rounds += 1
                if rounds == ROUNDS:
                    _log.error("engines kept each other busy for %d rounds; going on later", ROUNDS)
                    break
        finally:
            self._draining = False
        self._arm()

    def stop(self) -> None:
        """Drive nothing any more."""
        self._stopped = True
        for handle in (self._timer, self._woken):
            if handle is not None:
                handle.cancel()

    def _drain(self, driven: Driven) -> bool:
        now = self._loop.time()
        engine = driven.engine
        deadline = engine.deadline()
        if deadline is not None and deadline <= now:
            self._guarded(engine.expire, now)
        outgoing = engine.outgoing()
        if outgoing:
            self._guarded(driven.send, outgoing)
        events = engine.events()
        for event in events:
            self._guarded(driven.dispatch, event, now)
        return bool(outgoing or events)

    def _guarded(self, action: Callable[..., object], *arguments: object) -> None:
        try:
            action(*arguments)
        except Exception as error:
            self._failed = True
            self._loop.call_exception_handler(
                {"message": "an engine, or what it tells, failed; the others go on", "exception": error}
            )

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadlines = [deadline for driven in self._driven if (deadline := driven.engine.deadline()) is not None]
        if deadlines:
            earliest = self._loop.time() + PAUSE if self._failed else 0.0
            self._timer = self._loop.call_at(max(min(deadlines), earliest), self.step)
