"""The shell between serial ports and adapters: octets pass, ports come and go, what waits is bounded."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest

from drivers.isdn.config import IsdnConfig
from drivers.isdn.lines import IsdnLines
from gateway.core.engine import ManualClock
from gateway.core.errors import HardwareError, Lost, Unavailable
from gateway.core.trace import Recorder
from gateway.media.tone import zone
from gateway.net.audio import AudioDesk
from gateway.net.serial import SerialShell
from gateway.plane.plane import Plane, PlaneConfig
from hardware.isdn.port import SerialPort
from hardware.world.isdn import IsdnWorld
from tests.unit.drivers.recording import NamedTones


class Bench:
    """Two emulated adapters, their shell, and a plane of a few rows."""

    def __init__(self, rows: int = 4) -> None:
        self.clock = ManualClock(10.0)
        self.world = IsdnWorld({"one": "1", "two": "2"}, zone("us"), settles=True)
        self.plane = Plane(PlaneConfig(rows=rows, arena=60), lambda call: call())
        configs = [
            IsdnConfig(name=name, device=name, numbers=(access.number,))
            for name, access in self.world.accesses.items()
        ]
        self.lines = IsdnLines(configs, sounds=NamedTones(), recorder=Recorder())
        self.broken: dict[str, HardwareError] = {}
        self.shell = SerialShell(
            lines=self.lines, open_port=self.open, audio=AudioDesk(plane=self.plane), clock=self.clock
        )

    def open(self, name: str) -> SerialPort:
        if name in self.broken:
            raise self.broken[name]
        return self.world.adapters[name].open()

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 50)):
            now = self.clock.advance(0.02)
            self.world.frame()
            self.shell.poll()
            self.plane.step(now)
            self.plane.pump(now)
            self.lines.expire(now)
            self.shell.send(self.lines.outgoing())

    def states(self) -> list[str]:
        return [status.state for status in self.lines.status()]


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.shell.close()
    bench.plane.close()
    bench.world.close()


def test_ports_are_opened_and_adapters_set_up(bench: Bench) -> None:
    bench.shell.start()
    bench.run(1.5)
    assert bench.states() == ["idle", "idle"] and not bench.shell.missing
    assert bench.plane.usage().rows == 2


def test_a_port_that_is_not_there_hurts_no_other_and_is_looked_for_again(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.broken["one"] = Unavailable("/dev/ttyI0: there is no such device")
    with caplog.at_level(logging.INFO):
        bench.shell.start()
        bench.run(1.5)
        for _ in range(3):
            bench.shell.retry()
        assert bench.states() == ["out of service", "idle"]
        assert bench.shell.missing == {"one": "/dev/ttyI0: there is no such device"}
        bench.broken.clear()
        bench.shell.retry()
        bench.run(1.5)
    assert bench.states() == ["idle", "idle"] and not bench.shell.missing
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        "ISDN adapter one is out of service: /dev/ttyI0: there is no such device",
        "the port of ISDN adapter one is there",
    ]


def test_an_adapter_that_goes_and_comes_back(bench: Bench) -> None:
    bench.shell.start()
    bench.run(1.5)
    bench.world.adapters["one"].remove()
    bench.run(0.1)
    assert bench.states() == ["out of service", "idle"] and "has gone" in bench.shell.missing["one"]
    bench.shell.retry()
    assert "pulled out" in bench.shell.missing["one"]
    bench.world.adapters["one"].insert()
    bench.shell.retry()
    bench.run(1.5)
    assert bench.states() == ["idle", "idle"]
    assert bench.plane.usage().rows == 2, "each port has one row, however often it was opened"


def test_without_a_row_an_adapter_is_out_of_service(bench: Bench) -> None:
    taken = [bench.shell._audio.pair() for _ in range(3)]
    bench.shell.start()
    assert (
        bench.states()[1] == "out of service" and "rows of the media plane are in use" in bench.shell.missing["two"]
    )
    for row, ours in taken:
        row.close()
        ours.close()
    bench.run(0.1)
    bench.shell.retry()
    bench.run(1.5)
    assert bench.states() == ["idle", "idle"]


class Stuck:
    """A port that takes nothing, and goes when it is told to."""

    def __init__(self) -> None:
        self.gone = self.closed = False
        self.dtr: list[bool] = []

    def fileno(self) -> int:
        return 0

    def read(self) -> bytes:
        if self.gone:
            raise Lost("it has gone")
        return b""

    def write(self, data: bytes) -> int:
        return 0

    def set_dtr(self, on: bool) -> None:
        self.dtr.append(on)

    def close(self) -> None:
        self.closed = True


def test_a_port_that_takes_nothing_is_given_up_before_it_costs_memory(bench: Bench) -> None:
    stuck = Stuck()
    bench.shell._open_port = lambda name: stuck if name == "one" else bench.open(name)
    bench.shell.start()
    for _ in range(20):
        bench.shell.send([("one", b"\xff" * 1000)])
    assert stuck.closed and "takes nothing any more" in bench.shell.missing["one"]
    bench.shell.send([("one", b"more"), ("one", True)])
    assert bench.states()[0] == "out of service"


def test_on_a_loop_nothing_is_polled(bench: Bench) -> None:
    """Ports tell by themselves that they have something, or that they take something again."""
    loop = asyncio.new_event_loop()
    steps: list[float] = []

    def step() -> None:
        steps.append(bench.clock())
        bench.shell.send(bench.lines.outgoing())

    async def live() -> None:
        bench.shell.start()
        bench.shell.watch(asyncio.get_running_loop(), step)
        for _ in range(200):
            now = bench.clock.advance(0.02)
            bench.world.frame()
            await asyncio.sleep(0)
            bench.lines.expire(now)
            step()
            await asyncio.sleep(0)
            if bench.states() == ["idle", "idle"]:
                break
        assert bench.states() == ["idle", "idle"]
        bench.world.adapters["two"].remove()
        for _ in range(20):
            await asyncio.sleep(0)
        assert bench.states() == ["idle", "out of service"]
        bench.shell.unwatch()

    try:
        loop.run_until_complete(live())
    finally:
        loop.close()
