"""A bounded sample of what `python -m tests.fuzz` tries: every target, by number and as hypothesis likes.

No exception escapes, nothing is left, and time grows no faster than what is sent.
"""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.script import FRAGMENTS, Script, mutated
from tests.fuzz.seeded import numbered
from tests.fuzz.seeds import seeds
from tests.fuzz.targets import STORIES, TARGETS

SAMPLE = {"stack": 120, "dialplan": 100, "span": 150, "adapter": 60, "calls": 150}
"""Inputs of targets that take long; of the others there are ten times as many as the least of these."""
HARMFUL = (1470, 2835, 4423)
"""Stories of calls that did harm: an answer and its end at once, two who send one away, keys of both at once."""
BOUNDED = 2.0
"""Seconds of processor time for the longest message of any target: several times what the slowest takes on a busy
machine; what grows faster than its input takes minutes."""


@pytest.mark.parametrize("target", TARGETS)
def test_numbered_inputs_do_no_harm(target: str) -> None:
    for number in range(SAMPLE.get(target, 1000)):
        try:
            TARGETS[target](numbered(target, number))
        except Exception as fault:
            raise AssertionError(f"python -m tests.fuzz {target} --first {number}") from fault


@pytest.mark.parametrize("number", HARMFUL)
def test_what_did_harm_does_no_more(number: int) -> None:
    TARGETS["calls"](numbered("calls", number))


@pytest.mark.parametrize("target", TARGETS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_inputs_that_hypothesis_makes_do_no_harm(target: str, data: st.DataObject) -> None:
    seed = data.draw(st.sampled_from(seeds(target)))
    noise = data.draw(st.binary(max_size=200))
    TARGETS[target](noise if target in STORIES else mutated(seed, Script(noise)))


@pytest.mark.parametrize("target", [name for name in TARGETS if name not in STORIES | {"rtp"}])
def test_no_repetition_costs_more_than_a_bounded_time(target: str) -> None:
    """Every fragment that the grammars turn on, 32 KB of it: at the start, and in the middle of what is right."""
    for fragment in FRAGMENTS:
        many = fragment * (32_000 // len(fragment))
        for data in (many, *(seed[: len(seed) // 2] + many + seed[len(seed) // 2 :] for seed in seeds(target)[:2])):
            began = time.process_time()
            TARGETS[target](data)
            took = time.process_time() - began
            assert took < BOUNDED, f"{took:.2f} s for {data[:80]!r}... of {len(data)} octets"
