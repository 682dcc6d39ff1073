"""Whether an engine tells a `Due` of every timer that it sets."""

from __future__ import annotations

from math import inf
from typing import Protocol

from gateway.core.timers import Due

__all__ = ["in_time"]


class Timed(Protocol):
    """What has timers."""

    def deadline(self) -> float | None: ...


def in_time(due: Due, engine: Timed) -> float | None:
    """The engine's deadline, of which `due` has been told; from now on `due` tells that and nothing earlier."""
    exact = engine.deadline()
    assert exact is None or due.at <= exact, f"a timer that runs out at {exact} was set, and not told of: {due.at}"
    due.at = inf if exact is None else exact
    return exact
