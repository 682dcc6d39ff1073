"""The shell that drives engines: what is fed comes out, timers fire when due, nothing spins."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.net.runner import ROUNDS, Driven, Runner
from gateway.net.ticker import Ticker
from gateway.net.udp import BATCH, UdpSocket
from gateway.testing.loop import ManualLoop


class Parrot:
    """An engine that says what it hears, and says "bored" a second after the last word."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.happened: list[str] = []
        self.bored_at: float | None = None

    def receive(self, data: str, source: object, now: float) -> None:
        self.out.append(data)
        self.happened.append(f"heard {data}")
        self.bored_at = now + 1

    def outgoing(self) -> list[str]:
        out, self.out = self.out, []
        return out

    def events(self) -> list[str]:
        happened, self.happened = self.happened, []
        return happened

    def deadline(self) -> float | None:
        return self.bored_at

    def expire(self, now: float) -> None:
        if self.bored_at is not None and self.bored_at <= now:
            self.bored_at = None
            self.out.append("bored")


@pytest.fixture
def loop() -> Iterator[ManualLoop]:
    loop = ManualLoop()
    yield loop
    loop.close()


def test_what_comes_in_is_answered_and_told_and_the_timer_follows(loop: ManualLoop) -> None:
    sent: list[str] = []
    told: list[str] = []
    runner = Runner(loop)
    driven = Driven(Parrot(), sent.extend, lambda event, now: told.append(event))
    runner.attach(driven)
    runner.feed(driven.engine.receive, [("hello", None)])
    assert (sent, told) == (["hello"], ["heard hello"])
    loop.advance(0.9)
    assert sent == ["hello"]
    loop.advance(0.2)
    assert sent == ["hello", "bored"]


def test_what_waited_together_is_drained_once_and_a_failure_among_it_costs_the_others_nothing(
    loop: ManualLoop,
) -> None:
    failures: list[object] = []
    loop.set_exception_handler(lambda loop, context: failures.append(context["exception"]))
    sent: list[list[str]] = []
    told: list[str] = []
    runner = Runner(loop)
    parrot = Parrot()
    runner.attach(Driven(parrot, sent.append, lambda event, now: told.append(event)))
    wrong = ValueError("nobody says that")

    def receive(data: str, source: object, now: float) -> None:
        if data == "two":
            raise wrong
        parrot.receive(data, source, now)

    runner.feed(receive, [("one", None), ("two", None), ("three", None)])
    assert sent == [["one", "three"]]
    assert told == ["heard one", "heard three"]
    assert failures == [wrong]


def test_an_event_may_command_another_engine_and_both_are_drained(loop: ManualLoop) -> None:
    first, second = Parrot(), Parrot()
    sent: list[str] = []
    runner = Runner(loop)

    def tell_second(event: str, now: float) -> None:
        second.receive(f"told: {event}", None, now)
        runner.wake()

    driven = Driven(first, sent.extend, tell_second)
    runner.attach(Driven(second, sent.extend, lambda event, now: None))
    runner.attach(driven)
    runner.feed(driven.engine.receive, [("a", None)])
    assert sent == ["a", "told: heard a"]


def test_a_wake_drains_in_the_next_turn(loop: ManualLoop) -> None:
    parrot = Parrot()
    sent: list[str] = []
    runner = Runner(loop)
    runner.attach(Driven(parrot, sent.extend, lambda event, now: None))
    parrot.out.append("by command")
    runner.wake()
    assert sent == []
    loop.settle()
    assert sent == ["by command"]


def test_engines_that_never_fall_silent_leave_turns_for_others(
    loop: ManualLoop, caplog: pytest.LogCaptureFixture
) -> None:
    parrot = Parrot()
    runner = Runner(loop)
    driven = Driven(parrot, lambda out: None, lambda event, now: parrot.receive("again", None, now))
    runner.attach(driven)
    runner.feed(driven.engine.receive, [("once", None)])
    assert f"busy for {ROUNDS} rounds" in caplog.text
    runner.stop()


def test_what_fails_costs_nobody_else_their_turn(loop: ManualLoop) -> None:
    failures: list[object] = []
    loop.set_exception_handler(lambda loop, context: failures.append(context["exception"]))
    first, second = Parrot(), Parrot()
    sent: list[str] = []
    told: list[str] = []

    def fail(event: str, now: float) -> None:
        raise KeyError(event)

    runner = Runner(loop)
    driven = Driven(first, sent.extend, fail)
    runner.attach(driven)
    runner.attach(Driven(second, sent.extend, lambda event, now: told.append(event)))
    second.receive("b", None, loop.time())
    runner.feed(driven.engine.receive, [("a", None)])
    assert (sent, told) == (["a", "b"], ["heard b"])
    assert [type(failure) for failure in failures] == [KeyError]
    loop.advance(2.5)
    assert sent == ["a", "b", "bored", "bored"], "timers go on"


