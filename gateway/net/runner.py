"""The one shell that drives every engine: feed, send, dispatch, re-arm one timer.

Sockets hand what came in to `feed`, all that waited at once; the runner drains all engines until none has anything
left to send or to say, and sees to one timer for the earliest deadline. What an engine says may make a call command
another engine, so draining goes round until it is quiet. Whatever fails on the way is told to the loop's exception
handler and costs nobody else their turn.

Most deadlines are later than the timer that runs already, which is left to run then: when it fires, it is set anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import inf
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
        self._due = inf
        """When the timer runs out."""
        self._woken: asyncio.Handle | None = None
        self._draining = False
        self._stopped = False
        self._failed = False

    def attach(self, driven: Driven) -> None:
        """Drive one more engine."""
        self._driven.append(driven)
        self.wake()

    def feed(self, receive: Callable[[Any, Any, float], None], came: Iterable[tuple[object, object]]) -> None:
        """Hand what came in, each with its source, to what an engine receives it by; then drain all."""
        now = self._loop.time()
        for data, source in came:
            try:
                receive(data, source, now)
            except Exception as error:
                self._tell(error)
        self._step(now)

    def wake(self) -> None:
        """Drain all soon: a command was given to a channel outside of a drain."""
        if self._woken is None and not self._draining and not self._stopped:
            self._woken = self._loop.call_soon(self.step)

    def step(self) -> None:
        """Drain all engines now, and set the timer anew."""
        self._step(self._loop.time())

    def stop(self) -> None:
        """Drive nothing any more."""
        self._stopped = True
        for handle in (self._timer, self._woken):
            if handle is not None:
                handle.cancel()

    def _step(self, now: float) -> None:
        if self._draining or self._stopped:
            return
        if self._woken is not None:
            self._woken.cancel()
            self._woken = None
        self._draining = True
        self._failed = False
        try:
            if self._due <= now:
                self._expire(now)
            if self._driven:
                self._drain(now)
        finally:
            self._draining = False
        self._arm()

    def _expire(self, now: float) -> None:
        """Have every engine act on what is due; the timer, which is due too, is to be set anew."""
        self._disarm()
        for driven in self._driven:
            deadline = driven.engine.deadline()
            if deadline is not None and deadline <= now:
                try:
                    driven.engine.expire(now)
                except Exception as error:
                    self._tell(error)

    def _drain(self, now: float) -> None:
        """Take what the engines have to send and to say, in turn, until all of them in a row have nothing."""
        quiet, all_quiet = 0, len(self._driven)
        for _ in range(ROUNDS):
            for driven in self._driven:
                engine = driven.engine
                quiet += 1
                events: Sequence[Any] = ()
                try:
                    if outgoing := engine.outgoing():
                        quiet = 0
                        driven.send(outgoing)
                except Exception as error:
                    self._tell(error)
                try:
                    events = engine.events()
                except Exception as error:
                    self._tell(error)
                for event in events:
                    quiet = 0
                    try:
                        driven.dispatch(event, now)
                    except Exception as error:
                        self._tell(error)
                if quiet >= all_quiet:
                    return
        _log.error("engines kept each other busy for %d rounds; going on later", ROUNDS)

    def _tell(self, error: Exception) -> None:
        self._failed = True
        self._loop.call_exception_handler(
            {"message": "an engine, or what it tells, failed; the others go on", "exception": error}
        )

    def _arm(self) -> None:
        """Have `step` called when the next deadline is due, or before."""
        due = inf
        for driven in self._driven:
            deadline = driven.engine.deadline()
            if deadline is not None and deadline < due:
                due = deadline
        if due == inf:
            return
        if self._failed:
            due = max(due, self._loop.time() + PAUSE)
        if due < self._due:
            self._disarm()
            self._due = due
            self._timer = self._loop.call_at(due, self._time_out)

    def _time_out(self) -> None:
        # The loop's clock may be a nanosecond short of the deadline that it called for.
        self._step(max(self._loop.time(), self._due))

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._due = None, inf
