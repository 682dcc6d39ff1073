"""What one plain call costs: bounds that a feature which burdens every call runs into. Counted, not timed."""

from __future__ import annotations

import cProfile
import gc
import tracemalloc

from gateway.sip.channel import SipChannel
from gateway.sip.established import Established
from gateway.sip.fork import Fork
from gateway.sip.headers import ADDRESSES, CSEQS, VIAS
from tests.bench.bench_sip import Bench
from tests.support.steps import steps_of

CALLS = 20
MOST_STEPS = 1365
"""Calls of functions for a call of two legs, from its INVITE with its proof to the end of its BYEs."""
MOST_BYTES = 10_050
"""What a call of two legs holds once its transactions are over, its story included."""
LIFE_OF_A_TRANSACTION = 64.0


def test_a_call_takes_a_bounded_number_of_steps() -> None:
    bench = Bench()
    one_call(bench)
    bench.profile = cProfile.Profile()
    for _ in range(CALLS):
        one_call(bench)
    assert steps_of(bench.profile) / CALLS < MOST_STEPS


def test_a_call_that_stands_holds_little() -> None:
    bench = Bench()
    bench.set_up()
    bench.now += LIFE_OF_A_TRANSACTION
    bench.pass_time()  # the compressor of stories stands ready then, one for all
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(CALLS):
            bench.set_up()
            bench.pass_time()
        for _ in range(3):
            bench.now += LIFE_OF_A_TRANSACTION
            bench.pass_time()
        forget_what_was_read()
        gc.collect()
        held = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(False, "*/tests/bench/*")])
        after = sum(block.size for block in held.traces)
    finally:
        tracemalloc.stop()
    assert (after - before) / CALLS < MOST_BYTES
    assert bench.stack.usage()["transactions"] == 0


def test_a_leg_that_has_ended_is_gone_while_its_transactions_last() -> None:
    bench = Bench()
    one_call(bench)
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            one_call(bench)
        legs = [found for found in gc.get_objects() if isinstance(found, SipChannel | Fork | Established)]
        assert legs == []
    finally:
        gc.enable()
    assert bench.stack.usage()["transactions"] >= 4 * 4, "late answers and repeated requests are still met"


def forget_what_was_read() -> None:
    """What was read of the latest texts is kept for all calls, and is bounded."""
    for kept in (ADDRESSES, CSEQS, VIAS):
        kept.clear()


def one_call(bench: Bench) -> None:
    """A call from its INVITE to its end."""
    bench.set_up()
    bench.pass_time()
    bench.tear_down()
