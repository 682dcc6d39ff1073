"""What a dial that connected nobody comes to: its DIALSTATUS, and the Ending that says why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.switch import DialOutcome, DialStatus, Target

__all__ = ["decided", "unanswered"]

Attempts = Sequence[tuple[Target, Ending]]
"""Each target that was tried, with how its leg ended."""

_STATUS: Final = {
    Cause.USER_BUSY: DialStatus.BUSY,
    Cause.NO_ANSWER: DialStatus.NOANSWER,
    Cause.NO_USER_RESPONDING: DialStatus.NOANSWER,
    Cause.CALL_REJECTED: DialStatus.BUSY,
    Cause.NO_CIRCUIT_AVAILABLE: DialStatus.CONGESTION,
    Cause.SWITCHING_EQUIPMENT_CONGESTION: DialStatus.CONGESTION,
    Cause.REQUESTED_CIRCUIT_NOT_AVAILABLE: DialStatus.CONGESTION,
    Cause.NETWORK_OUT_OF_ORDER: DialStatus.CONGESTION,
    Cause.TEMPORARY_FAILURE: DialStatus.CONGESTION,
}
"""DIALSTATUS by the cause of the attempt that decides; all other causes are CHANUNAVAIL."""

_WEIGHT: Final = (DialStatus.BUSY, DialStatus.NOANSWER, DialStatus.CONGESTION, DialStatus.CHANUNAVAIL)
"""Of several failed attempts the first of these that occurred decides: a busy target exists, a missing may not."""

_NOBODY: Final = Ending(
    Cause.NO_ROUTE_TO_DESTINATION, "the dialplan", Act.FAILED, "Dial names no target", "Name one."
)


def unanswered(ringing: Sequence[str], timeout: float | None, attempts: Attempts) -> DialOutcome:
    """The dial's time is up, and some ring still."""
    ending = Ending(
        Cause.NO_ANSWER,
        ", ".join(ringing),
        Act.DID_NOT_ANSWER,
        f"no answer for {timeout:g} s",
        "Call again later.",
    )
    return DialOutcome(DialStatus.NOANSWER, ending=ending, attempts=tuple(attempts))


def decided(attempts: Attempts) -> DialOutcome:
    """Every target has failed: the one that says most decides."""
    tried = [(_STATUS.get(ending.cause, DialStatus.CHANUNAVAIL), ending) for _, ending in attempts]
    for status in _WEIGHT:
        for found, ending in tried:
            if found is status:
                return DialOutcome(status, ending=ending, attempts=tuple(attempts))
    return DialOutcome(DialStatus.CHANUNAVAIL, None, _NOBODY)
