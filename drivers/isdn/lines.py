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

from drivers.channel import LineChannel
from drivers.hunt import HuntGroup
from drivers.isdn.base import AdapterShelf, PortOrder
from drivers.isdn.config import IsdnConfig
from drivers.isdn.line import IsdnLine
from drivers.isdn.voice import Frames
from drivers.status import LineStatus
from drivers.technology import LineTechnology
from gateway.core.audio import Audio
from gateway.core.engine import earliest
from gateway.core.messages import Event
from gateway.core.switch import Sounds
from gateway.core.trace import Recorder

__all__ = ["IsdnLines"]

WORD: Final = "ISDN"


class IsdnLines:
    """The engine of all ISDN adapters.

    Args:
        adapters: in the order in which groups hunt.
        sounds: tones.
        recorder: takes what adapters say and are told.
        changed: told of each line that has come into another state, by its label (`ISDN/adapter1`).
    """

    def __init__(
        self,
        adapters: Sequence[IsdnConfig],
        *,
        sounds: Sounds,
        recorder: Recorder,
        changed: Callable[[str], None] = lambda label: None,
    ) -> None:
        self._shelf: Final = AdapterShelf(sounds=sounds, recorder=recorder, changed=changed)
        self._lines: Final = {config.name: IsdnLine(config, self._shelf) for config in adapters}
        groups: dict[int, list[IsdnLine]] = {}
        for line in self._lines.values():
            groups.setdefault(line.config.group, []).append(line)
        hunts = {number: HuntGroup(lines) for number, lines in groups.items()}
        self.technologies: Final[Mapping[str, LineTechnology]] = {
            WORD: LineTechnology(WORD, self._lines.values(), hunts)
        }

    # The ports.

    @property
    def adapters(self) -> Mapping[str, IsdnConfig]:
        """The adapters that are wanted, by their names."""
        return {name: line.config for name, line in self._lines.items()}

    def attach(self, adapter: str, audio: Audio, frames: Frames, now: float) -> None:
        """The port is open, `audio` is its row and `frames` the other end of that: the adapter is set up."""
        self._lines[adapter].plug(audio, frames, now)

    def detach(self, adapter: str, reason: str, now: float) -> None:
        """The port has gone or would not open: the adapter is out of service, a call on it ends."""
        self._lines[adapter].detach(reason, now)

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

    def events(self) -> list[tuple[LineChannel, Event]]:
        """What happened on the legs, once, in order."""
        return self._shelf.told()

    def deadline(self) -> float | None:
        """When the next timer of any adapter is due."""
        return earliest(*[line.deadline() for line in self._lines.values()])

    def expire(self, now: float) -> None:
        """Act on every timer that is due."""
        for line in self._lines.values():
            line.expire(now)

    # What is shown.

    def status(self) -> list[LineStatus]:
        """Every adapter."""
        return [
            LineStatus(
                name=line.name,
                technology=line.technology,
                port=0,
                state=line.state.value,
                in_service=line.in_service,
                number=line.config.numbers[0] if line.config.numbers else "",
                since=line.since,
                last_caller=line.last_caller,
                channel=line.channel.name if line.channel is not None else "",
                trouble=line.trouble,
                device=line.device,
            )
            for line in self._lines.values()
        ]

    def usage(self) -> int:
        """How many legs the adapters hold: 0 when all are idle."""
        return sum(line.channel is not None for line in self._lines.values())
