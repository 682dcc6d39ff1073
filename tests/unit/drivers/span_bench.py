"""Spans on a hand-moved clock, each joined by its D channel to the other side of Q.931, which the test plays."""

from __future__ import annotations

from typing import TypeVar

from drivers.channel import LineChannel
from drivers.span.config import SpanConfig
from drivers.span.spans import Spans
from gateway.core.audio import Audio
from gateway.core.cause import Cause
from gateway.core.ending import Act, Ending
from gateway.core.errors import OpenFailed
from gateway.core.messages import Command, Dial, Event, Hangup
from gateway.core.number import Party
from gateway.core.trace import Recorder
from gateway.q931 import primitive
from gateway.q931.config import Hunt, InterfaceConfig, Side
from gateway.q931.interface import Interface
from hardware.span.dahdi import Frame, Notice, NoticeKind
from tests.unit.drivers.recording import ListedNumbers, NamedTones, RecordedRow

__all__ = ["CALLER", "DONE", "E1", "SpanBench"]

FRAME = 0.02
CALLER = Party("101", "Front desk")
DONE = Ending(Cause.NORMAL_CLEARING, "the test", Act.HUNG_UP, "its end")
E1 = SpanConfig(
    "e1", InterfaceConfig(Side.USER, channels=(1, 2, 3)), context="from-pstn", number="2565551100", did="2565551100"
)
PLAN = ListedNumbers("2565551100", "2565551101", "25655511012")

E = TypeVar("E")


class Rows:
    """Gives rows on B channels (`drivers.span.span.Bearers`)."""

    def __init__(self) -> None:
        self.open_rows: dict[tuple[str, int], RecordedRow] = {}
        self.fault = ""
        self.has_cancellers = False
        self.taps: list[int] = []

    def open(self, span: str, slot: int) -> Audio:
        if self.fault:
            raise OpenFailed(self.fault)
        row = self.open_rows[span, slot] = RecordedRow()
        return row

    def cancel_echo(self, span: str, slot: int, taps: int) -> bool:
        self.taps.append(taps)
        return self.has_cancellers


class SpanBench:
    """See above.

    Args:
        configs: the spans; E1 alone where there are none.
        started: their D channels are open, and the far ends there.
        recorder: where stories are kept.
    """

    def __init__(
        self,
        *configs: SpanConfig,
        plan: ListedNumbers = PLAN,
        started: bool = True,
        recorder: Recorder | None = None,
    ) -> None:
        self.now = 100.0
        self.recorder = recorder or Recorder()
        self.changed: list[str] = []
        self.bearers = Rows()
        self.spans = Spans(
            configs or (E1,),
            plan=plan,
            bearers=self.bearers,
            sounds=NamedTones(),
            recorder=self.recorder,
            changed=self.changed.append,
        )
        self.far: dict[str, Interface] = {}
        self.said: list[primitive.Event] = []
        self.heard: list[tuple[LineChannel, Event]] = []
        self.cut = False
        for config in configs or (E1,):
            side = Side.NETWORK if config.interface.side is Side.USER else Side.USER
            far = InterfaceConfig(
                side,
                channels=config.interface.channels,
                dialect=config.interface.dialect,
                hunt=Hunt.DESCENDING,
                restart=False,
            )
            self.far[config.name] = Interface(far)
            if started:
                self.plug(config.name)
        if started:
            self.run(1)
            self.said.clear()

    def plug(self, name: str = "e1") -> None:
        self.spans.attach(name, self.now)
        self.far[name].start(self.now)

    def notice(self, kind: NoticeKind, text: str = "", name: str = "e1") -> None:
        self.spans.receive(Notice(kind, text), name, self.now)
        self.heard += self.spans.events()

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / FRAME)):
            self.now += FRAME
            self.step()

    def step(self) -> None:
        deadline = self.spans.deadline()
        if deadline is not None and deadline <= self.now:
            self.spans.expire(self.now)
        for name, frame in self.spans.outgoing():
            if not self.cut:
                self.far[name].receive(frame, None, self.now)
        for name, far in self.far.items():
            far.expire(self.now)
            for frame in far.outgoing():
                if not self.cut:
                    self.spans.receive(Frame(frame), name, self.now)
            self.said += far.events()
        self.heard += self.spans.events()

    # Calls.

    def dial(self, address: str = "e1/5550106", caller: Party = CALLER, **variables: str) -> LineChannel:
        leg = self.spans.technologies["SPAN"].channel(address, self.now)
        self.command(leg, Dial("", caller, variables))
        return leg

    def command(self, leg: LineChannel, command: Command) -> None:
        leg.command(command, self.now)
        self.run(0.1)

    def hang_up(self, leg: LineChannel) -> None:
        self.command(leg, Hangup(DONE))

    def told(self, leg: LineChannel) -> list[Event]:
        """What was told of a leg since last asked."""
        found = [event for channel, event in self.heard if channel is leg]
        self.heard = [(channel, event) for channel, event in self.heard if channel is not leg]
        return found

    def the_leg(self) -> LineChannel:
        """The leg of which something was told last."""
        return self.heard[-1][0]

    # The far end.

    def says(self, call: int, *commands: primitive.Command, name: str = "e1") -> None:
        for command in commands:
            self.far[name].command(call, command, self.now)
            self.run(0.06)

    def places(self, order: primitive.Order, name: str = "e1") -> int:
        call = self.far[name].place(order, self.now)
        self.run(0.1)
        return call

    def setup(self) -> primitive.Setup:
        """The SETUP that the far end got."""
        return self.seen(primitive.Setup)

    def seen(self, kind: type[E]) -> E:
        """What the far end was told last of that kind."""
        found = [event for event in self.said if isinstance(event, kind)]
        assert found, f"the far end has seen {self.said}"
        return found[-1]

    # What is shown.

    def story(self, name: str = "SPAN/e1") -> str:
        return "\n".join(note.text for note in self.recorder.story(name))

    def row(self, slot: int, name: str = "e1") -> RecordedRow:
        return self.bearers.open_rows[name, slot]
