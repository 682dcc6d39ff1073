"""What all lines of one `AnalogLines` share: where they get things from and where they put what they say.

Named for the frame in an exchange that holds the line cards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from drivers.channel import AnalogChannel
from gateway.core.messages import Event
from gateway.core.number import NumberPlan
from gateway.core.room import Rooms
from gateway.core.switch import Sounds
from gateway.core.trace import Recorder
from hardware.analog.line import LineCommand

__all__ = ["Shelf"]


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """The surroundings of a line.

    Attributes:
        plan: what telephones may dial.
        sounds: tones.
        recorder: takes every line event and command.
        wall: the office's wall clock, for the date in caller ID.
        rooms: where conferences of three take place.
        changed: told of each line that has come into another state, by its label.
        reminded: whether dial tone is to remind the telephone of that number of something that it has switched on.
        commands: (port number, command) for the hardware, in order; emptied by the engine.
        events: (channel, event) for the calls, in order; emptied by the engine.
        serial: numbers for channel names.
    """

    plan: NumberPlan
    sounds: Sounds
    recorder: Recorder
    wall: Callable[[], datetime]
    rooms: Rooms
    changed: Callable[[str], None]
    reminded: Callable[[str], bool]
    commands: list[tuple[int, LineCommand]] = field(default_factory=list)
    events: list[tuple[AnalogChannel, Event]] = field(default_factory=list)
    serial: Iterator[int] = field(default_factory=lambda: count(1))
