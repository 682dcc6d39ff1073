"""What a refusal within a dialog ends: its request alone, or the usage that the request was for (RFC 5057 5.1).

A call and a subscription are usages; each has a dialog of its own here, but for the subscription that a REFER of a
call makes, whose end never is the call's. What tells that the very dialog leads nowhere ends whichever it was.
"""

from __future__ import annotations

from typing import Final

from gateway.sip.message import Response

__all__ = ["ends_call", "ends_subscription"]

_DIALOG: Final = frozenset({404, 410, 416, 482, 483, 484, 485, 502, 604})
"""The remote target, or the route to it, is none: what follows would come to nothing as well."""
_USAGE: Final = frozenset({408, 481})
"""The peer has forgotten, or does not answer (RFC 3261 12.2.1.2)."""
_SUBSCRIPTION: Final = _DIALOG | _USAGE | {405, 480, 489, 501}
"""RFC 6665 4.1.2.2 and 4.2.2."""
_CALL: Final = _DIALOG | _USAGE
"""Not 405, 480 and 501: whoever knows no re-INVITE, or wants none now, has its call as it was (RFC 3261 14.1)."""


def ends_call(response: Response) -> bool:
    """Whether `response` to a re-INVITE or UPDATE of ours ends the call."""
    return response.status in _CALL


def ends_subscription(response: Response) -> bool:
    """Whether `response` to a NOTIFY or to the refresh of a SUBSCRIBE of ours ends the subscription."""
    return response.status in _SUBSCRIPTION
