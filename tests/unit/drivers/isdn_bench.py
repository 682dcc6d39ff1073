"""ISDN adapters on a hand-moved clock, each joined to an emulated adapter and its access, or to a script."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from drivers.channel import LineChannel
from drivers.isdn.config import IsdnConfig
from drivers.isdn.lines import IsdnLines
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.messages import Command, Dial, Event, Hangup
from gateway.core.number import Party
from gateway.core.trace import Recorder
from gateway.media.tone import zone
from hardware.agenda import Agenda
from hardware.isdn.emulation.terminal import TerminalAdapter
from hardware.world.access import IsdnAccess
from tests.unit.drivers.recording import NamedTones, RecordedRow

__all__ = ["CALLER", "IsdnBench", "Script"]

FRAME = 0.02
CALLER = Party("101", "Front desk")
DONE = Ending(Cause.NORMAL_CLEARING, "the test", Act.HUNG_UP, "its end")


class RowEnd:
    """The other end of a row: what the row was told, and what it says."""

    def __init__(self) -> None:
        self.told: list[bytes] = []
        self.says: deque[bytes] = deque()

    def say(self, frame: bytes) -> None:
        self.told.append(frame)

    def hear(self) -> bytes | None:
        return self.says.popleft() if self.says else None


class Script:
    """An adapter of the test's own: answers by what its command begins with, and says nothing to the rest."""

    def __init__(self, answers: dict[bytes, bytes] | None = None) -> None:
        self.answers = {b"AT": b"\r\nOK\r\n"} if answers is None else answers
        self.written = b""
        self.commands: list[str] = []
        self._line = b""

    def receive(self, data: bytes) -> bytes:
        self.written += data
        *lines, self._line = (self._line + data).split(b"\r")
        said = b""
        for line in lines:
            _, begun, text = bytes(octet for octet in line if 0x20 <= octet < 0x7F).rpartition(b"AT")
            if not begun:
                continue
            command = begun + text
            self.commands.append(command.decode())
            fitting = [start for start in self.answers if command.startswith(start)]
            said += self.answers[max(fitting, key=len)] if fitting else b""
        return said


class IsdnBench:
    """See above.

    Args:
        scripts: adapters that are scripts, by their names; all others are emulated.
    """

    def __init__(self, *configs: IsdnConfig, scripts: dict[str, Script] | None = None) -> None:
        self.now = 100.0
        self.recorder = Recorder()
        self.changed: list[str] = []
        self.lines = IsdnLines(configs, sounds=NamedTones(), recorder=self.recorder, changed=self.changed.append)
        self.agenda = Agenda()
        self.scripts = scripts or {}
        self.accesses = {
            config.name: IsdnAccess(
                number=config.numbers[0] if config.numbers else "", agenda=self.agenda, zone=zone("us")
            )
            for config in configs
            if config.name not in self.scripts
        }
        self.adapters = {
            config.name: TerminalAdapter(self.accesses[config.name], self.agenda, config.profile)
            for config in configs
            if config.name in self.accesses
        }
        self.rows = {config.name: RecordedRow() for config in configs}
        self.ends = {config.name: RowEnd() for config in configs}
        self.heard: list[tuple[LineChannel, Event]] = []
        self.dtr: list[tuple[str, bool]] = []
        for config in configs:
            self.plug(config.name)

    def plug(self, name: str) -> None:
        self.lines.attach(name, self.rows[name], self.ends[name], self.now)
        self.drain()

    def says(self, name: str, data: bytes) -> None:
        """A script says something by itself."""
        self.lines.receive(data, name, self.now)
        self.drain()

    def drain(self) -> None:
        while orders := self.lines.outgoing():
            for name, order in orders:
                if isinstance(order, bool):
                    self.dtr.append((name, order))
                elif name in self.scripts:
                    self.lines.receive(self.scripts[name].receive(order), name, self.now)
                else:
                    self.adapters[name].receive(order)
        self.heard += self.lines.events()

    def run(self, seconds: float, each: Callable[[], object] = lambda: None) -> None:
        for _ in range(round(seconds / FRAME)):
            self.now += FRAME
            each()
            self.agenda.run_until(self.agenda.now + 20)
            for name, adapter in self.adapters.items():
                adapter.frame()
                self.lines.receive(adapter.outgoing(), name, self.now)
            deadline = self.lines.deadline()
            if deadline is not None and deadline <= self.now:
                self.lines.expire(self.now)
            self.drain()

    def until(self, done: Callable[[], object], within: float = 10.0) -> None:
        end = self.now + within
        while not done():
            assert self.now < end, self.story()
            self.run(FRAME)

    # Calls.

    def dial(self, target: str = "adapter1/5550106", caller: Party = CALLER) -> LineChannel:
        leg = self.lines.technologies["ISDN"].channel(target, self.now)
        self.command(leg, Dial("", caller))
        return leg

    def command(self, leg: LineChannel, command: Command) -> None:
        leg.command(command, self.now)
        self.drain()

    def hang_up(self, leg: LineChannel) -> None:
        self.command(leg, Hangup(DONE))

    def told(self, kind: type[Event]) -> list[Event]:
        return [event for _, event in self.heard if isinstance(event, kind)]

    def await_event(self, kind: type[Event], within: float = 10.0) -> Event:
        self.until(lambda: self.told(kind), within)
        return self.told(kind)[-1]

    def state(self, name: str = "adapter1") -> str:
        return next(status.state for status in self.lines.status() if status.name == name)

    def trouble(self, name: str = "adapter1") -> str:
        return next(status.trouble for status in self.lines.status() if status.name == name)

    def story(self) -> str:
        notes = [note for name in [*self.recorder.stories(), *map("ISDN/{}".format, self.rows)]
                 for note in self.recorder.story(name)]  # fmt: skip
        return "\n".join(f"{note.at:9.2f} {note.leg} {note.text}" for note in sorted(notes, key=lambda n: n.at))
