"""The store on a real PostgreSQL: all that it keeps, a server that goes and comes back, tables of old versions."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest

from gateway.core.errors import LocalError
from gateway.store import Store
from gateway.store.ban import StoredBan
from gateway.store.text import StoredText
from gateway.toll.meter import Usage
from tests.support.postgresql import PostgresServer
from tests.support.wire import PATIENCE
from tests.unit.store.records import START, binding, call_record

pytestmark = pytest.mark.wire

OF_VERSION_3 = """
DROP TABLE bindings;
ALTER TABLE call_records DROP linked, DROP talks, DROP quality, DROP answer_signal, DROP dialled, DROP tried,
    DROP cost;
DROP TABLE standing_calls;
CREATE TABLE registrations (account VARCHAR(80), contact TEXT, call_id TEXT, cseq INTEGER, expires TIMESTAMPTZ,
    q INTEGER, user_agent TEXT, transport VARCHAR(8), local TEXT, remote TEXT);
UPDATE schema_version SET version = 3;
"""

OF_A_TELEPHONE = f"""
INSERT INTO registrations VALUES ('6001', 'sip:6001@192.0.2.7:5060', 'a84b', 7, '{START + timedelta(hours=1)}', 500,
    'baresip', 'udp', '192.0.2.1:5060', '192.0.2.7:5060');
"""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer() as running:
        yield running


@pytest.fixture
def empty(server: PostgresServer) -> PostgresServer:
    server.ask("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return server


def test_all_that_is_kept_comes_back_as_it_was(empty: PostgresServer) -> None:
    ban = StoredBan(source="192.0.2.66", until=START + timedelta(hours=1), why="failed to prove itself")
    text = StoredText(1, "6001", "6002", "Bob", "[]", "Grüße".encode(), START + timedelta(days=1))
    usage = Usage(payer="6001", minute=29_000_000, seconds=61.5, cost=0.25)
    on_the_phone = call_record("up", minutes=3)

    async def conversation() -> None:
        store = await Store.open(empty.url)
        store.record(call_record("a", caller_name="Zoë"))
        store.record(call_record("b", minutes=1))
        store.save_binding(binding())
        store.save_binding(binding("6002"))
        store.remove_binding(binding("6002"))
        store.save_values({"cidname/5550123": "Bob", "gone": "soon"})
        store.save_values({"gone": None})
        store.save_usage([usage])
        store.save_text(text)
        store.save_ban(ban)
        store.stand(on_the_phone)
        await store.still_stand(30.0)
        assert store.lost == 0
        await store.close()
        store = await Store.open(empty.url)
        assert await store.records(10) == [call_record("b", minutes=1), call_record("a", caller_name="Zoë")]
        assert await store.load_bindings(START) == [binding()]
        assert await store.load_values() == {"cidname/5550123": "Bob"}
        assert await store.load_usage(0) == [usage]
        assert await store.load_texts(START) == [text]
        assert await store.load_bans(START) == [ban]
        (found,) = await store.recover()
        assert (found.id, found.duration) == ("up", on_the_phone.duration + 30)
        await store.close()
        store = await Store.open(empty.url)
        assert not await store.recover() and len(await store.records(10)) == 3
        await store.close()

    asyncio.run(conversation())
    assert empty.ask("SELECT caller_name FROM call_records WHERE id = 'a'") == "Zoë"


def test_records_wait_for_a_server_that_has_gone_and_each_is_there_once(
    empty: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    async def conversation() -> None:
        store = await Store.open(empty.url)
        await store.record(call_record("before"))
        empty.stop()
        away = [call_record(f"away-{number}", minutes=number) for number in range(50)]
        waiting = [store.record(record) for record in away]
        async with asyncio.timeout(PATIENCE):
            while not store.fault:
                await asyncio.sleep(0.01)
            assert "cannot be written" in store.fault and store.pending == 50
            with pytest.raises(LocalError, match=r"cannot be read: .*what is to be kept waits"):
                await store.records(10)
            empty.start()
            await asyncio.gather(*waiting)
        assert not store.fault and store.lost == 0
        kept = await store.records(100)
        assert len(kept) == 51 and all(record in kept for record in away)
        await store.close()

    with caplog.at_level(logging.WARNING):
        asyncio.run(conversation())
    assert any("is written again" in record.getMessage() for record in caplog.records)
    assert empty.ask("SELECT count(*), count(DISTINCT id) FROM call_records") == "51|51"


def test_what_the_server_refuses_costs_nobody_else_a_record(empty: PostgresServer) -> None:
    """NUL is no text to PostgreSQL, and an id comes once."""

    async def conversation() -> None:
        store = await Store.open(empty.url)
        jobs = [store.record(call_record(str(number), minutes=number)) for number in range(20)]
        spoilt = store.record(call_record("spoilt", caller_name="Zo\udceb\0"))
        twice = store.record(call_record("7", minutes=90))
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*jobs, spoilt)
        with pytest.raises(LocalError, match="refuses it"):
            await twice
        assert store.lost == 1
        await store.close()

    asyncio.run(conversation())
    assert empty.ask("SELECT count(*) FROM call_records") == "21"
    assert empty.ask("SELECT caller_name FROM call_records WHERE id = 'spoilt'") == "Zo?"


def test_tables_of_an_earlier_version_are_brought_up_with_what_is_in_them(empty: PostgresServer) -> None:
    async def write() -> None:
        store = await Store.open(empty.url)
        await store.record(call_record("old"))
        await store.close()

    async def read() -> None:
        store = await Store.open(empty.url)
        (record,) = await store.records(10)
        assert record == dataclasses.replace(
            call_record("old"), dialled="", answer_signal="", quality=(), tried=(), cost=0
        )
        assert [kept.contact for kept in await store.load_bindings(START)] == ["sip:6001@192.0.2.7:5060"]
        await store.close()

    asyncio.run(write())
    empty.ask(OF_VERSION_3)
    empty.ask(OF_A_TELEPHONE)
    asyncio.run(read())
