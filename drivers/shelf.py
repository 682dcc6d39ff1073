"""What all lines of one engine share: where they get things from and where they put what they say.

Named for the frame in an exchange that holds the line cards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from drivers.channel import LineChannel
from gateway.core.messages import Event
from gateway.core.number import NumberPlan
from gateway.core.room import Rooms
from gateway.core.sounds import Sounds
from gateway.core.timers import Due
from gateway.core.trace import Recorder
from hardware.analog.line import LineCommand

__all__ = ["AnalogShelf", "Shelf"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Shelf:
    """The surroundings of a line.

    Attributes:
        sounds: tones.
        recorder: takes all that a line does and is told.
        changed: told of each line that has come into another state, by its label.
        events: (channel, event) for the calls, in order; emptied by the engine.
        serial: numbers for channel names.
        due: when the first timer of a line is.
    """

    sounds: Sounds
    recorder: Recorder
    changed: Callable[[str], None]
    events: list[tuple[LineChannel, Event]] = field(default_factory=list)
    serial: Iterator[int] = field(default_factory=lambda: count(1))
    due: Due = field(default_factory=Due)

    def told(self) -> list[tuple[LineChannel, Event]]:
        """What happened on the legs, once, in order."""
        if not self.events:
            return []
        events = list(self.events)
        self.events.clear()
        return events


@dataclass(frozen=True, eq=False, kw_only=True)
class AnalogShelf(Shelf):
    """The surroundings of an analogue line.

    Attributes:
        plan: what telephones may dial.
        wall: the office's wall clock, for the date in caller ID.
        rooms: where conferences of three take place.
        reminded: whether dial tone is to remind the telephone of that number of something that it has switched on.
        commands: (port number, command) for the hardware, in order; emptied by the engine.
    """

    plan: NumberPlan
    wall: Callable[[], datetime]
    rooms: Rooms
    reminded: Callable[[str], bool]
    commands: list[tuple[int, LineCommand]] = field(default_factory=list)
