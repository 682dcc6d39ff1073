"""Timers of many lines: the first of all is known without asking each line, and never told too late."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from math import inf
from random import Random
from typing import Final

import pytest

from drivers.fxs.states import Input
from drivers.isdn.config import IsdnConfig
from drivers.isdn.line import IsdnLine
from drivers.isdn.lines import IsdnLines
from drivers.span.span import Span
from drivers.span.spans import Spans
from gateway.core.cause import Cause
from gateway.core.errors import CopperlineError
from gateway.core.messages import Alert, Answer, Hangup, Proceed, SendDigits
from gateway.core.timers import Due, RunningTimers
from gateway.q931 import primitive
from gateway.q931.config import E1_CHANNELS
from gateway.q931.number import CalledNumber
from hardware.span.dahdi import NoticeKind
from tests.unit.drivers.isdn_bench import IsdnBench
from tests.unit.drivers.office import PHONE, Office
from tests.unit.drivers.span_bench import DONE, E1, SpanBench


def test_what_is_due_first_is_never_told_too_late() -> None:
    due = Due()
    one, other = RunningTimers[Input](due), RunningTimers[Input](due)
    assert due.at == inf
    one[Input.TONE_TIME] = 5.0
    other.setdefault(Input.TONE_TIME, 3.0)
    assert due.at == 3.0
    other[Input.TONE_TIME] = 9.0
    assert due.at == 3.0, "early, for nobody has looked since"
    one.update({Input.LAMP_TIME: 2.0})
    assert due.at == 2.0


def test_after_a_look_it_is_known_again() -> None:
    office = Office()
    office.lift(PHONE)
    tone = office.lines.deadline()
    assert tone is not None
    office.put_down(PHONE)
    office.wait(120.0)
    assert office.lines.deadline() is None


def test_asking_when_something_is_due_asks_no_line() -> None:
    office = Office()
    office.lift(PHONE)
    assert steps_of(office.lines.deadline) == ["LineBank.deadline"]


def test_asking_a_span_of_thirty_calls_asks_none_of_them() -> None:
    bench = SpanBench(replace(E1, interface=replace(E1.interface, channels=E1_CHANNELS)))
    bench.run(1)
    for _ in E1_CHANNELS:
        bench.dial()
    assert bench.spans.status()[0].state == "30 of 30 in use"
    assert steps_of(bench.spans.deadline) == ["LineBank.deadline"]


@pytest.mark.parametrize("seed", range(12))
def test_no_timer_of_a_span_is_told_too_late(seed: int) -> None:
    """Q.921 5.9 and Q.931 9: T200, T203, T301 to T322, keys that are sent, and a link that is tried again."""
    lot, bench = Random(seed), SpanBench()
    for _ in range(60):
        with suppress(CopperlineError):
            something(lot, bench)
        never_late(bench.spans, bench.spans["e1"])
        bench.heard = bench.heard[-20:]
    bench.cut = False
    bench.run(120)
    never_late(bench.spans, bench.spans["e1"])


def test_no_timer_of_an_adapter_is_told_too_late() -> None:
    """Reset, settings, a call that is dialled and ends, silence for its row, and a plug that is pulled."""
    bench = IsdnBench(IsdnConfig(name="adapter1", device="/dev/ttyI0", numbers=("2565551100",)))
    adapter = bench.lines["adapter1"]

    def look() -> None:
        never_late(bench.lines, adapter)

    bench.run(3, look)
    leg = bench.dial()
    look()
    bench.run(2, look)
    bench.hang_up(leg)
    look()
    bench.run(3, look)
    bench.lines.detach("adapter1", "pulled", bench.now)
    bench.run(1, look)
    assert adapter.deadline() is None
    bench.lines.expire(bench.now)
    assert bench.lines.deadline() is None


def never_late(bank: IsdnLines | Spans, line: IsdnLine | Span) -> None:
    """What the bank says, unasked of its only line, is what that says, or earlier."""
    exact, told = line.deadline(), bank.deadline()
    assert exact is None or (told is not None and told <= exact), (told, exact)


def something(lot: Random, bench: SpanBench) -> None:
    """One thing that may happen on a span."""
    legs = [channel for channel, _ in bench.heard]
    calls = [event.call for event in bench.said if isinstance(event, primitive.Setup)]
    match lot.randrange(10):
        case 0:
            bench.dial("e1/5550106ww12")
        case 1:
            bench.places(primitive.Order(CalledNumber("25655511", 2), complete=False))
        case 2 | 3 if calls:
            bench.says(lot.choice(calls), lot.choice(FAR_WORDS))
        case 4 | 5 if legs:
            bench.command(lot.choice(legs), lot.choice(OUR_WORDS))
        case 6:
            bench.notice(lot.choice((NoticeKind.ALARM, NoticeKind.NO_ALARM)), "red alarm")
        case 7:
            bench.cut = not bench.cut
        case 8:
            bench.plug()
        case _:
            bench.run(lot.choice((0.1, 1.0, 4.0, 12.0)))


def steps_of(asked: Callable[[], object]) -> list[str]:
    """The functions that are called to answer a question, in order."""
    steps: list[str] = []
    sys.setprofile(lambda frame, event, given: steps.append(frame.f_code.co_qualname) if event == "call" else None)
    try:
        asked()
    finally:
        sys.setprofile(None)
    return steps


FAR_WORDS: Final = (
    primitive.Proceed(), primitive.Alert(), primitive.Connect(), primitive.AskMore(), primitive.Audit(),
    primitive.TellProgress(), primitive.SendDigits("00", complete=True), primitive.Clear(Cause.USER_BUSY),
)  # fmt: skip
OUR_WORDS: Final = (Proceed(), Alert(), Answer(), SendDigits("1w2"), Hangup(DONE))
