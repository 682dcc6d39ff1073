"""What a terminal adapter and the ISDN exchange say to each other about a call, in the words of ITU-T Q.931.

The octets of the D channel stay between the two: whoever stands behind an emulated adapter is an `Access`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gateway.core.audio import Samples
from gateway.core.cause import Cause

__all__ = [
    "DATA",
    "SPEECH",
    "Access",
    "AccessEvent",
    "CallAlerting",
    "CallConnected",
    "CallOffered",
    "CallProceeding",
    "CallReleased",
]

SPEECH = 1
DATA = 4
"""Bearer capabilities, as the bits of an adapter's service mask (S18)."""


@dataclass(frozen=True, slots=True)
class CallOffered:
    """SETUP: a call comes in.

    Attributes:
        calling: who calls; "" where that is withheld.
        called: the number that was dialled, one of the subscriber's.
        service: SPEECH or DATA.
    """

    calling: str
    called: str
    service: int = SPEECH


@dataclass(frozen=True, slots=True)
class CallProceeding:
    """CALL PROCEEDING: the number is complete."""


@dataclass(frozen=True, slots=True)
class CallAlerting:
    """ALERTING: the far side rings."""


@dataclass(frozen=True, slots=True)
class CallConnected:
    """CONNECT, or CONNECT ACKNOWLEDGE: both sides talk."""


@dataclass(frozen=True, slots=True)
class CallReleased:
    """DISCONNECT or RELEASE: the call is over.

    Attributes:
        cause: why.
        location: who says so (ITU-T Q.850 table 2): 2 the local exchange, 4 the exchange of the far side.
    """

    cause: Cause
    location: int = 4


AccessEvent = CallOffered | CallProceeding | CallAlerting | CallConnected | CallReleased


class Access(Protocol):
    """A basic access as a terminal has it, for one call at a time.

    Attributes:
        terminal: told of each event; whether it takes a call that is offered to it.
    """

    terminal: Callable[[AccessEvent], bool]

    def place(self, called: str, calling: str) -> bool:
        """SETUP; False where there is no channel, or no exchange."""
        ...

    def accept(self) -> None:
        """CONNECT: take the call that was offered."""
        ...

    def release(self, cause: Cause) -> None:
        """DISCONNECT: end the call, or refuse it; harmless where there is none."""
        ...

    def frame(self) -> Samples | None:
        """What the network says in the next 20 ms; None for silence."""
        ...

    def hear(self, frame: Samples | None) -> None:
        """Say 20 ms to the network."""
        ...
