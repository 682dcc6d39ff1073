"""Q.850 causes as dialplans write them: by number, by our name, or by the one that Asterisk has for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.substitution import ScriptError
from gateway.core.cause import Cause

__all__ = ["read_cause"]

_OTHER_NAMES: Final[Mapping[str, Cause]] = {
    "ANSWERED_ELSEWHERE": Cause.NON_SELECTED_USER_CLEARING,
    "BEARERCAPABILITY_NOTAUTH": Cause.BEARER_CAPABILITY_NOT_AUTHORIZED,
    "BEARERCAPABILITY_NOTAVAIL": Cause.BEARER_CAPABILITY_NOT_AVAILABLE,
    "BEARERCAPABILITY_NOTIMPL": Cause.BEARER_CAPABILITY_NOT_IMPLEMENTED,
    "BUSY": Cause.USER_BUSY,
    "CALL_AWARDED_DELIVERED": Cause.CALL_AWARDED_IN_ESTABLISHED_CHANNEL,
    "CHAN_NOT_IMPLEMENTED": Cause.CHANNEL_TYPE_NOT_IMPLEMENTED,
    "CONGESTION": Cause.SWITCHING_EQUIPMENT_CONGESTION,
    "FAILURE": Cause.NETWORK_OUT_OF_ORDER,
    "IE_NONEXIST": Cause.INFORMATION_ELEMENT_NON_EXISTENT,
    "INVALID_IE_CONTENTS": Cause.INVALID_INFORMATION_ELEMENT_CONTENTS,
    "INVALID_MSG_UNSPECIFIED": Cause.INVALID_MESSAGE,
    "MANDATORY_IE_MISSING": Cause.MANDATORY_INFORMATION_MISSING,
    "MESSAGE_TYPE_NONEXIST": Cause.MESSAGE_TYPE_NON_EXISTENT,
    "NORMAL": Cause.NORMAL_CLEARING,
    "NORMAL_CIRCUIT_CONGESTION": Cause.NO_CIRCUIT_AVAILABLE,
    "NORMAL_TEMPORARY_FAILURE": Cause.TEMPORARY_FAILURE,
    "NOSUCHDRIVER": Cause.CHANNEL_TYPE_NOT_IMPLEMENTED,
    "NOTDEFINED": Cause.NORMAL_UNSPECIFIED,
    "NO_ROUTE_TRANSIT_NET": Cause.NO_ROUTE_TO_TRANSIT_NETWORK,
    "NO_ROUTE_DESTINATION": Cause.NO_ROUTE_TO_DESTINATION,
    "NO_USER_RESPONSE": Cause.NO_USER_RESPONDING,
    "NUMBER_PORTED_NOT_HERE": Cause.NORMAL_UNSPECIFIED,
    "PRE_EMPTED": Cause.PREEMPTION,
    "RECOVERY_ON_TIMER_EXPIRE": Cause.RECOVERY_ON_TIMER_EXPIRY,
    "REDIRECTED_TO_NEW_DESTINATION": Cause.REDIRECTION_TO_NEW_DESTINATION,
    "REQUESTED_CHAN_UNAVAIL": Cause.REQUESTED_CIRCUIT_NOT_AVAILABLE,
    "ACCESS_INFO_DISCARDED": Cause.ACCESS_INFORMATION_DISCARDED,
    "SWITCH_CONGESTION": Cause.SWITCHING_EQUIPMENT_CONGESTION,
    "UNALLOCATED": Cause.UNALLOCATED_NUMBER,
    "UNREGISTERED": Cause.SUBSCRIBER_ABSENT,
    "WRONG_CALL_STATE": Cause.MESSAGE_NOT_COMPATIBLE,
    "WRONG_MESSAGE": Cause.MESSAGE_NOT_COMPATIBLE_WITH_STATE,
}
"""Asterisk's names (include/asterisk/causes.h) where ours differ."""


def read_cause(text: str) -> Cause:
    """The cause of a number or name.

    Raises:
        ScriptError: there is none of that number or name.
    """
    word = text.strip().upper().removeprefix("AST_CAUSE_")
    if word.isdecimal() and int(word[:4]) in Cause.__members__.values():
        return Cause(int(word))
    found = _OTHER_NAMES.get(word) or Cause.__members__.get(word)
    if found is None:
        raise ScriptError(f"{text[:40]!r} is no Q.850 cause: write a number like 17 or a name like USER_BUSY")
    return found
