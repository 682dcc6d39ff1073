"""Stages and entries: what is compiled, how often, and what becomes of it."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from numba.core.errors import TypingError

from gateway.media.compiled import entry, stage


@stage
def _third(value: int) -> int:
    return value // 3


@stage
def _left(value: int) -> int:
    return _third(value) + 1


@stage
def _right(value: int) -> int:
    return _third(2) - _third(np.int32(value))


def test_an_entry_takes_in_each_stage_below_it_once_however_many_call_it() -> None:
    @entry
    def both(value: int) -> int:
        return _left(value) * _right(value)

    assert [both(value) for value in (-7, 0, 8)] == [(value // 3 + 1) * -(value // 3) for value in (-7, 0, 8)]
    assert _third._numba_type_.dispatcher.signatures == _left._numba_type_.dispatcher.signatures


def test_an_entry_may_stand_below_another() -> None:
    @entry
    def lower(value: int) -> int:
        return _third(value)

    @entry
    def upper(value: int) -> int:
        return lower(value) + _left(value)

    assert upper(9) == 7


def test_python_may_call_a_stage() -> None:
    assert _left(np.int16(11)) == _left.py_func(11) == 4


def test_a_division_by_nothing_ends_no_loop() -> None:
    @entry
    def share(value: int, among: int) -> int:
        return value // among

    assert share(6, 2) == 3
    assert share(6, 0) == 0


def test_the_collector_is_on_again_after_a_compilation_that_failed() -> None:
    @entry
    def wrong(value: int) -> int:
        return value.nothing  # type: ignore[attr-defined]

    with pytest.raises(TypingError):
        wrong(1)
    assert gc.isenabled()
