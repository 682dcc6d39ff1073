"""What the engines of all kinds of line have in common: lines by their devices, with one clock and one voice.

Named for the channel bank, in which the lines of one kind stand together. What a device says and what it is told is
for each kind to carry (`receive`, `outgoing`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from typing import Final, Generic, Protocol, TypeVar

from drivers.channel import LineChannel
from drivers.dialled import HuntedLine
from drivers.hunt import HuntGroup
from drivers.shelf import Shelf
from drivers.status import LineStatus
from gateway.core.engine import earliest
from gateway.core.messages import Event

__all__ = ["LineBank", "hunt_groups"]


class Grouped(Protocol):
    """What is said of a line that is hunted for."""

    @property
    def group(self) -> int:
        """Its group."""
        ...


class GroupedLine(HuntedLine, Protocol):
    """A line that is in a hunt group."""

    @property
    def config(self) -> Grouped:
        """What is said of it."""
        ...


class Member(Protocol):
    """A line, or a span of many, that tells the shelf's `due` of every timer that it sets."""

    def detach(self, reason: str, now: float) -> None: ...

    def deadline(self) -> float | None: ...

    def expire(self, now: float) -> None: ...

    def status(self) -> LineStatus: ...

    def usage(self) -> int: ...


Device = TypeVar("Device", int, str)
Each = TypeVar("Each", bound=Member)


class LineBank(Generic[Device, Each]):
    """Lines of one kind.

    Args:
        shelf: where they put what they say.
        lines: by their devices, in the order in which they are shown.
    """

    def __init__(self, shelf: Shelf, lines: Mapping[Device, Each]) -> None:
        self._shelf: Shelf = shelf
        self._lines: Final[Mapping[Device, Each]] = lines

    def __getitem__(self, device: Device) -> Each:
        """The line on that device."""
        return self._lines[device]

    def detach(self, device: Device, reason: str, now: float) -> None:
        """The device has gone or would not open: its line is out of service, a call on it ends."""
        self._lines[device].detach(reason, now)

    def events(self) -> list[tuple[LineChannel, Event]]:
        """What happened on the legs, once, in order."""
        return self._shelf.told()

    def deadline(self) -> float | None:
        """When the next timer of any line is due, or earlier: no line is asked."""
        due = self._shelf.due.at
        return due if due < inf else None

    def expire(self, now: float) -> None:
        """Act on every timer that is due."""
        for line in self._lines.values():
            line.expire(now)
        exact = earliest(*[line.deadline() for line in self._lines.values()])
        self._shelf.due.at = inf if exact is None else exact

    def status(self) -> list[LineStatus]:
        """Every line, as it is shown."""
        return [line.status() for line in self._lines.values()]

    def usage(self) -> int:
        """How many legs, timers and captures the lines hold: 0 when all are idle."""
        return sum(line.usage() for line in self._lines.values())


def hunt_groups(lines: Iterable[GroupedLine]) -> dict[int, HuntGroup]:
    """The groups that lines are in, each hunted in the order in which they come here."""
    members: dict[int, list[GroupedLine]] = {}
    for line in lines:
        members.setdefault(line.config.group, []).append(line)
    return {number: HuntGroup(group) for number, group in members.items()}
