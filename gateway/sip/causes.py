"""SIP statuses and Q.850 causes, one table each way, and the Reason header that carries causes unharmed.

The tables are those of RFC 3398 (7.2.4.1 cause to status, 8.2.6.1 status to cause); where it leaves a blank, the
entry says what fills it. A Reason header (RFC 3326) overrides the table on the way in: its Q.850 value, or else
the SIP status in it. From one SIP leg to another the status itself goes, where it speaks of the called side.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

from gateway.core.cause import Cause
from gateway.core.ending import Ending
from gateway.core.errors import MalformedError
from gateway.core.repeated import repeated
from gateway.sip.grammar import number, split_list
from gateway.sip.parameters import Parameters

__all__ = [
    "CAUSE_TO_STATUS",
    "STATUS_TO_CAUSE",
    "cause_of",
    "cause_of_reason",
    "reason_header",
    "refusing",
    "status_of",
    "told_on",
    "warned_by",
]

CAUSE_TO_STATUS: Final = {
    Cause.UNALLOCATED_NUMBER: 404,
    Cause.NO_ROUTE_TO_TRANSIT_NETWORK: 404,
    Cause.NO_ROUTE_TO_DESTINATION: 404,
    # Blank in RFC 3398, since it expects BYE or CANCEL there; a call that nobody answered is 480 (RFC 4497 8.4.1).
    Cause.NORMAL_CLEARING: 480,
    Cause.USER_BUSY: 486,
    Cause.NO_USER_RESPONDING: 408,
    Cause.NO_ANSWER: 480,
    Cause.SUBSCRIBER_ABSENT: 480,
    # 403 there, or a 6xx where the user refused; networks that bar a call use 55, 57 or 87.
    Cause.CALL_REJECTED: 603,
    Cause.NUMBER_CHANGED: 410,
    Cause.REDIRECTION_TO_NEW_DESTINATION: 410,
    Cause.EXCHANGE_ROUTING_ERROR: 483,
    Cause.NON_SELECTED_USER_CLEARING: 404,
    Cause.DESTINATION_OUT_OF_ORDER: 502,
    Cause.INVALID_NUMBER_FORMAT: 484,
    Cause.FACILITY_REJECTED: 501,
    Cause.NORMAL_UNSPECIFIED: 480,
    Cause.NO_CIRCUIT_AVAILABLE: 503,
    Cause.NETWORK_OUT_OF_ORDER: 503,
    Cause.TEMPORARY_FAILURE: 503,
    Cause.SWITCHING_EQUIPMENT_CONGESTION: 503,
    Cause.RESOURCE_UNAVAILABLE: 503,
    Cause.INCOMING_CALLS_BARRED_IN_CUG: 403,
    Cause.BEARER_CAPABILITY_NOT_AUTHORIZED: 403,
    Cause.BEARER_CAPABILITY_NOT_AVAILABLE: 503,
    Cause.BEARER_CAPABILITY_NOT_IMPLEMENTED: 488,
    Cause.ONLY_RESTRICTED_DIGITAL_AVAILABLE: 488,
    Cause.SERVICE_NOT_IMPLEMENTED: 501,
    Cause.USER_NOT_MEMBER_OF_CUG: 403,
    Cause.INCOMPATIBLE_DESTINATION: 503,
    Cause.RECOVERY_ON_TIMER_EXPIRY: 504,
    Cause.PROTOCOL_ERROR: 500,
    Cause.INTERWORKING: 500,
}

CLASS_TO_STATUS: Final = (480, 480, 503, 503, 501, 500, 500, 500)
"""For causes that the table leaves out, by the class bits of the value (Q.850 2.2.5): normal, normal, resource
unavailable, service not available, service not implemented, invalid message, protocol error, interworking."""

STATUS_TO_CAUSE: Final = {
    300: Cause.REDIRECTION_TO_NEW_DESTINATION,  # 3xx: not followed, so the call ends with what it asked for
    301: Cause.NUMBER_CHANGED,
    400: Cause.TEMPORARY_FAILURE,
    401: Cause.CALL_REJECTED,
    402: Cause.CALL_REJECTED,
    403: Cause.CALL_REJECTED,
    404: Cause.UNALLOCATED_NUMBER,
    405: Cause.SERVICE_NOT_AVAILABLE,
    406: Cause.SERVICE_NOT_IMPLEMENTED,
    407: Cause.CALL_REJECTED,
    408: Cause.RECOVERY_ON_TIMER_EXPIRY,
    410: Cause.NUMBER_CHANGED,
    413: Cause.INTERWORKING,
    414: Cause.INTERWORKING,
    415: Cause.SERVICE_NOT_IMPLEMENTED,
    416: Cause.INTERWORKING,
    420: Cause.INTERWORKING,
    421: Cause.INTERWORKING,
    423: Cause.INTERWORKING,
    433: Cause.CALL_REJECTED,  # RFC 5079: who calls hides, and nobody who does is let through
    480: Cause.NO_USER_RESPONDING,
    481: Cause.TEMPORARY_FAILURE,
    482: Cause.EXCHANGE_ROUTING_ERROR,
    483: Cause.EXCHANGE_ROUTING_ERROR,
    484: Cause.INVALID_NUMBER_FORMAT,
    485: Cause.UNALLOCATED_NUMBER,
    486: Cause.USER_BUSY,
    487: Cause.NORMAL_CLEARING,  # blank in RFC 3398: it answers our own CANCEL
    488: Cause.BEARER_CAPABILITY_NOT_IMPLEMENTED,  # "by Warning header" there; this is RFC 4497 8.4.4
    500: Cause.TEMPORARY_FAILURE,
    501: Cause.SERVICE_NOT_IMPLEMENTED,
    502: Cause.NETWORK_OUT_OF_ORDER,
    503: Cause.TEMPORARY_FAILURE,
    504: Cause.RECOVERY_ON_TIMER_EXPIRY,
    505: Cause.INTERWORKING,
    513: Cause.INTERWORKING,
    580: Cause.QUALITY_OF_SERVICE_UNAVAILABLE,  # RFC 3312: the preconditions of the call cannot be met
    600: Cause.USER_BUSY,
    603: Cause.CALL_REJECTED,
    604: Cause.UNALLOCATED_NUMBER,
    606: Cause.BEARER_CAPABILITY_NOT_IMPLEMENTED,
    607: Cause.CALL_REJECTED,  # RFC 8197: the called user wants no such calls
    608: Cause.CALL_REJECTED,  # RFC 8688: a call analytics engine has said so
}

CAUSES: Final = {int(cause): cause for cause in Cause}
ELSEWHERE: Final = 'SIP;cause=200;text="Call completed elsewhere"'
"""By this a telephone knows that a call which it loses was not missed (RFC 3326 section 2)."""


PROTOCOL: Final = "SIP"
TOLD_ON: Final = frozenset({403, 404, 408, 410, 433, 480, 484, 485, 486, 488, 600, 603, 604, 606, 607, 608})
"""Refusals that are the called side's own and mean the same on the caller's leg; all others are between us and
whoever sent them (401, 420, 503 …), and the caller is told their cause (RFC 3261 16.7 step 6)."""


def told_on(
    status: int, cause: Cause | None = None, warning: int = 0
) -> tuple[str, int] | tuple[str, int, int] | None:
    """What a caller is told of a leg that was refused with `status` for `cause`, as the `code` of an Ending.

    None where `cause` alone says it. 503 would say that we serve nobody, and have other calls kept from us: where
    it is somebody else who cannot, the caller is told 500 (16.7 step 6).

    Args:
        warning: the code of the Warning that was with it; 0 for none.
    """
    if status in TOLD_ON:
        return (PROTOCOL, status, warning) if warning else (PROTOCOL, status)
    return (PROTOCOL, 500) if status_of(cause or cause_of(status)) == 503 else None


def warned_by(ending: Ending) -> int:
    """The code of the Warning that goes with the refusal for `ending`; 0 for none."""
    return ending.code[2] if ending.code is not None and len(ending.code) == 3 and ending.code[0] == PROTOCOL else 0


def refusing(ending: Ending) -> int:
    """The status that refuses a call with `ending`: what a SIP peer said itself, else what its cause becomes."""
    code = ending.code
    return code[1] if code is not None and code[0] == PROTOCOL else status_of(ending.cause)


def status_of(cause: Cause) -> int:
    """The SIP status that refuses a call for `cause`."""
    return CAUSE_TO_STATUS.get(cause, CLASS_TO_STATUS[cause >> 4])


def cause_of(status: int) -> Cause:
    """The cause with which a call ends that was refused with `status`.

    A status that is not known counts as the x00 of its class (RFC 3261 8.1.3.2).
    """
    found = STATUS_TO_CAUSE.get(status) or STATUS_TO_CAUSE.get(status // 100 * 100)
    return found or Cause.INTERWORKING


@cache
def reason_header(cause: Cause) -> str:
    """The value of a Reason header that carries `cause` (RFC 3326 section 2)."""
    own = f'Q.850;cause={int(cause)};text="{cause.phrase}"'
    return f"{ELSEWHERE}, {own}" if cause is Cause.NON_SELECTED_USER_CLEARING else own


def cause_of_reason(values: Sequence[str]) -> Cause | None:
    """The cause in the first Q.850 value among Reason headers, else in a SIP status; None where none tells one."""
    return _cause_in(",".join(values)) if values else None


@repeated
def _cause_in(values: str) -> Cause | None:
    told: dict[str, int] = {}
    try:
        for value in split_list(values):
            protocol, _, rest = value.partition(";")
            code = Parameters.parse(f";{rest}").get("cause") if rest else None
            if code is not None:
                told.setdefault(protocol.strip().upper(), number(code, "cause", 699))
    except MalformedError:
        pass  # a header for information only; the status or the method tells the cause then
    found = CAUSES.get(told.get("Q.850", 0))
    status = told.get("SIP", 0)
    if found is None and status == 200:
        return Cause.NON_SELECTED_USER_CLEARING
    return cause_of(status) if found is None and status >= 300 else found
