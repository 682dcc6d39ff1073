"""The shell between an emulated card and the lines: hooks and rings pass, missing ports do not hurt others."""

from __future__ import annotations

import asyncio
import logging
import os
import select
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from drivers.fxo.config import FxoConfig
from drivers.fxs.config import FxsConfig
from drivers.lines import AnalogLines
from gateway.core.audio import AudioLost
from gateway.core.codec import Encoding
from gateway.core.engine import ManualClock
from gateway.core.errors import Exhausted
from gateway.core.messages import Alerting, Answered, Dial
from gateway.core.number import Party
from gateway.core.trace import Recorder
from gateway.net.device import DeviceShell
from hardware.analog.dahdi import AnalogPort
from hardware.analog.emulated import EmulatedCard
from hardware.analog.line import PortKind, Ring, StopRing
from tests.unit.drivers.recording import ListedNumbers, NamedTones, NoRooms, RecordedRow


class Rows:
    """Gives recorded rows, as many as there are left."""

    def __init__(self, left: int = 100) -> None:
        self.left = left
        self.given: dict[int, RecordedRow] = {}

    def rtp(self, local_address: str) -> Any:
        raise AssertionError("no line has RTP")

    def frames(self, descriptor: int, encoding: Encoding, owner: Any = None) -> RecordedRow:
        if not self.left:
            raise Exhausted("no row of the media plane is free; raise media.rows")
        self.left -= 1
        self.given[owner.number] = RecordedRow()
        return self.given[owner.number]


