"""Call-backs in the order of their time."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from gateway.sip.schedule import FEW, Alarm, Schedule


def test_what_is_due_is_called_in_the_order_of_its_time_and_then_of_its_coming() -> None:
    schedule, called = Schedule(), []

    def note(name: str) -> Callable[[float], None]:
        return lambda now: called.append((name, now))

    schedule.at(3.0, note("at 3"))
    schedule.after(2.0, 1.0, note("2 after 1"))
    schedule.after(0.5, 1.0, note("half after 1"))
    schedule.after(2.0, 2.0, note("2 after 2"))
    schedule.at(3.0, note("at 3 too"))
    assert len(schedule) == 5 and schedule.deadline() == 1.5
    schedule.expire(1.4)
    assert called == []
    schedule.expire(3.5)
    assert [name for name, _ in called] == ["half after 1", "at 3", "2 after 1", "at 3 too"]
    assert {now for _, now in called} == {3.5} and schedule.deadline() == 4.0


def test_what_comes_due_while_others_are_called_is_called_too() -> None:
    schedule, called = Schedule(), []
    schedule.after(1.0, 0.0, lambda now: schedule.after(0.0, now, called.append) and None)
    schedule.expire(1.0)
    assert called == [1.0] and schedule.deadline() is None


def test_what_is_cancelled_is_not_called_and_sets_no_deadline() -> None:
    schedule, called = Schedule(), []
    first, second = (schedule.after(32.0, now, called.append) for now in (0.0, 1.0))
    odd = schedule.at(5.0, called.append)
    odd.cancel()
    first.cancel()
    assert schedule.deadline() == 33.0 and len(schedule) == 1
    second.cancel()
    assert schedule.deadline() is None and len(schedule) == 0
    schedule.expire(100.0)
    assert called == []


def test_a_clock_that_goes_back_upsets_nothing() -> None:
    schedule, called = Schedule(), []
    schedule.after(1.0, 10.0, lambda now: called.append("late"))
    schedule.after(1.0, 5.0, lambda now: called.append("soon"))
    assert schedule.deadline() == 6.0
    schedule.expire(20.0)
    assert called == ["soon", "late"]


@pytest.mark.parametrize("seed", range(5))
def test_it_does_as_a_sorted_list_would(seed: int) -> None:
    dice, schedule = random.Random(seed), Schedule()
    wanted: dict[int, tuple[float, Alarm]] = {}
    called: list[int] = []
    now = 0.0
    for number in range(2000):
        when = now + dice.choice((0.5, 5.0, 32.0, dice.random() * 40))
        seconds = round(when - now, 6)
        take = lambda _, number=number: called.append(number)  # noqa: E731
        is_odd = seconds not in (0.5, 5.0, 32.0)
        alarm = schedule.at(when, take) if is_odd else schedule.after(seconds, now, take)
        wanted[number] = alarm.when, alarm
        if dice.random() < 0.6:
            gone = dice.choice(list(wanted))
            wanted.pop(gone)[1].cancel()
        if dice.random() < 0.3:
            now += dice.random() * 2
            due = sorted((when, number) for number, (when, _) in wanted.items() if when <= now)
            called.clear()
            schedule.expire(now)
            assert called == [number for _, number in due]
            for _, number in due:
                del wanted[number]
        assert len(schedule) == len(wanted)
        assert schedule.deadline() == min((when for when, _ in wanted.values()), default=None)


def test_what_was_cancelled_does_not_gather() -> None:
    schedule = Schedule()
    for number in range(50 * FEW):
        schedule.after(32.0, number / 1000, print).cancel()
        schedule.at(32.0 + number / 1000, print).cancel()
    assert len(schedule._all()) <= 2 * FEW
