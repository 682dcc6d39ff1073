"""Information elements as values: what is in them, and their octets both ways (Q.931 4.5).

Each kind has `read(contents)` and `contents()` side by side. `read` raises MalformedError where the contents are in
error (5.8.6.2, 5.8.7.2); who decodes a message keeps such an element as `Damaged`. Values that Q.931 reserves are
kept as plain numbers: what they mean is for the user of the element to say. Numbers of parties are in
`number`, B channels in `channel_identification`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from construct import Construct, ConstructError

from gateway.core.cause import Cause
from gateway.core.errors import MalformedError
from gateway.q931 import field
from gateway.q931.coding import Capability, Coding, ElementCode, Layer1, Location, ProgressDescription, RestartClass

__all__ = [
    "BearerCapability",
    "CallStateElement",
    "CauseElement",
    "Damaged",
    "Display",
    "KeypadFacility",
    "NotificationIndicator",
    "Opaque",
    "ProgressIndicator",
    "RestartIndicator",
    "SendingComplete",
    "parse_as",
    "text_of",
    "wrong",
]

_LAST: Final = 0x80
_MULTIRATE: Final = 0x18
_KBIT_64: Final = 0x10


def parse_as(declaration: Construct[Any, Any], contents: bytes, code: ElementCode) -> Any:
    """`contents` by `declaration`.

    Raises:
        MalformedError: they do not fit.
    """
    try:
        return declaration.parse(contents)
    except ConstructError:
        raise wrong(code, contents) from None


def text_of(contents: bytes, code: ElementCode) -> str:
    """IA5 characters that can be shown.

    Raises:
        MalformedError: others are among them.
    """
    if not all(0x20 <= octet < 0x7F for octet in contents):
        raise wrong(code, contents)
    return contents.decode("ascii")


def wrong(code: ElementCode, contents: bytes) -> MalformedError:
    """The error of an element whose contents are not what it may contain (5.8.6.2, 5.8.7.2)."""
    return MalformedError(
        f"{code}: {contents.hex(' ') or 'nothing'} is not what it may contain",
        Cause.INVALID_INFORMATION_ELEMENT_CONTENTS,
    )


@dataclass(frozen=True, slots=True)
class BearerCapability:
    """What the B channel is to carry (4.5.5).

    Attributes:
        capability: a Capability, or a reserved value.
        layer1: a Layer1 or a reserved value; None where it is not told.
        rate: information transfer rate; 0x10 for 64 kbit/s.
        mode: transfer mode; 0 for circuit.
        coding: whose coding it is; of others than the ITU's only `details` mean something.
        details: the octets after those told above, as they come.
    """

    CODE: ClassVar = ElementCode.BEARER_CAPABILITY

    capability: int = Capability.AUDIO
    layer1: int | None = Layer1.A_LAW
    rate: int = _KBIT_64
    mode: int = 0
    coding: int = Coding.ITU
    details: bytes = b""

    def contents(self) -> bytes:
        """The octets after the length."""
        layer1 = b"" if self.layer1 is None else bytes([_LAST | 1 << 5 | self.layer1])
        return bytes(
            field.BEARER.build(
                {
                    "transfer": {"coding": self.coding, "capability": self.capability},
                    "rate": {"last": True, "mode": self.mode, "rate": self.rate},
                    "rest": layer1 + self.details,
                }
            )
        )

    @classmethod
    def read(cls, contents: bytes) -> BearerCapability:
        """From the octets after the length."""
        found = parse_as(field.BEARER, contents, cls.CODE)
        rest, layer1 = found.rest, None
        if rest and found.rate.last and found.rate.rate != _MULTIRATE and rest[0] & 0xE0 == _LAST | 1 << 5:
            layer1, rest = rest[0] & 0x1F, rest[1:]
        elif not found.rate.last:
            raise wrong(cls.CODE, contents)
        return cls(found.transfer.capability, layer1, found.rate.rate, found.rate.mode, found.transfer.coding, rest)


@dataclass(frozen=True, slots=True)
class CauseElement:
    """Why a call ends, or what was wrong with a message (4.5.12, Q.850).

    Attributes:
        value: 0 to 127; see `gateway.q931.mapping.cause_of`.
        location: a Location or a reserved value.
        diagnostics: what the value's own rules say (Q.850 table 1).
        coding: whose numbering it is.
    """

    CODE: ClassVar = ElementCode.CAUSE

    value: int
    location: int = Location.USER
    diagnostics: bytes = b""
    coding: int = Coding.ITU

    def contents(self) -> bytes:
        """The octets after the length."""
        return bytes(
            field.CAUSE.build(
                {
                    "place": {"last": True, "coding": self.coding, "location": self.location},
                    "recommendation": None,
                    "cause": {"value": self.value},
                    "diagnostics": self.diagnostics,
                }
            )
        )

    @classmethod
    def read(cls, contents: bytes) -> CauseElement:
        """From the octets after the length."""
        found = parse_as(field.CAUSE, contents, cls.CODE)
        return cls(found.cause.value, found.place.location, found.diagnostics, found.place.coding)


@dataclass(frozen=True, slots=True)
class CallStateElement:
    """The number of the state that a call is in, or of that of the global call reference (4.5.7)."""

    CODE: ClassVar = ElementCode.CALL_STATE

    value: int
    coding: int = Coding.ITU

    def contents(self) -> bytes:
        """The octets after the length."""
        return bytes(field.CALL_STATE.build({"state": {"coding": self.coding, "value": self.value}}))

    @classmethod
    def read(cls, contents: bytes) -> CallStateElement:
        """From the octets after the length."""
        state = parse_as(field.CALL_STATE, contents, cls.CODE).state
        return cls(state.value, state.coding)


@dataclass(frozen=True, slots=True)
class ProgressIndicator:
    """What happens on the way of a call (4.5.23)."""

    CODE: ClassVar = ElementCode.PROGRESS_INDICATOR

    description: int = ProgressDescription.IN_BAND
    location: int = Location.USER
    coding: int = Coding.ITU

    def contents(self) -> bytes:
        """The octets after the length."""
        return bytes(
            field.PROGRESS.build(
                {
                    "place": {"coding": self.coding, "location": self.location},
                    "progress": {"description": self.description},
                }
            )
        )

    @classmethod
    def read(cls, contents: bytes) -> ProgressIndicator:
        """From the octets after the length."""
        found = parse_as(field.PROGRESS, contents, cls.CODE)
        return cls(found.progress.description, found.place.location, found.place.coding)


@dataclass(frozen=True, slots=True)
class NotificationIndicator:
    """What a NOTIFY tells (4.5.22): a Notification or a reserved value, and what comes with it (Q.953)."""

    CODE: ClassVar = ElementCode.NOTIFICATION_INDICATOR

    description: int
    details: bytes = b""

    def contents(self) -> bytes:
        """The octets after the length."""
        return bytes([_LAST * (not self.details) | self.description]) + self.details

    @classmethod
    def read(cls, contents: bytes) -> NotificationIndicator:
        """From the octets after the length."""
        if not contents or bool(contents[0] & _LAST) != (len(contents) == 1):
            raise wrong(cls.CODE, contents)
        return cls(contents[0] & ~_LAST, contents[1:])


@dataclass(frozen=True, slots=True)
class RestartIndicator:
    """What a RESTART is about (4.5.25)."""

    CODE: ClassVar = ElementCode.RESTART_INDICATOR

    what: RestartClass

    def contents(self) -> bytes:
        """The octets after the length."""
        return bytes(field.RESTART.build({"restart": {"what": self.what}}))

    @classmethod
    def read(cls, contents: bytes) -> RestartIndicator:
        """From the octets after the length."""
        found = parse_as(field.RESTART, contents, cls.CODE)
        try:
            return cls(RestartClass(found.restart.what))
        except ValueError:
            raise wrong(cls.CODE, contents) from None


@dataclass(frozen=True, slots=True)
class Display:
    """A line of text for whoever is called or calls (4.5.16).

    Attributes:
        text: IA5 characters.
        lead: octets before it that tell of what kind it is, with bit 8 set: habit of DMS-100 and 5ESS.
    """

    CODE: ClassVar = ElementCode.DISPLAY

    text: str
    lead: bytes = b""

    def contents(self) -> bytes:
        """The octets after the length: characters that IA5 lacks become question marks."""
        text = bytes(octet if 0x20 <= octet < 0x7F else 0x3F for octet in self.text.encode("ascii", "replace"))
        return self.lead + text

    @classmethod
    def read(cls, contents: bytes) -> Display:
        """From the octets after the length."""
        lead = contents[:1] if contents[:1] >= b"\x80" else b""
        return cls(text_of(contents[len(lead) :].rstrip(b"\x00 "), cls.CODE), lead)


@dataclass(frozen=True, slots=True)
class KeypadFacility:
    """Keys that were pressed (4.5.18)."""

    CODE: ClassVar = ElementCode.KEYPAD_FACILITY

    keys: str

    def contents(self) -> bytes:
        """The octets after the length."""
        return self.keys.encode("ascii")

    @classmethod
    def read(cls, contents: bytes) -> KeypadFacility:
        """From the octets after the length."""
        return cls(text_of(contents, cls.CODE))


@dataclass(frozen=True, slots=True)
class SendingComplete:
    """No more digits follow (4.5.27). One octet, without contents."""

    CODE: ClassVar = ElementCode.SENDING_COMPLETE

    def contents(self) -> bytes:
        """Nothing."""
        return b""

    @classmethod
    def read(cls, contents: bytes) -> SendingComplete:
        """From nothing."""
        return cls()


@dataclass(frozen=True, slots=True)
class Opaque:
    """An element of which only the octets are known here: of another codeset, a service of others, or not of Q.931.

    Attributes:
        code: its identifier; above 0x7F it has no contents.
        octets: after the length.
        codeset: 0 for Q.931's own, 4 to 7 for others' (4.5.2).
    """

    code: int
    octets: bytes = b""
    codeset: int = 0

    @property
    def CODE(self) -> int:  # noqa: N802 - as the other elements have it
        """Its identifier."""
        return self.code

    def contents(self) -> bytes:
        """The octets after the length."""
        return self.octets


@dataclass(frozen=True, slots=True)
class Damaged:
    """An element whose contents are in error (5.8.6.2, 5.8.7.2), or that goes on beyond its message."""

    code: int
    octets: bytes = b""

    @property
    def CODE(self) -> int:  # noqa: N802 - as the other elements have it
        """Its identifier."""
        return self.code

    def contents(self) -> bytes:
        """The octets after the length."""
        return self.octets
