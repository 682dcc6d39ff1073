"""What an interface is told when it is made: its side, its network's habits, its channels, its timers (Q.931 9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Final

from gateway.core.word import Word
from gateway.q931.coding import Capability, Layer1
from gateway.q931.element import BearerCapability

__all__ = [
    "DIALECTS",
    "E1_CHANNELS",
    "ETSI",
    "NETWORK_TIMERS",
    "T1_CHANNELS",
    "USER_TIMERS",
    "Dialect",
    "Hunt",
    "InterfaceConfig",
    "Side",
    "Timers",
]

E1_CHANNELS: Final = (*range(1, 16), *range(17, 32))
"""Time slots of an E1 that are B channels: 0 is framing, 16 the D channel."""
T1_CHANNELS: Final = tuple(range(1, 24))
"""The same of a T1, whose D channel is 24."""


class Side(Word):
    """Which end of the interface we are."""

    USER = "user"
    NETWORK = "network"


class Hunt(Enum):
    """In which order free B channels are looked for. The two sides of an interface begin at opposite ends."""

    ASCENDING = "ascending"
    DESCENDING = "descending"
    CYCLIC = "cyclic"
    """After the one taken last."""


@dataclass(frozen=True, slots=True)
class Timers:
    """Seconds (tables 9-1 and 9-2), by the timers' names; t309 of 0 gives up talks with the link."""

    t301: float = 180.0
    t302: float = 15.0
    t303: float = 4.0
    t304: float = 30.0
    t305: float = 30.0
    t306: float = 30.0
    t308: float = 4.0
    t309: float = 90.0
    t310: float = 60.0
    t313: float = 4.0
    t316: float = 120.0
    t322: float = 4.0


USER_TIMERS: Final = Timers()
"""Table 9-2."""
NETWORK_TIMERS: Final = Timers(t302=12.0, t304=20.0, t310=10.0)
"""Table 9-1."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """The habits of a network, as far as they differ.

    Attributes:
        name: as configuration has it.
        sending_complete: whether a number sent whole is marked as such.
        overlap: whether digits may follow a SETUP.
        bearer: of a call of which nothing else is known.
        restart_each: RESTART names one channel after the other; False: all at once.
        display_lead: octets before the text of a Display.
    """

    name: str
    sending_complete: bool = True
    overlap: bool = True
    bearer: BearerCapability = field(default_factory=BearerCapability)
    restart_each: bool = True
    display_lead: bytes = b""


ETSI: Final = Dialect("etsi")
"""Euro-ISDN, EN 300 403-1."""
_SPEECH: Final = BearerCapability(Capability.SPEECH, Layer1.MU_LAW)
DIALECTS: Final[Mapping[str, Dialect]] = MappingProxyType(
    {
        dialect.name: dialect
        for dialect in (
            ETSI,
            Dialect("ni2", sending_complete=False, overlap=False, bearer=_SPEECH),
            Dialect("dms100", sending_complete=False, overlap=False, bearer=_SPEECH, display_lead=b"\xb1"),
        )
    }
)
"""Euro-ISDN; National ISDN 2 (SR-NWT-002343); Nortel DMS-100 (NIS-A211-1)."""


@dataclass(frozen=True, slots=True)
class InterfaceConfig:
    """A primary rate interface.

    Attributes:
        side: which end of it we are.
        channels: time slots of its B channels.
        dialect: its network's habits.
        hunt: how a channel is found for a call that we place.
        exclusive: a call that we place takes the channel that we name or none; False: the far side may choose
            another one.
        timers: of call control; None for the usual ones of `side`.
        restart: the first link restarts all channels (5.5).
    """

    side: Side
    channels: tuple[int, ...] = E1_CHANNELS
    dialect: Dialect = ETSI
    hunt: Hunt = Hunt.ASCENDING
    exclusive: bool = False
    timers: Timers | None = None
    restart: bool = True