@pytest.mark.parametrize("broken", ["outgoing", "events"])
def test_an_engine_that_is_broken_itself_costs_the_others_nothing(loop: ManualLoop, broken: str) -> None:
    class Broken(Parrot):
        def __getattribute__(self, name: str) -> object:
            if name == broken:
                raise KeyError(name)
            return super().__getattribute__(name)

    failures: list[object] = []
    loop.set_exception_handler(lambda loop, context: failures.append(context["exception"]))
    sent: list[str] = []
    runner = Runner(loop)
    runner.attach(Driven(Broken(), sent.extend, lambda event, now: None))
    sound = Driven(Parrot(), sent.extend, lambda event, now: None)
    runner.attach(sound)
    runner.feed(sound.engine.receive, [("a", None)])
    loop.advance(1.5)
    assert sent == ["a", "bored"] and failures


def test_a_stopped_runner_sends_nothing(loop: ManualLoop) -> None:
    parrot = Parrot()
    sent: list[str] = []
    runner = Runner(loop)
    driven = Driven(parrot, sent.extend, lambda event, now: None)
    runner.attach(driven)
    runner.stop()
    runner.feed(driven.engine.receive, [("late", None)])
    loop.advance(2)
    assert sent == []


def test_a_ticker_keeps_its_beat_and_goes_on_from_now_after_a_stall(loop: ManualLoop) -> None:
    ticks: list[float] = []
    ticker = Ticker(loop, 0.5, ticks.append)
    loop.advance(1.1, tick=0.1)
    assert len(ticks) == 2
    loop.advance(10, tick=10)
    assert len(ticks) <= 5, "what was missed is not made up for"
    ticker.stop()
    loop.advance(5)
    assert len(ticks) <= 5


def test_datagrams_cross_the_loopback_and_the_sender_is_told(loop: ManualLoop) -> None:
    heard: list[tuple[bytes, tuple[str, int]]] = []
    near = UdpSocket(loop, ("127.0.0.1", 0), heard.extend)
    far = UdpSocket(loop, ("127.0.0.1", 0), lambda came: None)
    assert far.send(b"hello", near.address) is None
    loop.settle()
    assert heard == [(b"hello", far.address)]
    assert isinstance(far.send(b"x", ("255.255.255.255", 9)), OSError)
    with pytest.raises(OSError):
        UdpSocket(loop, near.address, lambda came: None)
    near.close()
    far.close()


def test_who_reads_a_socket_to_its_end_is_told_so_once_for_all_that_waited(loop: ManualLoop) -> None:
    heard: list[bytes | None] = []
    near = UdpSocket(
        loop,
        ("127.0.0.1", 0),
        lambda came: heard.extend(data for data, _ in came),
        on_drained=lambda: heard.append(None),
    )
    far = UdpSocket(loop, ("127.0.0.1", 0), lambda came: None)
    for word in (b"one", b"two"):
        far.send(word, near.address)
    loop.settle()
    assert heard == [b"one", b"two", None]
    near.close()
    far.close()


def test_a_flood_leaves_turns_for_others(loop: ManualLoop) -> None:
    heard: list[int] = []
    near = UdpSocket(
        loop, ("127.0.0.1", 0), lambda came: heard.append(len(came)), on_drained=lambda: heard.append(0)
    )
    far = UdpSocket(loop, ("127.0.0.1", 0), lambda came: None)
    for _ in range(2 * BATCH + 1):
        far.send(b"word", near.address)
    loop.settle()
    assert heard == [BATCH, BATCH, 1, 0]
    near.close()
    far.close()


def test_a_later_deadline_leaves_the_timer_alone_and_is_met_all_the_same(loop: ManualLoop) -> None:
    armed: list[float] = []
    call_at = loop.call_at
    loop.call_at = lambda when, *given: armed.append(when) or call_at(when, *given)  # type: ignore
    parrot = Parrot()
    sent: list[str] = []
    runner = Runner(loop)
    driven = Driven(parrot, sent.extend, lambda event, now: None)
    runner.attach(driven)
    for _ in range(10):
        runner.feed(driven.engine.receive, [("hello", None)])
        loop.advance(0.05)
    assert len(armed) == 1
    loop.advance(1.1)
    assert sent[-1] == "bored"


def test_a_timer_of_the_loop_that_comes_a_little_early_is_the_deadline(loop: ManualLoop) -> None:
    """An asyncio loop runs what is due within the resolution of its clock: asking again would never end."""
    sent: list[str] = []
    runner = Runner(loop)
    parrot = Parrot()
    parrot.bored_at = loop.now + 1 + 5e-10
    runner.attach(Driven(parrot, sent.extend, lambda event, now: None))
    loop.settle()
    loop.now += 1
    loop.settle()
    assert sent == ["bored"]


def test_how_full_a_socket_is_can_be_seen_before_anything_is_read(loop: ManualLoop) -> None:
    near = UdpSocket(loop, ("127.0.0.1", 0), lambda came: None)
    far = UdpSocket(loop, ("127.0.0.1", 0), lambda came: None)
    assert near.filled() == 0.0
    for _ in range(50):
        far.send(b"x" * 1000, near.address)
    assert 0.0 < near.filled() <= 1.0
    loop.settle()
    assert near.filled() == 0.0
    near.close()
    far.close()
