"""Records and registrations survive: a restart, a kill, a full disk, bad company in a batch."""

from __future__ import annotations

import asyncio
import dataclasses
import errno
import logging
import os
import sqlite3
import subprocess
import sys
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from math import inf
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.app.retention import Retention
from gateway.call.talk import Talk
from gateway.core.errors import Exhausted, LocalError
from gateway.store import Store, StoredBinding
from gateway.store.ban import StoredBan
from gateway.store.schema import record_row
from gateway.store.text import StoredText
from gateway.store.writer import AT_ONCE, BATCH, RETRIES, TURN, Statement, Writer, _is_refused
from gateway.toll.meter import Usage
from tests.unit.store.records import START, binding, call_record, on_disk


def url_of(folder: Path) -> str:
    return f"sqlite:///{folder}/var/calls.db"


def run(conversation: Coroutine[Any, Any, None]) -> None:
    """Run a test's coroutine and see that no thread outlives it."""
    before = set(threading.enumerate())
    asyncio.run(conversation)
    for thread in set(threading.enumerate()) - before:
        thread.join(5)  # it has been told to end, and may be on its last instruction
        assert not thread.is_alive()


class Pauses:
    """Stands for the waits between attempts: counts them and lets something happen in each."""

    def __init__(self, then: Callable[[int], None]) -> None:
        self.seconds: list[float] = []
        self._then = then

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self._then(len(self.seconds))


def test_a_record_comes_back_as_it_was_after_a_restart(tmp_path: Path) -> None:
    talks = (
        Talk("SIP/6001-00000001", "FXS/101-00000002", START, START + timedelta(seconds=20)),
        Talk("SIP/6001-00000001", "FXS/102-00000003", START + timedelta(seconds=21), None),
    )
    answered = dataclasses.replace(call_record("a"), talks=talks)
    missed = dataclasses.replace(
        call_record("b", minutes=1), answered=None, billed=0.0, disposition="NO ANSWER", destination=""
    )

    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        await store.record(answered)
        await store.record(missed)
        await store.close()
        store = await Store.open(url_of(tmp_path))
        assert await store.records(10) == [missed, answered]
        assert await store.records(1) == [missed]
        await store.close()

    run(conversation())


