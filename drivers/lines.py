"""All analogue lines of an office as one engine, and the technologies that dial out by them.

    receive(event, port, now)   a line event from the port of that number
    outgoing()                  (port, command) pairs for the hardware
    events()                    (channel, event) pairs for the calls

Digits and silence come in through each line's row, whose listener the line is; after the media plane has told its
events, drain this engine as after any call into it. Nothing here raises for what a line does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from drivers.bank import LineBank, hunt_groups
from drivers.fxo.config import FxoConfig
from drivers.fxo.line import FxoLine
from drivers.fxs.config import FxsConfig
from drivers.fxs.line import FxsLine
from drivers.registry import TECHNOLOGIES
from drivers.shelf import AnalogShelf
from drivers.technology import LineTechnology
from gateway.core.audio import Audio
from gateway.core.errors import LocalError
from gateway.core.number import NumberPlan
from gateway.core.room import Rooms
from gateway.core.sounds import Sounds
from gateway.core.trace import Recorder
from hardware.analog.line import LineCommand, LineEvent, PortKind

__all__ = ["AnalogLines"]

AnyLine = FxsLine | FxoLine


class AnalogLines(LineBank[int, AnyLine]):
    """The engine of all analogue lines, in the order of their ports.

    Args:
        fxs: the telephones.
        fxo: the exchange lines.
        plan: what the telephones may dial.
        sounds: tones.
        recorder: takes every line event and command.
        wall: the office's wall clock, for the date in caller ID.
        rooms: where conferences of three take place.
        changed: told of each line that has come into another state, by its label (`FXS/101`).
        reminded: whether the dial tone of the telephone of that number stutters, to remind of a service that is on.

    Raises:
        LocalError: a port or a name is used twice, or a zone has no tones.
    """

    _shelf: AnalogShelf

    def __init__(
        self,
        *,
        fxs: Sequence[FxsConfig] = (),
        fxo: Sequence[FxoConfig] = (),
        plan: NumberPlan,
        sounds: Sounds,
        recorder: Recorder,
        wall: Callable[[], datetime],
        rooms: Rooms,
        changed: Callable[[str], None] = lambda label: None,
        reminded: Callable[[str], bool] = lambda number: False,
    ) -> None:
        shelf = AnalogShelf(
            plan=plan,
            sounds=sounds,
            recorder=recorder,
            wall=wall,
            rooms=rooms,
            changed=changed,
            reminded=reminded,
        )
        lines: list[AnyLine] = [
            *(FxsLine(phone, shelf) for phone in fxs),
            *(FxoLine(trunk, shelf) for trunk in fxo),
        ]
        super().__init__(shelf, {line.port: line for line in sorted(lines, key=lambda line: line.port)})
        for line in lines:
            if self[line.port] is not line:
                raise LocalError(f"port {line.port} is used by {line.peer} and by {self[line.port].peer}")
        labels = [line.label for line in lines]
        for label in labels:
            if labels.count(label) > 1:
                raise LocalError(f"there is more than one line {label}")
        groups = hunt_groups(line for line in self._lines.values() if isinstance(line, FxoLine))
        self.technologies: Final[Mapping[str, LineTechnology]] = {
            word: LineTechnology(
                word,
                [line for line in self._lines.values() if line.technology in kinds],
                groups if PortKind.FXO.value in kinds else {},
                {str(port): line for port, line in self._lines.items()} if len(kinds) > 1 else {},
            )
            for word, kinds in TECHNOLOGIES.items()
            if not {kind.value for kind in PortKind}.isdisjoint(kinds)
        }

    # The hardware.

    @property
    def ports(self) -> Mapping[int, PortKind]:
        """The ports that are wanted, each with what it must be."""
        return {port: PortKind(line.technology) for port, line in self._lines.items()}

    def zone(self, port: int) -> str:
        """The country of the line on `port`."""
        return self._lines[port].config.zone

    def peer(self, port: int) -> str:
        """Who is on `port`, in a sentence: "telephone 101"."""
        return self._lines[port].peer

    def attach(self, port: int, audio: Audio, now: float) -> None:
        """The port is open and `audio` is its row: the line is in service."""
        self._lines[port].attach(audio, now)

    def attached(self, port: int) -> bool:
        """Whether the line of `port` still has the row that `attach` gave it: a row that fails is let go."""
        return self._lines[port].attached

    # The engine.

    def receive(self, event: LineEvent, source: int, now: float) -> None:
        """Take in a line event of the port `source`; one of a port that nobody asked for is ignored."""
        line = self._lines.get(source)
        if line is not None:
            line.receive(event, now)

    def outgoing(self) -> list[tuple[int, LineCommand]]:
        """What the ports are to do, once, in order."""
        if not self._shelf.commands:
            return []
        commands = list(self._shelf.commands)
        self._shelf.commands.clear()
        return commands

    def show_messages(self, number: str, count: int, now: float) -> None:
        """So many messages wait for the telephone `number`; one that there is not is ignored."""
        for line in self._lines.values():
            if isinstance(line, FxsLine) and line.config.number == number:
                line.show_messages(count, now)
