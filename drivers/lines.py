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

from drivers.channel import AnalogChannel
from drivers.fxo import states as fxo_states
from drivers.fxo.config import FxoConfig
from drivers.fxo.line import FxoLine
from drivers.fxs import states as fxs_states
from drivers.fxs.config import FxsConfig
from drivers.fxs.line import FxsLine
from drivers.hunt import HuntGroup
from drivers.registry import TECHNOLOGIES, Address
from drivers.shelf import Shelf
from drivers.status import LineStatus
from gateway.core.audio import Audio
from gateway.core.cause import Cause
from gateway.core.engine import earliest
from gateway.core.errors import LocalError, RemoteError
from gateway.core.messages import Event
from gateway.core.number import NumberPlan
from gateway.core.room import Rooms
from gateway.core.switch import DeviceState, Sounds
from gateway.core.trace import Recorder
from hardware.analog.line import LineCommand, LineEvent, PortKind

__all__ = ["AnalogLines", "AnalogTechnology"]

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
        self._shelf: Final = Shelf(
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
        self.technologies: Final[Mapping[str, AnalogTechnology]] = {
            word: AnalogTechnology(
                word,
                [line for line in self._in_order() if line.technology in kinds],
                groups if PortKind.FXO.value in kinds else {},
            )
            for word, kinds in TECHNOLOGIES.items()
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

    def events(self) -> list[tuple[AnalogChannel, Event]]:
        """What happened on the legs, once, in order."""
        if not self._shelf.events:
            return []
        events = list(self._shelf.events)
        self._shelf.events.clear()
        return events

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


class AnalogTechnology:
    """A `gateway.core.channel.Technology` on analogue lines.

    Args:
        word: the dialplan's word for it.
        lines: the lines that it may take, in the order of the ports.
        groups: the hunt groups by their numbers.
    """

    def __init__(self, word: str, lines: Iterable[AnyLine], groups: Mapping[int, HuntGroup]) -> None:
        self._word = word
        self._lines = list(lines)
        self._groups = groups

    def channel(self, address: str, now: float) -> AnalogChannel:
        """Reserve a leg to `address`, written as drivers/registry.py says.

        The number to dial is the one in the address; that of `Dial` is for technologies whose legs have none.

        Raises:
            RemoteError: no such line, no idle one, out of service, or a number that cannot be dialled.
        """
        wanted = Address.parse(address)
        if wanted.group is not None:
            return self._from_group(wanted, address, now)
        line = self._named(wanted.line)
        if line is not None:
            return _reserve(line, wanted, now)
        known = ", ".join(line.name for line in self._lines) or "none"
        raise RemoteError(
            f"there is no line {self._word}/{wanted.line}; those that there are: {known}", Cause.UNALLOCATED_NUMBER
        )

    def device(self, address: str) -> str:
        """The line, as its legs are named: `FXS/101`, also for `DAHDI/1`; a group as written."""
        line = self._named(address)
        return f"{self._word}/{address}" if line is None else line.label

    def state(self, address: str) -> DeviceState:
        """Whether the line can be called; of a group, whether one of its lines can."""
        line = self._named(address)
        if line is not None:
            return _device_state(line)
        try:
            hunt = self._groups.get(Address.parse(address).group or 0)
        except RemoteError:
            hunt = None
        if hunt is None:
            return DeviceState.INVALID
        states = {_device_state(line) for line in hunt.lines}
        return next((state for state in _BEST_FIRST if state in states), DeviceState.INVALID)

    def _named(self, address: str) -> AnyLine | None:
        """The line of an address that names one."""
        wanted = address.partition("/")[0]
        for line in self._lines:
            if line.name == wanted or (self._word == "DAHDI" and str(line.port) == wanted):
                return line
        return None

    def _from_group(self, wanted: Address, address: str, now: float) -> AnalogChannel:
        hunt = self._groups.get(wanted.group) if wanted.group is not None else None
        if hunt is None:
            raise RemoteError(f"no line is in group {wanted.group}", Cause.NO_ROUTE_TO_DESTINATION)
        line = hunt.take(wanted.hunting, now)
        if line is None:
            states = ", ".join(f"{line.name} {line.state.value}" for line in hunt.lines)
            raise RemoteError(
                f"no line of group {wanted.group} is free ({states})",
                Cause.NO_CIRCUIT_AVAILABLE,
                advice="Call again later, or give the group more lines.",
            )
        return line.reserve(wanted.number, now, wanted.then, again=address)


_IDLE: Final = (fxs_states.State.IDLE, fxo_states.State.IDLE, fxo_states.State.GUARD)
_BEST_FIRST: Final = (DeviceState.NOT_INUSE, DeviceState.INUSE, DeviceState.UNAVAILABLE)
"""The state of a group is the first of these that one of its lines has."""


def _device_state(line: AnyLine) -> DeviceState:
    if not line.in_service:
        return DeviceState.UNAVAILABLE
    return DeviceState.NOT_INUSE if line.state in _IDLE else DeviceState.INUSE


def _groups(lines: Iterable[FxoLine]) -> dict[int, HuntGroup]:
    members: dict[int, list[FxoLine]] = {}
    for line in lines:
        members.setdefault(line.config.group, []).append(line)
    return {number: HuntGroup(lines) for number, lines in members.items()}


def _reserve(line: AnyLine, wanted: Address, now: float) -> AnalogChannel:
    if isinstance(line, FxoLine):
        return line.reserve(wanted.number, now, wanted.then)
    return line.reserve(now, wanted.ring)
