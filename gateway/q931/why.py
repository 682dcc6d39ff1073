"""Why a call ends: by a message, by a timer, by us (Q.931 5.1, 5.2, 5.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gateway.core.cause import Cause
from gateway.q931.call_states import Input
from gateway.q931.coding import Location
from gateway.q931.element import CauseElement
from gateway.q931.mapping import cause_of
from gateway.q931.message import Message

__all__ = ["EXPIRED", "Why", "why_of"]


@dataclass(frozen=True, slots=True)
class Why:
    """Why a call ends.

    Attributes:
        cause: for our side.
        evidence: what shows it.
        to_far: for the far side, where that is another one.
        location: whose cause it is; None for ours.
        by_far: the far side or its silence ends it.
        audio: a tone about it is on the channel.
    """

    cause: Cause
    evidence: str
    to_far: Cause | None = None
    location: int | None = None
    by_far: bool = True
    audio: bool = False


EXPIRED: Final[Mapping[Input, Why]] = MappingProxyType(
    {
        Input.T301: Why(Cause.NO_ANSWER, "T301", Cause.RECOVERY_ON_TIMER_EXPIRY),
        Input.T303_AGAIN: Why(Cause.NO_USER_RESPONDING, "T303, twice", Cause.RECOVERY_ON_TIMER_EXPIRY),
        Input.T304: Why(Cause.INVALID_NUMBER_FORMAT, "T304", Cause.RECOVERY_ON_TIMER_EXPIRY),
        Input.T308_AGAIN: Why(Cause.RECOVERY_ON_TIMER_EXPIRY, "T308, twice"),
        Input.T309: Why(Cause.DESTINATION_OUT_OF_ORDER, "T309"),
        Input.T310: Why(Cause.NO_USER_RESPONDING, "T310", Cause.RECOVERY_ON_TIMER_EXPIRY),
        Input.T313: Why(Cause.RECOVERY_ON_TIMER_EXPIRY, "T313"),
    }
)
"""Timers that end a call."""


def why_of(message: Message) -> Why:
    """Why a message clears a call; without a cause it is 31 (5.8.6.1)."""
    cause = message.first(CauseElement)
    if cause is None:
        return Why(Cause.NORMAL_UNSPECIFIED, f"{message.kind!s} without a cause", location=Location.USER)
    return Why(cause_of(cause.value), f"{message.kind!s}, cause {cause.value}", location=cause.location)
