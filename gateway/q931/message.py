"""Q.931 messages: octets to values and back (Q.931 4; element for element in `element` and `number`).

A message whose head makes no sense is to be ignored (5.8.1 to 5.8.3.1), which `parse` says by MalformedError. All
else is kept as it came: a type that is not known as its number, elements that are not understood as `Opaque`, and
those in error as `Damaged`, so that call control can answer them (5.8.4 to 5.8.7). `parse` reads each octet once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol, TypeVar

from gateway.core.errors import MalformedError
from gateway.q931.channel_identification import ChannelIdentification
from gateway.q931.coding import ElementCode, MessageType
from gateway.q931.element import (
    BearerCapability,
    CallStateElement,
    CauseElement,
    Damaged,
    Display,
    KeypadFacility,
    NotificationIndicator,
    Opaque,
    ProgressIndicator,
    RestartIndicator,
    SendingComplete,
)
from gateway.q931.number import CalledNumber, CallingNumber, ConnectedNumber, RedirectingNumber

__all__ = ["DISCRIMINATOR", "ELEMENTS", "GLOBAL", "LONGEST", "MAX_REFERENCE", "Element", "Message"]

DISCRIMINATOR: Final = 0x08
"""Of Q.931 call control (4.2)."""
GLOBAL: Final = 0
"""The call reference by which all calls of a data link are meant (4.3)."""
MAX_REFERENCE: Final = 0x7FFF
"""Call references of a primary rate interface are 15 bits and a flag (4.3)."""
LONGEST: Final = 260
"""Octets of a message: what a frame carries (Q.921 5.9.3); segments (Q.931 annex H) are not put together."""

_FLAG: Final = 0x8000
_REFERENCE_OCTETS: Final = 2
_SINGLE: Final = 0x80
_SHIFT: Final = 0x90
_UNLOCKED: Final = 0x08
_LONGEST_ELEMENT: Final = 255


class Element(Protocol):
    """An information element."""

    @property
    def CODE(self) -> int:  # noqa: N802 - a constant of most kinds
        """Its identifier (table 4-3)."""
        ...

    def contents(self) -> bytes:
        """The octets after its length."""
        ...


class _Kind(Element, Protocol):
    @classmethod
    def read(cls, contents: bytes) -> Element: ...


ELEMENTS: Final[Mapping[int, type[_Kind]]] = MappingProxyType(
    {
        kind.CODE: kind
        for kind in (
            BearerCapability,
            CauseElement,
            CallStateElement,
            ChannelIdentification,
            ProgressIndicator,
            NotificationIndicator,
            Display,
            KeypadFacility,
            ConnectedNumber,
            CallingNumber,
            CalledNumber,
            RedirectingNumber,
            RestartIndicator,
            SendingComplete,
        )
    }
)
"""The elements that are understood, by their identifiers in codeset 0."""

Kind = TypeVar("Kind", bound=Element)


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Attributes:
        kind: a MessageType, or the number of one that is not known.
        reference: call reference value, 0 to MAX_REFERENCE.
        to_originator: the flag of the call reference: the sender is not the side that chose it.
        elements: in the order in which they came; `serialise` orders them by itself.
    """

    kind: MessageType | int
    reference: int
    to_originator: bool = False
    elements: tuple[Element, ...] = ()

    def first(self, of: type[Kind]) -> Kind | None:
        """The first element of a kind: of those repeated without right, the others are ignored (5.8.5.2)."""
        return next((element for element in self.elements if isinstance(element, of)), None)

    def all(self, of: type[Kind]) -> list[Kind]:
        """Every element of a kind that may be repeated."""
        return [element for element in self.elements if isinstance(element, of)]

    def has(self, code: int) -> bool:
        """Whether an element of codeset 0 with this identifier is there, right or wrong."""
        return any(element.CODE == code and not getattr(element, "codeset", 0) for element in self.elements)

    def serialise(self) -> bytes:
        """The octets.

        Raises:
            ValueError: an element is longer than 255 octets, or the message than LONGEST.
        """
        reference = self.reference | (_FLAG if self.to_originator else 0)
        head = bytes([DISCRIMINATOR, _REFERENCE_OCTETS, *reference.to_bytes(2), self.kind])
        data = head + b"".join(map(_written, sorted(self.elements, key=_place)))
        if len(data) > LONGEST:
            raise ValueError(f"message of {len(data)} octets; {LONGEST} are the most")
        return data

    @classmethod
    def parse(cls, data: bytes) -> Message:
        """The message in `data`.

        Raises:
            MalformedError: it is to be ignored: not Q.931, of no possible length, or with a call reference of
                another kind.
        """
        if len(data) > LONGEST:
            raise MalformedError(f"message of {len(data)} octets; {LONGEST} are the most")
        if len(data) < 2 + _REFERENCE_OCTETS + 1 or data[0] != DISCRIMINATOR:
            raise MalformedError(f"{data[:8].hex(' ') or 'nothing'}: not a Q.931 message")
        if data[1] != _REFERENCE_OCTETS:
            raise MalformedError(
                f"call reference of length {data[1]}; two octets are expected of a primary rate link"
            )
        reference = int.from_bytes(data[2:4])
        code = data[4]
        kind = MessageType(code) if code in _TYPES else code
        return cls(kind, reference & ~_FLAG, bool(reference & _FLAG), tuple(_elements(data[5:])))


