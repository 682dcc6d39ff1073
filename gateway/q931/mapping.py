"""Between Q.931's values and the words of the rest of the gateway (RFC 4497; Q.850; Q.951, Q.952)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.core.cause import Cause
from gateway.core.number import Party, Presentation
from gateway.q931.coding import Capability, NumberType, Presented, Reason, Screening
from gateway.q931.element import BearerCapability
from gateway.q931.number import CalledNumber, CallingNumber, ConnectedNumber, RedirectingNumber, ShownNumber

__all__ = [
    "AUDIO_BEARERS",
    "called_of",
    "calling_of",
    "cause_of",
    "connected_of",
    "digits_of",
    "is_audio",
    "party_of",
    "reason_of",
    "redirecting_of",
]

_CAUSES: Final[Mapping[int, Cause]] = MappingProxyType({int(cause): cause for cause in Cause})
_CLASSES: Final = (
    Cause.NORMAL_UNSPECIFIED,
    Cause.NORMAL_UNSPECIFIED,
    Cause.RESOURCE_UNAVAILABLE,
    Cause.SERVICE_NOT_AVAILABLE,
    Cause.SERVICE_NOT_IMPLEMENTED,
    Cause.INVALID_MESSAGE,
    Cause.PROTOCOL_ERROR,
    Cause.INTERWORKING,
)
"""The "unspecified" cause of each class, by its bits (Q.850 2.2.5)."""

AUDIO_BEARERS: Final = frozenset({Capability.SPEECH, Capability.AUDIO, Capability.UNRESTRICTED_WITH_TONES})
"""Transfer capabilities that are a telephone call to us."""

_REASONS: Final[Mapping[int, str]] = MappingProxyType(
    {
        Reason.UNKNOWN: "unknown",
        Reason.BUSY: "user-busy",
        Reason.NO_REPLY: "no-answer",
        Reason.DEFLECTION: "deflection",
        Reason.OUT_OF_ORDER: "out-of-service",
        Reason.BY_DTE: "follow-me",
        Reason.UNCONDITIONAL: "unconditional",
    }
)
"""Reasons for redirection in the words of RFC 5806."""
_REASON_NUMBERS: Final = MappingProxyType({word: number for number, word in _REASONS.items()})
_LONGEST: Final = 32
"""Digits of a number that go into a message; networks take 15 to 24."""
_KEYS: Final = frozenset("0123456789*#")
_SHOWN: Final = _KEYS | frozenset("+ABCD")


def cause_of(value: int) -> Cause:
    """The cause of a value; of one that Q.850 does not define, the general one of its class (5.8.7.2)."""
    return _CAUSES.get(value) or _CLASSES[value >> 4 & 7]


def is_audio(bearer: BearerCapability) -> bool:
    """Whether a call with this bearer capability can be one of ours (RFC 4497 8.3.1); others end with cause 65."""
    return bearer.capability in AUDIO_BEARERS and not bearer.coding and not bearer.mode


def digits_of(number: CalledNumber | ShownNumber, *, national: str = "", international: str = "+") -> str:
    """A number as it is dialled and shown: national and international ones with their prefix, nothing but digits.

    Args:
        national: what stands before a national number: "0", or nothing.
        international: the same of an international one: "+", "00".
    """
    digits = "".join(digit for digit in number.digits if digit in _SHOWN)
    prefixes: dict[int, str] = {NumberType.NATIONAL: national, NumberType.INTERNATIONAL: international}
    prefix = prefixes.get(number.type, "")
    return prefix + digits if digits and not digits.startswith("+") else digits


def called_of(digits: str) -> CalledNumber:
    """The number to call for `digits`: with a leading "+" an international one, else as the network reads it."""
    kind, digits = _typed(digits)
    return CalledNumber(digits, kind)


def calling_of(party: Party) -> CallingNumber | None:
    """Whom a SETUP shows as calling (RFC 4497 9.2.2); None where nothing is known.

    What we say has not been screened: the network does that, as it knows which numbers are ours.
    """
    kind, digits = _typed(party.number)
    if party.presentation is Presentation.UNAVAILABLE:
        return CallingNumber("", presented=Presented.NOT_AVAILABLE, screening=Screening.NETWORK)
    restricted = party.presentation is Presentation.RESTRICTED
    if not digits and not restricted:
        return None
    return CallingNumber(digits, kind, presented=Presented.RESTRICTED if restricted else Presented.ALLOWED)


def connected_of(party: Party) -> ConnectedNumber | None:
    """Whom a CONNECT shows as having answered (Q.951.5); None where nothing is known."""
    shown = calling_of(party)
    if shown is None or shown.presented is Presented.NOT_AVAILABLE:
        return None
    return ConnectedNumber(shown.digits, shown.type, shown.plan, shown.presented, shown.screening)


def party_of(number: ShownNumber | None, name: str = "", *, national: str = "", international: str = "+") -> Party:
    """Who it is that a calling, connected or redirecting number and a Display tell of (RFC 4497 9.1.1).

    Args:
        number: None where there is none.
        name: what the Display says.
        national, international: as for `digits_of`.
    """
    if number is None:
        return Party(name=name, presentation=Presentation.ALLOWED if name else Presentation.UNAVAILABLE)
    shown = {
        Presented.RESTRICTED: Presentation.RESTRICTED,
        Presented.NOT_AVAILABLE: Presentation.UNAVAILABLE,
        Presented.RESERVED: Presentation.RESTRICTED,
    }.get(number.presented or Presented.ALLOWED, Presentation.ALLOWED)
    return Party(digits_of(number, national=national, international=international), name, shown)


def redirecting_of(digits: str, reason: str = "unknown", *, hidden: bool = False) -> RedirectingNumber:
    """Who diverted a call and why, in the words of RFC 5806; `hidden` is not to be shown to whom it goes."""
    kind, digits = _typed(digits)
    presented = Presented.RESTRICTED if hidden else Presented.ALLOWED
    return RedirectingNumber(digits, kind, presented=presented, reason=_REASON_NUMBERS.get(reason, Reason.UNKNOWN))


def reason_of(number: RedirectingNumber) -> str:
    """Why a call was diverted, in the words of RFC 5806."""
    return _REASONS.get(Reason.UNKNOWN if number.reason is None else number.reason, "unknown")


def _typed(digits: str) -> tuple[int, str]:
    """The type of a number, and its digits as a message takes them."""
    kind = NumberType.INTERNATIONAL if digits.startswith("+") else NumberType.UNKNOWN
    return kind, "".join(digit for digit in digits if digit in _KEYS)[:_LONGEST]
