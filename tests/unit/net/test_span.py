"""The shell of spans: channels opened and closed, spans that are not there or not what they should be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from drivers.span.config import SpanConfig
from drivers.span.spans import Spans
from gateway.core.codec import Encoding
from gateway.core.errors import Exhausted, HardwareError
from gateway.core.trace import Recorder
from gateway.net.span import SpanPlace, SpanShell
from gateway.q931.config import InterfaceConfig, Side
from hardware.port import Backend
from hardware.span.dahdi import BearerPort
from hardware.span.emulated import EmulatedSpan
from hardware.span.kinds import E1, T1
from tests.unit.drivers.recording import ListedNumbers, NamedTones, RecordedRow

TOLD = SpanConfig("e1", InterfaceConfig(Side.USER))


class NoDriver:
    """A machine without DAHDI."""

    def open(self, node: str) -> object:
        raise FileNotFoundError(2, "No such file or directory", node)


class Rows:
    """Rows that are taken out of the plane when the test says so."""

    def __init__(self) -> None:
        self.given: list[tuple[int, Encoding, Callable[[], None]]] = []
        self.full = False

    def frames(self, descriptor: int, encoding: Encoding, *, on_removed: Callable[[], None]) -> RecordedRow:
        if self.full:
            raise Exhausted("no row is free")
        self.given.append((descriptor, encoding, on_removed))
        return RecordedRow()


class Bench:
    def __init__(self, backend: Backend | None = None, kind: str = "E1", signalling: int = 16) -> None:
        self.rows = Rows()
        self.now = 1.0
        self.span = EmulatedSpan(E1)
        place = SpanPlace(backend or self.span, 1, kind, signalling)
        self.shell = SpanShell(places={"e1": place}, audio=self.rows, clock=lambda: self.now)
        self.engine = Spans(
            [TOLD], plan=ListedNumbers(), bearers=self.shell, sounds=NamedTones(), recorder=Recorder()
        )
        self.shell.start(self.engine)


def test_a_machine_without_a_driver_says_so_and_the_span_is_out_of_service() -> None:
    bench = Bench(NoDriver())  # type: ignore[arg-type]
    assert "is the dahdi module loaded?" in bench.shell.missing["e1"]
    (status,) = bench.engine.status()
    assert not status.in_service and "dahdi module" in status.trouble
    bench.shell.retry()
    bench.shell.send([("e1", b"into nothing")])
    bench.shell.close()


@pytest.mark.parametrize(
    ("kind", "signalling", "sentence"),
    [
        ("T1", 24, 'span 1 is of kind E1; write kind = "e1" below [spans.e1]'),
        ("E1", 15, "has signalling type 0x80 and carries no signalling; give it dchan="),
    ],
)
def test_a_span_that_is_not_what_the_configuration_says_is_told(kind: str, signalling: int, sentence: str) -> None:
    bench = Bench(kind=kind, signalling=signalling)
    assert sentence in bench.shell.missing["e1"]
    bench.shell.close()


def test_a_span_that_comes_later_is_found_by_retry() -> None:
    bench = Bench()
    bench.span.remove()
    bench.shell.poll()
    assert bench.shell.missing == {"e1": "the card has been removed"}
    bench.shell.retry()
    assert bench.shell.missing, "it is not there yet"
    bench.span.insert()
    bench.shell.retry()
    assert bench.shell.missing == {}
    bench.shell.close()


def test_a_b_channel_is_open_while_a_row_is_on_it_and_a_new_call_has_it_at_once() -> None:
    bench = Bench()
    bench.shell.open("e1", 5)
    bench.shell.open("e1", 5)  # the next call, before the plane has let go of the last one's row
    (first, law, gone), (second, _, gone_again) = bench.rows.given
    assert first == second and law is Encoding.PCMA
    with pytest.raises(HardwareError, match="in use"):
        BearerPort(bench.span, 5)
    gone()
    assert bench.span.channels[5].opened
    gone_again()
    assert not bench.span.channels[5].opened
    BearerPort(bench.span, 5).close()
    bench.shell.close()


def test_what_the_last_call_left_is_not_heard_by_the_next() -> None:
    bench = Bench()
    bench.shell.open("e1", 5)
    for _ in range(3):
        bench.span.send()
        bench.span.receive()
    channel = bench.span.channels[5]
    assert channel.frames.waits_to_be_read
    bench.shell.open("e1", 5)
    assert not channel.frames.waits_to_be_read
    bench.shell.close()


def test_a_b_channel_for_which_there_is_no_row_is_given_back() -> None:
    bench = Bench()
    bench.rows.full = True
    with pytest.raises(Exhausted):
        bench.shell.open("e1", 5)
    assert not bench.span.channels[5].opened
    BearerPort(bench.span, 5).close()
    bench.shell.close()


def test_a_b_channel_of_a_span_that_is_not_there_will_not_open() -> None:
    bench = Bench(NoDriver())  # type: ignore[arg-type]
    with pytest.raises(HardwareError, match="span e1 is not there"):
        bench.shell.open("e1", 5)
    bench.shell.close()


def test_a_t1_is_opened_with_its_own_law() -> None:
    span = EmulatedSpan(T1)
    bench = Bench(span, kind="T1", signalling=24)
    bench.shell.open("e1", 1)
    assert bench.rows.given[0][1] is Encoding.PCMU
    bench.shell.close()
    assert not any(channel.opened for channel in span.channels.values())


def test_a_card_without_cancellers_says_so() -> None:
    bench = Bench()
    bench.shell.open("e1", 5)
    assert not bench.shell.cancel_echo("e1", 5, 512)
    assert not bench.shell.cancel_echo("e1", 6, 512), "nobody has it open"
    bench.shell.close()
