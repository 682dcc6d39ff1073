"""Causes by number, by our names, and by those that Asterisk has for them (include/asterisk/causes.h)."""

from __future__ import annotations

import pytest

from dialplan.causes import read_cause
from dialplan.substitution import ScriptError
from gateway.core.cause import Cause


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("17", Cause.USER_BUSY),
        (" user_busy ", Cause.USER_BUSY),
        ("AST_CAUSE_NORMAL_CIRCUIT_CONGESTION", Cause.NO_CIRCUIT_AVAILABLE),
        ("SWITCH_CONGESTION", Cause.SWITCHING_EQUIPMENT_CONGESTION),
        ("ANSWERED_ELSEWHERE", Cause.NON_SELECTED_USER_CLEARING),
        ("UNALLOCATED", Cause.UNALLOCATED_NUMBER),
    ],
)
def test_a_cause_is_read(text: str, cause: Cause) -> None:
    assert read_cause(text) is cause


@pytest.mark.parametrize("text", ["", "0", "128", "99999999999", "-1", "busyish"])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ScriptError, match=r"is no Q\.850 cause"):
        read_cause(text)
