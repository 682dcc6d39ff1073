"""What cannot be done is refused with the status that says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.sipp import run_sipp
from tests.support.wire import PATIENCE, RunningOffice, until

pytestmark = pytest.mark.wire


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_an_unknown_number_is_404(office: RunningOffice, tmp_path: Path, transport: str) -> None:
    done = run_sipp(
        "call_refused", tmp_path, office.addresses[transport], transport=transport, number="999", status=404
    )
    assert done.code == 0, done.errors
    record = until(
        lambda: next((found for found in office.get("/api/v1/records") if found["called"] == "999"), None),
        2,
        "the record of it",
    )
    assert record["cause"] == 1


def test_a_telephone_that_is_off_hook_is_486(office: RunningOffice, tmp_path: Path) -> None:
    office.hand("101", "lift")
    until(lambda: office.heard("101")["tone"] == "dial", PATIENCE, "dial tone")
    done = run_sipp("call_refused", tmp_path, office.addresses["udp"], number="101", status=486)
    assert done.code == 0, done.errors
    assert office.heard("101")["tone"] == "dial", "who is on the line hears nothing of it"


def test_an_account_that_is_not_registered_is_480(office: RunningOffice, tmp_path: Path) -> None:
    done = run_sipp("call_refused", tmp_path, office.addresses["udp"], number="6003", status=480)
    assert done.code == 0, done.errors


def test_a_codec_that_nobody_here_has_is_488(office: RunningOffice, tmp_path: Path) -> None:
    done = run_sipp("call_with_strange_codec", tmp_path, office.addresses["udp"], number="600", status=488)
    assert done.code == 0, done.errors


def test_who_has_no_account_cannot_call(office: RunningOffice, tmp_path: Path) -> None:
    done = run_sipp(
        "call_refused", tmp_path, office.addresses["udp"], user="6666", secret="x", number="95550100", status=403
    )
    assert done.code == 0, done.errors