_TYPES: Final = frozenset(int(kind) for kind in MessageType)


def _place(element: Element) -> tuple[int, bool, int]:
    """Where it stands in a message (4.5.1): by codeset, single octets first, then by rising identifiers."""
    code = element.CODE
    return getattr(element, "codeset", 0), code < _SINGLE, code


def _written(element: Element) -> bytes:
    code, codeset, contents = element.CODE, getattr(element, "codeset", 0), element.contents()
    shift = bytes([_SHIFT | _UNLOCKED | codeset]) if codeset else b""
    if code >= _SINGLE:
        return shift + bytes([code])
    if len(contents) > _LONGEST_ELEMENT:
        raise ValueError(
            f"information element {code:#04x} of {len(contents)} octets; at most {_LONGEST_ELEMENT} fit"
        )
    return shift + bytes([code, len(contents)]) + contents


def _elements(data: bytes) -> list[Element]:
    """Every element of a message's body. A shift that does not lock holds for one element (4.5.3, 4.5.4)."""
    found: list[Element] = []
    at = locked = 0
    once: int | None = None
    while at < len(data):
        code = data[at]
        at += 1
        if code & 0xF0 == _SHIFT:
            codeset = code & 0x07
            if code & _UNLOCKED:
                once = codeset
            elif codeset > locked:  # 4.5.3: there is no way back to a lower codeset
                locked = codeset
            continue
        codeset, once = locked if once is None else once, None
        if code >= _SINGLE:
            found.append(SendingComplete() if _is(code, codeset) else Opaque(code, b"", codeset))
            continue
        if at >= len(data) or at + 1 + data[at] > len(data):  # it goes on beyond the message: what is left is its
            found.append(Damaged(code, data[at + 1 :]) if codeset == 0 else Opaque(code, data[at + 1 :], codeset))
            break
        contents = data[at + 1 : at + 1 + data[at]]
        at += 1 + len(contents)
        found.append(_element(code, contents) if codeset == 0 else Opaque(code, contents, codeset))
    return found


def _is(code: int, codeset: int) -> bool:
    return code == ElementCode.SENDING_COMPLETE and codeset == 0


def _element(code: int, contents: bytes) -> Element:
    kind = ELEMENTS.get(code)
    if kind is None:
        return Opaque(code, contents)
    try:
        return kind.read(contents)
    except MalformedError:
        return Damaged(code, contents)
