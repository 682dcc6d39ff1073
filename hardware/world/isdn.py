"""Emulated terminal adapters with the ISDN behind them, brought to the present together."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.media.tone import Zone
from hardware.agenda import Agenda
from hardware.isdn.emulated import EmulatedAdapter
from hardware.isdn.emulation.terminal import TerminalAdapter
from hardware.pace import FRAME_MS, Pace
from hardware.world.access import IsdnAccess

__all__ = ["IsdnWorld"]


class IsdnWorld:
    """The adapters of an office and their accesses.

    Args:
        numbers: the subscriber's number of each adapter, by its name; those without one get 2565550200 and up.
        zone: the country.
        families: of adapters that are not after isdn4linux, by name.
        settles: the world is moved by hand, faster than the kernel carries what adapters say.
    """

    def __init__(
        self,
        numbers: Mapping[str, str],
        zone: Zone,
        *,
        families: Mapping[str, str] | None = None,
        settles: bool = False,
    ) -> None:
        self.agenda = Agenda()
        self.accesses = {
            name: IsdnAccess(number=number or str(2565550200 + place), agenda=self.agenda, zone=zone)
            for place, (name, number) in enumerate(numbers.items())
        }
        self.adapters = {
            name: EmulatedAdapter(
                TerminalAdapter(access, self.agenda, (families or {}).get(name, "i4l")), settles=settles
            )
            for name, access in self.accesses.items()
        }
        self._pace = Pace()

    def step(self, now: float) -> int:
        """Bring the world to `now` (seconds of any clock; the first call only sets it); tells the frames lived."""
        due = self._pace.due(now)
        for _ in range(due):
            self.frame()
        return due

    def frame(self) -> None:
        """Live through 20 ms."""
        for adapter in self.adapters.values():
            adapter.listen()
        self.agenda.run_until(self.agenda.now + FRAME_MS)
        for adapter in self.adapters.values():
            adapter.talk()

    def close(self) -> None:
        """Give the pseudo-terminals back."""
        for adapter in self.adapters.values():
            adapter.close()
