"""The octets inside Q.931's information elements, as construct declarations (Q.931 4.5).

An octet whose first bit is 0 goes on in another one of its group ("3a"). What the values mean is told by the
dataclasses in `element` and `number`, which are the only users of this file.
"""

from __future__ import annotations

from typing import Any, Final

from construct import (
    BitsInteger,
    BitStruct,
    Const,
    Flag,
    GreedyBytes,
    If,
    Int8ub,
    Padding,
    Struct,
    Terminated,
    this,
)

__all__ = [
    "BEARER",
    "CALL_STATE",
    "CAUSE",
    "CHANNEL",
    "CHANNEL_NUMBERS",
    "NUMBER",
    "PROGRESS",
    "RESTART",
]

_LAST: Final[Any] = Const(1, BitsInteger(1))
"""The first bit of an octet that no other one of its group follows."""

BEARER: Final[Any] = Struct(
    "transfer" / BitStruct(_LAST, "coding" / BitsInteger(2), "capability" / BitsInteger(5)),
    "rate" / BitStruct("last" / Flag, "mode" / BitsInteger(2), "rate" / BitsInteger(5)),
    "rest" / GreedyBytes,
)
"""Bearer capability (4.5.5): octets 3 and 4; what follows is layer by layer, as `element` reads it."""

CAUSE: Final[Any] = Struct(
    "place" / BitStruct("last" / Flag, "coding" / BitsInteger(2), Padding(1), "location" / BitsInteger(4)),
    "recommendation" / If(lambda found: not found.place.last, Int8ub),
    "cause" / BitStruct(_LAST, "value" / BitsInteger(7)),
    "diagnostics" / GreedyBytes,
)
"""Cause (4.5.12, Q.850 2.1)."""

CALL_STATE: Final[Any] = Struct(
    "state" / BitStruct("coding" / BitsInteger(2), "value" / BitsInteger(6)),
    Terminated,
)
"""Call state (4.5.7)."""

CHANNEL: Final[Any] = Struct(
    "kind"
    / BitStruct(
        _LAST,
        "has_interface" / Flag,
        "primary" / Flag,
        Padding(1),
        "exclusive" / Flag,
        "d_channel" / Flag,
        "selection" / BitsInteger(2),
    ),
    "interface" / If(this.kind.has_interface, BitStruct(_LAST, "number" / BitsInteger(7))),
    "rest" / GreedyBytes,
)
"""Channel identification (4.5.13): octets 3 and 3.1."""

CHANNEL_NUMBERS: Final[Any] = Struct(
    "kind" / BitStruct(_LAST, "coding" / BitsInteger(2), "by_map" / Flag, "channel_type" / BitsInteger(4)),
    "octets" / GreedyBytes,
)
"""The rest of it, octets 3.2 and 3.3, where channels of a primary rate interface are told."""

PROGRESS: Final[Any] = Struct(
    "place" / BitStruct(_LAST, "coding" / BitsInteger(2), Padding(1), "location" / BitsInteger(4)),
    "progress" / BitStruct(_LAST, "description" / BitsInteger(7)),
    Terminated,
)
"""Progress indicator (4.5.23)."""

NUMBER: Final[Any] = Struct(
    "kind" / BitStruct("last" / Flag, "type" / BitsInteger(3), "plan" / BitsInteger(4)),
    "shown"
    / If(
        lambda found: not found.kind.last,
        BitStruct("last" / Flag, "presentation" / BitsInteger(2), Padding(3), "screening" / BitsInteger(2)),
    ),
    "reason"
    / If(
        lambda found: found.shown is not None and not found.shown.last,
        BitStruct(_LAST, Padding(3), "reason" / BitsInteger(4)),
    ),
    "digits" / GreedyBytes,
)
"""Called, calling, connected and redirecting number (4.5.8, 4.5.10, Q.951)."""

RESTART: Final[Any] = Struct(
    "restart" / BitStruct(_LAST, Padding(4), "what" / BitsInteger(3)),
    Terminated,
)
"""Restart indicator (4.5.25)."""
