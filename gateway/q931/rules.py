"""What is wrong with a message that has been read: elements missing, in error, not understood (Q.931 5.8.6, 5.8.7).

`fault_of` tells one fault, the gravest, with the cause and diagnostics by which it is answered, and whether the
message can be acted on all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gateway.core.cause import Cause
from gateway.q931.coding import ElementCode, MessageType
from gateway.q931.config import Side
from gateway.q931.element import Damaged, Opaque
from gateway.q931.message import Message

__all__ = ["MANDATORY", "ElementFault", "fault_of"]

_C = ElementCode
_M = MessageType

MANDATORY: Final[Mapping[int, tuple[ElementCode, ...]]] = MappingProxyType(
    {
        _M.SETUP: (_C.BEARER_CAPABILITY,),
        _M.PROGRESS: (_C.PROGRESS_INDICATOR,),
        _M.NOTIFY: (_C.NOTIFICATION_INDICATOR,),
        _M.DISCONNECT: (_C.CAUSE,),
        _M.STATUS: (_C.CAUSE, _C.CALL_STATE),
        _M.RESTART: (_C.RESTART_INDICATOR,),
        _M.RESTART_ACKNOWLEDGE: (_C.RESTART_INDICATOR,),
    }
)
"""Elements that a message must have (3.1, 3.4). RELEASE and RELEASE COMPLETE need a cause where they are the first
to clear a call, which the state of the call tells."""

_COMPREHENSION: Final = 0xF0
"""Identifiers with none of these bits must be understood (4.5.1 note, 5.8.7.1)."""
_SINGLE: Final = 0x80
_RECOGNISED: Final = frozenset(int(code) for code in ElementCode)


@dataclass(frozen=True, slots=True)
class ElementFault:
    """What is wrong with a message.

    Attributes:
        cause: by which it is answered.
        codes: identifiers of the elements that it is about, which are the diagnostics.
        fatal: a mandatory element is concerned: except for clearing, the message is not acted on.
    """

    cause: Cause
    codes: bytes
    fatal: bool


def fault_of(message: Message, sender: Side, *, needs_cause: bool = False) -> ElementFault | None:
    """What is wrong with `message`, or None.

    Args:
        sender: who sent it: the network must name a B channel in its SETUP, the user may.
        needs_cause: it is the first to clear a call.
    """
    mandatory = MANDATORY.get(message.kind, ())
    if message.kind == MessageType.SETUP and sender is Side.NETWORK:
        mandatory = (*mandatory, ElementCode.CHANNEL_IDENTIFICATION)
    if needs_cause:
        mandatory = (*mandatory, ElementCode.CAUSE)
    missing: list[int] = [code for code in dict.fromkeys(mandatory) if not message.has(code)]
    missing += [code for code in _unrecognised(message) if code & _COMPREHENSION == 0]
    if missing:
        return ElementFault(Cause.MANDATORY_INFORMATION_MISSING, bytes(missing), True)
    damaged = dict.fromkeys(element.code for element in message.all(Damaged))
    if wrong := [code for code in damaged if code in mandatory]:
        return ElementFault(Cause.INVALID_INFORMATION_ELEMENT_CONTENTS, bytes(wrong), True)
    if damaged:
        return ElementFault(Cause.INVALID_INFORMATION_ELEMENT_CONTENTS, bytes(damaged), False)
    if unknown := _unrecognised(message):
        return ElementFault(Cause.INFORMATION_ELEMENT_NON_EXISTENT, bytes(unknown), False)
    return None


def _unrecognised(message: Message) -> list[int]:
    """Elements of codeset 0 that no recommendation defines; other codesets are others' affair, and ignored."""
    opaque = (element.code for element in message.all(Opaque) if element.codeset == 0)
    return list(dict.fromkeys(code for code in opaque if code < _SINGLE and code not in _RECOGNISED))
