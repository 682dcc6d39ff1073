"""What is said to the log: the same thing once a minute at most, so that a flood of it is one line and a count."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

__all__ = ["QuietLog"]

QUIET: Final = 60.0
"""Seconds in which the same is not said again."""

REMEMBERED: Final = 1000
"""Different things remembered; a flood of more than these is said more often."""


class QuietLog:
    """Says warnings, each kind of them once in `QUIET` seconds.

    Args:
        log: where they are said.
        clock: seconds.
    """

    def __init__(self, log: logging.Logger, clock: Callable[[], float]) -> None:
        self._log = log
        self._clock = clock
        self._said: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def warning(self, kind: str, text: str, *arguments: object) -> None:
        """Say `text`, unless something of the same `kind` was said a moment ago."""
        now = self._clock()
        at, unsaid = self._said.get(kind, (-QUIET, 0))
        if now - at < QUIET:
            self._said[kind] = (at, unsaid + 1)
            return
        self._said[kind] = (now, 0)
        self._said.move_to_end(kind)
        if len(self._said) > REMEMBERED:
            self._said.popitem(last=False)
        more = f" (and {unsaid} more of the kind since the last time)" if unsaid else ""
        self._log.warning(f"{text}%s", *arguments, more)
