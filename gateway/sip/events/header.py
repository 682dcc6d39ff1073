"""The header fields of SIP events: Event and Subscription-State (RFC 6665 section 8.2), read and written.

Text enters and leaves; what cannot be read raises MalformedError.
"""

from __future__ import annotations

from dataclasses import field
from enum import Enum
from typing import Final

from gateway.core.errors import MalformedError
from gateway.core.frozen import frozen
from gateway.sip.grammar import BLANKS, is_token, number
from gateway.sip.parameters import NO_PARAMETERS, Parameters

__all__ = ["EventType", "Reason", "SubscriptionState"]

LONGEST: Final = 2**32 - 1
"""Seconds that a parameter can tell (RFC 3261 20.19)."""


class Reason(Enum):
    """Why a subscription has ended (RFC 6665 section 4.1.3)."""

    DEACTIVATED = "deactivated"
    PROBATION = "probation"
    REJECTED = "rejected"
    TIMEOUT = "timeout"
    GIVE_UP = "giveup"
    NO_RESOURCE = "noresource"
    INVARIANT = "invariant"


@frozen
class EventType:
    """What is watched.

    Attributes:
        package: the name of the event package, in lower case.
        id: tells subscriptions of one dialog apart; "" where there is none.
        parameters: all of them, of which the package may define some; for the comparison they do not count (section
            8.2.1).
    """

    package: str
    id: str = ""
    parameters: Parameters = field(default=NO_PARAMETERS, compare=False)

    @classmethod
    def parse(cls, text: str) -> EventType:
        """Read an Event header.

        Raises:
            MalformedError: it is none.
        """
        package, semicolon, rest = text.partition(";")
        package = package.strip(BLANKS)
        if not is_token(package):
            raise MalformedError(f"{text[:80]!r} is not an Event")
        given = Parameters.parse((semicolon + rest).strip(BLANKS))
        return cls(package.lower(), given.get("id") or "", given)

    def __str__(self) -> str:
        return f"{self.package};id={self.id}" if self.id else self.package


@frozen
class SubscriptionState:
    """How a subscription stands.

    Attributes:
        state: "active", "pending", "terminated", or one that is not known.
        expires: seconds left; None where that is not told.
        reason: why it has ended, or an unknown word of the peer's; "" where that is not told.
        retry_after: seconds until another attempt is worth while; None where that is not told.
    """

    state: str
    expires: int | None = None
    reason: str = ""
    retry_after: int | None = None

    @classmethod
    def parse(cls, text: str) -> SubscriptionState:
        """Read a Subscription-State header.

        Raises:
            MalformedError: it is none.
        """
        state, semicolon, rest = text.partition(";")
        state = state.strip(BLANKS)
        if not is_token(state):
            raise MalformedError(f"{text[:80]!r} is not a Subscription-State")
        given = Parameters.parse((semicolon + rest).strip(BLANKS))
        return cls(
            state.lower(),
            _seconds(given, "expires"),
            (given.get("reason") or "").lower(),
            _seconds(given, "retry-after"),
        )

    def __str__(self) -> str:
        given = NO_PARAMETERS
        if self.reason:
            given = given.having("reason", self.reason)
        if self.expires is not None:
            given = given.having("expires", str(self.expires))
        if self.retry_after is not None:
            given = given.having("retry-after", str(self.retry_after))
        return f"{self.state}{given}"

    @property
    def is_over(self) -> bool:
        """Whether the subscription has ended."""
        return self.state == "terminated"


def _seconds(given: Parameters, name: str) -> int | None:
    text = given.get(name)
    return None if text is None else number(text, name, LONGEST)
