"""Why a call on a span ended, from what Q.931 told of it: who, how, and whether another span may be tried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.q931.primitive import Released

__all__ = ["ending_of", "refusal", "reroutes"]

_REFUSALS: Final[Mapping[Cause, Act]] = {
    Cause.NO_USER_RESPONDING: Act.DID_NOT_ANSWER,
    Cause.NO_ANSWER: Act.DID_NOT_ANSWER,
    Cause.SUBSCRIBER_ABSENT: Act.DID_NOT_ANSWER,
}

_NO_WAY: Final = frozenset(
    {
        Cause.CHANNEL_UNACCEPTABLE,
        Cause.NO_CIRCUIT_AVAILABLE,
        Cause.NETWORK_OUT_OF_ORDER,
        Cause.TEMPORARY_FAILURE,
        Cause.SWITCHING_EQUIPMENT_CONGESTION,
        Cause.REQUESTED_CIRCUIT_NOT_AVAILABLE,
        Cause.RESOURCE_UNAVAILABLE,
        Cause.RECOVERY_ON_TIMER_EXPIRY,
    }
)
"""Causes about the way and not about who was called: another way may do."""

_ADVICE: Final[Mapping[Cause, str]] = {
    Cause.CHANNEL_UNACCEPTABLE: "Compare the channels of the span with those that the far end serves.",
    Cause.INVALID_NUMBER_FORMAT: (
        "See whether the far end wants another type of number (called_type) or digits one by one (sending)."
    ),
    Cause.RECOVERY_ON_TIMER_EXPIRY: "See what the far end has against our messages; `copperline trace` tells them.",
    Cause.BEARER_CAPABILITY_NOT_AUTHORIZED: "Have the far end allow telephone calls on this span.",
}


def ending_of(event: Released, far_end: str, act: Act) -> Ending:
    """The end of a leg.

    Args:
        event: how call control tells it.
        far_end: the far end in a sentence.
        act: what it did, if it was the far end.
    """
    evidence = event.evidence or f"cause {int(event.cause)}"
    if not event.by_far:
        return Ending(event.cause, "Copperline", Act.FAILED, evidence)
    if event.cause is Cause.RECOVERY_ON_TIMER_EXPIRY:
        act = Act.VANISHED
    return Ending(event.cause, far_end, act, evidence, _ADVICE.get(event.cause, ""))


def refusal(cause: Cause) -> Act:
    """What a far end did that we called and that did not answer."""
    return _REFUSALS.get(cause, Act.REFUSED)


def reroutes(event: Released, *, noticed: bool) -> bool:
    """Whether a call that ended so before anything was heard may be tried by another span.

    Args:
        noticed: whether the far end has answered the SETUP at all.
    """
    return event.cause in _NO_WAY or (not noticed and event.cause is Cause.NO_USER_RESPONDING)
