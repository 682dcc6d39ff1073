"""Which tone a telephone hears when its call is over and it is still off-hook.

A cause and a country go in, the name of a tone (as `Sounds.tone` knows it) comes out. After ITU-T E.182
(application of tones): busy tone for a busy subscriber, special information tone where the number cannot be
reached as dialled, congestion tone otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.core.cause import Cause

__all__ = ["tone_for"]

TONES: Final[Mapping[Cause, str]] = {
    Cause.USER_BUSY: "busy",
    Cause.UNALLOCATED_NUMBER: "info",
    Cause.NUMBER_CHANGED: "info",
    Cause.INVALID_NUMBER_FORMAT: "info",
    Cause.SEND_SPECIAL_INFORMATION_TONE: "info",
}
"""Causes with a tone of their own; all others have congestion tone."""

CLEARED: Final[Mapping[str, str]] = {"au": "busy", "de": "busy", "fr": "busy", "jp": "busy"}
"""Zones in which the public exchange gives busy tone once the other side of a conversation has cleared."""


def tone_for(cause: Cause, zone: str) -> str:
    """The tone's name for a leg that ended with `cause`, in the country `zone` ("us", "de", …)."""
    if cause is Cause.NORMAL_CLEARING:
        return CLEARED.get(zone, "congestion")
    return TONES.get(cause, "congestion")
