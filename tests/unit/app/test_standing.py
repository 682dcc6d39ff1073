"""Which calls are written ahead, when, and how many at a time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from gateway.app.standing import AT_ONCE, LOOK, STANDS, StandingCalls
from gateway.call.call import Call, CallRecord
from gateway.store.store import Store


class Written:
    """A store that notes what it is told."""

    def __init__(self) -> None:
        self.said: list[tuple[Any, ...]] = []
        self.lost = 0

    def stand(self, record: Any) -> None:
        self.said.append(("stands", *record))

    def still_stand(self, passed: float) -> None:
        self.said.append(("all still stand", passed))

    def forget_standing(self) -> None:
        self.said.append(("none stands",))

    def record(self, record: CallRecord, *, stood: bool) -> None:
        self.said.append(("is over", record.id, stood))


def call(id: str, answered_at: float | None) -> Call:
    leg = SimpleNamespace(answered_at=answered_at)
    return cast("Call", SimpleNamespace(id=id, leg=leg, record=lambda ending, now: (id, now)))


def over(id: str) -> CallRecord:
    return cast("CallRecord", SimpleNamespace(id=id))


def test_a_call_that_stands_is_written_once_and_each_half_minute_that_it_still_does() -> None:
    store, calls = Written(), [call("long", 12.0), call("rings", None)]
    standing = StandingCalls(cast("Store", store), calls=lambda: calls, clock=lambda: 0.0)
    for turn in range(1, 19):
        standing.look(turn * LOOK)
    assert store.said == [("stands", "long", 30.0), ("all still stand", STANDS), ("all still stand", STANDS)]
    standing.over(over("long"))
    standing.over(over("rings"))
    assert store.said[3:] == [("is over", "long", True), ("is over", "rings", False)]


def test_a_call_of_seconds_costs_nothing() -> None:
    store, calls = Written(), [call("short", 1.0)]
    standing = StandingCalls(cast("Store", store), calls=lambda: calls, clock=lambda: 0.0)
    for turn in range(1, 7):
        standing.look(turn * LOOK)
    assert store.said == []
    standing.over(over("short"))
    assert store.said == [("is over", "short", False)]


def test_a_wave_of_calls_is_written_some_at_a_time() -> None:
    store, calls = Written(), [call(f"call-{number}", 0.0) for number in range(AT_ONCE + 5)]
    standing = StandingCalls(cast("Store", store), calls=lambda: calls, clock=lambda: 0.0)
    standing.look(STANDS)
    assert len(store.said) == AT_ONCE
    standing.look(STANDS + LOOK)
    assert [said[1] for said in store.said] == [each.id for each in calls]


def test_after_a_loss_it_is_written_anew_which_calls_stand() -> None:
    """Else one whose end was lost would be billed for ever, and the others for less than they took."""
    store, calls = Written(), [call("long", 0.0), call("other", 1.0)]
    standing = StandingCalls(cast("Store", store), calls=lambda: calls, clock=lambda: 0.0)
    standing.look(STANDS + LOOK)
    standing.over(over(calls.pop().id))
    store.lost += 1
    store.said.clear()
    standing.look(STANDS + 2 * LOOK)
    standing.look(2 * STANDS + 2 * LOOK)
    assert store.said == [("none stands",), ("stands", "long", STANDS + 2 * LOOK), ("all still stand", STANDS)]
