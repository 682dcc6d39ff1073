"""SIPp transfers, watches and acknowledges ringing: what a strict peer is told after REFER, SUBSCRIBE and PRACK."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.sipp import run_sipp
from tests.support.wire import PATIENCE, RunningOffice, until

pytestmark = pytest.mark.wire


def test_rfc_3515_section_4_1_sipp_sends_a_telephone_to_another_one(office: RunningOffice, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as beside:
        sipp = beside.submit(run_sipp, "transfer", tmp_path, office.addresses["udp"], number="101")
        for telephone in ("101", "102"):
            until(lambda number=telephone: office.heard(number)["ringing"], PATIENCE, f"{telephone} to ring")
            office.hand(telephone, "lift")
        done = sipp.result()
    assert done.code == 0, done.errors
    until(lambda: office.left_over().get("calls") == 1, PATIENCE, "the call of the two telephones")
    assert "FXS/102-" in office.copperline("calls")
    office.hand("102", "hang-up")


def test_rfc_4235_sipp_watches_a_telephone_that_is_lifted(office: RunningOffice, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as beside:
        sipp = beside.submit(run_sipp, "watch", tmp_path, office.addresses["udp"], number="101")
        until(lambda: sipp.done() or office.left_over().get("sip subscriptions"), PATIENCE, "the subscription")
        office.hand("101", "lift")
        done = sipp.result()
    assert done.code == 0, done.errors
    office.hand("101", "hang-up")
    until(lambda: not office.left_over().get("sip subscriptions"), PATIENCE, "the end of the subscription")


def test_rfc_3262_sipp_acknowledges_each_ringing_before_the_answer(office: RunningOffice, tmp_path: Path) -> None:
    done = run_sipp("call_reliably", tmp_path, office.addresses["udp"], number="95550100")
    assert done.code == 0, done.errors
