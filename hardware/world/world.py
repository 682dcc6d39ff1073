"""An emulated card with everybody behind it: telephones on its FXS ports, a central office at its FXO ports.

`step(now)` brings all of it to the present in frames of 20 ms; within a frame hooks, ringing and timers move by the
millisecond. The same calls give the same world, whatever clock drives it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from hardware.analog.emulated import EmulatedCard
from hardware.analog.line import PortKind
from hardware.dahdi.abi import SigType
from hardware.pace import FRAME_MS, FRAMES_A_SECOND, Pace
from hardware.world.office import Office
from hardware.world.office_config import OfficeConfig
from hardware.world.telephone import Telephone

__all__ = ["World"]


class _Instrument(Protocol):
    """Whoever has an end of a pair."""

    def send(self) -> None: ...

    def receive(self) -> None: ...


class World:
    """A card's surroundings.

    Args:
        card: the emulated card.
        numbers: subscriber numbers of the lines at FXO ports, by port number.
        office: how the central office treats those lines.
    """

    def __init__(
        self,
        card: EmulatedCard,
        *,
        numbers: Mapping[int, str] | None = None,
        office: OfficeConfig | None = None,
    ) -> None:
        self.card = card
        self.telephones = {
            number: Telephone(
                pair=channel.pair,
                agenda=card.agenda,
                zone=card.zone,
                ground_start=channel.signalling is SigType.FXOGS,
            )
            for number, channel in card.channels.items()
            if channel.kind is PortKind.FXS
        }
        self.office = Office(
            pairs={
                number: channel.pair for number, channel in card.channels.items() if channel.kind is PortKind.FXO
            },
            numbers=numbers or {},
            agenda=card.agenda,
            zone=card.zone,
            config=office or OfficeConfig(),
            ground_start={
                number for number, channel in card.channels.items() if channel.signalling is SigType.FXSGS
            },
        )
        self._everybody: tuple[_Instrument, ...] = (*self.telephones.values(), *self.office.lines.values())
        self._pace = Pace()

    def step(self, now: float) -> int:
        """Bring the world to `now` (seconds of any clock; the first call only sets it).

        Returns:
            Frames lived through; after a long stall at most `MAX_CATCH_UP`.
        """
        return self._pace.live(now, self._frame, self.card.is_late_read)

    def run(self, seconds: float) -> None:
        """Live through `seconds` at once, for tests that move time by hand; `step` counts from its own clock."""
        for _ in range(round(seconds * FRAMES_A_SECOND)):
            self._frame()

    def _frame(self) -> None:
        self.card.agenda.run_until(self.card.agenda.now + FRAME_MS)
        self.card.send()
        for one in self._everybody:
            one.send()
        self.card.receive()
        for one in self._everybody:
            one.receive()
