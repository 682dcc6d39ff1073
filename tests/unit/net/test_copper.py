"""Real lines on real rows: telephones and a central office behind the emulated card, the plane stepped by hand.

Only the call itself is a stand-in: the test joins two legs as a call would.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache

import pytest

from drivers.channel import AnalogChannel
from drivers.fxo.config import FxoConfig
from drivers.fxs.config import FxsConfig
from drivers.lines import AnalogLines
from gateway.core.audio import Sound
from gateway.core.engine import ManualClock
from gateway.core.messages import Alert, Alerting, Answer, Answered, Dial, Event, Offered, Progress, Released
from gateway.core.number import Party
from gateway.core.trace import Recorder
from gateway.media.tone import zone as zone_of
from gateway.net.audio import AudioDesk
from gateway.net.device import DeviceShell
from gateway.plane.plane import Plane, PlaneConfig, PlaneUsage
from hardware.analog.dahdi import AnalogPort
from hardware.analog.emulated import EmulatedCard
from hardware.analog.line import PortKind
from hardware.world.world import World
from tests.unit.drivers.recording import ListedNumbers, NamedTones


class Tones(NamedTones):
    """The tones that there really are."""

    @cache  # noqa: B019 - as long as the test
    def tone(self, name: str, zone: str | None = None) -> Sound:
        return zone_of(zone or "us").tone(name)


class Copper:
    """Two telephones and one exchange line, alive in frames of 20 ms."""

    def __init__(self) -> None:
        self.clock = ManualClock(1.0)
        card = EmulatedCard(ports=[PortKind.FXS, PortKind.FXS, PortKind.FXO])
        self.world = World(card, numbers={3: "2565551100"})
        self.plane = Plane(PlaneConfig(rows=8, arena=120.0))
        self.lines = AnalogLines(
            fxs=[FxsConfig(1, "101", "Front desk"), FxsConfig(2, "102")],
            fxo=[FxoConfig(3, "copper1", did="2565551100")],
            plan=ListedNumbers("102", "95550100", ignored="9"),
            sounds=Tones(),
            recorder=Recorder(),
            wall=lambda: datetime(2026, 1, 2, 15, 30),
        )
        self.shell = DeviceShell(
            lines=self.lines,
            open_port=lambda number, zone: AnalogPort(card, number, zone=zone),
            audio=AudioDesk(plane=self.plane),
            clock=self.clock,
        )
        self.heard: list[tuple[AnalogChannel, Event]] = []
        self.shell.start()
        assert self.shell.missing == {}
        self.run(0.2)
        self.first, self.second = self.world.telephones[1], self.world.telephones[2]

    def run(self, seconds: float) -> None:
        """Let everybody live for a while."""
        for _ in range(round(seconds * 50)):
            now = self.clock.advance(0.02)
            self.world.step(now)
            self.plane.step(now)
            self.plane.pump(now)
            self.shell.poll()
            self.lines.expire(now)
            self.settle()

    def settle(self) -> None:
        """Carry out what the lines want."""
        self.shell.send(self.lines.outgoing())
        self.heard += self.lines.events()

    def events(self) -> list[tuple[AnalogChannel, Event]]:
        """What the legs said since the last time."""
        told, self.heard = self.heard, []
        return told

    def call(self, technology: str, address: str, caller: Party) -> AnalogChannel:
        leg = self.lines.technologies[technology].channel(address, self.clock())
        leg.command(Dial(address, caller), self.clock())
        self.settle()
        return leg

    def close(self) -> None:
        self.plane.close()
        assert self.plane.usage() == PlaneUsage()
        self.shell.close()


@pytest.fixture
def copper() -> Iterator[Copper]:
    made = Copper()
    yield made
    made.close()


def test_one_telephone_calls_the_other(copper: Copper) -> None:
    first, second = copper.first, copper.second
    first.lift()
    copper.run(1.0)
    assert first.hears == "dial"
    first.dial("102", on=0.08, off=0.08)
    copper.run(1.0)
    assert first.hears is None
    [(caller, offered)] = copper.events()
    assert isinstance(offered, Offered) and offered.called == "102"
    called = copper.call("FXS", "102", offered.caller)
    caller.command(Alert(), copper.clock())
    copper.run(5.0)
    assert first.hears == "ring" and second.rings
    shown = second.caller_id
    assert shown is not None and (shown.number, shown.name) == ("101", "Front desk")
    second.lift()
    copper.run(0.1)
    assert [event for _, event in copper.events()] == [Alerting(), Answered("off-hook")]
    caller.command(Answer(), copper.clock())
    assert caller.audio is not None and called.audio is not None
    caller.audio.join(called.audio)
    second.dial("5")
    copper.run(0.5)
    assert first.digits == "5"
    second.hang_up()
    copper.run(2.0)
    assert isinstance(copper.events()[-1][1], Released)
    first.hang_up()
    copper.run(2.0)
    first.lift()
    copper.run(1.0)
    assert first.hears == "dial"


def test_a_number_is_pulsed(copper: Copper) -> None:
    copper.first.lift()
    copper.run(1.0)
    copper.first.pulse("102")
    copper.run(6.0)
    [(_, offered)] = copper.events()
    assert isinstance(offered, Offered) and offered.called == "102"


def test_a_call_goes_out_by_the_exchange_and_hears_its_answer(copper: Copper) -> None:
    leg = copper.call("FXO", "g1/5550100", Party("101"))
    copper.run(6.0)
    assert [event for _, event in copper.events()] == [
        Progress(),
        Answered("dialled; this line gives no answer signal"),
    ]
    assert copper.world.office.lines[3].dialled == "5550100"
    copper.run(20.0)
    assert leg.audio is not None and leg.audio.stats().received > 0 and copper.events() == []


def test_the_exchange_calls_in_and_shows_who(copper: Copper) -> None:
    copper.world.office.call(3, "2565557777", "ANN")
    copper.run(5.5)
    [(leg, offered)] = copper.events()
    assert offered == Offered("2565551100", Party("2565557777", "ANN"), "default")
    leg.command(Answer(), copper.clock())
    copper.run(2.0)
    copper.world.office.lines[3].hang_up()
    copper.run(2.0)
    [(_, released)] = copper.events()
    assert isinstance(released, Released) and released.ending.by == "the exchange on line copper1"
    copper.run(3.0)
    assert copper.lines.usage() == 0
