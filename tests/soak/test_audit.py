"""What the soak would find: `tests.soak.audit`, and the weather of its wires."""

from __future__ import annotations

from random import Random

import pytest

from tests.soak.audit import ended_last, faults_in_log
from tests.soak.wires import BadWire, Weather

ENDED = (
    "2026-01-01 12:00:00,000 INFO copperline.call: call 20260101-120000-7 from Ada <6001> to 101 ended: it is over."
)


class Loop:
    """A wire that gives back what was sent by it."""

    transport = "UDP"
    address = ("127.0.0.1", 5060)

    def __init__(self) -> None:
        self.messages: list[bytes] = []

    def send(self, data: bytes) -> None:
        self.messages.append(data)

    def take(self) -> bytes | None:
        return self.messages.pop(0) if self.messages else None

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("weather", "heard"),
    [(Weather(), [b"1", b"2"]), (Weather(lost=1), []), (Weather(doubled=1), [b"1"] * 4 + [b"2"] * 4)],
)
def test_a_wire_loses_and_doubles_what_goes_by_it_both_ways(weather: Weather, heard: list[bytes]) -> None:
    wire = BadWire(Loop(), Random(1))  # type: ignore[arg-type]  # it is a wire, but for its sockets
    wire.weather = weather
    for data in (b"1", b"2"):
        wire.send(data, 1.0)
    wire.take(1.0)
    assert sorted(wire.take(1.0)) == heard


def test_what_is_late_comes_within_its_time() -> None:
    wire = BadWire(Loop(), Random(1))  # type: ignore[arg-type]  # as above
    wire.weather = Weather(late=1, by=0.3)
    wire.send(b"1", 1.0)
    assert wire.take(1.0) == []
    wire.take(1.3)  # it has left by now
    wire.take(1.3)
    assert wire.take(1.6) == [b"1"]


def test_a_log_has_no_tracebacks_and_is_not_flooded() -> None:
    assert faults_in_log(ENDED) == []
    assert "Traceback" in faults_in_log(f"{ENDED}\nTraceback (most recent call last):\n  File")[0]
    assert "flooded" in faults_in_log("again\n" * 10_000)[0]


def test_the_last_calls_of_a_log_are_known() -> None:
    assert ended_last(f"{ENDED}\n") == {"20260101-120000-7"}
    assert ended_last(f"{ENDED}\n" + "more\n" * 30) == set()
