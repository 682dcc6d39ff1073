"""What a refusal within a dialog ends: its request alone, or the usage that the request was for (RFC 5057 5.1).

A call and a subscription are usages; each has a dialog of its own here, but for the subscription that a REFER of a
call makes, whose end never is the call's. What tells that the very dialog leads nowhere ends whichever it was.
"""

from __future__ import annotations

from typing import Final

from gateway.sip.message import Response

__all__ = ["ends_call", "ends_subscription"]

_DIALOG: Final = frozenset({404, 410, 416, 482, 483, 484, 485, 502, 604})
"""RFC 5057: these end the dialog. Its remote target, or the route to it, is none: what follows is lost, too."""
_USAGE: Final = frozenset({405, 480, 481, 489, 501})
"""RFC 5057: these end the usage, and no other that shares its dialog."""
_SILENCE: Final = 408
"""As if nobody had answered (RFC 5057 5.2)."""
_CALL: Final = (_DIALOG | _USAGE | {_SILENCE}) - {405, 480, 489, 501}
"""RFC 3261 14.1 goes before: a re-INVITE that is refused leaves the call as it was, but for 408 and 481.

Whoever knows no UPDATE (405, 501), or wants no change now (480), goes on talking.
"""
_NOTIFY: Final = _DIALOG | _USAGE | {_SILENCE}
"""RFC 6665 4.2.2, where a NOTIFY that times out ends it as well."""
_REFRESH: Final = (_DIALOG | _USAGE) - {502}
"""RFC 6665 4.1.2.2 names each of them; after any other the subscription lasts for as long as was said."""


def ends_call(response: Response) -> bool:
    """Whether `response` to a re-INVITE or UPDATE of ours ends the call."""
    return response.status in _CALL


def ends_subscription(response: Response) -> bool:
    """Whether `response` to a NOTIFY, or to the refresh of a SUBSCRIBE of ours, ends the subscription."""
    return response.status in (_NOTIFY if response.cseq.method == "NOTIFY" else _REFRESH)
