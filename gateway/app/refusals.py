"""Who was refused for want of proof, in the log: once a minute for the same user from the same address.

A guesser tries thousands of secrets a minute; the operator needs one line of it.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import Final

from gateway.sip.gatekeeper import AccessRefused

__all__ = ["RefusalLog"]

_log = logging.getLogger("copperline.sip")

QUIET: Final = 60.0
"""Seconds in which the same is not said again."""

REMEMBERED: Final = 1000
"""Users and addresses remembered; a scan from more than these is said more often."""


class RefusalLog:
    """Writes refusals down."""

    def __init__(self) -> None:
        self._said: OrderedDict[tuple[str, str], float] = OrderedDict()

    def note(self, refused: AccessRefused, now: float) -> None:
        """Write `refused` down, unless the same was said a moment ago."""
        key = (refused.user, refused.flow.remote[0])
        if now - self._said.get(key, -QUIET) < QUIET:
            return
        self._said[key] = now
        self._said.move_to_end(key)
        if len(self._said) > REMEMBERED:
            self._said.popitem(last=False)
        _log.warning("%s as %.32r from %s refused: %s", refused.method, refused.user, refused.flow, refused.why)
