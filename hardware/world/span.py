"""An emulated span with the exchange at its far end, brought to the present together."""

from __future__ import annotations

from typing import Final

from gateway.media.tone import Zone
from gateway.q931.config import ETSI, Dialect, Side
from hardware.agenda import Agenda
from hardware.pace import FRAME_MS, FRAMES_A_SECOND, Pace
from hardware.span.emulated import EmulatedSpan
from hardware.span.kinds import SpanKind
from hardware.world.exchange import Exchange

__all__ = ["SpanWorld"]


class SpanWorld:
    """A span and its exchange.

    Args:
        kind: E1 or T1.
        zone: the country.
        number: the subscriber's number at the exchange.
        signalling: time slot of the D channel; None for the kind's usual one.
        dialect: the network's habits.
        side: which end of Q.931 the far end plays.
    """

    def __init__(
        self,
        kind: SpanKind,
        zone: Zone,
        *,
        number: str = "2565550300",
        signalling: int | None = None,
        dialect: Dialect = ETSI,
        side: Side = Side.NETWORK,
    ) -> None:
        self.agenda: Final = Agenda()
        self.span: Final = EmulatedSpan(kind, agenda=self.agenda, signalling=signalling)
        self.exchange: Final = Exchange(
            self.span.cable,
            kind=kind,
            number=number,
            agenda=self.agenda,
            zone=zone,
            signalling=signalling,
            dialect=dialect,
            side=side,
        )
        self._pace = Pace()

    def step(self, now: float) -> int:
        """Bring the world to `now` (seconds of any clock; the first call only sets it); tells the frames lived."""
        return self._pace.live(now, self.frame, self.span.is_late_read)

    def run(self, seconds: float) -> None:
        """Live through `seconds` at once; `step` counts from its own clock."""
        for _ in range(round(seconds * FRAMES_A_SECOND)):
            self.frame()

    def frame(self) -> None:
        """Live through 20 ms."""
        self.agenda.run_until(self.agenda.now + FRAME_MS)
        self.span.send()
        self.exchange.send()
        self.span.receive()
        self.exchange.receive()
