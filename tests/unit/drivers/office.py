"""An office of analogue lines on a hand-moved clock: what a test says to it reads as what people do."""

from __future__ import annotations

from datetime import datetime

from drivers.channel import LineChannel
from drivers.fxo.config import FxoConfig
from drivers.fxs.config import FxsConfig
from drivers.lines import AnalogLines
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.engine import ManualClock
from gateway.core.messages import Command, Event, Hangup
from gateway.core.trace import Recorder
from hardware.analog.line import LineCommand, LineEvent, LineEventKind
from tests.unit.drivers.recording import ListedNumbers, NamedTones, NoRooms, RecordedRow

PHONE, SECOND_PHONE, COPPER1, COPPER2 = 1, 2, 3, 4
WHEN = datetime(2026, 1, 2, 15, 30)
NUMBERS = ListedNumbers("101", "102", "6001", "600", "9", "95550100", "95550101", ignored="9")


class Office:
    """Two telephones and two lines, in service unless told otherwise."""

    def __init__(
        self,
        *,
        phones: tuple[FxsConfig, ...] = (FxsConfig(1, "101", "Front desk", "office"), FxsConfig(2, "102")),
        trunks: tuple[FxoConfig, ...] = (
            FxoConfig(3, "copper1", did="2565551100", context="from-pstn"),
            FxoConfig(4, "copper2", context="from-pstn"),
        ),
        plan: ListedNumbers = NUMBERS,
        in_service: bool = True,
    ) -> None:
        self.clock = ManualClock(100.0)
        self.recorder = Recorder()
        self.changed: list[str] = []
        self.lines = AnalogLines(
            fxs=phones,
            fxo=trunks,
            plan=plan,
            sounds=NamedTones(),
            recorder=self.recorder,
            wall=lambda: WHEN,
            rooms=NoRooms(),
            changed=lambda label: self.changed.append(label),
        )
        self.rows: dict[int, RecordedRow] = {}
        if in_service:
            for port in self.lines.ports:
                self.plug_in(port)

    def plug_in(self, port: int) -> None:
        """The port's device is there."""
        self.rows[port] = RecordedRow()
        self.lines.attach(port, self.rows[port], self.clock())

    def line(self, kind: LineEventKind, port: int, digit: str = "") -> None:
        """The line of `port` does something."""
        self.lines.receive(LineEvent(kind, digit), port, self.clock())

    def fail(self, command: LineCommand, errno: int, port: int) -> None:
        """The port refuses a command."""
        self.lines.receive(LineEvent(LineEventKind.FAILED, errno=errno, command=command), port, self.clock())

    def lift(self, port: int = PHONE) -> None:
        """The receiver is lifted."""
        self.line(LineEventKind.RINGOFFHOOK, port)

    def put_down(self, port: int = PHONE) -> None:
        """The receiver is put down."""
        self.line(LineEventKind.ONHOOK, port)

    def key(self, digits: str, port: int = PHONE, each: float = 0.2) -> None:
        """Keys are pressed, one after the other."""
        for digit in digits:
            self.wait(each)
            self.rows[port].hear(digit, self.clock())

    def wait(self, seconds: float) -> None:
        """Time goes by, with every timer at its time."""
        end = self.clock() + seconds
        while (due := self.lines.deadline()) is not None and due <= end:
            self.clock.advance(max(0.0, due - self.clock()))
            self.lines.expire(self.clock())
        self.clock.advance(end - self.clock())

    def events(self) -> list[Event]:
        """What the legs have said since the last time."""
        return [event for _, event in self.lines.events()]

    def leg_and_event(self) -> tuple[LineChannel, Event]:
        """The one thing that a leg has said."""
        [(leg, event)] = self.lines.events()
        return leg, event

    def commands(self, port: int) -> list[LineCommand]:
        """What the port was told since the last time, by whomever; other ports were told nothing."""
        told = self.lines.outgoing()
        assert all(number == port for number, _ in told), told
        return [command for _, command in told]

    def command(self, leg: LineChannel, command: Command) -> None:
        """The call tells the leg something."""
        leg.command(command, self.clock())

    def hang_up(self, leg: LineChannel, cause: Cause = Cause.NORMAL_CLEARING) -> None:
        """The call ends the leg."""
        self.command(leg, Hangup(Ending(cause, "account 6001", Act.HUNG_UP, "BYE")))

    def call(self, target: str) -> LineChannel:
        """An outgoing leg to `target`, not dialled yet."""
        word, _, address = target.partition("/")
        return self.lines.technologies[word].channel(address, self.clock())

    def state(self, port: int) -> str:
        """What `copperline lines` shows for the port."""
        [state] = [status.state for status in self.lines.status() if status.port == port]
        return state
