"""What analogue lines of both kinds have in common beside what every line has: a port and its echo.

Line events go in, line commands come out by the shelf. An event of the port that the table does not list is noted
and ignored.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, Generic, TypeVar

from drivers.echo import EchoConfig, EchoControl
from drivers.line import Cue, Dialect, Line
from drivers.shelf import AnalogShelf
from drivers.wording import command_words, event_words
from gateway.core.ending import Ending
from gateway.core.messages import PULSE, CarrySpeech, Command, Digit
from gateway.core.trace import Kind
from hardware.analog.line import EchoCancel, LineCommand, LineEvent, LineEventKind

__all__ = ["AnalogDialect", "AnalogLine"]

_ALARM: Final = {
    "FXO": "red alarm: no battery; is the line plugged in, and does the exchange feed it?",
    "FXS": "alarm: the port does not feed its telephone; look at the card's power connector",
}
"""What is wrong with a line whose port is in alarm."""

_REMOVED: Final = "the card has been removed"

State = TypeVar("State", bound=Enum)
Input = TypeVar("Input", bound=Enum)


@dataclass(frozen=True, kw_only=True)
class AnalogDialect(Dialect[State, Input]):
    """A kind of analogue line as data.

    Attributes:
        line_events: the inputs that line events are.
    """

    line_events: Mapping[LineEventKind, Input]


class AnalogLine(Line[State, Input], ABC, Generic[State, Input]):
    """One analogue line.

    Args:
        dialect: its kind.
        port: the number of its port (DAHDI channel number).
        name: as operators know it: "101", "copper1".
        peer: the same in a sentence: "telephone 101".
        number: its own number; may be empty.
        shelf: its surroundings.
        echo: what is done about its echo.
    """

    _dialect: AnalogDialect[State, Input]
    _shelf: AnalogShelf

    def __init__(
        self,
        dialect: AnalogDialect[State, Input],
        *,
        port: int,
        name: str,
        peer: str,
        number: str,
        shelf: AnalogShelf,
        echo: EchoConfig,
    ) -> None:
        super().__init__(
            dialect, device=f"port {port}", name=name, peer=peer, number=number, shelf=shelf, port=port
        )
        self._echo: Final = EchoControl(
            echo, order=self._order, note=lambda now, text: self.note(now, text, kind=Kind.MEDIA)
        )

    def receive(self, event: LineEvent, now: float) -> None:
        """Take in a line event; never raises for what a line does."""
        if event.kind is LineEventKind.VOLTAGE:
            self._measured(event.volts, now)
            return
        evidence = event_words(event, self.port)
        self.note(now, evidence)
        if event.kind is LineEventKind.REMOVED:
            self.detach(evidence, now)
            self.trouble = _REMOVED
        if self._row is None:
            return  # told late: its port has gone
        if event.kind is LineEventKind.FAILED and isinstance(event.command, EchoCancel):
            self._echo.refused(now)
        elif event.kind is LineEventKind.FAILED:
            self._command_failed(event, Cue(now, evidence))
        elif event.kind is LineEventKind.PULSE_DIGIT:
            self._digit(Digit(event.digit, 0.0, PULSE), now)
        elif event.kind in self._dialect.line_events:
            if event.kind in (LineEventKind.ALARM, LineEventKind.NOALARM):
                self.trouble = _ALARM[self.technology] if event.kind is LineEventKind.ALARM else ""
            self._hear(self._dialect.line_events[event.kind], Cue(now, evidence))

    def _carry(self, command: Command, now: float) -> None:
        if isinstance(command, CarrySpeech):
            self._echo.take_up(now)
        else:
            self._echo.leave(now)
        super()._carry(command, now)

    # For the kinds.

    @abstractmethod
    def _command_failed(self, event: LineEvent, cue: Cue) -> None:
        """A line command failed."""

    def _measured(self, volts: float, now: float) -> None:
        """So many volts are on the line."""

    def _converse(self, now: float) -> None:
        """Both sides hear each other from now on: digits are looked for, echo is cancelled."""
        self._detect(True)
        self._cancel_echo(now)

    def _cancel_echo(self, now: float) -> None:
        if self._row is not None:
            self._echo.begin(self._row, now)

    def _order(self, command: LineCommand, now: float) -> None:
        self.note(now, f"port {self.port} is told to {command_words(command)}")
        self._shelf.commands.append((self.port, command))

    def _close_channel(self, now: float, ending: Ending | None) -> None:
        self._echo.end(now)
        super()._close_channel(now, ending)
