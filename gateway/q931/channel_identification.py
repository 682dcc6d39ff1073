"""Which B channels are meant, as an information element (Q.931 4.5.13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from gateway.q931 import field
from gateway.q931.coding import Coding, ElementCode
from gateway.q931.element import parse_as, wrong

__all__ = ["ChannelIdentification"]

_LAST: Final = 0x80
_B_CHANNEL: Final = 3
_INDICATED: Final = 1
_B1: Final = 1
_B2: Final = 2
_ANY: Final = 3
_MAP_OCTETS: Final = (3, 4)
"""Of a slot map: of 24 and of 32 time slots (figure 4-19)."""


@dataclass(frozen=True, slots=True)
class ChannelIdentification:
    """Which B channels (4.5.13).

    Attributes:
        channels: time slots of a primary rate interface, or 1 and 2 of a basic one; empty for none.
        exclusive: no other one will do.
        any_channel: whichever is free; `channels` is empty.
        interface: whose channels they are, where one D channel serves several interfaces; None for its own.
        basic: of a basic rate interface.
        d_channel: the D channel is meant.
        map_slots: 24 or 32 where `channels` are told as a map of so many time slots; 0 for numbers.
    """

    CODE: ClassVar = ElementCode.CHANNEL_IDENTIFICATION

    channels: tuple[int, ...] = ()
    exclusive: bool = False
    any_channel: bool = False
    interface: int | None = None
    basic: bool = False
    d_channel: bool = False
    map_slots: int = 0

    def contents(self) -> bytes:
        """The octets after the length."""
        selection = _ANY if self.any_channel else 0
        if self.channels:
            selection = self.channels[0] if self.basic else _INDICATED
        return bytes(
            field.CHANNEL.build(
                {
                    "kind": {
                        "has_interface": self.interface is not None,
                        "primary": not self.basic,
                        "exclusive": self.exclusive,
                        "d_channel": self.d_channel,
                        "selection": selection,
                    },
                    "interface": None if self.interface is None else {"number": self.interface},
                    "rest": self._told(),
                }
            )
        )

    def _told(self) -> bytes:
        if self.basic or not self.channels:
            return b""
        if self.map_slots:
            first = 0 if self.map_slots == 32 else 1
            octets = sum(1 << channel - first for channel in self.channels).to_bytes(self.map_slots // 8)
        else:
            octets = bytes([*self.channels[:-1], self.channels[-1] | _LAST])
        kind = {"coding": Coding.ITU, "by_map": bool(self.map_slots), "channel_type": _B_CHANNEL}
        return bytes(field.CHANNEL_NUMBERS.build({"kind": kind, "octets": octets}))

    @classmethod
    def read(cls, contents: bytes) -> ChannelIdentification:
        """From the octets after the length."""
        found = parse_as(field.CHANNEL, contents, cls.CODE)
        kind, rest = found.kind, found.rest
        interface = found.interface.number if kind.has_interface else None
        channels: tuple[int, ...] = ()
        slots = 0
        if kind.primary and kind.selection == _INDICATED:
            channels, slots = cls._numbers(rest, contents)
        elif rest or (kind.primary and kind.selection == _B2):
            raise wrong(cls.CODE, contents)
        elif kind.selection in (_B1, _B2):
            channels = (kind.selection,)
        any_channel = kind.selection == _ANY
        return cls(channels, kind.exclusive, any_channel, interface, not kind.primary, kind.d_channel, slots)

    @classmethod
    def _numbers(cls, rest: bytes, contents: bytes) -> tuple[tuple[int, ...], int]:
        """The channels that octets 3.2 and 3.3 tell, and how many time slots their map has."""
        told = parse_as(field.CHANNEL_NUMBERS, rest, cls.CODE)
        octets: bytes = told.octets
        if told.kind.coding != Coding.ITU or told.kind.channel_type != _B_CHANNEL or not octets:
            raise wrong(cls.CODE, contents)
        if told.kind.by_map:
            if len(octets) not in _MAP_OCTETS:
                raise wrong(cls.CODE, contents)
            slots = 8 * len(octets)
            bits, first = int.from_bytes(octets), 0 if slots == 32 else 1
            if not bits:
                raise wrong(cls.CODE, contents)
            return tuple(slot + first for slot in range(slots) if bits >> slot & 1), slots
        if any(octet & _LAST for octet in octets[:-1]):
            raise wrong(cls.CODE, contents)
        # a last octet without bit 8 is met in the field: the length tells as much
        return tuple(octet & ~_LAST for octet in octets), 0
