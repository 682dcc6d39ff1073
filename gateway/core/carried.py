"""Channel variables that carry what is known of a call from the leg that comes in to those that go out for it.

Technologies set them on a leg that comes in, and tell them of one that goes out: who diverted the call, who sent it
elsewhere, how far it may go, what the caller prefers.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "DIVERSIONS",
    "DIVERTED_BEFORE",
    "DIVERTED_BY",
    "DIVERTED_FIRST",
    "DIVERTED_FOR",
    "DIVERTED_HIDDEN",
    "HOPS",
    "PASSED_ON",
    "PORTABILITY",
    "PREFERENCES",
    "REFERRED_BY",
    "REFERRED_BY_NAME",
    "SECURED",
]

DIVERTED_BY: Final = "REDIRECTING_NUMBER"
DIVERTED_FOR: Final = "REDIRECTING_REASON"
"""Who diverted the call last, and why in the words of RFC 5806."""
DIVERTED_FIRST: Final = "REDIRECTING_ORIGINAL"
"""Whom the call was for first, where it is not who diverted it last."""
DIVERTED_BEFORE: Final = "REDIRECTING_CHAIN"
"""All who diverted it before the last, the latest first (`gateway.core.diversion`)."""
DIVERTED_HIDDEN: Final = "REDIRECTING_HIDDEN"
"""Not empty where who diverted the call last must not be shown."""
DIVERSIONS: Final = "REDIRECTING_COUNT"
"""How often it has been diverted."""
REFERRED_BY: Final = "REFERRED_BY"
REFERRED_BY_NAME: Final = "REFERRED_BY_NAME"
"""Who sent it elsewhere (RFC 3892)."""
HOPS: Final = "HOPS_LEFT"
"""How many more switches it may pass, so that a call which goes round in a circle ends (RFC 7332)."""
PREFERENCES: Final = ("ACCEPT_CONTACT", "REJECT_CONTACT", "REQUEST_DISPOSITION")
"""Which of a called user's telephones the caller prefers (RFC 3841)."""
PORTABILITY: Final = (
    *("TEL_EXT", "TEL_ISUB", "TEL_CONTEXT"),
    *("TEL_CIC", "TEL_CIC_CONTEXT", "TEL_NPDI", "TEL_RN", "TEL_RN_CONTEXT"),
)
"""Whom it is for behind a called number and where that number is valid (RFC 3966 section 5), by which carrier it is
to go, and in which network the number is since it was ported (RFC 4694)."""
SECURED: Final = "SECURE_SIGNALLING"
"""Not empty where nobody on its way may read its signalling (RFC 5630)."""

PASSED_ON: Final = frozenset(
    {
        *(DIVERTED_BY, DIVERTED_FIRST, DIVERTED_BEFORE, DIVERTED_FOR, DIVERTED_HIDDEN, DIVERSIONS),
        *(REFERRED_BY, REFERRED_BY_NAME, HOPS, SECURED),
        *PREFERENCES,
        *PORTABILITY,
    }
)
"""All of them."""