def test_records_between_two_moments_some_at_a_time(tmp_path: Path) -> None:
    calls = [call_record(f"call-{number}", minutes=number // 2) for number in range(7)]

    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        for record in calls:
            await store.record(record)
        minute = timedelta(minutes=1)
        found = await store.records_between(START + minute, START + 3 * minute, "", 10)
        assert [record.id for record in found] == ["call-2", "call-3", "call-4", "call-5"]
        found = await store.records_between(START + minute, START + 9 * minute, "call-2", 2)
        assert [record.id for record in found] == ["call-3", "call-4"], "on from one of several of that moment"
        await store.close()

    run(conversation())


def test_records_of_long_ago_are_forgotten(tmp_path: Path) -> None:
    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        for number in range(4):
            await store.record(call_record(f"call-{number}", minutes=number * 24 * 60))
        Retention(store, days=2, wall=lambda: START + timedelta(days=4, minutes=-1)).look(0.0)
        Retention(store, days=0, wall=lambda: START + timedelta(days=400)).look(0.0)
        while store.pending:
            await asyncio.sleep(0.001)
        assert [record.id for record in await store.records(9)] == ["call-3", "call-2"]
        await store.close()

    run(conversation())


def test_a_call_that_stood_when_the_process_was_killed_is_recorded_until_it_was_seen_last(tmp_path: Path) -> None:
    stood, over = call_record("stood"), call_record("over")

    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        await store.stand(stood)
        await store.stand(over)
        await store.record(over, stood=True)
        await store.still_stand(30.0)
        await store.still_stand(29.5)
        assert await store.records(10) == [over], "it is not over"
        await store.close()
        store = await Store.open(url_of(tmp_path))
        (found,) = await store.recover()
        assert (found.id, found.ended) == ("stood", START + timedelta(seconds=124))
        assert (found.duration, found.billed) == (124.0, 119.5)
        await on_disk(store)
        assert sorted(record.id for record in await store.records(10)) == ["over", "stood"]
        assert await store.recover() == []
        await store.close()

    run(conversation())


def test_many_calls_that_were_cut_off_delay_no_start(tmp_path: Path) -> None:
    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        await asyncio.gather(*[store.stand(call_record(f"call-{number:03}")) for number in range(200)])
        commits: list[object] = []
        event.listen(store._engine.sync_engine, "commit", commits.append)
        assert len(await store.recover()) == 200
        await on_disk(store)
        assert len(commits) == 1, "a start waits for each"
        await store.close()

    run(conversation())


def test_a_start_does_not_wait_for_what_cannot_be_written(tmp_path: Path) -> None:
    """The disk is full, or another program is at it for long: the office takes calls all the same."""

    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        await store.stand(call_record("cut off"))
        for number, expires in enumerate((START, START + timedelta(hours=1))):
            await store.save_binding(binding(f"600{number}", seconds=3600 * number))
            await store.save_ban(StoredBan(f"192.0.2.{number}", expires, "guessing"))
            await store.save_text(StoredText(number, "6001", "6002", "Ada", "[]", b"hello", expires))
        minute = int(START.timestamp() // 60)
        await store.save_usage([Usage("6001", at, 2.0, 0.5) for at in (minute - 1, minute)])
        await store.close()
        store = await Store.open(url_of(tmp_path))
        with closing(sqlite3.connect(tmp_path / "var" / "calls.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            async with asyncio.timeout(2):
                assert [each.account for each in await store.load_bindings(START)] == ["6001"]
                assert [each.source for each in await store.load_bans(START)] == ["192.0.2.1"]
                assert [each.serial for each in await store.load_texts(START)] == [1]
                assert [each.minute for each in await store.load_usage(minute)] == [minute]
                assert [each.id for each in await store.recover()] == ["cut off"]
            assert store.pending == 5
        await on_disk(store)
        assert [record.id for record in await store.records(9)] == ["cut off"]
        await store.close()

    run(conversation())


def test_a_call_that_has_its_record_is_not_recovered(tmp_path: Path) -> None:
    """Of the two, another program or an earlier version may have left both."""

    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        for id in ("both", "cut off"):
            await store.stand(call_record(id))
        await store.record(call_record("both"))
        assert [record.id for record in await store.recover()] == ["cut off"]
        await on_disk(store)
        assert await store.recover() == []
        assert sorted(record.id for record in await store.records(9)) == ["both", "cut off"]
        assert store.lost == 0
        await store.close()

    run(conversation())


def test_a_database_of_version_8_is_brought_up_to_this_one(tmp_path: Path) -> None:
    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        await store.record(call_record("old"))
        await store.close()
        with closing(sqlite3.connect(tmp_path / "var" / "calls.db")) as database:
            for newer in ("dialled", "tried", "cost"):
                database.execute(f"ALTER TABLE call_records DROP COLUMN {newer}")
            database.execute("DROP TABLE standing_calls")
            database.execute("UPDATE schema_version SET version = 8")
            database.commit()
        store = await Store.open(url_of(tmp_path))
        assert [(record.id, record.dialled) for record in await store.records(1)] == [("old", "")]
        assert await store.recover() == []
        await store.close()

    run(conversation())


def test_nobody_else_on_the_machine_reads_texts_and_records(tmp_path: Path) -> None:
    async def made() -> None:
        await (await Store.open(f"sqlite:///{tmp_path / 'calls.db'}")).close()

    asyncio.run(made())
    assert (tmp_path / "calls.db").stat().st_mode & 0o777 == 0o600


def test_the_tables_can_be_read_by_others(tmp_path: Path) -> None:
    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        await store.record(call_record("a"))
        await store.close()

    run(conversation())
    with closing(sqlite3.connect(tmp_path / "var" / "calls.db")) as database:
        row = database.execute("SELECT started, billsec, disposition, cause, ended_by, sentence FROM call_records")
        assert row.fetchall() == [
            (
                "2026-11-21 09:00:00.000000",
                60.0,
                "ANSWERED",
                16,
                "telephone 101",
                "telephone 101 hung up (ONHOOK event on port 1): normal clearing (16).",
            )
        ]
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_rfc_5626_section_6_flows_are_known_by_their_instance_and_number(tmp_path: Path) -> None:
    first, second = (
        dataclasses.replace(binding(), place=f"<urn:uuid:1>;{number}", reg_id=number) for number in (1, 2)
    )
    plain, neighbour = binding(), dataclasses.replace(first, place="<urn:uuid:2>;1")
    moved = dataclasses.replace(first, contact="sip:6001@198.51.100.9", cseq=8)

    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        for each in (first, second, plain, neighbour):  # of one contact
            await store.save_binding(each)
        assert len(await store.load_bindings(START)) == 4
        await store.save_binding(moved)
        await store.remove_binding(second)
        found = await store.load_bindings(START)
        assert sorted(found, key=lambda each: each.place) == [moved, neighbour, plain]
        await store.close()

    run(conversation())


def test_registrations_are_kept_replaced_removed_and_expire(tmp_path: Path) -> None:
    desk, mobile = binding(), binding(contact="sip:6001@198.51.100.9", seconds=60)

    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        store.save_binding(desk)
        store.save_binding(mobile)
        store.save_binding(binding("6002"))
        store.remove_binding(binding("6002"))
        await store.remove_binding(binding("6003"))
        assert await store.load_bindings(START) == [mobile, desk]
        newer = dataclasses.replace(desk, cseq=8, expires=desk.expires + timedelta(hours=1))
        await store.save_binding(newer)
        assert await store.load_bindings(START + timedelta(seconds=60)) == [newer]
        assert await store.load_bindings(START) == [newer]
        await store.close()

    run(conversation())


def test_texts_are_kept_in_their_order_removed_and_expire(tmp_path: Path) -> None:
    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        texts = [
            StoredText(
                serial, "6002", "6001", "Ada", '[["Date", "x"]]', b"caf\xc3\xa9", START + timedelta(days=serial)
            )
            for serial in (3, 1, 2)
        ]
        for text in texts:
            store.save_text(text)
        store.remove_text(2)
        await store.close()
        store = await Store.open(url_of(tmp_path))
        assert await store.load_texts(START) == [texts[1], texts[0]]
        assert await store.load_texts(START + timedelta(days=1)) == [texts[0]]
        await store.close()

    run(conversation())


def test_many_records_go_in_few_transactions_and_keep_their_order(tmp_path: Path) -> None:
    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        waiting = [store.record(call_record(f"{index:04}", minutes=index)) for index in range(3 * BATCH)]
        assert store.pending == 3 * BATCH
        await asyncio.gather(*waiting)
        assert store.pending == 0
        assert [record.id for record in await store.records(3)] == [
            f"{3 * BATCH - 1:04}",
            f"{3 * BATCH - 2:04}",
            f"{3 * BATCH - 3:04}",
        ]
        await store.close()

    run(conversation())


def test_a_locked_database_is_logged_once_and_nothing_is_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.store.opening._PRAGMAS", ("PRAGMA busy_timeout=0",))

    async def conversation() -> None:
        other = sqlite3.connect(tmp_path / "var" / "calls.db", isolation_level=None)

        def release(attempt: int) -> None:
            faults.add(store.fault)
            if attempt == len(RETRIES) + 2:
                other.execute("ROLLBACK")

        faults: set[str] = set()
        pauses = Pauses(release)
        store = await Store.open(url_of(tmp_path), sleep=pauses)
        other.execute("BEGIN IMMEDIATE")
        await asyncio.gather(store.record(call_record("a")), store.record(call_record("b", minutes=1)))
        assert [record.id for record in await store.records(10)] == ["b", "a"]
        assert pauses.seconds == [*RETRIES, RETRIES[-1], RETRIES[-1]]
        assert store.lost == 0
        (fault,) = faults
        assert "cannot be written: database is locked; entries wait" in fault
        assert store.fault == ""
        await store.close()
        other.close()

    (tmp_path / "var").mkdir()
    with caplog.at_level(logging.WARNING, logger="copperline"):
        run(conversation())
    said = [entry.getMessage() for entry in caplog.records]
    assert len(said) == 2
    assert "cannot be written: database is locked" in said[0]
    assert "written again, after 6 failed attempts" in said[1]


def test_records_that_wait_for_the_disk_are_read_with_the_others(tmp_path: Path) -> None:
    calls = [call_record(f"call-{number}", minutes=number // 2) for number in range(5)]

    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        await store.record(calls[0])
        await store.record(calls[4])
        for record in calls[1:4]:
            store.record(record)
        assert store.pending == 3
        found = await store.records_between(START, START + timedelta(minutes=2), "call-0", 9)
        assert [record.id for record in found] == ["call-1", "call-2", "call-3"]
        await store.close()

    run(conversation())


def test_a_full_disk_keeps_records_waiting_and_the_end_logs_them_whole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # max_page_count makes SQLite say "database or disk is full" as a full disk does.
    full = ("PRAGMA max_page_count=1",)

    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        await store.close()
        monkeypatch.setattr("gateway.store.opening._PRAGMAS", full)
        store = await Store.open(url_of(tmp_path), sleep=Pauses(lambda attempt: None))
        big = call_record("too-much", caller_name="x" * 200_000)
        done = store.record(big)
        await store.close()
        with pytest.raises(LocalError, match="could not be written before the end"):
            await done
        assert store.lost == 1

    with caplog.at_level(logging.ERROR, logger="copperline"):
        run(conversation())
    assert "database or disk is full" in caplog.records[0].getMessage()
    assert "CallRecord(id='too-much'" in caplog.records[-1].getMessage()


def test_records_that_wait_for_the_disk_are_shown(tmp_path: Path) -> None:
    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        await store.record(call_record("a"))
        written = store.record(call_record("b", minutes=1))
        assert store.pending == 1
        assert [record.id for record in await store.records(5)] == ["b", "a"], "each once, also on its way"
        await written
        store.record(call_record("c", minutes=2))
        assert [record.id for record in await store.records(2)] == ["c", "b"]
        await store.close()

    run(conversation())


def test_a_database_that_cannot_be_read_is_told_in_a_sentence(tmp_path: Path) -> None:
    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        with closing(sqlite3.connect(tmp_path / "var" / "calls.db")) as database:
            database.execute("ALTER TABLE call_records RENAME TO elsewhere")
            database.commit()
        with pytest.raises(
            LocalError, match=r"calls.db cannot be read: no such table: call_records; what is to be"
        ):
            await store.records(5)
        await store.close()

    run(conversation())


def test_closing_does_not_sit_out_a_long_pause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def conversation() -> None:
        await (await Store.open(url_of(tmp_path))).close()
        monkeypatch.setattr("gateway.store.opening._PRAGMAS", ("PRAGMA max_page_count=1",))
        paused, for_ever = asyncio.Event(), asyncio.Event()
        pauses: list[float] = []

        async def pause(seconds: float) -> None:
            pauses.append(seconds)
            paused.set()
            if len(pauses) == 1:
                await for_ever.wait()

        store = await Store.open(url_of(tmp_path), sleep=pause)
        store.record(call_record("too-much", caller_name="x" * 200_000))
        await paused.wait()
        async with asyncio.timeout(10):
            await store.close()
        assert store.lost == 1
        assert pauses == list(RETRIES[:2])

    run(conversation())


def test_one_bad_record_does_not_hold_up_the_good_ones(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        await store.record(call_record("a"))
        good, again, unwritable, last = (
            store.record(call_record("b", minutes=1)),
            store.record(call_record("a")),
            store.record(dataclasses.replace(call_record("c"), started="at dawn")),  # type: ignore[arg-type]  # a fault
            store.record(call_record("d", minutes=2)),
        )
        await good
        await last
        for failed in (again, unwritable):
            with pytest.raises(LocalError, match="refuses it"):
                await failed
        assert [record.id for record in await store.records(10)] == ["d", "b", "a"]
        assert store.lost == 2
        await store.close()

    with caplog.at_level(logging.ERROR, logger="copperline"):
        run(conversation())
    assert [entry.getMessage().startswith("not stored") for entry in caplog.records] == [True, True]


def test_what_no_database_takes_as_text_costs_no_caller_s_record(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 come in as halves of characters (PEP 383), and a flood of them is written as fast."""

    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        commits: list[object] = []
        event.listen(store._engine.sync_engine, "commit", commits.append)
        spoilt = call_record(caller_name="Zo\udceb\0 Ltd")
        await asyncio.gather(*(store.record(dataclasses.replace(spoilt, id=str(n))) for n in range(BATCH)))
        assert {record.caller_name for record in await store.records(2 * BATCH)} == {"Zo? Ltd"}
        assert len(commits) == 1 and store.lost == 0
        await store.save_binding(binding(contact="sip:6001@192.0.2.7;x=\udcff"))
        assert [kept.contact for kept in await store.load_bindings(START)] == ["sip:6001@192.0.2.7;x=?"]
        await store.close()

    run(conversation())


@pytest.mark.parametrize(
    ("sqlstate", "refused"), [("22021", True), ("23505", True), ("53100", False), ("57P01", False), ("", False)]
)
def test_what_a_server_says_of_an_entry_is_told_from_its_own_troubles(sqlstate: str, refused: bool) -> None:
    """PostgreSQL's codes: NUL in a text and a duplicate; a full disk and a shutdown, which pass."""
    error = Exception("told by the server")
    error.sqlstate = sqlstate  # type: ignore[attr-defined]  # as asyncpg's have it
    assert _is_refused(DBAPIError("INSERT", {}, error)) is refused


def test_one_bad_record_among_many_is_found_in_few_transactions(tmp_path: Path) -> None:
    """By halves, with `GATHER` seconds between them: one by one, a thousand would take minutes."""

    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        commits: list[object] = []
        event.listen(store._engine.sync_engine, "commit", commits.append)
        waiting = [store.record(call_record(str(number), minutes=number)) for number in range(999)]
        bad = store.record(call_record("1", minutes=1000))
        async with asyncio.timeout(10):
            await asyncio.wait({*waiting, bad})
        assert isinstance(bad.exception(), LocalError) and not any(good.exception() for good in waiting)
        assert len(await store.records(2000)) == 999 and len(commits) <= AT_ONCE
        await store.close()

    run(conversation())


def test_many_records_are_one_transaction_and_leave_calls_their_turn(tmp_path: Path) -> None:
    """As one statement each turn: between two the driver's thread would ask for the interpreter."""

    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        commits: list[object] = []
        rows: list[int] = []
        event.listen(store._engine.sync_engine, "commit", commits.append)

        def executed(
            connection: object, cursor: object, sql: str, values: object, context: object, many: bool
        ) -> None:
            rows.append(len(values) if many and isinstance(values, list) else sql.count("(") - 1)

        event.listen(store._engine.sync_engine, "before_cursor_execute", executed)
        records = [call_record(str(number), minutes=number) for number in range(100)]
        await asyncio.gather(*[store.record(record) for record in records])
        assert len(commits) == 1 and rows == [TURN, TURN, TURN, 4]
        assert await store.records(200) == records[::-1]
        await store.close()

    run(conversation())


def test_what_waits_is_bounded_and_what_is_too_much_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        writer = Writer(store._engine, "the database", pending=2)
        first, second, third = (writer.submit([], f"entry {index}") for index in range(3))
        with pytest.raises(Exhausted):
            await third
        await first
        await second
        await writer.close()
        with pytest.raises(LocalError, match="closed"):
            await writer.submit([], "late")
        await store.close()

    with caplog.at_level(logging.ERROR, logger="copperline"):
        run(conversation())
    assert [entry.getMessage().rpartition(": ")[2] for entry in caplog.records] == ["entry 2", "late"]


def test_closing_writes_what_still_waits(tmp_path: Path) -> None:
    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        store.record(call_record("a"))
        await store.close()
        store = await Store.open(url_of(tmp_path))
        assert [record.id for record in await store.records(10)] == ["a"]
        await store.close()

    run(conversation())


KILLED = """
import asyncio, sys
from gateway.store import Store
from tests.unit.store.records import call_record

async def main():
    store = await Store.open(sys.argv[1])
    for index in range(100000):
        await store.record(call_record(f"{index:06}", minutes=index))
        sys.stdout.write(f"{index}\\n")
        sys.stdout.flush()

asyncio.run(main())
"""


def test_kill_9_loses_no_record_that_was_said_to_be_stored(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", KILLED, url_of(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout as stored:
        for line in stored:
            if int(line) >= 25:
                break
        process.kill()
        told = max([int(line), *(int(more) for more in stored if more.endswith("\n"))])
    process.wait()

    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        kept = {record.id for record in await store.records(100_000)}
        assert kept >= {f"{index:06}" for index in range(told + 1)}
        await store.close()

    run(conversation())


class Moody:
    """A database that fails as its moods say, one a transaction; then as what is below it does.

    Moods: an exception that comes in place of an answer to COMMIT, or before BEGIN; `None` is to say nothing.
    """

    def __init__(self, engine: AsyncEngine, *moods: tuple[str, Exception | None]) -> None:
        self._engine = engine
        self._moods = deque(moods)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        when, error = self._moods.popleft() if self._moods else ("", None)
        if when == "before BEGIN":
            await self._fail(error)
        async with self._engine.begin() as connection:
            yield connection
        if when == "after COMMIT":
            await self._fail(error)

    async def _fail(self, error: Exception | None) -> None:
        if error is None:
            await asyncio.Event().wait()
            return
        raise error


def moody_writer(store: Store, *moods: tuple[str, Exception | None], patience: float = inf) -> Writer:
    async def no_pause(seconds: float) -> None:
        assert seconds > 0

    engine: Any = Moody(store._engine, *moods)
    return Writer(engine, "the database", sleep=no_pause, patience=patience)


def entry(store: Store, number: int) -> list[Statement]:
    return [Statement(store._records, record_row(call_record(f"call-{number}", minutes=number)))]


def test_a_commit_whose_answer_is_lost_is_done_once_and_said_to_be(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        writer = moody_writer(store, ("after COMMIT", ConnectionResetError("connection reset by peer")))
        await asyncio.gather(*(writer.submit(entry(store, number), number) for number in range(5)))
        with pytest.raises(LocalError, match="refuses it"):
            await writer.submit(entry(store, 3), "one that is a duplicate in earnest")
        assert writer.lost == 1
        assert [record.id for record in await store.records(10)] == [
            f"call-{number}" for number in range(4, -1, -1)
        ]
        await writer.close()
        await store.close()

    with caplog.at_level(logging.ERROR, logger="copperline"):
        run(conversation())
    assert [said.getMessage() for said in caplog.records if "not stored" in said.getMessage()] == [
        "not stored (the database refuses it: UNIQUE constraint failed: call_records.id): one that is a duplicate "
        "in earnest"
    ]


@pytest.mark.parametrize("error", [RuntimeError("can't start new thread"), MemoryError()])
def test_a_machine_that_gives_no_thread_or_no_memory_stops_nobody_writing(tmp_path: Path, error: Exception) -> None:
    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        writer = moody_writer(store, *[("before BEGIN", error)] * 7)
        async with asyncio.timeout(10):
            await writer.submit(entry(store, 1), "a")
        assert (writer.lost, writer.fault) == (0, "")
        await writer.close()
        await store.close()

    run(conversation())


def test_a_row_that_cannot_be_made_stops_nobody_writing(tmp_path: Path) -> None:
    def unmade() -> dict[str, object]:
        raise LookupError("no such quality")

    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        writer = moody_writer(store)
        (statement,) = entry(store, 1)
        bad = writer.submit([Statement(statement.sql, unmade)], "bad")
        async with asyncio.timeout(10):
            await writer.submit([statement], "good")
        with pytest.raises(LocalError, match="no such quality"):
            await bad
        await writer.close()
        await store.close()

    run(conversation())


def test_a_database_that_does_not_answer_is_told_and_asked_again_with_more_patience(tmp_path: Path) -> None:
    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        writer = moody_writer(store, ("before BEGIN", None), ("after COMMIT", None), patience=0.05)
        began = asyncio.get_running_loop().time()
        written = writer.submit(entry(store, 1), "a")
        while not writer.fault:
            await asyncio.sleep(0.01)
        assert "the database cannot be written: it does not answer; entries wait" in writer.fault
        await written
        assert asyncio.get_running_loop().time() - began > 0.05 + 0.1
        assert (writer.lost, writer.fault) == (0, "")
        assert len(await store.records(10)) == 1
        await writer.close()
        await store.close()

    run(conversation())


def test_an_office_ends_though_its_database_does_not_answer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.store.writer.PARTING", 0.05)

    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        writer = moody_writer(store, ("before BEGIN", None))
        lost = writer.submit(entry(store, 1), "the record")
        async with asyncio.timeout(5):
            await writer.close()
        with pytest.raises(LocalError, match="before the end"):
            await lost
        await store.close()

    with caplog.at_level(logging.ERROR, logger="copperline"):
        run(conversation())
    assert [said.getMessage().rpartition(": ")[2] for said in caplog.records] == ["the record"]


def test_a_database_is_one_office_s_until_that_ends(tmp_path: Path) -> None:
    """A second one would record the calls that go on in the first as cut off."""

    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        await store.stand(call_record("goes-on"))
        link = tmp_path / "link.db"
        link.symlink_to(tmp_path / "var" / "calls.db")
        for url in (url_of(tmp_path), f"sqlite:///{link}", url_of(tmp_path)):
            with pytest.raises(LocalError, match=f"in use by another office, process {os.getpid()}; stop that one"):
                await Store.open(url)
        await store.close()
        again = await Store.open(url_of(tmp_path))
        assert [record.id for record in await again.recover()] == ["goes-on"]
        await again.close()

    run(conversation())
    assert (tmp_path / "var" / "calls.db.lock").stat().st_mode & 0o777 == 0o600


def test_where_files_cannot_be_locked_an_office_does_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)

    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        await store.record(call_record())
        await store.close()

    run(conversation())


@pytest.mark.parametrize("url", ["mysql://x/y", "calls.db", "", "sqlite", "://"])
def test_a_url_of_nothing_known_is_refused(url: str) -> None:
    async def conversation() -> None:
        with pytest.raises(LocalError, match="no database has such a URL"):
            await Store.open(url)

    run(conversation())


def test_databases_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "calls.db").write_text("this is no database, " * 100)
    (tmp_path / "file").write_text("")
    (tmp_path / "folder" / "calls.db").mkdir(parents=True)

    async def conversation() -> None:
        for place, why in [("text", "file is not a database"), ("file", "folder"), ("folder", "unable to open")]:
            with pytest.raises(LocalError, match=why):
                await Store.open(f"sqlite:///{tmp_path}/{place}/calls.db")

    run(conversation())


def test_a_database_on_a_server_leaves_no_file_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def conversation() -> None:
        with pytest.raises(LocalError, match="cannot be opened"):
            await Store.open("postgresql://nobody@127.0.0.1:1/calls.db")

    run(conversation())
    assert list(tmp_path.iterdir()) == []


def test_a_connection_that_cannot_be_prepared_leaves_no_thread_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.store.opening._PRAGMAS", ("PRAGMA this is none",))

    async def conversation() -> None:
        with pytest.raises(LocalError, match="syntax error"):
            await Store.open(url_of(tmp_path))

    run(conversation())


def test_a_database_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    async def conversation() -> None:
        await (await Store.open(url_of(tmp_path))).close()
        with closing(sqlite3.connect(tmp_path / "var" / "calls.db")) as database:
            database.execute("UPDATE schema_version SET version = 99")
            database.commit()
        with pytest.raises(LocalError, match="tables of version 99"):
            await Store.open(url_of(tmp_path))

    run(conversation())


def test_a_password_is_not_in_what_is_said() -> None:
    async def conversation() -> None:
        with pytest.raises(LocalError) as caught:
            await Store.open("postgresql://office:hidden@127.0.0.1:1/calls")
        assert "hidden" not in str(caught.value)

    run(conversation())


def test_bindings_compare_by_value() -> None:
    assert binding() == binding()
    assert isinstance(binding(), StoredBinding)


def test_under_load_records_gather_in_few_transactions(tmp_path: Path) -> None:
    commits: list[object] = []

    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        event.listen(store._engine.sync_engine, "commit", commits.append)
        kept = []
        for number in range(3 * AT_ONCE):
            kept.append(store.record(call_record(str(number))))
            await asyncio.sleep(0.01)
        await asyncio.gather(*kept)
        assert len(await store.records(100)) == 3 * AT_ONCE
        await store.close()

    run(conversation())
    assert len(commits) < 2 * AT_ONCE


def test_single_records_are_written_at_once(tmp_path: Path) -> None:
    async def conversation() -> None:
        store = await Store.open(url_of(tmp_path))
        for number in range(AT_ONCE // 2):
            await asyncio.wait_for(store.record(call_record(str(number))), 5)
        await store.close()

    run(conversation())
