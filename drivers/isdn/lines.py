"""All ISDN adapters of an office as one engine, and the technology that dials out by them.

    receive(data, adapter, now)   octets from the port of the adapter of that name
    outgoing()                    (adapter, order) pairs for the ports
    events()                      (channel, event) pairs for the calls

Audio goes by each adapter's row and the other end of it, which comes with the port. Nothing here raises for what an
adapter says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from drivers.bank import LineBank, hunt_groups
from drivers.isdn.base import AdapterShelf, PortOrder
from drivers.isdn.config import IsdnConfig
from drivers.isdn.line import IsdnLine
from drivers.isdn.voice import Frames
from drivers.technology import LineTechnology
from gateway.core.audio import Audio
from gateway.core.sounds import Sounds
from gateway.core.trace import Recorder

__all__ = ["IsdnLines"]

WORD: Final = "ISDN"


class IsdnLines(LineBank[str, IsdnLine]):
    """The engine of all ISDN adapters.

    Args:
        adapters: in the order in which groups hunt.
        sounds: tones.
        recorder: takes what adapters say and are told.
        changed: told of each line that has come into another state, by its label (`ISDN/adapter1`).
    """

    _shelf: AdapterShelf

    def __init__(
        self,
        adapters: Sequence[IsdnConfig],
        *,
        sounds: Sounds,
        recorder: Recorder,
        changed: Callable[[str], None] = lambda label: None,
    ) -> None:
        shelf = AdapterShelf(sounds=sounds, recorder=recorder, changed=changed)
        super().__init__(shelf, {config.name: IsdnLine(config, shelf) for config in adapters})
        lines = self._lines.values()
        self.technologies: Final[Mapping[str, LineTechnology]] = {
            WORD: LineTechnology(WORD, lines, hunt_groups(lines))
        }

    # The ports.

    @property
    def adapters(self) -> Mapping[str, IsdnConfig]:
        """The adapters that are wanted, by their names."""
        return {name: line.config for name, line in self._lines.items()}

    def attach(self, adapter: str, audio: Audio, frames: Frames, now: float) -> None:
        """The port is open, `audio` is its row and `frames` the other end of that: the adapter is set up."""
        self._lines[adapter].plug(audio, frames, now)

    def attached(self, adapter: str) -> bool:
        """Whether the adapter still has the row that `attach` gave it: a row that fails is let go."""
        return self._lines[adapter].attached

    # The engine.

    def receive(self, data: bytes, source: str, now: float) -> None:
        """Take in octets of the port of the adapter `source`."""
        self._lines[source].take_in(data, now)

    def outgoing(self) -> list[tuple[str, PortOrder]]:
        """What the ports are to do, once, in order."""
        if not self._shelf.orders:
            return []
        orders = list(self._shelf.orders)
        self._shelf.orders.clear()
        return orders
