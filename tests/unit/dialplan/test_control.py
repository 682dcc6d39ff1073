"""ControlPlayback, as Asterisk's app_controlplayback has it."""

from __future__ import annotations

import asyncio

import pytest

from tests.unit.dialplan.office import FakeLeg, Office


@pytest.mark.parametrize(
    ("arguments", "keys", "status", "key"),
    [
        ("hello", "-", "SUCCESS", ""),
        ("hello,1000,#,*,8", "8", "USERSTOPPED", "8"),
        ("hello,1000,#,*,8,5,0", "0*58", "USERSTOPPED", "8"),
        ("hello,1000", "#", "SUCCESS", ""),
        ("no-such", "-", "ERROR", ""),
        ("", "-", "ERROR", ""),
        ("hello,x,,,,,,o(1)", "-", "SUCCESS", ""),
    ],
)
def test_a_prompt_is_wound_and_stopped_by_keys(arguments: str, keys: str, status: str, key: str) -> None:
    office = Office(f"[office]\nexten => 100,1,ControlPlayback({arguments})\n")
    leg = asyncio.run(office.call("100", FakeLeg(keys=keys)))
    assert leg.variables["CPLAYBACKSTATUS"] == status
    assert leg.variables.get("CPLAYBACKSTOPKEY", "") == key
