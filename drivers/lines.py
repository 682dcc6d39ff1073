"""All analogue lines of an office as one engine, and the technologies that dial out by them.

    receive(event, port, now)   a line event from the port of that number
    outgoing()                  (port, command) pairs for the hardware
    events()                    (channel, event) pairs for the calls

Digits and silence come in through each line's row, whose listener the line is; after the media plane has told its
events, drain this engine as after any call into it. Nothing here raises for what a line does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from drivers.channel import LineChannel
from drivers.fxo.config import FxoConfig
from drivers.fxo.line import FxoLine
from drivers.fxs.config import FxsConfig
from drivers.fxs.line import FxsLine
from drivers.hunt import HuntGroup
from drivers.registry import TECHNOLOGIES
from drivers.shelf import AnalogShelf
from drivers.status import LineStatus
from drivers.technology import LineTechnology
from gateway.core.audio import Audio
from gateway.core.engine import earliest
from gateway.core.errors import LocalError
from gateway.core.messages import Event
from gateway.core.number import NumberPlan
from gateway.core.room import Rooms
from gateway.core.switch import Sounds
from gateway.core.trace import Recorder
from hardware.analog.line import LineCommand, LineEvent, PortKind

__all__ = ["AnalogLines"]

AnyLine = FxsLine | FxoLine


class AnalogLines:
    """The engine of all analogue lines.

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
        self._shelf: Final = AnalogShelf(
            plan=plan,
            sounds=sounds,
            recorder=recorder,
            wall=wall,
            rooms=rooms,
            changed=changed,
            reminded=reminded,
        )
        self._lines: Final[dict[int, AnyLine]] = {}
        lines: list[AnyLine] = [FxsLine(phone, self._shelf) for phone in fxs]
        lines += [FxoLine(trunk, self._shelf) for trunk in fxo]
        for line in lines:
            if line.port in self._lines:
                raise LocalError(f"port {line.port} is used by {self._lines[line.port].peer} and by {line.peer}")
            self._lines[line.port] = line
        labels = [line.label for line in self._lines.values()]
        for label in labels:
            if labels.count(label) > 1:
                raise LocalError(f"there is more than one line {label}")
        groups = _groups(line for line in self._in_order() if isinstance(line, FxoLine))
        self.technologies: Final[Mapping[str, LineTechnology]] = {
            word: LineTechnology(
                word,
                [line for line in self._in_order() if line.technology in kinds],
                groups if PortKind.FXO.value in kinds else {},
                {str(line.port): line for line in self._in_order()} if len(kinds) > 1 else {},
            )
            for word, kinds in TECHNOLOGIES.items()
            if not {kind.value for kind in PortKind}.isdisjoint(kinds)
        }

    # The hardware.

    @property
    def ports(self) -> Mapping[int, PortKind]:
        """The ports that are wanted, each with what it must be."""
        return {line.port: PortKind(line.technology) for line in self._in_order()}

    def zone(self, port: int) -> str:
        """The country of the line on `port`."""
        return self._lines[port].config.zone

    def peer(self, port: int) -> str:
        """Who is on `port`, in a sentence: "telephone 101"."""
        return self._lines[port].peer

    def attach(self, port: int, audio: Audio, now: float) -> None:
        """The port is open and `audio` is its row: the line is in service."""
        self._lines[port].attach(audio, now)

    def detach(self, port: int, reason: str, now: float) -> None:
        """The port has gone or would not open: the line is out of service, a call on it ends."""
        self._lines[port].detach(reason, now)

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

    def events(self) -> list[tuple[LineChannel, Event]]:
        """What happened on the legs, once, in order."""
        return self._shelf.told()

    def deadline(self) -> float | None:
        """When the next timer of any line is due."""
        return earliest(*[line.deadline() for line in self._lines.values()])

    def expire(self, now: float) -> None:
        """Act on every timer that is due."""
        for line in self._lines.values():
            line.expire(now)

    def show_messages(self, number: str, count: int, now: float) -> None:
        """So many messages wait for the telephone `number`; one that there is not is ignored."""
        for line in self._lines.values():
            if isinstance(line, FxsLine) and line.config.number == number:
                line.show_messages(count, now)

    # What is shown.

    def status(self) -> list[LineStatus]:
        """Every line, in the order of the ports."""
        return [
            LineStatus(
                name=line.name,
                technology=line.technology,
                port=line.port,
                state=line.state.value,
                in_service=line.in_service,
                number=line.config.number,
                since=line.since,
                last_caller=line.last_caller,
                channel=line.channel.name if line.channel is not None else "",
                trouble=line.trouble,
            )
            for line in self._in_order()
        ]

    def usage(self) -> int:
        """How many legs, timers and captures the lines hold: 0 when all are idle."""
        return sum(line.usage() for line in self._lines.values())

    def _in_order(self) -> list[AnyLine]:
        return [self._lines[port] for port in sorted(self._lines)]


def _groups(lines: Iterable[FxoLine]) -> dict[int, HuntGroup]:
    members: dict[int, list[FxoLine]] = {}
    for line in lines:
        members.setdefault(line.config.group, []).append(line)
    return {number: HuntGroup(lines) for number, lines in members.items()}
