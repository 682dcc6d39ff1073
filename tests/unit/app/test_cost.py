"""What a plain SIP call costs the whole program: bounds that a feature which burdens every call runs into.

Counted, not timed, as `tests/unit/sip/test_cost.py` does it for the SIP stack alone.
"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.bench_office import Bench

CALLS = 20
MOST_STEPS = 4800
"""Calls of functions for a call of two legs, from its INVITE to its record; of the SIP stack alone, some 3000."""
MOST_BYTES = 51_000
"""What a standing call of two legs holds, in the whole program, its story included."""
LIFE_OF_A_TRANSACTION = 64.0


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Bench(tmp_path) as bench:
        for _ in range(3):
            bench.one_call()
        yield bench


def test_a_call_takes_a_bounded_number_of_steps(bench: Bench) -> None:
    assert bench.steps(CALLS) < MOST_STEPS


def test_a_call_that_stands_holds_little(bench: Bench) -> None:
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(CALLS):
            bench.set_up()
        bench.pass_time(LIFE_OF_A_TRANSACTION)
        gc.collect()
        held = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(False, "*/tests/bench/*")])
        after = sum(trace.size for trace in held.traces)
    finally:
        tracemalloc.stop()
    assert (after - before) / CALLS < MOST_BYTES


def test_nothing_of_a_call_waits_for_the_garbage_collector(bench: Bench) -> None:
    """So that it need hardly ever run (`gateway.app.garbage`)."""
    bench.pass_time(LIFE_OF_A_TRANSACTION)
    gc.collect()
    gc.disable()
    try:
        for _ in range(CALLS):
            bench.one_call()
        bench.pass_time(LIFE_OF_A_TRANSACTION)
        bench.pass_time(LIFE_OF_A_TRANSACTION)
        assert gc.collect() < CALLS
    finally:
        gc.enable()