class Bench:
    """A card with a telephone port and an exchange port, its shell, and fingers on the copper."""

    def __init__(
        self, *, fxs: int = 1, fxo: int = 2, rows: int = 100, present: bool = True, first: int = 0
    ) -> None:
        self.clock = ManualClock(10.0)
        self.card = EmulatedCard(ports=[PortKind.FXS, PortKind.FXO])
        self.card.present = present
        self.card.pair(2).set_battery(True)
        self.rows = Rows(rows)
        self.recorder = Recorder()
        self.lines = AnalogLines(
            fxs=[FxsConfig(fxs, "101")],
            fxo=[FxoConfig(fxo, "copper1")],
            plan=ListedNumbers("102"),
            sounds=NamedTones(),
            recorder=self.recorder,
            wall=lambda: datetime(2026, 1, 2, 15, 30),
            rooms=NoRooms(),
        )
        self.shell = DeviceShell(
            lines=self.lines,
            open_port=lambda number, zone: AnalogPort(self.card, number - first, zone=zone),
            audio=self.rows,
            clock=self.clock,
        )
        self.shell.start()
        self.settle()

    def settle(self) -> None:
        """Move everything that waits, both ways."""
        self.shell.poll()
        self.shell.send(self.lines.outgoing())

    def run(self, ms: int) -> None:
        """Let time pass on the copper and in the engine, 20 ms at a time."""
        for _ in range(ms // 20):
            self.card.agenda.run_until(self.card.agenda.now + 20)
            self.lines.expire(self.clock.advance(0.02))
            self.settle()

    def says(self, label: str) -> str:
        [state] = [line.state for line in self.lines.status() if line.name == label]
        return state

    def wants_poll(self) -> bool:
        """Whether the shell's descriptor is readable."""
        readable, _, _ = select.select([self.shell.fileno()], [], [], 0)
        return bool(readable)


@pytest.fixture
def benches() -> Iterator[list[Bench]]:
    """Closes what a test made."""
    made: list[Bench] = []
    yield made
    for bench in made:
        bench.shell.close()


@pytest.fixture
def bench(benches: list[Bench]) -> Bench:
    benches.append(Bench())
    return benches[0]


def test_a_lifted_telephone_makes_the_descriptor_readable_and_hears_dial_tone(bench: Bench) -> None:
    assert not bench.wants_poll()
    bench.card.pair(1).close_loop()
    assert bench.wants_poll()
    bench.settle()
    assert bench.rows.given[1].hears == "dial us" and not bench.wants_poll()
    bench.run(1000)
    bench.card.pair(1).open_loop()
    bench.run(1300)
    assert bench.says("101") == "on-hook"


def test_a_telephone_is_rung_by_the_card_and_answers(bench: Bench) -> None:
    leg = bench.lines.technologies["FXS"].channel("101", bench.clock())
    leg.command(Dial("", Party("6001")), bench.clock())
    bench.settle()
    assert bench.card.pair(1).ringing
    bench.run(2020)
    assert not bench.card.pair(1).ringing and bench.rows.given[1].hears == "caller ID 6001"
    bench.card.pair(1).close_loop()
    bench.settle()
    assert [event for _, event in bench.lines.events()] == [Alerting(), Answered("off-hook")]
    bench.run(10_000)
    assert not bench.card.pair(1).ringing


def test_an_exchange_line_is_seized_by_the_card(bench: Bench) -> None:
    leg = bench.lines.technologies["FXO"].channel("copper1/5550100", bench.clock())
    leg.command(Dial("", Party("101")), bench.clock())
    bench.settle()
    bench.run(1900)
    assert bench.card.pair(2).closed and bench.rows.given[2].sent_digits == []
    bench.run(700)
    assert bench.rows.given[2].sent_digits == [("5550100", 0.1, 0.1)]


def test_what_the_card_refuses_comes_back_into_the_engine(bench: Bench) -> None:
    bench.shell.send([(1, Ring())])  # whoever did that: a port that rings cannot be rung
    leg = bench.lines.technologies["FXS"].channel("101", bench.clock())
    leg.command(Dial("", Party("6001")), bench.clock())
    bench.settle()
    assert [event for _, event in bench.lines.events()] == [Alerting()]
    told = [note.text for note in bench.recorder.story(leg.name)]
    assert "'ring 2000/4000 ms' failed on port 1 (errno 16)" in told
    bench.shell.send([(1, StopRing())])
    bench.run(1200)
    assert bench.card.pair(1).ringing and list(bench.lines.events()) == []


def test_a_line_without_battery_is_out_of_service_until_it_has_some(bench: Bench) -> None:
    bench.card.pair(2).set_battery(False)
    bench.run(1500)
    assert bench.says("copper1") == "out of service"
    bench.card.pair(2).set_battery(True)
    bench.run(1500)
    assert bench.says("copper1") == "idle"


def test_a_port_that_is_not_there_is_told_once_and_leaves_others_alone(
    benches: list[Bench], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        bench = Bench(fxo=7)
        benches.append(bench)
        bench.shell.retry()
    assert list(bench.shell.missing) == [7] and "channel 7" in bench.shell.missing[7]
    assert len(caplog.records) == 1 and "port 7 is out of service" in caplog.text
    assert bench.says("copper1") == "out of service" and bench.says("101") == "on-hook"
    bench.shell.send([(7, Ring())])
    bench.card.pair(1).close_loop()
    bench.settle()
    assert bench.rows.given[1].hears == "dial us"


def test_a_port_of_the_wrong_kind_says_what_to_change(benches: list[Bench]) -> None:
    bench = Bench(fxs=2, fxo=1)
    benches.append(bench)
    assert bench.shell.missing[2] == (
        "port 2 is an FXO port, and what is configured on it needs an FXS port; "
        "change the port in the configuration or the module in the card"
    )
    assert len(bench.shell.missing) == 2 and bench.rows.given == {}


def test_ports_of_a_second_card_have_numbers_above_those_of_the_first(benches: list[Bench]) -> None:
    bench = Bench(fxs=1025, fxo=1026, first=1024)
    benches.append(bench)
    assert bench.shell.missing == {}
    bench.card.pair(1).close_loop()
    bench.settle()
    assert bench.says("101") == "hears dial tone"
    bench.card.remove()
    bench.settle()
    bench.card.insert()
    bench.shell.retry()
    assert set(bench.shell.missing) == {1025, 1026}
    bench.shell.retry()
    assert bench.shell.missing == {}


def test_a_plane_without_rows_leaves_the_line_out_and_the_port_closed(benches: list[Bench]) -> None:
    bench = Bench(rows=1)
    benches.append(bench)
    assert "no row of the media plane is free" in bench.shell.missing[2]
    bench.rows.left = 1
    bench.shell.retry()
    assert bench.shell.missing == {} and bench.says("copper1") == "idle"


def test_a_card_pulled_out_ends_calls_gives_rows_back_and_may_return(bench: Bench) -> None:
    bench.card.pair(1).close_loop()
    bench.settle()
    first = bench.rows.given[1]
    bench.card.remove()
    bench.settle()
    assert first.closed and first.listener is None
    assert [line.in_service for line in bench.lines.status()] == [False, False]
    assert bench.lines.usage() == 0
    old = bench.shell._gone[0][1].descriptor
    bench.shell.retry()
    os.fstat(old)  # the media plane may still hold it
    bench.shell.retry()
    assert len(bench.shell.missing) == 2 and bench.shell._closing == []
    bench.card.insert()
    bench.shell.retry()
    assert bench.shell.missing == {} and bench.rows.given[1] is not first
    bench.settle()
    assert bench.says("copper1") == "idle"


def test_a_port_whose_audio_failed_is_opened_anew(bench: Bench) -> None:
    first = bench.rows.given[1]
    assert first.listener is not None
    first.listener(AudioLost("errno 5 on read"), bench.clock())
    assert bench.says("101") == "out of service"
    bench.shell.retry()
    assert first.closed and "could not read or write its audio" in bench.shell.missing[1]
    bench.shell.retry()
    bench.shell.retry()
    assert bench.shell.missing == {} and bench.says("101") == "on-hook"


def test_a_card_missing_at_the_start_leaves_every_line_out(benches: list[Bench]) -> None:
    bench = Bench(present=False)
    benches.append(bench)
    assert set(bench.shell.missing) == {1, 2}
    bench.shell.poll()


def test_closing_gives_every_port_and_row_back(bench: Bench) -> None:
    bench.shell.close()
    assert all(row.closed for row in bench.rows.given.values())
    again = DeviceShell(
        lines=bench.lines,
        open_port=lambda number, zone: AnalogPort(bench.card, number, zone=zone),
        audio=bench.rows,
        clock=bench.clock,
    )
    again.start()
    assert again.missing == {}
    bench.shell = again


def test_a_loop_polls_when_a_port_wants_it(bench: Bench) -> None:
    async def lifted() -> int:
        stepped: list[None] = []
        bench.shell.watch(asyncio.get_running_loop(), lambda: stepped.append(None))
        bench.card.pair(1).close_loop()
        while not stepped:
            await asyncio.sleep(0)
        bench.shell.unwatch()
        return len(stepped)

    assert asyncio.run(lifted()) >= 1
    assert bench.rows.given[1].hears == "dial us"
