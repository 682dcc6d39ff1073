"""The dialplan's database and the toll meter live through a restart and a kill, and older files are taken over."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from gateway.core.errors import Exhausted, LocalError
from gateway.store import Store, StoredDatabase
from gateway.toll.meter import Usage
from tests.unit.store.records import on_disk
from tests.unit.store.test_store import run, url_of


def test_values_come_back_after_a_restart(tmp_path: Path) -> None:
    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        database = await StoredDatabase.open(store)
        database.put("cfu/101", "5550100")
        database.put("cfu/102", "5550101")
        database.put("dnd/101", "1")
        database.delete("cfu/102")
        database.close()
        await store.close()
        store = await Store.open(url_of(tmp_path))
        again = await StoredDatabase.open(store)
        assert again.paths("") == ["cfu/101", "dnd/101"]
        assert again.get("cfu/101") == "5550100"
        await store.close()

    run(conversation())


def test_of_a_value_that_changes_faster_than_the_disk_turns_the_latest_is_kept(tmp_path: Path) -> None:
    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        database = await StoredDatabase.open(store)
        for count in range(50_000):
            database.put("counter/calls", str(count))
            database.put(f"seen/{count % 1500}", "x")
        assert store.pending <= 1, "a flood of changes must not fill the queue"
        database.close()
        await store.close()
        assert store.lost == 0
        store = await Store.open(url_of(tmp_path))
        again = await StoredDatabase.open(store)
        assert again.get("counter/calls") == "49999"
        assert len(again.paths("seen")) == 1500
        await store.close()

    run(conversation())


def test_what_changes_while_the_disk_turns_is_written_after_it_and_not_only_at_the_end(tmp_path: Path) -> None:
    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        database = await StoredDatabase.open(store)
        database.put("a", "1")
        database.put("b", "2")
        await store.save_values({"after": "the first"})  # what is written is written in order
        await store.save_values({"after": "the second"})
        assert await store.load_values() == {"a": "1", "b": "2", "after": "the second"}
        database.close()
        await store.close()

    run(conversation())


def test_what_no_database_takes_as_text_is_kept_as_far_as_it_goes(tmp_path: Path) -> None:
    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        database = await StoredDatabase.open(store)
        database.put("name/101", "Zo\udceb\0 Ltd")
        with pytest.raises(Exhausted, match="too long"):
            database.put("name/102", "x" * 65537)
        database.close()
        await store.close()
        assert store.lost == 0
        store = await Store.open(url_of(tmp_path))
        assert await store.load_values() == {"name/101": "Zo? Ltd"}
        await store.close()

    run(conversation())


def test_what_was_committed_lives_through_kill_9(tmp_path: Path) -> None:
    program = """
import asyncio, os, signal, sys
from gateway.store import Store, StoredDatabase
async def main():
    store = await Store.open(sys.argv[1])
    database = await StoredDatabase.open(store)
    database.put("night/mode", "on")
    while store.pending:
        await asyncio.sleep(0)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    assert subprocess.run([sys.executable, "-c", program, url_of(tmp_path)], timeout=60).returncode == -9

    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        assert (await StoredDatabase.open(store)).get("night/mode") == "on"
        await store.close()

    run(conversation())


def test_usage_comes_back_and_yesterdays_is_forgotten(tmp_path: Path) -> None:
    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        await store.save_usage([Usage("caller 6001", 1000, 60, 0.5), Usage("trunk g1", 2000, 30, 0.25)])
        await store.save_usage([Usage("trunk g1", 2000, 60, 0.5)])
        await store.close()
        store = await Store.open(url_of(tmp_path))
        assert await store.load_usage(1001) == [Usage("trunk g1", 2000, 60, 0.5)]
        await on_disk(store)
        assert await store.load_usage(0) == [Usage("trunk g1", 2000, 60, 0.5)]
        await store.close()

    run(conversation())


def test_rfc_5626_6_of_the_rows_of_one_flow_an_older_file_keeps_the_latest(tmp_path: Path) -> None:
    asyncio.run(_opened(tmp_path))
    with closing(sqlite3.connect(tmp_path / "var" / "calls.db")) as database:
        for newer in ("dialled", "tried", "cost"):
            database.execute(f"ALTER TABLE call_records DROP COLUMN {newer}")
        database.execute("UPDATE schema_version SET version = 7")
        database.execute("CREATE TABLE registrations AS SELECT * FROM bindings")
        rows = [("sip:a@new", "2026-01-02", 1), ("sip:a@old", "2026-01-01", 1), ("sip:a@other", "2026-01-01", 2)]
        for contact, expires, reg_id in rows:
            database.execute(
                "INSERT INTO registrations "
                "VALUES ('6001', '', ?, 'c', 1, ?, 0, '', 'udp', '', '', '<urn:1>', ?, '', '')",
                (contact, expires, reg_id),
            )
        database.commit()
    asyncio.run(_opened(tmp_path))
    with closing(sqlite3.connect(tmp_path / "var" / "calls.db")) as database:
        found = database.execute("SELECT place, contact FROM bindings ORDER BY place").fetchall()
    assert found == [("<urn:1>;1", "sip:a@new"), ("<urn:1>;2", "sip:a@other")]


async def _opened(folder: Path) -> None:
    await (await Store.open(url_of(folder))).close()


def test_a_file_of_the_first_version_is_taken_over_and_one_of_a_later_is_refused(tmp_path: Path) -> None:
    def sql(*statements: str) -> list[tuple[int, ...]]:
        with closing(sqlite3.connect(tmp_path / "var" / "calls.db")) as database:
            for statement in statements:
                found = database.execute(statement).fetchall()
            database.commit()
        return found

    asyncio.run(_opened(tmp_path))
    sql("UPDATE schema_version SET version = 1", "DROP TABLE toll_usage", "DROP TABLE dialplan_values")
    sql("ALTER TABLE call_records DROP COLUMN linked", "ALTER TABLE call_records DROP COLUMN talks")
    sql("ALTER TABLE call_records DROP COLUMN quality", "ALTER TABLE call_records DROP COLUMN answer_signal")
    sql("ALTER TABLE call_records DROP COLUMN dialled", "ALTER TABLE call_records DROP COLUMN tried")
    sql("ALTER TABLE call_records DROP COLUMN cost", "DROP TABLE standing_calls")
    sql(
        "DROP TABLE bindings",
        "CREATE TABLE registrations (account VARCHAR(80), contact VARCHAR(2048), call_id TEXT, cseq INTEGER, "
        "expires DATETIME, q INTEGER, user_agent TEXT, transport VARCHAR(8), local VARCHAR(80), "
        "remote VARCHAR(80), PRIMARY KEY (account, contact))",
        "INSERT INTO registrations VALUES ('6001', 'sip:a@h', 'c', 1, '2026-01-01', 0, '', 'udp', '', '')",
    )
    asyncio.run(_opened(tmp_path))
    assert sql("SELECT version FROM schema_version") == [(10,)]
    assert sql("SELECT account, place, contact, reg_id, features FROM bindings") == [
        ("6001", "sip:a@h", "sip:a@h", 0, "")
    ]
    assert sql("SELECT name FROM sqlite_master WHERE name = 'registrations'") == []
    assert sql("SELECT count(*) FROM dialplan_values") == [(0,)]
    sql("UPDATE schema_version SET version = 99")
    with pytest.raises(LocalError, match="version 99"):
        asyncio.run(_opened(tmp_path))
