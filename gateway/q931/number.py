"""Numbers of parties as information elements (Q.931 4.5.8, 4.5.10; Q.951, Q.952)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from gateway.q931 import field
from gateway.q931.coding import ElementCode, NumberType, Plan, Presented, Reason, Screening
from gateway.q931.element import parse_as, text_of

__all__ = ["CalledNumber", "CallingNumber", "ConnectedNumber", "RedirectingNumber", "ShownNumber"]

_LAST: Final = 0x80


@dataclass(frozen=True, slots=True)
class CalledNumber:
    """Whom the caller wants, or further digits of that.

    Attributes:
        digits: IA5 characters: 0-9, * and #, where the network takes them.
        type: a NumberType or a reserved value.
        plan: a Plan or a reserved value.
    """

    CODE: ClassVar = ElementCode.CALLED_NUMBER

    digits: str
    type: int = NumberType.UNKNOWN
    plan: int = Plan.ISDN

    def contents(self) -> bytes:
        """The octets after the length."""
        return bytes([_LAST | self.type << 4 | self.plan]) + self.digits.encode("ascii")

    @classmethod
    def read(cls, contents: bytes) -> CalledNumber:
        """From the octets after the length."""
        found = parse_as(field.NUMBER, contents, cls.CODE)
        return cls(text_of(found.digits, cls.CODE), found.kind.type, found.kind.plan)


@dataclass(frozen=True, slots=True)
class ShownNumber:
    """What a calling, a connected and a redirecting number have in common: whether they may be shown.

    Attributes:
        digits: IA5 characters; empty where it is withheld.
        type: a NumberType or a reserved value.
        plan: a Plan or a reserved value.
        presented: whether it may be shown; None where that is not said, which means that it may.
        screening: who vouches for it; looked at where `presented` is given.
    """

    digits: str
    type: int = NumberType.UNKNOWN
    plan: int = Plan.ISDN
    presented: Presented | None = None
    screening: Screening = Screening.NOT_SCREENED

    def contents(self) -> bytes:
        """The octets after the length."""
        shown = b"" if self.presented is None else bytes([_LAST | self.presented << 5 | self.screening])
        return bytes([_LAST * (not shown) | self.type << 4 | self.plan]) + shown + self.digits.encode("ascii")


def _shown(contents: bytes, code: ElementCode) -> tuple[Any, dict[str, Any]]:
    """The fields of `contents`, and those that every ShownNumber takes."""
    found = parse_as(field.NUMBER, contents, code)
    given: dict[str, Any] = {
        "digits": text_of(found.digits, code),
        "type": found.kind.type,
        "plan": found.kind.plan,
    }
    if found.shown is not None:
        given["presented"] = Presented(found.shown.presentation)
        given["screening"] = Screening(found.shown.screening)
    return found, given


@dataclass(frozen=True, slots=True)
class CallingNumber(ShownNumber):
    """Who calls (4.5.10)."""

    CODE: ClassVar = ElementCode.CALLING_NUMBER

    @classmethod
    def read(cls, contents: bytes) -> CallingNumber:
        """From the octets after the length."""
        return cls(**_shown(contents, cls.CODE)[1])


@dataclass(frozen=True, slots=True)
class ConnectedNumber(ShownNumber):
    """Who answered (Q.951.5)."""

    CODE: ClassVar = ElementCode.CONNECTED_NUMBER

    @classmethod
    def read(cls, contents: bytes) -> ConnectedNumber:
        """From the octets after the length."""
        return cls(**_shown(contents, cls.CODE)[1])


@dataclass(frozen=True, slots=True)
class RedirectingNumber(ShownNumber):
    """Who diverted the call (Q.952.7).

    Attributes:
        reason: a Reason or a reserved value; None where it is not told. It is not sent without `presented`.
    """

    CODE: ClassVar = ElementCode.REDIRECTING_NUMBER

    reason: int | None = Reason.UNKNOWN

    def contents(self) -> bytes:
        """The octets after the length."""
        octets = [self.type << 4 | self.plan]
        if self.presented is not None or self.reason is not None:
            octets.append((self.presented or Presented.ALLOWED) << 5 | self.screening)
        if self.reason is not None:
            octets.append(self.reason)
        octets[-1] |= _LAST
        return bytes(octets) + self.digits.encode("ascii")

    @classmethod
    def read(cls, contents: bytes) -> RedirectingNumber:
        """From the octets after the length."""
        found, given = _shown(contents, cls.CODE)
        return cls(**given, reason=None if found.reason is None else found.reason.reason)
