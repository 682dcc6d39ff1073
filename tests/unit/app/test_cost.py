"""What a plain SIP call costs the whole program: bounds that a feature which burdens every call runs into.

Counted, not timed, as `tests/unit/sip/test_cost.py` does it for the SIP stack alone.
"""

from __future__ import annotations

import gc
import logging
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.bench_office import Bench
from tests.unit.sip.test_cost import forget_what_was_read

CALLS = 20
ROUNDS = 3
"""Of which the least counts: how often the disk's thread has its turn is not the call's."""
MOST_STEPS = 2640
"""Calls of functions for a call of two legs, from its INVITE to its record; of the SIP stack alone, some 1360."""
MOST_BYTES = 19_200
"""What a standing call of two legs holds, in the whole program, its story included."""
MOST_BYTES_BESIDE_SIP = 6_500
"""What of it the rooms hold that know nothing of SIP: the script, the call and its legs, their rows, the tolls."""
MOST_BYTES_OF_SIP = 10_100
"""What of it the two legs hold: sessions, dialogs, what was agreed on, and the call's story."""
OF_SIP = ("gateway/sip/", "gateway/sdp/", "gateway/net/", "gateway/core/trace.py", "gateway/core/story.py")
BESIDE_SIP = ("dialplan/", "gateway/call/", "gateway/net/audio.py", "gateway/plane/", "gateway/toll/")
ROOT = Path(__file__).parents[3]
DEPTH = 12
"""Frames that are kept of each allocation: it is laid to the innermost one of ours."""
LIFE_OF_A_TRANSACTION = 64.0


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Bench(tmp_path) as bench:
        for _ in range(CALLS):
            bench.one_call()
        yield bench


def test_a_call_takes_a_bounded_number_of_steps(bench: Bench) -> None:
    rounds = [bench.steps(CALLS) for _ in range(ROUNDS)]
    assert min(rounds) < MOST_STEPS, rounds


def test_a_call_that_stands_holds_little(bench: Bench) -> None:
    held = _held_by_files(bench)
    beside_sip = sum(octets for file, octets in held.items() if file.startswith(BESIDE_SIP))
    of_sip = sum(octets for file, octets in held.items() if file.startswith(OF_SIP))
    assert sum(held.values()) / CALLS < MOST_BYTES
    assert of_sip / CALLS < MOST_BYTES_OF_SIP
    assert beside_sip / CALLS < MOST_BYTES_BESIDE_SIP


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


def _held_by_files(bench: Bench) -> Counter[str]:
    """Octets that calls hold once they have stood for a while, by the file that asked for them."""
    for _ in range(CALLS):
        bench.one_call()
    bench.pass_time(LIFE_OF_A_TRANSACTION)  # with the first ones comes what serves all: the compressor of stories
    (answer,) = bench.set_up()
    bench.pass_time(LIFE_OF_A_TRANSACTION)  # and with the first that stands how such are written ahead
    bench.tear_down(answer)
    bench.rest()
    gc.collect()
    logging.disable()  # pytest keeps every line that is written, here of calls that hear nothing
    tracemalloc.start(DEPTH)
    try:
        for _ in range(CALLS):
            bench.set_up()
        bench.pass_time(LIFE_OF_A_TRANSACTION)
        bench.rest()
        forget_what_was_read()
        gc.collect()
        snapshot = tracemalloc.take_snapshot()
    finally:
        tracemalloc.stop()
        logging.disable(logging.NOTSET)
    held: Counter[str] = Counter()
    for block in snapshot.filter_traces([tracemalloc.Filter(False, "*/tests/bench/*")]).traces:
        held[_asked_by(block.traceback)] += block.size
    return held


def _asked_by(traceback: tracemalloc.Traceback) -> str:
    """The file of ours whose code asked for the memory; `frozen`, which makes classes for all of them, is none."""
    for frame in reversed(traceback):
        path = Path(frame.filename)
        if path.is_relative_to(ROOT) and path.name != "frozen.py":
            return path.relative_to(ROOT).as_posix()
    return "elsewhere"
