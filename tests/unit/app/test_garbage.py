"""Garbage is looked for where nobody waits for it, and at last whoever does."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from gateway.app import garbage
from gateway.app.garbage import GarbageWatch


class Ring:
    """Refers to itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[GarbageWatch]:
    monkeypatch.setattr(garbage, "WORTH_IT", 100)
    monkeypatch.setattr(garbage, "TOO_MANY", 1000)
    monkeypatch.setattr(garbage, "OF_A_CALL", 10)
    watch = GarbageWatch(lambda: calls["now"])
    calls["now"] = 0
    watch.start()
    yield watch
    watch.stop()


calls = {"now": 0}


def rings(count: int) -> weakref.ref[Ring]:
    """Garbage; one of it."""
    return [weakref.ref(Ring()) for _ in range(count)][-1]


def looked(watch: GarbageWatch, garbage: weakref.ref[Ring]) -> bool:
    """Whether `watch` finds it time for a look, which finds the garbage."""
    watch.look()
    return garbage() is None


def test_nothing_is_looked_for_by_itself(watch: GarbageWatch) -> None:
    assert not gc.isenabled()
    watch.stop()
    assert gc.isenabled()


def test_an_idle_office_looks_once_it_is_worth_it(watch: GarbageWatch) -> None:
    assert not looked(watch, rings(50))
    assert looked(watch, rings(200))
    assert not looked(watch, rings(50))


def test_while_somebody_calls_only_a_great_deal_is_looked_for(watch: GarbageWatch) -> None:
    calls["now"] = 1
    assert not looked(watch, rings(200))
    assert looked(watch, rings(1000))


def test_what_standing_calls_hold_does_not_count(watch: GarbageWatch) -> None:
    calls["now"] = 1000
    held = [[] for _ in range(5000)]  # type: ignore[var-annotated]  # of nothing
    assert not looked(watch, rings(1))
    assert held


def test_what_there_was_at_the_start_is_looked_at_no_more(watch: GarbageWatch) -> None:
    assert gc.get_freeze_count() > 0
    watch.stop()
    assert gc.get_freeze_count() == 0
