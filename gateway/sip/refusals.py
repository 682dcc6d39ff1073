"""Who was refused lately, and what exactly was wrong: for the operator alone.

A refusal of the same user from the same address is one entry with a count; who gets in after all is taken out. The
table is bounded: the oldest entry goes first.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import Final

from gateway.core.frozen import frozen
from gateway.sip.message import Response
from gateway.sip.transport import Flow
from gateway.sip.warning import warnings_of

__all__ = [
    "ELSEWHERE",
    "NOT_YOURS",
    "SIPS_NEEDS_SIPS",
    "SIPS_NEEDS_TLS",
    "AccessRefused",
    "Refusal",
    "Refusals",
    "why_not_registered",
    "why_not_taken",
]

ENTRIES: Final = 200
"""Refusals that are kept: as many as somebody reads."""
NOT_YOURS: Final = "That Is Not Your Address"
"""Why nobody registers for somebody else, as the telephone is told."""
SIPS_NEEDS_TLS: Final = "SIPS Needs TLS"
"""Why a sips URI does not come by a way that others can read (RFC 5630 3.1.3 and 5.2)."""
SIPS_NEEDS_SIPS: Final = "A SIPS Contact Needs A SIPS Request-URI And Path"
"""Why a sips Contact is not bound by a request that is not one of sips itself (RFC 5630 5.2)."""
ELSEWHERE: Final = "connection"
"""In the place of a method: what came was not looked at as a request."""
LONGEST: Final = 64
"""Characters of a user's name that are kept of what a stranger sent."""


@frozen
class AccessRefused:
    """Somebody was not let in; for the operator alone.

    Attributes:
        user: whom they claimed to be; may be empty.
        method: what they asked for.
        flow: where it came from.
        why: what was wrong, as a clause.
    """

    user: str
    method: str
    flow: Flow
    why: str


@frozen
class Refusal:
    """The refusals of one user from one address, for the last reason.

    Attributes:
        refused: the last of them.
        count: how many there were.
        first, last: engine clock.
    """

    refused: AccessRefused
    count: int
    first: float
    last: float


class Refusals:
    """The latest refusals."""

    def __init__(self) -> None:
        self._entries: OrderedDict[tuple[str, str], Refusal] = OrderedDict()

    def note(self, refused: AccessRefused, now: float) -> AccessRefused:
        """Keep a refusal, its user cut to what can be shown; that is given back."""
        refused = replace(refused, user=refused.user[:LONGEST])
        key = refused.user, refused.flow.remote[0]
        before = self._entries.pop(key, None)
        self._entries[key] = Refusal(
            refused, 1 if before is None else before.count + 1, now if before is None else before.first, now
        )
        if len(self._entries) > ENTRIES:
            self._entries.popitem(last=False)
        return refused

    def forget(self, user: str, flow: Flow) -> None:
        """That user got in from there."""
        if self._entries:
            self._entries.pop((user[:LONGEST], flow.remote[0]), None)

    def all(self) -> list[Refusal]:
        """All of them, the latest first."""
        return list(reversed(self._entries.values()))


def why_not_registered(response: Response, flow: Flow) -> str:
    """What is wrong with a REGISTER that came by `flow` and is refused by `response`, for the operator."""
    if response.status == 423:
        return f"its expiry is too short: the least is {response.headers.get('Min-Expires')} s (sip.min_expires)"
    if response.reason == NOT_YOURS:
        return "its user and its authentication user are two different accounts"
    if response.reason == SIPS_NEEDS_TLS:
        return f"its transport is wrong: it registers a sips address by {flow.transport}, and that takes TLS"
    if response.reason == SIPS_NEEDS_SIPS:
        return "its registrar must be written as a sips URI, since it registers a sips address (RFC 5630 5.2)"
    return f"its REGISTER cannot be carried out: {response.summary}"


def why_not_taken(response: Response) -> str:
    """What is wrong with the audio of a call that is refused by `response`, for the operator (RFC 3261 20.43)."""
    warned = warnings_of(response)
    return f"its call has no audio: {warned[0].text}" if warned else f"its call is refused: {response.summary}"
