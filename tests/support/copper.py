"""Real lines on real rows: telephones and a central office behind the emulated card, the plane stepped by hand.

copper = Copper(line=FxoConfig(3, "copper1", …), exchange=OfficeConfig(…))
copper.call("FXO", "g1/5550100", Party("101")); copper.run(6); copper.events()
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache

from drivers.channel import LineChannel
from drivers.fxo.config import FxoConfig
from drivers.fxs.config import FxsConfig
from drivers.lines import AnalogLines
from gateway.core.audio import Sound
from gateway.core.engine import ManualClock
from gateway.core.messages import Dial, Event
from gateway.core.number import Match, Party
from gateway.core.trace import Recorder
from gateway.media.tone import zone as zone_of
from gateway.net.audio import AudioDesk
from gateway.net.device import DeviceShell
from gateway.plane.plane import Plane, PlaneConfig, PlaneUsage
from hardware.analog.copper import SOUND, Fault
from hardware.analog.dahdi import AnalogPort
from hardware.analog.emulated import EmulatedCard
from hardware.analog.line import PortKind
from hardware.dahdi.abi import SigType
from hardware.world.office_config import OfficeConfig
from hardware.world.office_line import OfficeLine
from hardware.world.world import World
from tests.support.tones import NoPrompts

__all__ = ["Copper"]

TICK = 0.02

PHONE = FxsConfig(1, "101", "Front desk")
LINE = FxoConfig(3, "copper1", did="2565551100")
EXCHANGE = OfficeConfig()


class Tones(NoPrompts):
    """The tones that there really are."""

    @cache  # noqa: B019 - as long as the test
    def tone(self, name: str, zone: str | None = None) -> Sound:
        return zone_of(zone or "us").tone(name)


class Numbers:
    """What the telephones may dial: 102, and 9 with seven digits after it."""

    def match(self, context: str, digits: str, caller: str = "") -> Match:
        if digits == "102" or (digits.startswith("9") and len(digits) == 8):
            return Match.COMPLETE
        partial = "102".startswith(digits) or (digits.startswith("9") and len(digits) < 8)
        return Match.PARTIAL if partial else Match.IMPOSSIBLE

    def has_special(self, context: str, name: str, caller: str = "") -> bool:
        return False

    def keeps_dial_tone(self, context: str, digits: str) -> bool:
        return digits == "9"


class Copper:
    """Two telephones and one exchange line, alive in frames of 20 ms.

    Args:
        zone: the country.
        phone: how the first telephone is configured (its port and number are 1 and 101).
        line: how the exchange line is configured (its port is 3).
        exchange: how the central office treats its line.
        fault: what is wrong with every line.
        echo_cancellers: whether the card has some.
        signalling: start types that differ from kewl start, by port.
    """

    def __init__(
        self,
        *,
        zone: str = "us",
        phone: FxsConfig = PHONE,
        line: FxoConfig = LINE,
        exchange: OfficeConfig = EXCHANGE,
        fault: Fault = SOUND,
        echo_cancellers: bool = False,
        signalling: Mapping[int, SigType] | None = None,
    ) -> None:
        self.clock = ManualClock(1.0)
        self.card = EmulatedCard(
            ports=[PortKind.FXS, PortKind.FXS, PortKind.FXO],
            zone=zone,
            fault=fault,
            echo_cancellers=echo_cancellers,
            signalling=signalling,
        )
        self.world = World(self.card, numbers={3: "2565551100"}, office=exchange)
        self.plane = Plane(PlaneConfig(rows=8, arena=120.0))
        self.recorder = Recorder()
        self.lines = AnalogLines(
            fxs=[replace(phone, zone=zone), FxsConfig(2, "102", zone=zone)],
            fxo=[replace(line, zone=zone)],
            plan=Numbers(),
            sounds=Tones(),
            recorder=self.recorder,
            wall=lambda: datetime(2026, 1, 2, 15, 30),
            rooms=self.plane,
        )
        self.shell = DeviceShell(
            lines=self.lines,
            open_port=lambda number, zone: AnalogPort(self.card, number, zone=zone),
            audio=AudioDesk(plane=self.plane),
            clock=self.clock,
        )
        self.heard: list[tuple[LineChannel, Event]] = []
        self.shell.start()
        assert self.shell.missing == {}
        self.run(0.2)
        self.first, self.second = self.world.telephones[1], self.world.telephones[2]

    @property
    def exchange(self) -> OfficeLine:
        """The exchange's end of the line."""
        return self.world.office.lines[3]

    def run(self, seconds: float) -> None:
        """Let everybody live for a while."""
        for _ in range(round(seconds / TICK)):
            now = self.clock.advance(TICK)
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

    def events(self) -> list[tuple[LineChannel, Event]]:
        """What the legs said since the last time."""
        told, self.heard = self.heard, []
        return told

    def said(self) -> list[Event]:
        """The same without the legs."""
        return [event for _, event in self.events()]

    def call(self, technology: str, address: str, caller: Party) -> LineChannel:
        """Dial `address` as a call does."""
        leg = self.lines.technologies[technology].channel(address, self.clock())
        leg.command(Dial(address, caller), self.clock())
        self.settle()
        return leg

    def state(self, port: int) -> str:
        """What `copperline lines` shows for the port."""
        return next(status.state for status in self.lines.status() if status.port == port)

    def close(self) -> None:
        """Stop; nothing may be left."""
        self.plane.close()
        assert self.plane.usage() == PlaneUsage()
        self.shell.close()
