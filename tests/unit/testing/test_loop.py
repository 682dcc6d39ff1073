"""The hand-moved clock: what is due at a moment happens in it, nothing else does, and threads are waited for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from gateway.testing.clock import HandMovedClock
from gateway.testing.loop import ManualLoop


@pytest.fixture
def loop() -> Iterator[ManualLoop]:
    loop = ManualLoop()
    yield loop
    loop.close()


async def _hand_on(left: int, log: list[int]) -> None:
    if left:
        await asyncio.ensure_future(_hand_on(left - 1, log))
    log.append(left)


def test_a_chain_of_tasks_settles_in_one_moment(loop: ManualLoop) -> None:
    log: list[int] = []
    task = loop.create_task(_hand_on(6, log))
    loop.settle()
    assert task.done() and log == [0, 1, 2, 3, 4, 5, 6]


def test_what_never_comes_to_rest_is_left_after_its_turns(loop: ManualLoop) -> None:
    turns = 0

    def again() -> None:
        nonlocal turns
        turns += 1
        loop.call_soon(again)

    again()
    loop.settle(turns=7)
    assert turns == 8


def test_timers_fire_when_time_is_moved_to_them_and_not_before(loop: ManualLoop) -> None:
    fired: list[float] = []
    for delay in (0.0, 0.02, 0.05, 1.0):
        loop.call_later(delay, lambda: fired.append(round(loop.time() - 1000.0, 3)))
    loop.settle()
    assert fired == [0.0]
    loop.advance(0.04)
    assert fired == [0.0, 0.02]
    loop.advance(0.96)
    assert fired == [0.0, 0.02, 0.06, 1.0]


def test_what_fails_in_a_call_back_fails_who_moves_time(loop: ManualLoop) -> None:
    loop.call_soon(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        loop.settle()


def test_work_of_another_thread_is_completed_without_time_passing() -> None:
    clock = HandMovedClock()
    before = clock.loop.time()
    assert clock.complete(asyncio.to_thread(lambda: time.sleep(0.02) or "done")) == "done"  # type: ignore[func-returns-value]
    assert clock.loop.time() == before
    clock.loop.run_until_complete(clock.loop.shutdown_default_executor())
    clock.close()


def test_work_that_waits_for_time_gets_it() -> None:
    clock = HandMovedClock()
    before = clock.loop.time()
    clock.wind_up(asyncio.sleep(3))
    assert 3 <= clock.loop.time() - before < 3.2
    clock.close()
