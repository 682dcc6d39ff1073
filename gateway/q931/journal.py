"""Messages of a D channel as people read them: a line for a list, and element by element.

Call control writes down what is said in both directions where it is asked to; who reads it takes it from there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from gateway.core.cause import Cause
from gateway.q931.channel_identification import ChannelIdentification
from gateway.q931.coding import (
    Capability,
    ElementCode,
    Layer1,
    Location,
    MessageType,
    Notification,
    NumberType,
    Presented,
    ProgressDescription,
    Reason,
    RestartClass,
)
from gateway.q931.element import CallStateElement, CauseElement, Damaged, Opaque
from gateway.q931.message import GLOBAL, Element, Message
from gateway.q931.number import CalledNumber, CallingNumber

__all__ = ["Entry"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A message that was said or heard; `str` gives its line.

    Attributes:
        call: the number of its call; None where it belongs to none.
        sent: it was ours.
        message: the message.
        octets: as it went over the D channel; empty where it is put into words alone.
    """

    call: int | None
    sent: bool
    message: Message
    octets: bytes = b""

    def __str__(self) -> str:
        message = self.message
        kind = message.kind
        words = [str(kind) if isinstance(kind, MessageType) else f"message type {kind:#04x}"]
        called, calling = message.first(CalledNumber), message.first(CallingNumber)
        if called is not None:
            words.append(called.digits)
        if calling is not None:
            words.append(f"from {calling.digits or 'a number that is withheld'}")
        told = [_told(element) for element in message.elements if isinstance(element, _SUMMED)]
        return f"{'->' if self.sent else '<-'} {', '.join([' '.join(words), *told])}"

    @property
    def detail(self) -> str:
        """The whole message, a line for each element."""
        message = self.message
        whose = "far side's" if message.to_originator == self.sent else "our own"
        reference = "global" if message.reference == GLOBAL else f"{message.reference}, {whose}"
        return "\n".join([f"call reference: {reference}", *map(_line, message.elements)])


def _name(names: Any, value: int, other: str) -> str:
    """The name of a value in words, or `other` filled in with the number."""
    return names(value).name.replace("_", " ").lower() if value in set(names) else other.format(value)


def _line(element: Element) -> str:
    codeset = getattr(element, "codeset", 0)
    name = f"element {element.CODE:#04x} of codeset {codeset}" if codeset else _code(element.CODE)
    told = _told(element)
    return f"{name}: {told}" if told else name


def _told(element: Element) -> str:
    """What an element says; the octets of one that is not understood or damaged."""
    described = None if isinstance(element, Opaque | Damaged) else _DESCRIBED.get(element.CODE)
    return element.contents().hex(" ") if described is None else described(element)


def _code(code: int) -> str:
    return _name(ElementCode, code, "element {:#04x}")


def _cause(element: CauseElement) -> str:
    known = f" ({Cause(element.value).phrase})" if element.value in set(Cause) else ""
    named = f"cause {int(element.value)}{known} at {_name(Location, element.location, 'location {}')}"
    return named + (f", about {element.diagnostics.hex(' ')}" if element.diagnostics else "")


def _channels(element: ChannelIdentification) -> str:
    if element.any_channel:
        return "any channel"
    if not element.channels:
        return "the D channel" if element.d_channel else "no channel"
    several = "s" if len(element.channels) > 1 else ""
    named = f"channel{several} {', '.join(map(str, element.channels))}"
    return named if element.exclusive else f"{named} or another one"


def _state(element: CallStateElement) -> str:
    return f"state {element.value}"


def _bearer(element: Any) -> str:
    law = "" if element.layer1 is None else f", {_name(Layer1, element.layer1, 'layer 1 protocol {}')}"
    return _name(Capability, element.capability, "capability {:#04x}") + law


def _number(element: Any) -> str:
    told = [element.digits or "none", _name(NumberType, element.type, "type {}")]
    if (presented := getattr(element, "presented", None)) is not None:
        told += [
            f"presentation {_name(Presented, presented, '')}",
            element.screening.name.replace("_", " ").lower(),
        ]
    if (reason := getattr(element, "reason", None)) is not None:
        told.append(_name(Reason, reason, "reason {}"))
    return ", ".join(told)


_SUMMED: Final = (ChannelIdentification, CauseElement, CallStateElement)
"""Elements that a line of a list tells of, besides numbers."""
_DESCRIBED: Final[Mapping[int, Callable[[Any], str]]] = MappingProxyType(
    {
        ElementCode.BEARER_CAPABILITY: _bearer,
        ElementCode.CAUSE: _cause,
        ElementCode.CALL_STATE: _state,
        ElementCode.CHANNEL_IDENTIFICATION: _channels,
        ElementCode.PROGRESS_INDICATOR: lambda element: _name(ProgressDescription, element.description, "{}"),
        ElementCode.NOTIFICATION_INDICATOR: lambda element: _name(Notification, element.description, "{}"),
        ElementCode.RESTART_INDICATOR: lambda element: _name(RestartClass, element.what, "{}"),
        ElementCode.DISPLAY: lambda element: element.text,
        ElementCode.KEYPAD_FACILITY: lambda element: element.keys,
        ElementCode.CALLED_NUMBER: _number,
        ElementCode.CALLING_NUMBER: _number,
        ElementCode.CONNECTED_NUMBER: _number,
        ElementCode.REDIRECTING_NUMBER: _number,
    }
)
