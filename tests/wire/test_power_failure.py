"""The power fails right after a call: its record is there, and the office comes up again."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.support.sipp import run_sipp
from tests.support.wire import PATIENCE, running, until

pytestmark = pytest.mark.wire


def test_a_finished_call_is_in_the_database_after_kill_9_and_the_office_starts_again(
    tmp_path: Path, spoken: None
) -> None:
    folder = tmp_path / "office"
    with running(folder) as office:
        done = run_sipp("call", tmp_path / "sipp", office.addresses["udp"], number="600")
        assert done.code == 0, done.errors
        until(lambda: office.get("/api/v1/records"), PATIENCE, "the record to be on the disk")
        office.kill()
    with sqlite3.connect(f"file:{folder / 'var' / 'copperline.db'}?mode=ro", uri=True) as database:
        (count,) = database.execute("SELECT count(*) FROM call_records").fetchone()
        (standing,) = database.execute("SELECT count(*) FROM standing_calls").fetchone()
    database.close()
    assert (count, standing) == (1, 0)
    with running(folder) as again:
        (record,) = again.get("/api/v1/records")
        assert (record["caller"], record["called"], record["disposition"]) == ("6001", "600", "ANSWERED")
        assert run_sipp("call", tmp_path / "sipp2", again.addresses["tcp"], transport="tcp", number="600").code == 0
        assert "600" in again.copperline("calls")
        assert again.stop() == 0
